import { once } from 'node:events';
import {
  closeSync,
  fchmodSync,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { exit, messageOf, UserError, type ExitCode } from '../errors.ts';
import type { Report } from '../model.ts';
import { formatNames, type Format } from '../render/formats.ts';
import { eachInTurn } from './complain.ts';

interface Output {
  format: Format;
  /** Absent: standard output. */
  file?: string;
}

/**
 * Reads `-o FORMAT[=PATH]` flags: at most one to standard output, and the table there if nothing else goes there.
 * @throws UserError (exit 2) for an unknown format, a second one to standard output or to one file, and a file that cannot
 * be one: what is told here costs no audit
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
  requireFilesOfTheirOwn(outputs);
  const toStdout = outputs.filter(({ file }) => file === undefined);
  if (toStdout.length > 1) {
    throw new UserError(
      `Two formats cannot share standard output: ${toStdout.map(({ format }) => format).join(', ')}`,
      { exitCode: exit.usage, hint: 'Give all but one a file: -o json=report.json' },
    );
  }
  return toStdout.length === 0 ? [...outputs, { format: 'table' }] : outputs;
}

/** Of two outputs to one file the first would be lost. */
function requireFilesOfTheirOwn(outputs: readonly Output[]): void {
  const taken = new Map<string, string>();
  for (const file of outputs.flatMap((output) => output.file ?? [])) {
    const replaced = fileToReplace(file);
    if (replaced === undefined) continue;
    const other = taken.get(replaced);
    if (other !== undefined) {
      throw new UserError(`Two outputs would go to one file: ${other}, ${file}`, {
        exitCode: exit.usage,
        hint: 'Give each a file of its own: -o html=report.html -o json=report.json',
      });
    }
    taken.set(replaced, file);
  }
}

function fileToReplace(file: string): string | undefined {
  try {
    return replacedFile(file);
  } catch (error) {
    throw cannotWrite(file, error, exit.usage);
  }
}

/**
 * Writes the report in each format, whether or not those before could be written; files first, so that what is printed last
 * can name them.
 */
export async function writeOutputs(
  report: Report,
  outputs: readonly Output[],
  color: boolean,
): Promise<void> {
  const { formats } = await import('../render/index.ts');
  const inOrder = outputs.toSorted((a, b) => Number(!a.file) - Number(!b.file));
  const writes = inOrder.map(({ format, file }) => () => {
    const options =
      file === undefined
        ? { width: process.stdout.columns ?? 100, color: color && wantsColor(), unicode: speaksUnicode() }
        : { width: 120, color: false, unicode: true };
    const rendered = formats[format](report, options);
    const blocks = inBlocks(typeof rendered === 'string' ? [rendered] : rendered);
    return file === undefined ? print(blocks) : writeWhole(file, blocks);
  });
  await eachInTurn(writes);
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
  let partial: string | undefined;
  try {
    const replaced = replacedFile(file);
    if (replaced === undefined) return writeAll(file, text);
    partial = `${replaced}.${process.pid}.partial`;
    writeAll(partial, text, statSync(replaced, { throwIfNoEntry: false })?.mode);
    renameSync(partial, replaced);
  } catch (error) {
    if (partial !== undefined) rmSync(partial, { force: true });
    throw cannotWrite(file, error);
  }
}

/**
 * The file that a new one takes the place of: what a link points to, even where that is yet to be made. A device or a pipe is
 * none: it takes the text as it is. Throws where there can be no such file.
 */
function replacedFile(file: string): string | undefined {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found?.isDirectory()) throw new Error('it is a folder');
  if (found !== undefined) return found.isFile() ? realpathSync(file) : undefined;
  // With a slash at its end the name is that of a folder, which would have to be there.
  const folder = realpathSync(dirname(`${file}.`));
  const path = join(folder, basename(file));
  const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  return isLink ? replacedFile(resolve(folder, readlinkSync(path))) : path;
}

/** What Node says ends with the path it was about, which need not be the one that was given. */
const withoutPaths = (message: string): string => message.replace(/, \w+ '.*$/s, '');

const cannotWrite = (file: string, cause: unknown, exitCode: ExitCode = exit.runtime): UserError =>
  new UserError(`Cannot write ${file}: ${withoutPaths(messageOf(cause))}`, {
    hint: 'Choose a path in a folder that exists and may be written to.',
    exitCode,
    cause,
  });

/** A file that takes the place of another has the permissions of that one; a new one has those of any new file. */
function writeAll(file: string, text: Iterable<string>, mode?: number): void {
  const descriptor = openSync(file, 'w', mode);
  try {
    // Not every file system can change them, and where they are right it need not.
    if (mode !== undefined && fstatSync(descriptor).mode !== mode) fchmodSync(descriptor, mode);
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
