/**
 * All findings as data for the report's script, small: every string stands once, and a text that names its object
 * is kept as a shape with the names taken out, so that the commands for thousands of objects share a few shapes.
 */
import type { CheckView } from './check-view.ts';
import type { FindingView } from './finding-view.ts';

/** The columns of a row after its id; each cell is the index of a string. `report.js` reads them by name. */
const textColumns = [
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

/**
 * The last column is of rows with several objects alone, which are few: of each object the indexes of its kind, its
 * namespace and its name.
 */
const columns = [...textColumns, 'objects'] as const;

/** What stands in a shape for the name, the namespace and the container; `visible` lets no such character through. */
export const marks = { name: '\u0001', namespace: '\u0002', container: '\u0003' } as const;
const withMarks = new Set<string>(['message', 'test', 'implementation', 'backout']);

export interface Island {
  columns: readonly string[];
  /** Every different string; the first is the empty one. */
  strings: string[];
  /** Rows by check: the finding's id, then what each column holds. */
  checks: { id: string; rows: (string | number | number[][])[][] }[];
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
  const cell = (finding: FindingView, column: (typeof textColumns)[number]): number =>
    intern(withMarks.has(column) ? shapeOf(finding[column], finding) : finding[column]);
  const severalOf = ({ objects }: FindingView): number[][][] =>
    objects.length > 1
      ? [objects.map(({ kind, namespace, name }) => [kind, namespace, name].map(intern))]
      : [];
  return {
    columns,
    strings,
    checks: checks
      .filter(({ findings }) => findings.length > 0)
      .map(({ id, findings }) => ({
        id,
        rows: findings.map((finding) => [
          finding.id,
          ...textColumns.map((column) => cell(finding, column)),
          ...severalOf(finding),
        ]),
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
