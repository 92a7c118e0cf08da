import type { Change, Field, PodSpec } from '../model.ts';
import { changeTo } from './field.ts';
import { walkContainers } from './pods.ts';

/** What to know before a Pod may no longer run as root. */
export const needsFitImages =
  'A container whose image runs as root, or names its user by a name instead of a number, then no longer starts: see to the images first.';

/** True for the Pod, and nothing in it that says otherwise: a container with the user 0 would no longer start. */
export function requireNonRoot(pod: PodSpec): Change[] {
  const containers = walkContainers(pod).flatMap(({ field, ephemeral }) => (ephemeral ? [] : [field]));
  const nonRoot: Field = ['securityContext', 'runAsNonRoot'];
  const user: Field = ['securityContext', 'runAsUser'];
  const overrides = containers.map((field) => changeTo(pod, [...field, ...nonRoot]));
  const users = [[], ...containers].map((field) => changeTo(pod, [...field, ...user]));
  return [
    ...(pod.securityContext?.runAsNonRoot === true ? [] : [changeTo(pod, nonRoot, true)]),
    ...overrides.filter(({ before }) => before === false),
    ...users.filter(({ before }) => before === 0),
  ];
}
