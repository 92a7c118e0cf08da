import { objectsOf } from '../kit/members.ts';
import type { Finding, ObjectRef, Severity } from '../model.ts';
import { admissionWords, membersWords, radiusWords } from './finding-words.ts';
import { plural, visible } from '../text.ts';
import { lengthOf } from './plans.ts';
import type { Commands, CommandsOf } from './plans.ts';
import { stateOf } from './summary.ts';
import type { FindingState } from './summary.ts';
import { severityWords } from './words.ts';

/** What the filter knows an object by. */
export interface ObjectName {
  kind: string;
  /** Empty where it lies in none. */
  namespace: string;
  name: string;
}

/** One row of findings. Strings that are empty do not show. */
export interface FindingView extends Commands, ObjectName {
  id: string;
  severity: Severity;
  severityWord: string;
  state: FindingState;
  stateWord: string;
  container: string;
  path: string;
  message: string;
  drift: string;
  /** Whether the namespace would take the same Pod again. */
  admission: string;
  /** The objects that are alike in it, when there are several; in words, the first of many. */
  members: string;
  /** All objects that it is about, that of the row first. */
  objects: readonly ObjectName[];
  exemption: string;
  note: string;
  /** What a Pod Security level would refuse; lines. */
  radius: string;
}

/** A row that stands in the page itself, which need not have its commands. */
export interface PageRow extends FindingView {
  /** The id of the row that has the commands, where they are left out of this one. */
  commandsAt: string;
  /** Whether they are in the data of the page alone. */
  commandsInData: boolean;
}

const stateWords = { open: '', review: 'Needs a person to judge', exempt: 'Exempt' } as const;

const noCommands: Commands = { test: '', implementation: '', backout: '' };

export function findingView(finding: Finding, commandsOf: CommandsOf): FindingView {
  const { drift, exemption } = finding;
  const state = stateOf(finding);
  return {
    id: visible(finding.id),
    severity: finding.severity,
    severityWord: severityWords[finding.severity],
    state,
    stateWord: stateWords[state],
    ...nameOf(finding.object),
    container: visible(finding.container ?? ''),
    path: visible(finding.path ?? '', 500),
    message: visible(finding.message, 500),
    drift: drift === undefined ? '' : `${plural(drift.pods, 'live Pod')}, such as ${visible(drift.example)}`,
    admission: admissionWords(finding.admission),
    members: membersWords(finding.members),
    objects: objectsOf(finding).map(nameOf),
    exemption:
      exemption === undefined
        ? ''
        : `${visible(exemption.reason)} (${visible(exemption.owner)}, until ${visible(exemption.expires)})`,
    note: visible(finding.fix.note ?? '', 500),
    radius: radiusWords(finding.fix.blastRadius),
    ...(state === 'exempt' ? noCommands : commandsOf(finding)),
  };
}

const nameOf = ({ kind, namespace = '', name }: ObjectRef): ObjectName => ({
  kind: visible(kind),
  namespace: visible(namespace),
  name: visible(name),
});

/** Commands that more rows have, and more characters, do not stand in each of the rows. */
const fewRows = 8;
const fewCharacters = 5_000;

/** Those with more characters stand nowhere in the page but in its data. */
const charactersInPage = 100_000;

/** The implementations that are too long for each of the rows that have them: those of objects with many problems. */
export function longCommands(findings: readonly FindingView[]): Set<string> {
  const rows = Map.groupBy(findings, ({ implementation }) => implementation);
  const isLong = ([, [first, ...others]]: [string, FindingView[]]): boolean =>
    first !== undefined && others.length >= fewRows && lengthOf(first) > fewCharacters;
  return new Set([...rows].filter(isLong).map(([implementation]) => implementation));
}

/**
 * The rows of a table as they stand in the page itself: long commands only in the first row that has them, so that the
 * page does not grow with the square of the problems of one object.
 */
export function pageRows(findings: readonly FindingView[], long: ReadonlySet<string>): PageRow[] {
  const firsts = new Map<string, string>();
  return findings.map((finding) => {
    const whole = { ...finding, commandsAt: '', commandsInData: false };
    if (!long.has(finding.implementation)) return whole;
    if (lengthOf(finding) > charactersInPage) return { ...whole, ...noCommands, commandsInData: true };
    const commandsAt = firsts.get(finding.implementation);
    if (commandsAt !== undefined) return { ...whole, ...noCommands, commandsAt };
    firsts.set(finding.implementation, finding.id);
    return whole;
  });
}

/** The row the script fills: the same partial as every other row, so that the markup stands once. */
export const blankFinding: PageRow = {
  id: '',
  severity: 'low',
  severityWord: '',
  state: 'open',
  stateWord: '',
  kind: '',
  namespace: '',
  name: '',
  container: '',
  path: '',
  message: '',
  drift: '',
  admission: '',
  members: '',
  objects: [],
  exemption: '',
  note: '',
  radius: '',
  ...noCommands,
  commandsAt: '',
  commandsInData: false,
};
