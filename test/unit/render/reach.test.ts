import { expect, test } from 'vitest';
import type { Audience } from '../../../src/config.ts';
import type { ReachReport, Report } from '../../../src/model.ts';
import { formats } from '../../../src/render/index.ts';
import { renderMail } from '../../../src/render/mail.ts';
import { reachSentence, reachView } from '../../../src/render/reach.ts';
import { sampleReport } from './sample-report.ts';

const withReach = (reach: ReachReport | undefined): Report => {
  const { reach: _, ...report } = sampleReport();
  return reach === undefined ? report : { ...report, reach };
};
const matrix = (...rows: string[]): ReachReport => ({
  matrix: { namespaces: rows.map((_, i) => `n${i}`), rows },
});
const sectionOf = (reach: ReachReport | undefined): string =>
  /<section id="network"[^]*?<\/section>/.exec(formats.html(withReach(reach)))?.[0] ?? '';

test('counts pairs of different namespaces, one for each way', () => {
  expect(reachSentence(matrix('nas', 'nan', 'ann'))).toBe(
    '3 of 6 pairs of namespaces are closed, 2 open, 1 in part',
  );
  expect(reachSentence(matrix('aa', 'na'))).toBe('1 of 2 pairs of namespaces is closed, 1 open, 0 in part');
});

test.each([
  ['an older report', undefined],
  ['one namespace', matrix('a')],
  ['no namespace', matrix()],
])('of %s nothing is said', (_, reach) => {
  expect([sectionOf(reach), reachSentence(reach)]).toEqual(['', '']);
  expect(formats.table(withReach(reach), {})).not.toMatch(/^Network/m);
  expect(formats.html(withReach(reach))).not.toContain('href="#network"');
});

test('where there is no matrix the page says why', () => {
  const section = sectionOf({ reason: 'pods could not be read in <vault>' });
  expect(section).toContain('pods could not be read in &lt;vault&gt;.');
  expect(section).not.toContain('<table');
});

test('the most open namespaces come first, both ways together', () => {
  const view = reachView(matrix('annn', 'aaas', 'nana', 'nnnn'));
  expect(view?.names.map(({ name }) => name)).toEqual(['n1', 'n2', 'n3', 'n0']);
  expect(view?.rows[0]?.cells.map(({ word }) => word)).toEqual(['open', 'open', 'in part', 'open']);
  expect(view?.rows[0]?.cells.map(({ own }) => own)).toEqual([true, false, false, false]);
});

test('of many namespaces 40 are shown, and the others counted', () => {
  const many = (count: number) => matrix(...Array.from({ length: count }, () => 'a'.repeat(count)));
  expect(reachView(many(40))).toMatchObject({ more: '', rows: { length: 40 } });
  expect(reachView(many(41))?.more).toBe('and 1 namespace more that is less open');
  const section = sectionOf(many(300));
  expect(section).toContain('and 260 namespaces more that are less open');
  expect(section.match(/<td/g)).toHaveLength(1600);
  expect(section.length).toBeLessThan(250_000);
});

test('the head of a column keeps both ends of a long name, and whole characters', () => {
  const reach = (name: string) => ({ matrix: { namespaces: [name, 'b'], rows: ['aa', 'aa'] } });
  const shortOf = (name: string) => reachView(reach(name))?.names[0]?.short;
  expect(shortOf('team-payments-service-1')).toBe('team-payments-service-1');
  expect(shortOf('team-payments-and-more-service-1')).toBe('team-payment…re-service-1');
  expect(shortOf('👩'.repeat(30))).toBe(`${'👩'.repeat(12)}…${'👩'.repeat(12)}`);
});

test('every symbol has its word, and the table its headings', () => {
  const section = sectionOf(matrix('as', 'na'));
  expect(section.match(/role="img" aria-label="([^"]+)"/g)).toEqual(
    ['itself: open', 'in part', 'closed', 'itself: open'].map((word) => `role="img" aria-label="${word}"`),
  );
  expect(section.match(/<th scope="(col|row)"/g)).toEqual([
    ...Array.from({ length: 3 }, () => '<th scope="col"'),
    ...Array.from({ length: 2 }, () => '<th scope="row"'),
  ]);
});

test('a matrix that somebody cut short neither crashes nor closes anything', () => {
  expect(reachSentence({ matrix: { namespaces: ['a', 'b'], rows: ['a?'] } })).toBe(
    '0 of 2 pairs of namespaces are closed, 0 open, 2 in part',
  );
});

test('a mail has one line of it, unless its audience is of some namespaces', () => {
  const audience: Audience = { name: 'team', channel: 'mail', to: ['a@b.example'], content: 'full' };
  const options = { timeZone: 'UTC' };
  const sentence = '7 of 12 pairs of namespaces are closed, 4 open, 1 in part';
  const mail = renderMail(sampleReport(), { ...options, audience });
  expect([mail.text, mail.html]).toEqual([
    expect.stringContaining(sentence),
    expect.stringContaining(sentence),
  ]);
  const narrowed = renderMail(sampleReport(), {
    ...options,
    audience: { ...audience, namespaces: ['shop'] },
  });
  expect(JSON.stringify(narrowed)).not.toMatch(/pairs of namespaces|kube-system.*id="network"|"reach"/);
});
