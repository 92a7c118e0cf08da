import { readFileSync } from 'node:fs';
import { LineCounter, parseDocument, type Document } from 'yaml';
import { exit, messageOf, UserError } from '../errors.ts';
import type { Problem } from './issues.ts';

/** A YAML file as plain data, and what is needed to say where in it something stands. */
export interface ConfigFile {
  value: unknown;
  document: Document;
  lines: LineCounter;
  /** Mistakes of syntax; where there are any, the value means nothing. */
  problems: Problem[];
}

/** @throws UserError (exit 2) when the file cannot be read. */
export function readConfigFile(file: string): ConfigFile {
  const lines = new LineCounter();
  const document = parseDocument(contents(file), { lineCounter: lines, prettyErrors: false });
  const problems = [...document.errors, ...document.warnings].map(({ message, pos }) => {
    const { line, col } = lines.linePos(pos[0]);
    return { where: `${file}:${line}:${col}`, message: message.trim() };
  });
  if (problems.length > 0) return { value: undefined, document, lines, problems };
  try {
    return { value: document.toJS() as unknown, document, lines, problems };
  } catch (error) {
    return { value: undefined, document, lines, problems: [{ where: file, message: messageOf(error) }] };
  }
}

function contents(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UserError(`The configuration ${file} cannot be read: ${messageOf(error)}`, {
      hint: 'Name another file with --config, or write a commented one with: passmuster config init',
      exitCode: exit.usage,
      cause: error,
    });
  }
}
