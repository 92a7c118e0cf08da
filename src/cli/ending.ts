import { exit, UserError, type ExitCode } from '../errors.ts';
import { complain } from './complain.ts';

const worstFirst: readonly ExitCode[] = [
  exit.interrupted,
  exit.terminated,
  exit.usage,
  exit.runtime,
  exit.notDelivered,
  exit.incomplete,
  exit.gate,
];

/** The exit code that counts where several hold. */
export const worstExit = (...codes: readonly number[]): number =>
  worstFirst.find((code) => codes.includes(code)) ?? exit.done;

/** A pipe and a socket without a reader. */
const readerGone = ['EPIPE', 'ECONNRESET'];

/**
 * A reader who goes away early, as of `passmuster scan | head`, ends the printing and nothing else: mails are sent, and
 * the exit code is that of the command. Anything else that cannot be written is told once, and is an error when the
 * command is done.
 */
export function outliveStreams(): void {
  let isFailed = false;
  const outlive = (stream: NodeJS.WriteStream, name: string): void => {
    stream.on('error', ({ code = '', message }: NodeJS.ErrnoException) => {
      if (isFailed || readerGone.includes(code)) return;
      isFailed = true;
      complain(new UserError(`Cannot write to ${name}: ${message}`));
    });
  };
  outlive(process.stdout, 'standard output');
  outlive(process.stderr, 'standard error');
  process.once('exit', (code) => {
    if (isFailed) process.exitCode = worstExit(code, exit.runtime);
  });
}

const signals = { SIGINT: exit.interrupted, SIGTERM: exit.terminated } as const;

/**
 * Ends the process by its own hand: to the first process of a container the kernel does not apply what signals do by
 * default. A command that listens to the signal itself decides alone.
 */
export function endOnSignals(): void {
  for (const [signal, code] of Object.entries(signals)) {
    process.on(signal, () => {
      if (process.listenerCount(signal) === 1) process.exit(code);
    });
  }
}
