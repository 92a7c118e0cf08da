import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What one run of a program cost. */
export interface Cost {
  /** Seconds from before the process starts until it has ended. */
  wall: number;
  /** Seconds of processor time, user and system. */
  cpu: number;
  /** Highest resident memory (VmHWM) in MB. */
  peak: number;
}

// Both figures only grow, so the last look before the end misses no more than what happens in this many milliseconds.
const lookEvery = 4;
const ticksPerSecond = 100;

/** Runs a program with its output thrown away and measures it from outside, by /proc. @throws Error when it fails. */
export async function measure(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Cost> {
  const start = performance.now();
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let cpu = 0;
  let peak = 0;
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
  const look = setInterval(() => {
    try {
      cpu = Math.max(cpu, processorSeconds(child.pid ?? 0));
      peak = Math.max(peak, highWaterMark(child.pid ?? 0));
    } catch {
      // It has just ended.
    }
  }, lookEvery);
  const code = await new Promise<number | null>((done, failed) =>
    child.once('error', failed).once('exit', done),
  );
  clearInterval(look);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${complaint}`);
  return { wall: (performance.now() - start) / 1000, cpu, peak };
}

function processorSeconds(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // After the name in parentheses, which may hold spaces; utime and stime are fields 14 and 15 of proc(5).
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

function highWaterMark(pid: number): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
}

/** The middle one, of each figure by itself. */
export function median(costs: readonly Cost[]): Cost {
  const middle = (figure: keyof Cost): number =>
    costs.map((cost) => cost[figure]).toSorted((a, b) => a - b)[Math.floor(costs.length / 2)] ?? 0;
  return { wall: middle('wall'), cpu: middle('cpu'), peak: middle('peak') };
}
