import { podSpecCheck, type Problem } from '../../kit/define-check.ts';
import { changeTo, valueAt } from '../../kit/field.ts';
import {
  isWindows,
  ordinaryId,
  unlessEphemeral,
  walkContainers,
  type WalkedContainer,
} from '../../kit/pods.ts';
import type { Field, PodSpec } from '../../model.ts';

/** Groups that are not set are no fault: the image has its own. */
export const fsGroupSupplemental = podSpecCheck({
  id: 'fs-group-supplemental',
  title: 'File-system and supplemental groups are not root',
  severity: 'low',
  onNothing: 'not-applicable',
  applies: (pod) => !isWindows(pod),
  test: (pod) => [
    ...zero(pod, 'fsGroup', fsGroupNote),
    ...supplemental(pod),
    ...zero(pod, 'runAsGroup', runAsGroupNote),
    ...walkContainers(pod).flatMap((walked) => zero(pod, 'runAsGroup', runAsGroupNote, walked)),
  ],
});

const fsGroupNote =
  'The files of the volumes change hands when they are mounted, which takes time with many: fsGroupChangePolicy OnRootMismatch does it once.';
const runAsGroupNote =
  'Images for OpenShift let the group root use their files on purpose: hand these files to another group first.';

function zero(pod: PodSpec, member: string, note: string, walked?: WalkedContainer): Problem[] {
  const field: Field = [...(walked?.field ?? []), 'securityContext', member];
  if (valueAt(pod, field) !== 0) return [];
  return [
    {
      field,
      message: `${walked === undefined ? 'The Pod' : `The ${walked.title}`} uses the group root: ${member} is 0.`,
      fix: unlessEphemeral(walked, { risk: 'review', changes: [changeTo(pod, field, ordinaryId)], note }),
    },
  ];
}

function supplemental(pod: PodSpec): Problem[] {
  const field: Field = ['securityContext', 'supplementalGroups'];
  const groups = pod.securityContext?.supplementalGroups ?? [];
  const left = groups.filter((group) => group !== 0);
  if (left.length === groups.length) return [];
  return [
    {
      field,
      message: 'The Pod is in the group root: supplementalGroups holds 0.',
      fix: {
        risk: 'review',
        changes: [changeTo(pod, field, left.length === 0 ? undefined : left)],
        note: 'Files that only the group root may use are then closed to the containers.',
      },
    },
  ];
}
