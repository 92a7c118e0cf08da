#!/usr/bin/env node
import { basename } from 'node:path';
import { CommanderError } from 'commander';
import { exit, messageOf, UserError } from '../errors.ts';
import { visible } from '../text.ts';
import { createProgram } from './program.ts';

/** Runs one command line and resolves with the code to exit with; never rejects. */
async function main(argv: readonly string[]): Promise<number> {
  const calledAs = basename(argv[1] ?? 'passmuster', '.js');
  // As a kubectl plugin it is called `kubectl-passmuster`, and people type `kubectl passmuster`.
  const program = createProgram(calledAs.startsWith('kubectl-') ? 'kubectl passmuster' : 'passmuster');
  try {
    await program.parseAsync(argv as string[]);
    return typeof process.exitCode === 'number' ? process.exitCode : exit.done;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exit.done : exit.usage;
    return explain(error, argv.includes('--verbose'));
  }
}

/** Says what went wrong, where and how to fix it; a stack trace only on request. */
function explain(error: unknown, verbose: boolean): number {
  const lines = messageOf(error)
    .split('\n')
    .map((line) => visible(line, 2000));
  process.stderr.write(`error: ${lines.join('\n       ')}\n`);
  if (error instanceof UserError) {
    if (error.hint !== undefined) {
      process.stderr.write(
        `hint:  ${error.hint
          .split('\n')
          .map((line) => visible(line, 2000))
          .join('\n       ')}\n`,
      );
    }
  } else {
    process.stderr.write(
      'hint:  This is a defect of Passmuster. Run again with --verbose and report what it prints.\n',
    );
  }
  if (verbose && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
  return error instanceof UserError ? error.exitCode : exit.runtime;
}

// `passmuster scan | head` closes the pipe early; that is no error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exit.done);
  throw error;
});

process.exitCode = await main(process.argv);
