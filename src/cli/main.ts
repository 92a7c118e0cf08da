#!/usr/bin/env node
import { basename } from 'node:path';
import { CommanderError } from 'commander';
import { exit } from '../errors.ts';
import { complain } from './complain.ts';
import { createProgram } from './program.ts';
import { limitYoungGeneration } from './young-generation.ts';

/** Runs one command line and resolves with the code to exit with; never rejects. */
async function main(argv: string[]): Promise<number> {
  const calledAs = basename(argv[1] ?? 'passmuster', '.js');
  // As a kubectl plugin it is called `kubectl-passmuster`, and people type `kubectl passmuster`.
  const program = createProgram(calledAs.startsWith('kubectl-') ? 'kubectl passmuster' : 'passmuster');
  try {
    await program.parseAsync(argv);
    return typeof process.exitCode === 'number' ? process.exitCode : exit.done;
  } catch (error) {
    if (!(error instanceof CommanderError)) return complain(error);
    return error.exitCode === 0 ? exit.done : exit.usage;
  }
}

// `passmuster scan | head` closes the pipe early; that is no error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exit.done);
  throw error;
});

limitYoungGeneration();
process.exitCode = await main(process.argv);
