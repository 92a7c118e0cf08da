import type { Change, Field, PodSpec } from '../model.ts';
import type { Problem } from './define-check.ts';
import { changeTo } from './field.ts';
import { walkContainers } from './pods.ts';

/** Users of Windows that runAsNonRoot rules out there. */
export const administrators = /^(.*\\)?(ContainerAdministrator|Administrator|SYSTEM)$/i;

/** True for the Pod, and nothing in it that says otherwise: a container with a user that is ruled out would not start. */
function requireNonRoot(pod: PodSpec): Change[] {
  const containers = walkContainers(pod).flatMap(({ field, ephemeral }) => (ephemeral ? [] : [field]));
  const nonRoot: Field = ['securityContext', 'runAsNonRoot'];
  const user: Field = ['securityContext', 'runAsUser'];
  const userName: Field = ['securityContext', 'windowsOptions', 'runAsUserName'];
  const overrides = containers.map((field) => changeTo(pod, [...field, ...nonRoot]));
  const ofAll = (member: Field) => [[], ...containers].map((field) => changeTo(pod, [...field, ...member]));
  return [
    ...(pod.securityContext?.runAsNonRoot === true ? [] : [changeTo(pod, nonRoot, true)]),
    ...overrides.filter(({ before }) => before === false),
    ...ofAll(user).filter(({ before }) => before === 0),
    ...ofAll(userName).filter(({ before }) => typeof before === 'string' && administrators.test(before)),
  ];
}

/** Rules root out for the whole Pod. */
export const nonRootFix = (pod: PodSpec): NonNullable<Problem['fix']> => ({
  risk: 'review',
  changes: requireNonRoot(pod),
  note: 'A container whose image runs as root, or names its user by a name instead of a number, then no longer starts: see to the images first.',
});
