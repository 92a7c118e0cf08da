import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { readReport } from '../../../src/history/report-file.ts';
import { formats } from '../../../src/render/index.ts';
import { islandOf, marks } from '../../../src/render/island.ts';
import { reportView } from '../../../src/render/view.ts';
import { isPrintable } from '../../../src/text.ts';
import { hostileStrings } from './hostile.ts';
import { outline, structure } from './outline.ts';
import { largeReport, sampleReport } from './sample-report.ts';

const goldens = '../../goldens/v1';
const saved = readReport(new URL(`${goldens}/report.json`, import.meta.url).pathname);

test('the page of a report of version 1', async () => {
  await expect(outline(formats.html(saved))).toMatchFileSnapshot(`${goldens}/report.html.txt`);
});

test('the policy allows the page its own style and script, and nothing else', () => {
  const html = formats.html(saved);
  const hashes = [...html.matchAll(/<(?:style|script)>([\s\S]*?)<\/(?:style|script)>/g)].map(
    ([, text = '']) => `sha256-${createHash('sha256').update(text).digest('base64')}`,
  );
  const policy = /Content-Security-Policy" content="([^"]*)"/
    .exec(html)?.[1]
    ?.replaceAll('&#x27;', "'")
    .replaceAll('&#x3D;', '=');
  expect(hashes).toHaveLength(2);
  expect(policy).toBe(
    `default-src 'none'; script-src '${hashes[1]}'; style-src '${hashes[0]}'; img-src data:; base-uri 'none'; form-action 'none'`,
  );
});

test('nothing in the page asks the network, has an inline style or an inline handler', () => {
  const tags = structure(formats.html(saved)).join('\n');
  expect(tags).not.toMatch(/ (src|style|on\w+|srcset|action)[ >]/);
  expect(tags).not.toMatch(/<(link|img|iframe|object|embed|base)/);
});

test('no string from a cluster changes the structure of the page', () => {
  // Twins differ in the strings alone; names stay different from each other.
  const benign = structure(formats.html(sampleReport((word) => `${word}x`)));
  const succeeded = hostileStrings.filter((payload) => {
    const html = formats.html(sampleReport((word) => word + payload));
    return !isDeepStrictEqual(structure(html), benign) || !isPrintable(html.replaceAll('\n', ''));
  });
  expect(succeeded).toEqual([]);
});

test('links go to http and https or into the page', () => {
  const html = formats.html(sampleReport((word) => `${word}[x](javascript:alert(1))`));
  const targets = [...html.matchAll(/ href="([^"]*)"/g)].map(([, target]) => target);
  expect(targets.filter((target) => !/^(https?:\/\/|#)/.test(target ?? ''))).toEqual([]);
  expect(targets).toContain('https://kubernetes.io/docs/concepts/security/pod-security-standards/');
});

test('the data gives back every finding with its commands', () => {
  const { checks } = reportView(sampleReport((word) => `${word}$&"<`));
  const island = islandOf(checks);
  type Row = (typeof island.checks)[number]['rows'][number];
  const cell = (row: Row, column: string) => row[island.columns.indexOf(column) + 1];
  const at = (row: Row, column: string): string => island.strings[Number(cell(row, column))] ?? '';
  const filled = (row: Row, column: string): string =>
    Object.entries(marks).reduce(
      (text, [part, mark]) => text.replaceAll(mark, () => at(row, part)),
      at(row, column),
    );
  // A row of one object has no cell for it.
  const objectsOf = (row: Row) => {
    const cells = ['kind', 'namespace', 'name'].map((column) => Number(cell(row, column)));
    const objects = (cell(row, 'objects') as number[][] | undefined) ?? [cells];
    return objects.map((parts) => {
      const [kind, namespace, name] = parts.map((part) => island.strings[part]);
      return { kind, namespace, name };
    });
  };
  const restored = island.checks.flatMap(({ rows }) =>
    rows.map((row) => ({
      id: row[0],
      ...Object.fromEntries(island.columns.map((column) => [column, filled(row, column)])),
      objects: objectsOf(row),
    })),
  );
  expect(restored).toEqual(checks.flatMap(({ findings }) => findings));
  expect(restored.some(({ id }) => id === '1f3a90c2')).toBe(true);
});

test('the commands in the page are those of the object, line for line', () => {
  const { checks } = reportView(saved);
  const finding = checks.flatMap(({ findings }) => findings).find(({ id }) => id === '1f3a90c2');
  expect(finding?.implementation).toContain('kubectl patch deployment.apps/checkout -n shop');
  const escaped = (finding?.implementation ?? '')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#x27;')
    .replaceAll('=', '&#x3D;')
    .replaceAll('&&', '&amp;&amp;');
  expect(formats.html(saved)).toContain(`<code data-slot="implementation">${escaped}</code>`);
});

test('of very many findings the page holds the worst, the data all', () => {
  const { checks } = reportView(largeReport(3000));
  const large = checks.find(({ id }) => id === 'privileged');
  expect(large?.findings).toHaveLength(3000);
  expect(large?.shown.length).toBeLessThan(2000);
  expect(large?.hidden).toBe(3000 - (large?.shown.length ?? 0));
  expect(checks.filter(({ id }) => id !== 'privileged').every(({ hidden }) => hidden === 0)).toBe(true);
  const ranks = large?.findings.map(({ severity }) =>
    ['critical', 'high', 'medium', 'low'].indexOf(severity),
  );
  expect(ranks).toEqual(ranks?.toSorted((a, b) => a - b));
});

test('templates escape everything and name their partials', () => {
  const files = globSync('templates/**/*.hbs');
  expect(files.length).toBeGreaterThan(5);
  const raw = /\{\{\{|\{\{~?&|\{\{~?#?>\s*\(/;
  expect(files.filter((file) => raw.test(readFileSync(file, 'utf8')))).toEqual([]);
});
