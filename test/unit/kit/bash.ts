import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
  /** The arguments of each call of kubectl. */
  calls: string[][];
  /** What the calls with `-f -` read from standard input. */
  inputs: string[];
  /** The files that the script made. */
  files: string[];
}

/**
 * Runs a script in bash, in a folder of its own, with a kubectl that only records how it is called and prints
 * `output`. It fails when one of its arguments is `failsOn`.
 */
export function runInBash(script: string, options: { locale?: string; failsOn?: string } = {}): Ran {
  const { locale = 'C.UTF-8', failsOn = 'never' } = options;
  const folder = mkdtempSync(join(tmpdir(), 'passmuster-bash-'));
  try {
    const log = join(folder, 'calls');
    const inputs = join(folder, 'inputs');
    for (const file of [log, inputs]) writeFileSync(file, '');
    const kubectl = join(folder, 'kubectl');
    writeFileSync(kubectl, recorder);
    chmodSync(kubectl, 0o755);
    const { status, stdout, stderr } = spawnSync('bash', ['--norc', '-c', script], {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: folder,
      encoding: 'utf8',
      env: {
        PATH: `${folder}${delimiter}${process.env['PATH']}`,
        LC_ALL: locale,
        CALLS: log,
        INPUTS: inputs,
        FAILS_ON: failsOn,
      },
    });
    return {
      code: status,
      stdout,
      stderr,
      calls: records(readFileSync(log, 'utf8')).map((call) => call.split('\0').slice(0, -1)),
      inputs: records(readFileSync(inputs, 'utf8')),
      files: readdirSync(folder).filter((file) => !['calls', 'inputs', 'kubectl'].includes(file)),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Arguments end with NUL, which none can hold; a call ends with one more, after a mark that tells it from an empty one. It
 * is written at once, for the calls of a pipe run at the same time.
 */
const recorder = `#!/bin/bash
printf '%s\\0' "$@" 'end of call' '' >> "$CALLS"
for argument; do
  if [ "$argument" = - ]; then { cat; printf 'end of call\\0\\0'; } >> "$INPUTS"; fi
  if [ "$argument" = "$FAILS_ON" ]; then exit 1; fi
done
printf output
`;

const records = (text: string): string[] => text.split('end of call\0\0').slice(0, -1);
