import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));

export interface CliOptions {
  env?: Record<string, string>;
  input?: string;
  /** A file descriptor that is written to instead of what the result holds. */
  stdout?: number;
  stderr?: number;
  /** Called at once with the process. */
  started?: (child: ChildProcess) => void;
}

export interface CliResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the command line from source as a process of its own, away from the developer's kubeconfig and settings. */
export function passmuster(
  args: readonly string[],
  { env = {}, input, stdout, stderr, started }: CliOptions = {},
): Promise<CliResult> {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(PASSMUSTER_|KUBECONFIG$|NO_COLOR$|FORCE_COLOR$)/.test(name),
  );
  const child = spawn(process.execPath, [main, ...args], {
    env: { ...Object.fromEntries(inherited), HOME: '/nonexistent', ...env },
    stdio: ['pipe', stdout ?? 'pipe', stderr ?? 'pipe'],
  });
  started?.(child);
  child.stdin?.on('error', () => {}); // A process that refuses its flags closes standard input before it is written.
  child.stdin?.end(input ?? '');
  const result: CliResult = { code: null, stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (result.stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (result.stderr += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ ...result, code }));
  });
}
