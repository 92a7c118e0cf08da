import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import type { Report } from '../../../src/model.ts';
import { readReport } from '../../../src/history/report-file.ts';
import { formats } from '../../../src/render/index.ts';
import { islandOf, marks } from '../../../src/render/island.ts';
import { reportView } from '../../../src/render/view.ts';
import { isPrintable } from '../../../src/text.ts';
import { hostileStrings } from './hostile.ts';
import { outline, structure } from './outline.ts';
import { crowdedReport, largeReport, sampleReport } from './sample-report.ts';

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

test.each([
  ['of all kinds', sampleReport((word) => `${word}$&"<`), '1f3a90c2'],
  ['of one object', crowdedReport(20), 'c0000013'],
])('the data gives back every finding with its commands: %s', (_, report, id) => {
  const { checks } = reportView(report);
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
  expect(restored.some((row) => row.id === id)).toBe(true);
});

test('the data holds the plan of an object once, however many of its findings have it', () => {
  const lengthFor = (count: number): number =>
    JSON.stringify(islandOf(reportView(crowdedReport(count)).checks)).length;
  expect(lengthFor(600) / lengthFor(300)).toBeLessThan(2.1);
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

const shownOf = (report: Report) => reportView(report).checks.find(({ id }) => id === 'privileged');

test('long commands stand in the first of the rows that have them, and the others say where', () => {
  const report = crowdedReport(30);
  const [first, ...others] = shownOf(report)?.shown ?? [];
  expect(first?.implementation.match(/"op":"replace"|"op":"remove"/g)).toHaveLength(30);
  expect(others).toHaveLength(29);
  for (const row of others) expect(row).toMatchObject({ implementation: '', commandsAt: first?.id });
  const html = formats.html(report);
  expect(html.split('stand once: <a href="#finding-c0000000">')).toHaveLength(30);
});

test('commands that are longer still stand in the data alone, and the page says so', () => {
  const report = crowdedReport(600);
  const rows = shownOf(report)?.shown ?? [];
  expect(rows).toHaveLength(600);
  expect(rows.every((row) => row.implementation === '' && row.commandsInData)).toBe(true);
  const html = formats.html(report);
  expect(html.split('they are in the data of this page')).toHaveLength(601);
  expect(html.length).toBeLessThan(3_000_000);
});

test('the commands of a few findings of one object stand in each of their rows', () => {
  const rows = shownOf(crowdedReport(8))?.shown ?? [];
  expect(new Set(rows.map(({ implementation }) => implementation)).size).toBe(1);
  expect(rows.every((row) => row.implementation !== '' && row.commandsAt === '')).toBe(true);
});

test('the plans of a check have the commands for one problem where those of an object are long', () => {
  const exampleOf = (count: number) => {
    const check = shownOf(crowdedReport(count));
    return [
      check?.commandsLabel,
      check?.plans[1]?.parts[0]?.commands.match(/securityContext.privileged","value":true/g),
    ];
  };
  expect(exampleOf(8)).toEqual([
    'Commands for Deployment shop/crowd',
    expect.objectContaining({ length: 8 }),
  ]);
  expect(exampleOf(30)).toEqual([
    'Commands for one problem of Deployment shop/crowd',
    expect.objectContaining({ length: 1 }),
  ]);
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
