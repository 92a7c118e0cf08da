/** What a finding says besides its message, in sentences for every format. */
import type { Admission, BlastRadius, Finding, ObjectRef } from '../model.ts';
import { plural, visible } from '../text.ts';

/** The JSON report has all of them. */
const membersShown = 20;
const workloadsShown = 20;

const verdicts = {
  admitted: 'Its namespace would take this Pod again',
  refused: 'Its namespace would refuse this Pod if it were made again',
  unknown: 'Whether its namespace would take this Pod again cannot be told',
} as const satisfies Record<Admission['verdict'], string>;

/** `Its namespace would take this Pod again: no Pod Security label on namespace shop`; empty where nothing is known of it. */
export const admissionWords = (admission: Admission | undefined): string =>
  admission === undefined ? '' : `${verdicts[admission.verdict]}: ${visible(admission.reason, 300)}`;

/** `3 alike: RoleBinding a/ops, RoleBinding b/ops, RoleBinding c/ops`; empty where a finding is of one object. */
export function membersWords(members: Finding['members'] = []): string {
  if (members.length < 2) return '';
  const shown = members.slice(0, membersShown).map(({ object }) => nameOf(object));
  return `${members.length} alike: ${listed(shown, members.length)}`;
}

/** A line for each level, and below it one for each workload that it would refuse. */
export function radiusWords(radius: readonly BlastRadius[] = []): string {
  return radius
    .map(({ level, version, workloads }) => {
      const what = `${visible(level)} (${visible(version)})`;
      if (workloads.length === 0) return `${what} would refuse nothing that was read.`;
      const shown = workloads.slice(0, workloadsShown).map(({ object, pods, reasons }) => {
        const running = pods === 0 ? '' : `, ${plural(pods, 'live Pod')}`;
        return `  ${nameOf(object)}${running}: ${reasons.map((reason) => visible(reason, 120)).join('; ')}`;
      });
      const more = workloads.length - shown.length;
      return [
        `${what} would refuse ${plural(workloads.length, 'workload')}:`,
        ...shown,
        ...(more > 0 ? [`  and ${more} more`] : []),
      ].join('\n');
    })
    .join('\n');
}

const nameOf = ({ kind, namespace, name }: ObjectRef): string =>
  `${visible(kind, 63)} ${namespace === undefined ? '' : `${visible(namespace)}/`}${visible(name, 140)}`;

const listed = (shown: readonly string[], all: number): string =>
  shown.length < all ? `${shown.join(', ')}, and ${all - shown.length} more` : shown.join(', ');
