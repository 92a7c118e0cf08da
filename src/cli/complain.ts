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

function say(label: string, text: string): void {
  const lines = text.split('\n').map((line) => visible(line, 2000));
  process.stderr.write(`${label}${lines.join(`\n${' '.repeat(label.length)}`)}\n`);
}
