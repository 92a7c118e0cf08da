import { expect, test } from 'vitest';
import { readReport } from '../../../src/history/report-file.ts';
import { formats } from '../../../src/render/index.ts';
import { isPrintable, visible } from '../../../src/text.ts';
import { hostileStrings } from './hostile.ts';
import { sampleReport } from './sample-report.ts';

const goldens = '../../goldens/v1';
const saved = readReport(new URL(`${goldens}/report.json`, import.meta.url).pathname);

test('the table of a report of version 1', async () => {
  await expect(formats.table(saved, { width: 100 })).toMatchFileSnapshot(`${goldens}/table.txt`);
});

test('wide adds the findings; without Unicode everything is ASCII', async () => {
  const text = formats.wide(saved, { width: 80, unicode: false });
  // eslint-disable-next-line no-control-regex
  expect(text).toMatch(/^[\x20-\x7e\n]*$/);
  await expect(text).toMatchFileSnapshot(`${goldens}/wide-ascii.txt`);
});

test.each([64, 80, 100, 140])('no line is longer than the %i columns of the terminal', (width) => {
  // Commands to type are never broken, so that they can be copied.
  const lines = formats.wide(saved, { width }).split('\n');
  const long = lines.filter((line) => line.length > width && !line.startsWith('  '));
  expect(long).toEqual([]);
});

test('colour only when asked, and then the same words', () => {
  const plain = formats.wide(saved, {});
  const coloured = formats.wide(saved, { color: true });
  expect(plain).not.toContain('\u001b');
  expect(coloured).toContain('\u001b[31m');
  // eslint-disable-next-line no-control-regex
  expect(coloured.replaceAll(/\u001b\[\d+m/g, '')).toBe(plain);
});

test('a text that is cut ends with a whole character', () => {
  expect(visible('😀'.repeat(200), 300)).toBe(`${'😀'.repeat(149)}…`);
});

test('no string from a cluster brings a control character or a line of its own', () => {
  const escaped = hostileStrings.filter((payload) => {
    const text = formats.wide(
      sampleReport((word) => word + payload),
      {},
    );
    const twin = formats.wide(
      sampleReport((word) => word + visible(payload, Infinity)),
      {},
    );
    return text !== twin || !isPrintable(text.replaceAll('\n', ''));
  });
  expect(escaped).toEqual([]);
});

test('a score over nothing is no score', () => {
  const report = sampleReport();
  for (const benchmark of report.benchmarks) {
    benchmark.score = null;
    benchmark.coverage = 0;
    for (const control of benchmark.controls) control.status = 'not-assessed';
  }
  const text = formats.table(report, {});
  expect(text).toMatch(/^prod-eu was not assessed: /);
  expect(text).toMatch(/Score +no score\n/);
  expect(text).toMatch(/Coverage +0 %/);
});

test('the JSON is the report, with nothing unprintable in it', () => {
  for (const payload of hostileStrings) {
    const report = sampleReport((word) => word + payload);
    const text = [...formats.json(report)].join('');
    expect(JSON.parse(text)).toEqual(report);
    expect(isPrintable(text.replaceAll('\n', ''))).toBe(true);
  }
});
