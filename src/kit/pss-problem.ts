import type { PodContext, Problem } from './define-check.ts';
import { changeTo } from './field.ts';
import { isWindows, listTo, unlessEphemeral } from './pods.ts';
import { violations, type PssControl, type Violation } from './pss.ts';
import type { PodSpec } from '../model.ts';

/**
 * For controls that are about Linux: Windows Pods are not counted, except where the Standards judge them all the same
 * (before they were exempt), for no check may hide what the API server refuses.
 */
export const linuxOr =
  (control: PssControl) =>
  (pod: PodSpec, context: PodContext): boolean =>
    !isWindows(pod) || violations(control, pod, context).length > 0;

/** The problem at the place of the violation. Debug containers have no fix, and Windows Pods none that is about Linux. */
export const linuxProblem = (
  pod: PodSpec,
  { field, base, container }: Violation,
  { fix, ...rest }: Pick<Problem, 'message' | 'severity' | 'verdict'> & { fix: NonNullable<Problem['fix']> },
): Problem => ({
  field,
  ...(base === undefined ? {} : { base }),
  ...rest,
  fix: isWindows(pod) ? windowsFix : unlessEphemeral(container, fix),
});

const windowsFix: NonNullable<Problem['fix']> = {
  action: 'none',
  risk: 'advice',
  note: 'The API refuses this setting on Pods for Windows; from Kubernetes 1.25 on the Pod Security Standards do not ask for it there.',
};

/** The list of added capabilities without those that are not allowed. */
export function withoutCapabilities(
  pod: PodSpec,
  { field, value, container }: Violation,
): NonNullable<Problem['fix']> {
  const excess = value as string[];
  const { add = [] } = container?.container.securityContext?.capabilities ?? {};
  const left = add.filter((name) => !excess.includes(name));
  return {
    risk: 'review',
    changes: [listTo(pod, field, left)],
    note: 'Find out first what the container uses it for: that stops working.',
  };
}

/** Whose value it is, at the start of a sentence. */
export const whose = ({ container }: Violation): string =>
  container === undefined ? 'The Pod' : `The ${container.title}`;

/** The offending value, for a sentence. */
export const shown = ({ value }: Violation): string =>
  typeof value === 'string' ? value : JSON.stringify(value);

/** The member at fault: the last step of the field. */
export function memberOf({ field }: Violation): string {
  const member = field.at(-1);
  return typeof member === 'string' ? member : '';
}

/** The seccomp or AppArmor profile of the container runtime in the place of another one, field or annotation. */
export const runtimeDefault = (pod: PodSpec, { annotations }: PodContext, { field, base }: Violation) =>
  base === 'metadata'
    ? changeTo({ annotations }, field, 'runtime/default')
    : changeTo(pod, field, 'RuntimeDefault');
