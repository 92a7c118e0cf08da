import { planFor } from '../kit/plan.ts';
import { severities, type CheckResult, type Finding, type Report } from '../model.ts';
import { plural, visible } from '../text.ts';
import { severityView, type SeverityView } from './mail-colours.ts';
import { keyOf, namespaceOf } from './mail-scope.ts';
import { isPlatformNamespace } from '../kit/system-namespaces.ts';
import { stateOf } from './summary.ts';

/** One object to change: what is wrong with it, by whichever check, and the commands that put all of it right. */
export interface FindingRow extends SeverityView {
  object: string;
  problems: { title: string; message: string }[];
  moreProblems: string;
  notes: string[];
  commands: string;
}

export interface MailFindings {
  rows: FindingRow[];
  more: string;
}

interface Entry {
  check: CheckResult;
  finding: Finding;
}

/** A patch of twenty fields is for the report: whoever reads a mail shall still find the next object. */
const longestCommand = 1500;
const problemsPerObject = 4;

/**
 * The worst objects, at most `limit`, those of the cluster's users before those that the platform brings along: a mail
 * is for a start, the attached table for everything.
 */
export function mailFindings(report: Report, limit: number): MailFindings {
  const open = report.checks.flatMap((check) =>
    check.findings
      .filter((finding) => stateOf(finding) === 'open')
      .map((finding): Entry => ({ check, finding })),
  );
  const groups = [...Map.groupBy(open, ({ finding }) => keyOf(finding.fix.target)).values()]
    .map((entries) => ({ entries: entries.toSorted(bySeverity), rank: rankOf(entries) }))
    .toSorted((a, b) => a.rank - b.rank || b.entries.length - a.entries.length);
  const left = groups.slice(limit).reduce((sum, { entries }) => sum + entries.length, 0);
  return {
    rows: groups.slice(0, limit).map(({ entries }) => row(entries)),
    more: left === 0 ? '' : `and ${plural(left, 'more finding')}`,
  };
}

const severityRank = ({ finding }: Entry): number => severities.indexOf(finding.severity);
const bySeverity = (a: Entry, b: Entry): number => severityRank(a) - severityRank(b);

function rankOf(entries: readonly Entry[]): number {
  const worst = entries.reduce((least, entry) => Math.min(least, severityRank(entry)), Infinity);
  const platform = entries.every(({ finding }) => isPlatformNamespace(namespaceOf(finding.object)));
  return 2 * worst + (platform ? 1 : 0);
}

function row(entries: readonly Entry[]): FindingRow {
  const [first] = entries;
  const { implementation } = planFor(entries.map(({ finding }) => finding.fix));
  const commands = implementation.split('\n').map((line) => visible(line, Infinity));
  const notes = [...new Set(entries.flatMap(({ finding }) => finding.fix.note ?? []))];
  const saidElsewhere = (note: string): boolean =>
    notes.some((other) => other !== note && other.includes(note));
  const more = entries.length - problemsPerObject;
  return {
    ...severityView(first?.finding.severity ?? 'low'),
    object: first === undefined ? '' : nameOf(first.finding),
    problems: entries.slice(0, problemsPerObject).map(({ check, finding }) => ({
      title: visible(check.title, 120),
      message: messageOf(finding),
    })),
    moreProblems: more > 0 ? `and ${more} more of this object` : '',
    notes: notes
      .filter((note) => !saidElsewhere(note))
      .slice(0, problemsPerObject)
      .map((note) => visible(note, 300)),
    commands:
      implementation.length <= longestCommand
        ? commands.join('\n').trim()
        : '# Too long for a mail: see the HTML report, passmuster scan -o html=report.html',
  };
}

function nameOf({ object: { kind, namespace, name } }: Finding): string {
  const path = namespace === undefined ? name : `${namespace}/${name}`;
  return `${visible(kind, 63)} ${visible(path, 140)}`;
}

function messageOf({ path, message, members = [] }: Finding): string {
  const where = path === undefined ? '' : ` (${visible(path, 160)})`;
  const more = members.length > 1 ? `; and ${members.length - 1} more alike` : '';
  return `${visible(message, 240)}${where}${more}`;
}
