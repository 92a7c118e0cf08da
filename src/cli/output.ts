import { once } from 'node:events';
import { closeSync, openSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { exit, messageOf, UserError } from '../errors.ts';
import type { Report } from '../model.ts';
import { formatNames, type Format } from '../render/formats.ts';

interface Output {
  format: Format;
  /** Absent: standard output. */
  file?: string;
}

/**
 * Reads `-o FORMAT[=PATH]` flags: at most one to standard output, and the table there if nothing else goes there.
 * @throws UserError (exit 2) for an unknown format or a second one to standard output
 */
export function parseOutputs(flags: readonly string[] = []): Output[] {
  const outputs = flags.map((flag): Output => {
    const [name = '', ...path] = flag.split('=');
    const format = formatNames.find((known) => known === name);
    if (format === undefined) {
      throw new UserError(`Unknown output format: ${name}`, {
        exitCode: exit.usage,
        hint: `-o takes ${formatNames.join(', ')}, each with =FILE to write it to a file: -o html=report.html`,
      });
    }
    if (path.length > 0 && path.join('=') === '') {
      throw new UserError(`-o ${flag} names no file.`, {
        exitCode: exit.usage,
        hint: `Write -o ${name}=FILE.`,
      });
    }
    return path.length === 0 ? { format } : { format, file: path.join('=') };
  });
  const toStdout = outputs.filter(({ file }) => file === undefined);
  if (toStdout.length > 1) {
    throw new UserError(
      `Two formats cannot share standard output: ${toStdout.map(({ format }) => format).join(', ')}`,
      { exitCode: exit.usage, hint: 'Give all but one a file: -o json=report.json' },
    );
  }
  return toStdout.length === 0 ? [...outputs, { format: 'table' }] : outputs;
}

/** Writes the report in each format; files first, so that what is printed last can name them. */
export async function writeOutputs(
  report: Report,
  outputs: readonly Output[],
  color: boolean,
): Promise<void> {
  const { formats } = await import('../render/index.ts');
  for (const { format, file } of outputs.toSorted((a, b) => Number(!a.file) - Number(!b.file))) {
    const options =
      file === undefined
        ? { width: process.stdout.columns ?? 100, color: color && wantsColor(), unicode: speaksUnicode() }
        : { width: 120, color: false, unicode: true };
    const rendered = formats[format](report, options);
    const blocks = inBlocks(typeof rendered === 'string' ? [rendered] : rendered);
    if (file === undefined) await print(blocks);
    else writeWhole(file, blocks);
  }
}

/** As fast as it is read: what a slow reader leaves would pile up in memory. Ends where the reader has gone. */
async function print(blocks: Iterable<string>): Promise<void> {
  for (const block of blocks) {
    if (!process.stdout.write(block) && !(await isReadOn(process.stdout))) return;
  }
}

/** Waits until there is room again, or nobody any more who reads; what went wrong is said by who listens for it anyway. */
async function isReadOn(stream: NodeJS.WriteStream): Promise<boolean> {
  if (!stream.writable) return false;
  const over = new AbortController();
  const { signal } = over;
  const drained = once(stream, 'drain', { signal }).then(() => true);
  const closed = once(stream, 'close', { signal }).then(() => false);
  try {
    return await Promise.race([drained, closed]);
  } catch {
    return false;
  } finally {
    over.abort();
  }
}

/** Small pieces put together, so that each is worth a call of the operating system. */
function* inBlocks(pieces: Iterable<string>): Generator<string> {
  let block = '';
  for (const piece of pieces) {
    block += piece;
    if (block.length < 65_536) continue;
    yield block;
    block = '';
  }
  yield block;
}

/** Writes the file as a whole or not at all. @throws UserError naming the file */
export function writeWhole(file: string, text: Iterable<string>): void {
  const partial = `${file}.${process.pid}.partial`;
  try {
    // A device or a pipe takes the text as it is: a rename would put a file in its place.
    if (statSync(file, { throwIfNoEntry: false })?.isFile() === false) {
      writeAll(file, text);
      return;
    }
    writeAll(partial, text);
    renameSync(partial, file);
  } catch (error) {
    rmSync(partial, { force: true });
    throw new UserError(`Cannot write ${file}: ${messageOf(error)}`, {
      hint: 'Choose a path in a folder that exists and may be written to.',
      cause: error,
    });
  }
}

function writeAll(file: string, text: Iterable<string>): void {
  const descriptor = openSync(file, 'w');
  try {
    for (const block of text) writeFileSync(descriptor, block);
  } finally {
    closeSync(descriptor);
  }
}

const wantsColor = (): boolean =>
  process.stdout.isTTY && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb';

/** By the locale, as other tools decide it; Windows terminals and macOS speak UTF-8 without saying so. */
function speaksUnicode(): boolean {
  if (process.platform !== 'linux' || !process.stdout.isTTY) return true;
  const locale = process.env['LC_ALL'] || process.env['LC_CTYPE'] || process.env['LANG'] || '';
  return /utf-?8/i.test(locale);
}
