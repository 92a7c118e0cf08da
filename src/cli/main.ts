#!/usr/bin/env node
import { basename } from 'node:path';
import { CommanderError } from 'commander';
import { exit } from '../errors.ts';
import { complain } from './complain.ts';
import { endOnSignals, outliveStreams } from './ending.ts';
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

outliveStreams();
endOnSignals();
limitYoungGeneration();
process.exitCode = await main(process.argv);
