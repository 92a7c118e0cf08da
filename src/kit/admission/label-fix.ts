import type { BlastRadius, Change, Namespace } from '../../model.ts';
import type { Problem } from '../define-check.ts';
import { changeTo } from '../field.ts';
import type { PssLevel } from '../pss.ts';
import { invalidLabels, levelLabel, type PodSecurityMode } from './pod-security.ts';

/** The change of one label of a namespace. */
const labelTo = (namespace: Namespace, label: string, value: string): Change =>
  changeTo(namespace, ['metadata', 'labels', label], value);

/**
 * Values that mean nothing, replaced by some that do. The API server takes no change of the labels that leaves only some
 * of them as they were, so every change of a Pod Security label brings this one along.
 */
export const repairs = (namespace: Namespace): Change[] =>
  invalidLabels(namespace).map(({ label, instead }) => labelTo(namespace, label, instead));

/** The change that makes a namespace enforce, audit or warn at a level; the version stays what the labels pin. */
export const levelTo = (
  namespace: Namespace,
  modes: readonly PodSecurityMode[],
  level: PssLevel,
): Change[] => [
  ...modes.map((mode) => labelTo(namespace, levelLabel(mode), level)),
  ...repairs(namespace).filter(({ field }) => !modes.some((mode) => field.at(-1) === levelLabel(mode))),
];

/** The fix that makes a namespace refuse what breaks a level, with the workloads whose next Pods that hits. */
export function enforcing(
  namespace: Namespace,
  level: PssLevel,
  radius: Record<PssLevel, BlastRadius>,
): NonNullable<Problem['fix']> {
  const { length } = radius[level].workloads;
  return {
    risk: 'review',
    changes: levelTo(namespace, ['enforce'], level),
    blastRadius: [radius.baseline, radius.restricted],
    note:
      length === 0
        ? 'Refuses new Pods that break the level; none that could be read does. Read the warnings of the trial all the same.'
        : `Refuses new Pods of ${length} ${length === 1 ? 'workload' : 'workloads'}, which stop with their last Pod: correct or move ${length === 1 ? 'it' : 'them'} first.`,
  };
}
