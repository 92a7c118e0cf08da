import { exit, messageOf, UserError } from '../errors.ts';
import { visible } from '../text.ts';

const defect = 'This is a defect of Passmuster. Run again with --verbose and report what it prints.';

/**
 * Says on standard error what went wrong, where and how to fix it, and returns the exit code that goes with it. A stack
 * trace only when `verbose`.
 */
export function complain(error: unknown, verbose = process.argv.includes('--verbose')): number {
  const known = error instanceof UserError;
  say('error: ', messageOf(error));
  const hint = known ? error.hint : defect;
  if (hint !== undefined) say('hint:  ', hint);
  if (verbose && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
  return known ? error.exitCode : exit.runtime;
}

/**
 * Does one thing after the other, whether or not those before went well. What went wrong first is thrown at the end, and what
 * else did is said before.
 */
export async function eachInTurn(steps: readonly (() => void | Promise<void>)[]): Promise<void> {
  const errors: unknown[] = [];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      errors.push(error);
    }
  }
  const [first, ...others] = errors;
  for (const error of others) complain(error);
  if (first !== undefined) throw first;
}

function say(label: string, text: string): void {
  const lines = text.split('\n').map((line) => visible(line, 2000));
  process.stderr.write(`${label}${lines.join(`\n${' '.repeat(label.length)}`)}\n`);
}
