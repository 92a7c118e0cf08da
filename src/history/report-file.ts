import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { exit, messageOf, UserError } from '../errors.ts';
import type { Report } from '../model.ts';
import { visible } from '../text.ts';
import { reportSchema } from './report-schema.ts';

const problemsShown = 5;

/**
 * Reads a saved report, of this or an earlier release.
 * @throws UserError (exit 2) when it cannot be read, is no report, is of another version, or is damaged
 */
export function readReport(path: string): Report {
  const refuse = (message: string, hint: string, cause?: unknown): never => {
    throw new UserError(`${visible(path)}: ${message}`, { hint, exitCode: exit.usage, cause });
  };
  const value = parse(path, refuse);
  const { apiVersion, kind } = header(value);
  if (kind !== 'Report' || !apiVersion.startsWith('passmuster/')) {
    return refuse(
      `this is not a report of Passmuster${kind === '' ? '' : ` but a ${visible(kind, 60)}`}`,
      'Save one with: passmuster scan -o json=report.json',
    );
  }
  if (apiVersion !== 'passmuster/v1') {
    return refuse(
      `the report has version ${visible(apiVersion, 60)}, this Passmuster reads passmuster/v1`,
      'Use the release of Passmuster that wrote it, or a later one.',
    );
  }
  const result = reportSchema.safeParse(value);
  if (result.success) return result.data;
  return refuse(
    `the report is damaged:\n${problems(result.error)}`,
    'Audit again and save the report anew: passmuster scan -o json=report.json',
  );
}

function parse(path: string, refuse: (message: string, hint: string, cause: unknown) => never): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return refuse(`cannot be read: ${messageOf(error)}`, 'Give the path of a saved JSON report.', error);
  }
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (error) {
    return refuse(
      `this is not JSON: ${visible(messageOf(error), 120)}`,
      'Give a report that was saved with -o json=FILE; HTML and tables cannot be read back.',
      error,
    );
  }
}

/** What the file says it is; empty where it says nothing. */
function header(value: unknown): { apiVersion: string; kind: string } {
  const { apiVersion, kind } = (value ?? {}) as { apiVersion?: unknown; kind?: unknown };
  return {
    apiVersion: typeof apiVersion === 'string' ? apiVersion : '',
    kind: typeof kind === 'string' ? kind : '',
  };
}

/** `checks[3].findings[0].severity: Invalid option: …`, the first few of them. */
function problems({ issues }: z.ZodError): string {
  const lines = issues
    .slice(0, problemsShown)
    .map(({ path, message }) => `  ${visible(z.core.toDotPath(path), 120)}: ${visible(message, 160)}`);
  const more = issues.length - problemsShown;
  return [...lines, ...(more > 0 ? [`  and ${more} more`] : [])].join('\n');
}
