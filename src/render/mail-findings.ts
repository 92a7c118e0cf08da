import { namespaceOf } from '../kit/members.ts';
import { severities, type CheckResult, type Finding, type Report } from '../model.ts';
import { plural, visible } from '../text.ts';
import { severityView, type SeverityView } from './mail-colours.ts';
import { keyOf } from './mail-scope.ts';
import { commandsFor, lengthOf, type Commands } from './plans.ts';
import { isPlatformNamespace } from '../kit/system-namespaces.ts';
import { stateOf } from './summary.ts';

/** One object to change: what is wrong with it, by whichever check, and the commands that put it right. */
export interface FindingRow extends SeverityView {
  object: string;
  problems: { title: string; message: string }[];
  moreProblems: string;
  notes: string[];
  /** Those of one plan, in the order of their use; none where nothing can be typed, or too much. */
  commands: { label: string; text: string }[];
  /** What the commands leave, or why there are none. */
  rest: string;
}

export interface MailFindings {
  rows: FindingRow[];
  more: string;
}

interface Entry {
  check: CheckResult;
  finding: Finding;
}

/**
 * Characters of the test, the implementation and the backout of one object together. A patch of twenty fields is for the
 * report: whoever reads a mail shall still find the next object.
 */
const longestCommands = 2000;
const problemsPerObject = 4;
const sentencesPerObject = 8;
const makeReport = 'passmuster scan -o html=report.html';

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
  const rows = groups.slice(0, limit).map(({ entries }) => row(entries));
  const left = groups.slice(limit).reduce((sum, { entries }) => sum + entries.length, 0);
  const more = [
    ...(left > 0 ? [`and ${plural(left, 'more finding')}`] : []),
    ...(rows.some(({ rest }) => rest !== '') ? [`the HTML report has all commands: ${makeReport}`] : []),
  ];
  return { rows, more: more.join('; ') };
}

const severityRank = ({ finding }: Entry): number => severities.indexOf(finding.severity);
const bySeverity = (a: Entry, b: Entry): number => severityRank(a) - severityRank(b);

function rankOf(entries: readonly Entry[]): number {
  const worst = entries.reduce((least, entry) => Math.min(least, severityRank(entry)), Infinity);
  const platform = entries.every(({ finding }) => isPlatformNamespace(namespaceOf(finding.object) ?? ''));
  return 2 * worst + (platform ? 1 : 0);
}

function row(entries: readonly Entry[]): FindingRow {
  const [first] = entries;
  const settled = settledBy(entries);
  const { test, implementation, backout } = planOf(settled);
  const isTyped = implementation !== '';
  // Commands stand under what they settle alone: nobody shall think them to do more.
  const told = isTyped ? settled : entries;
  const listed = told.slice(0, problemsPerObject);
  const more = told.length - listed.length;
  return {
    ...severityView(first?.finding.severity ?? 'low'),
    object: first === undefined ? '' : nameOf(first.finding),
    problems: listed.map(({ check, finding }) => ({
      title: visible(check.title, 120),
      message: messageOf(finding),
    })),
    moreProblems: more > 0 ? `and ${more} more of this object` : '',
    notes: notesOf(isTyped ? settled : listed),
    commands: [
      { label: 'Test', text: test },
      { label: 'Implementation', text: implementation },
      { label: 'Backout', text: backout },
    ].filter(({ text }) => text !== ''),
    rest: restOf(entries, settled, isTyped),
  };
}

const planOf = (entries: readonly Entry[]): Commands =>
  commandsFor(entries.map(({ finding }) => finding.fix));

/** All, else as many of the worst as fit: a plan is shown whole or not at all. */
function settledBy(entries: readonly Entry[]): readonly Entry[] {
  const fits = (some: readonly Entry[]): boolean => lengthOf(planOf(some)) <= longestCommands;
  if (fits(entries)) return entries;
  return entries
    .slice(0, problemsPerObject)
    .reduce<readonly Entry[]>(
      (chosen, entry) => (fits([...chosen, entry]) ? [...chosen, entry] : chosen),
      [],
    );
}

function restOf(entries: readonly Entry[], settled: readonly Entry[], isTyped: boolean): string {
  const left = entries.length - settled.length;
  if (left === 0) return '';
  const next = entries.slice(0, problemsPerObject).filter((entry) => !settled.includes(entry));
  if (!isTyped && next.length === 0) return 'The HTML report has the commands for the others.';
  if (!isTyped) return 'The commands are too long for a mail: see the HTML report.';
  const titles = [...new Set(next.map(({ check }) => visible(check.title, 120)))];
  const more = left - next.length;
  return `Also found here: ${[...titles, ...(more > 0 ? [`${more} more`] : [])].join('; ')}.`;
}

/** What to read before the commands, each sentence once: several checks say the same of an object. */
function notesOf(entries: readonly Entry[]): string[] {
  const sentences = entries.flatMap(({ finding }) => finding.fix.note?.split(/(?<=\.) /) ?? []);
  return [...new Set(sentences)].slice(0, sentencesPerObject).map((sentence) => visible(sentence, 300));
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
