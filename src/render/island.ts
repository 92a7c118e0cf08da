/**
 * All findings as data for the report's script, small: every string stands once, and a text that names its object
 * is kept as a shape with the names taken out, so that the commands for thousands of objects share a few shapes. A
 * text that several rows have is one shape for all of them: of the names only those that the rows have in common are
 * taken out, such as not the container from the plan of an object with a thousand containers.
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
const withMarks = ['message', 'test', 'implementation', 'backout'] as const;

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
  const severalOf = ({ objects }: FindingView): number[][][] =>
    objects.length > 1
      ? [objects.map(({ kind, namespace, name }) => [kind, namespace, name].map(intern))]
      : [];
  const rowsOf = (findings: readonly FindingView[]): Island['checks'][number]['rows'] => {
    const shapes = Object.fromEntries(withMarks.map((column) => [column, shapesOf(findings, column)]));
    return findings.map((finding) => [
      finding.id,
      ...textColumns.map((column) => intern(shapes[column]?.get(finding[column]) ?? finding[column])),
      ...severalOf(finding),
    ]);
  };
  return {
    columns,
    strings,
    checks: checks
      .filter(({ findings }) => findings.length > 0)
      .map(({ id, findings }) => ({ id, rows: rowsOf(findings) })),
  };
}

/** The shape of each different text of a column. */
const shapesOf = (
  findings: readonly FindingView[],
  column: (typeof withMarks)[number],
): Map<string, string> =>
  new Map(
    [...Map.groupBy(findings, (finding) => finding[column])].map(([text, rows]) => [
      text,
      shapeOf(text, rows),
    ]),
  );

function shapeOf(text: string, [first, ...others]: readonly FindingView[]): string {
  let shape = text;
  for (const [part, mark] of Object.entries(marks) as [keyof typeof marks, string][]) {
    const name = first?.[part] ?? '';
    if (name !== '' && others.every((other) => other[part] === name)) shape = shape.replaceAll(name, mark);
  }
  return shape;
}
