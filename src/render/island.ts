/**
 * All findings as data for the report's script, small: every string stands once, and a text that names its object
 * is kept as a shape with the names taken out, so that the commands for thousands of objects share a few shapes.
 */
import type { CheckView } from './check-view.ts';
import type { FindingView } from './finding-view.ts';

/** The columns of a row after its id; each cell is the index of a string. `report.js` reads them by name. */
const columns = [
  'severity',
  'severityWord',
  'state',
  'stateWord',
  'kind',
  'namespace',
  'name',
  'container',
  'path',
  'message',
  'drift',
  'admission',
  'members',
  'exemption',
  'note',
  'radius',
  'test',
  'implementation',
  'backout',
] as const satisfies (keyof FindingView)[];

/** What stands in a shape for the name, the namespace and the container; `visible` lets no such character through. */
export const marks = { name: '\u0001', namespace: '\u0002', container: '\u0003' } as const;
const withMarks = new Set<string>(['message', 'test', 'implementation', 'backout']);

export interface Island {
  columns: readonly string[];
  /** Every different string; the first is the empty one. */
  strings: string[];
  /** Rows by check: the finding's id, then the index of each column's string. */
  checks: { id: string; rows: (string | number)[][] }[];
}

export function islandOf(checks: readonly Pick<CheckView, 'id' | 'findings'>[]): Island {
  const strings = [''];
  const indexes = new Map([['', 0]]);
  const intern = (text: string): number => {
    const known = indexes.get(text);
    if (known !== undefined) return known;
    indexes.set(text, strings.length);
    strings.push(text);
    return strings.length - 1;
  };
  const cell = (finding: FindingView, column: (typeof columns)[number]): number =>
    intern(withMarks.has(column) ? shapeOf(finding[column], finding) : finding[column]);
  return {
    columns,
    strings,
    checks: checks
      .filter(({ findings }) => findings.length > 0)
      .map(({ id, findings }) => ({
        id,
        rows: findings.map((finding) => [finding.id, ...columns.map((column) => cell(finding, column))]),
      })),
  };
}

function shapeOf(text: string, finding: FindingView): string {
  let shape = text;
  for (const [part, mark] of Object.entries(marks) as [keyof typeof marks, string][]) {
    if (finding[part] !== '') shape = shape.replaceAll(finding[part], mark);
  }
  return shape;
}
