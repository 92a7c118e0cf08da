/** What stands in manifests without effect: shown to whoever reads the report, and only where there is such a thing. */
import { expect, test } from 'vitest';
import { formats } from '../../../src/render/index.ts';
import { sampleReport } from './sample-report.ts';

const withWarnings = (warnings: string[]) => ({ ...sampleReport(), warnings });
const many = Array.from({ length: 12 }, (_, i) => `web.yaml:${i}: hostIPC has no effect`);
const shownIn = (text: string) => many.filter((warning) => text.includes(warning)).length;

test('the table shows the first, and the others on demand', () => {
  const table = formats.table(withWarnings(many), {});
  expect(table).toContain('WITHOUT EFFECT');
  expect([shownIn(table), table.includes('and 2 more, with -o wide')]).toEqual([10, true]);
  expect(shownIn(formats.wide(withWarnings(many), {}))).toBe(12);
});

test('the page shows them all, once', () => {
  const html = formats.html(withWarnings(many));
  expect(shownIn(html)).toBe(12);
  expect(html).toContain('href="#warnings"');
});

test.each([[[]], [undefined]])('nothing is said where nothing is misplaced: %s', (warnings) => {
  const { warnings: _, ...report } = sampleReport();
  const clean = warnings === undefined ? report : { ...report, warnings };
  for (const text of [formats.table(clean, {}), formats.html(clean)])
    expect(text).not.toMatch(/without effect/i);
});
