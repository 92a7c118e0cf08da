import { podSpecCheck } from '../../kit/define-check.ts';
import { changeTo } from '../../kit/field.ts';
import { unlessEphemeral, walkContainers } from '../../kit/pods.ts';
import { whose } from '../../kit/pss-problem.ts';
import { violations } from '../../kit/pss.ts';
import type { Change, Field, PodSpec } from '../../model.ts';

/**
 * The reading of the Pod Security Standards: runAsNonRoot itself must be true, whatever the user, and false nowhere,
 * not even where a container overrides it. The reading of CIS is `run-as-root`.
 */
export const runAsNonRoot = podSpecCheck({
  id: 'run-as-non-root',
  title: 'runAsNonRoot is required',
  severity: 'medium',
  onNothing: 'not-applicable',
  test: (pod, context) =>
    violations('runAsNonRoot', pod, context).map((violation) => ({
      field: violation.field,
      message: `${whose(violation)} may run as root: runAsNonRoot is ${
        violation.value === false ? 'false' : 'set neither here nor for the Pod'
      }.`,
      fix: unlessEphemeral(violation.container, {
        risk: 'review',
        changes: requireNonRoot(pod),
        note: 'A container whose image runs as root, or names its user by a name instead of a number, then no longer starts: see to the images first.',
      }),
    })),
});

/** True for the Pod, and nothing in it that says otherwise: a container with the user 0 would no longer start. */
function requireNonRoot(pod: PodSpec): Change[] {
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
