import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exit, UserError } from '../../../src/errors.ts';
import { readReport } from '../../../src/history/report-file.ts';
import { sampleReport } from '../render/sample-report.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'report-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function saved(text: string): string {
  const path = join(folder, 'report.json');
  writeFileSync(path, text);
  return path;
}

function refusal(path: string): UserError {
  try {
    readReport(path);
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error('the report was accepted');
}

test('a report is read back as it was written', () => {
  const report = sampleReport();
  expect(readReport(saved(JSON.stringify(report)))).toEqual(report);
});

test('fields that this release does not know are kept and a byte order mark is no harm', () => {
  const report = { ...sampleReport(), later: { added: true } };
  expect(readReport(saved(`\ufeff${JSON.stringify(report)}`))).toEqual(report);
});

const damaged = (change: (report: ReturnType<typeof sampleReport>) => void): string => {
  const report = sampleReport();
  change(report);
  return JSON.stringify(report);
};

test.each([
  ['no JSON', '<!doctype html>', /this is not JSON/, /-o json=FILE/],
  ['cut off', JSON.stringify(sampleReport()).slice(0, 500), /this is not JSON/, /-o json=FILE/],
  ['null', 'null', /this is not a report/, /scan -o json=/],
  [
    'another kind',
    '{"apiVersion":"v1","kind":"PodList"}',
    /not a report of Passmuster but a PodList/,
    /scan -o json=/,
  ],
  ['a config', '{"apiVersion":"passmuster/v1","kind":"Config"}', /but a Config/, /scan -o json=/],
  [
    'another version',
    JSON.stringify({ ...sampleReport(), apiVersion: 'passmuster/v2' }),
    /version passmuster\/v2, this Passmuster reads passmuster\/v1/,
    /release of Passmuster that wrote it/,
  ],
  [
    'a missing part',
    damaged((report) => Reflect.deleteProperty(report, 'checks')),
    /is damaged:\n {2}checks: /,
    /Audit again/,
  ],
  [
    'a wrong value deep inside',
    damaged((report) => Object.assign(report.checks[1]?.findings[0] ?? {}, { severity: 'dire' })),
    /checks\[1\]\.findings\[0\]\.severity: /,
    /Audit again/,
  ],
])('refused with file, reason and hint: %s', (_name, text, message, hint) => {
  const path = saved(text);
  const error = refusal(path);
  expect(error.message).toMatch(message);
  expect(error.message).toContain(path);
  expect(error.hint).toMatch(hint);
  expect(error.exitCode).toBe(exit.usage);
});

test('a file that is not there', () => {
  expect(refusal(join(folder, 'none.json')).message).toMatch(/none\.json: cannot be read: ENOENT/);
});
