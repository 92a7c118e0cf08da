import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import type { RequestOptions } from 'node:https';
import { stripVTControlCharacters } from 'node:util';
import type { Cluster, User } from '@kubernetes/client-node';
import { exit, messageOf, UserError } from '../errors.ts';
import { visible } from '../text.ts';

const timeoutMs = 60_000;

interface ExecConfig {
  command?: string;
  env?: { name: string; value: string }[] | null;
  apiVersion?: string;
  interactiveMode?: string;
  installHint?: string;
  provideClusterInfo?: boolean;
}

/**
 * Runs the user's exec plugin, without a shell. It cannot ask questions, for it has no standard input; what it says on
 * standard error is shown while it runs, since that may be where and with which code to sign in.
 * @param ca the certificate authority of the cluster
 * @throws UserError when it gives no credentials in time; it is ended then.
 */
export async function fromPlugin(
  user: User,
  cluster: Cluster,
  ca: Buffer | undefined,
): Promise<RequestOptions> {
  const exec = user.exec as ExecConfig;
  const plugin = `The credential plugin "${visible(String(exec.command))}" of user "${visible(user.name)}"`;
  if (exec.interactiveMode === 'Always') {
    throw new UserError(`${plugin} only works interactively.`, {
      hint: 'Sign in with kubectl first, and use a plugin mode that needs no terminal (interactiveMode: IfAvailable).',
      exitCode: exit.usage,
    });
  }
  const env = [...(exec.env ?? []), { name: 'KUBERNETES_EXEC_INFO', value: execInfo(exec, cluster, ca) }];
  const { ExecAuth } = await import('@kubernetes/client-node/dist/exec_auth.js');
  const auth = new ExecAuth();
  let child: ChildProcess | undefined;
  // The library's own way to start it leaves standard input open, and waits for ever.
  const execFn = (command: string, args: string[] | null | undefined, options: SpawnOptions) => {
    child = spawn(command, args ?? [], { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stderr?.on('data', (said) => process.stderr.write(shown(String(said))));
    return child;
  };
  Object.assign(auth, { execFn });
  const options: RequestOptions = {};
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => timeout.reject(new Error(`no answer within ${timeoutMs / 1000} s`)),
    timeoutMs,
  );
  try {
    const applied = auth.applyAuthentication({ ...user, exec: { ...exec, env } }, options);
    await Promise.race([applied, timeout.promise]);
    requireCredentials(options);
    return options;
  } catch (error) {
    end(child);
    throw new UserError(`${plugin} failed: ${failureOf(error)}`, {
      hint: exec.installHint
        ? visible(exec.installHint, 600)
        : 'Run the command by hand to see what it wants, for example a new sign-in.',
    });
  } finally {
    clearTimeout(timer);
  }
}

/** Lets go of its pipes too: what the plugin itself started may hold them open for longer. */
function end(child: ChildProcess | undefined): void {
  child?.kill('SIGKILL');
  child?.stdout?.destroy();
  child?.stderr?.destroy();
}

/** Without credentials the API server would take us for system:anonymous. */
function requireCredentials({ headers, cert, key }: RequestOptions): void {
  if ((cert === undefined) !== (key === undefined))
    throw new Error('it gave only one of certificate and key; they belong together');
  if (headers === undefined && cert === undefined)
    throw new Error('it gave neither a token nor a certificate with its key');
}

/** What a plugin is told of the request: client.authentication.k8s.io, kind ExecCredential. */
function execInfo(exec: ExecConfig, cluster: Cluster, ca: Buffer | undefined): string {
  const info = {
    server: cluster.server,
    'tls-server-name': cluster.tlsServerName,
    'insecure-skip-tls-verify': cluster.skipTLSVerify,
    'certificate-authority-data': ca?.toString('base64'),
  };
  return JSON.stringify({
    apiVersion: exec.apiVersion ?? 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    spec: { interactive: false, ...(exec.provideClusterInfo ? { cluster: info } : {}) },
  });
}

/** Why there are no credentials, in the words of the plugin if it has any, and without anything that could be a token. */
export function failureOf(error: unknown): string {
  if (error instanceof SyntaxError || error instanceof TypeError)
    return 'its answer is not an ExecCredential.';
  if ((error as { code?: unknown }).code === 'ENOENT') return 'the command was not found.';
  const said = messageOf(error).trim() || 'it gave no reason';
  return `${visible(withoutTokens(said), 600)}.`;
}

/** What it says on standard error, line by line; colours and the like are left out. */
const shown = (said: string): string =>
  stripVTControlCharacters(withoutTokens(said))
    .split(/\r?\n|\r/)
    .map((line) => visible(line, 2000))
    .join('\n');

/** Addresses to sign in at are long, too: they stay, but for a token in them. */
const withoutTokens = (text: string): string =>
  text.replaceAll(
    /(https?:\/\/\S+)|[\w-]{16,}\.[\w-]{16,}[\w.-]*|[\w+/-]{40,}={0,2}/g,
    (_, address?: string) =>
      address?.replaceAll(/(?<=token=)[^&\s]+|eyJ[\w-]+\.[\w.-]+/g, '[removed]') ?? '[removed]',
  );
