import type { Finding, Severity } from '../model.ts';
import { admissionWords, membersWords, radiusWords } from './finding-words.ts';
import { plural, visible } from '../text.ts';
import type { Commands, CommandsOf } from './plans.ts';
import { stateOf } from './summary.ts';
import type { FindingState } from './summary.ts';
import { severityWords } from './words.ts';

/** One row of findings. Strings that are empty do not show. */
export interface FindingView extends Commands {
  id: string;
  severity: Severity;
  severityWord: string;
  state: FindingState;
  stateWord: string;
  kind: string;
  namespace: string;
  name: string;
  container: string;
  path: string;
  message: string;
  drift: string;
  /** Whether the namespace would take the same Pod again. */
  admission: string;
  /** The objects that are alike in it, when there are several. */
  members: string;
  exemption: string;
  note: string;
  /** What a Pod Security level would refuse; lines. */
  radius: string;
}

const stateWords = { open: '', review: 'Needs a person to judge', exempt: 'Exempt' } as const;

const noCommands: Commands = { test: '', implementation: '', backout: '' };

export function findingView(finding: Finding, commandsOf: CommandsOf): FindingView {
  const { object, drift, exemption } = finding;
  const state = stateOf(finding);
  return {
    id: visible(finding.id),
    severity: finding.severity,
    severityWord: severityWords[finding.severity],
    state,
    stateWord: stateWords[state],
    kind: visible(object.kind),
    namespace: visible(object.namespace ?? ''),
    name: visible(object.name),
    container: visible(finding.container ?? ''),
    path: visible(finding.path ?? '', 500),
    message: visible(finding.message, 500),
    drift: drift === undefined ? '' : `${plural(drift.pods, 'live Pod')}, such as ${visible(drift.example)}`,
    admission: admissionWords(finding.admission),
    members: membersWords(finding.members),
    exemption:
      exemption === undefined
        ? ''
        : `${visible(exemption.reason)} (${visible(exemption.owner)}, until ${visible(exemption.expires)})`,
    note: visible(finding.fix.note ?? '', 500),
    radius: radiusWords(finding.fix.blastRadius),
    ...(state === 'exempt' ? noCommands : commandsOf(finding)),
  };
}

/** The row the script fills: the same partial as every other row, so that the markup stands once. */
export const blankFinding: FindingView = {
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
  exemption: '',
  note: '',
  radius: '',
  ...noCommands,
};
