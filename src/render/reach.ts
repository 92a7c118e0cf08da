/** The matrix of what namespaces can reach: the figures that every format shows, and the picture of the page. */
import { isPlatformNamespace } from '../kit/system-namespaces.ts';
import type { ReachReport } from '../model.ts';
import { plural, visible } from '../text.ts';

/** As many as fit side by side. */
const namespacesShown = 40;

/** As long as the head of a column is high. */
const columnLetters = 25;

/** One cell of the picture; the letters are those of the report. */
const cells = {
  a: { state: 'open', word: 'open', weight: 2 },
  s: { state: 'part', word: 'in part', weight: 1 },
  n: { state: 'closed', word: 'closed', weight: 0 },
} as const;
type Cell = (typeof cells)[keyof typeof cells];

/** Of a file that somebody shortened: neither open nor closed is said of what is not there. */
const cellAt = ({ rows }: Matrix, from: number, to: number): Cell =>
  cells[rows[from]?.[to] as keyof typeof cells] ?? cells.s;

type Matrix = NonNullable<ReachReport['matrix']>;

/** `12 of 90 pairs of namespaces are closed, 70 open, 8 in part`; empty where there is no pair, or no matrix. */
export function reachSentence({ matrix }: ReachReport = {}): string {
  if (matrix === undefined) return '';
  const indexes = [...matrix.namespaces.keys()];
  const counts = { open: 0, part: 0, closed: 0 };
  for (const from of indexes) {
    for (const to of indexes) if (from !== to) counts[cellAt(matrix, from, to).state] += 1;
  }
  const { open, part, closed } = counts;
  const pairs = open + part + closed;
  if (pairs === 0) return '';
  return `${closed} of ${plural(pairs, 'pair')} of namespaces ${closed === 1 ? 'is' : 'are'} closed, ${open} open, ${part} in part`;
}

/** What the page shows; undefined where there is nothing to say. */
export function reachView(reach: ReachReport = {}) {
  const sentence = reachSentence(reach);
  const { matrix = { namespaces: [], rows: [] }, reason = '' } = reach;
  if (sentence === '' && reason === '') return undefined;
  const shown = mostOpenFirst(matrix).slice(0, namespacesShown);
  const names = shown.map((index) => {
    const name = matrix.namespaces[index] ?? '';
    const text = visible(name, 80);
    return { name: text, short: middleCut(text), platform: isPlatformNamespace(name) };
  });
  const more = matrix.namespaces.length - shown.length;
  return {
    sentence,
    reason: visible(reason, 1000),
    names,
    rows: shown.map((from, row) => ({
      ...names[row],
      cells: shown.map((to) => ({ ...cellAt(matrix, from, to), own: from === to })),
    })),
    more: more > 0 ? `and ${plural(more, 'namespace')} more that ${more === 1 ? 'is' : 'are'} less open` : '',
  };
}

/** For the head of a column: names that begin alike end differently. */
function middleCut(name: string): string {
  const letters = Array.from(name);
  if (letters.length <= columnLetters) return name;
  return `${letters.slice(0, 12).join('')}…${letters.slice(13 - columnLetters).join('')}`;
}

/** By how open each is to the others and they to it, both ways together. */
function mostOpenFirst(matrix: Matrix): number[] {
  const indexes = [...matrix.namespaces.keys()];
  const weights = indexes.map((one) =>
    indexes.reduce(
      (sum, other) =>
        one === other ? sum : sum + cellAt(matrix, one, other).weight + cellAt(matrix, other, one).weight,
      0,
    ),
  );
  return indexes.toSorted((a, b) => (weights[b] ?? 0) - (weights[a] ?? 0) || a - b);
}
