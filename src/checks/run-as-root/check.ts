import { podSpecCheck, type Problem } from '../../kit/define-check.ts';
import { changeTo, fieldIdentity } from '../../kit/field.ts';
import { effective, ephemeralFix, isWindows, walkContainers, type WalkedContainer } from '../../kit/pods.ts';
import type { Change, Field, PodSpec } from '../../model.ts';

/**
 * The reading of CIS: what counts is that root is ruled out, by runAsNonRoot or by naming another user. The Pod
 * Security Standards ask for runAsNonRoot itself, and let `hostUsers: false` pass; here that is said and not a pass.
 */
export const runAsRoot = podSpecCheck({
  id: 'run-as-root',
  title: 'Containers do not run as root',
  severity: 'medium',
  onNothing: 'not-applicable',
  test(pod) {
    const causeOf = isWindows(pod) ? windowsCause : linuxCause;
    const causes = walkContainers(pod).flatMap((walked) => causeOf(pod, walked) ?? []);
    // A value of the Pod is one cause, however many containers inherit it.
    const byField = Map.groupBy(causes, ({ field }) => fieldIdentity(field));
    return [...byField.values()].map((group) => problem(pod, group));
  },
});

interface Cause {
  walked: WalkedContainer;
  /** What lets the container run as root, or would rule it out. */
  field: Field;
  why: string;
  /** True when the field names root as the user. */
  isRoot: boolean;
}

function linuxCause(pod: PodSpec, walked: WalkedContainer): Cause | undefined {
  const nonRoot = effective(pod, walked, 'runAsNonRoot');
  if (nonRoot.value === true) return undefined;
  const user = effective(pod, walked, 'runAsUser');
  if (user.value === 0) return { walked, field: user.field, why: 'runAsUser is 0', isRoot: true };
  if (user.value !== undefined) return undefined;
  const state = nonRoot.value === false ? 'false' : 'not set';
  return {
    walked,
    field: nonRoot.field,
    why: `runAsNonRoot is ${state} and runAsUser is not set, so the image decides`,
    isRoot: false,
  };
}

const administrators = /^(.*\\)?(ContainerAdministrator|Administrator|SYSTEM)$/i;

/** Windows has user names instead of numbers, and runAsNonRoot there rules out the container's administrator. */
function windowsCause(pod: PodSpec, walked: WalkedContainer): Cause | undefined {
  const nonRoot = effective(pod, walked, 'runAsNonRoot');
  if (nonRoot.value === true) return undefined;
  const user = effective(pod, walked, 'windowsOptions', 'runAsUserName');
  if (typeof user.value === 'string') {
    if (!administrators.test(user.value)) return undefined;
    return { walked, field: user.field, why: `runAsUserName is ${user.value}`, isRoot: true };
  }
  return {
    walked,
    field: nonRoot.field,
    why: `runAsNonRoot is ${nonRoot.value === false ? 'false' : 'not set'} and runAsUserName is not set, so the image decides`,
    isRoot: false,
  };
}

function problem(pod: PodSpec, causes: readonly Cause[]): Problem {
  const titles = causes.map(({ walked }) => walked.title).join(' and the ');
  const [first] = causes;
  const mapped =
    pod.hostUsers === false
      ? ' hostUsers is false, so root in the container is an ordinary user of the node.'
      : '';
  return {
    field: first?.field ?? [],
    message: `Nothing keeps the ${titles} from running as root: ${first?.why}.${mapped}`,
    fix: causes.every(({ walked }) => walked.ephemeral) ? ephemeralFix : nonRootFix(pod, causes),
  };
}

function nonRootFix(pod: PodSpec, causes: readonly Cause[]): NonNullable<Problem['fix']> {
  const ofPod: Field = ['securityContext', 'runAsNonRoot'];
  const required = pod.securityContext?.runAsNonRoot === true ? [] : [changeTo(pod, ofPod, true)];
  const overrides = causes.flatMap(({ walked, field, isRoot }): Change[] => {
    if (walked.ephemeral) return [];
    const allowsRoot = walked.container.securityContext?.runAsNonRoot === false;
    return [
      ...(allowsRoot ? [changeTo(pod, [...walked.field, ...ofPod])] : []),
      ...(isRoot ? [changeTo(pod, field)] : []),
    ];
  });
  return {
    risk: 'review',
    changes: [...required, ...overrides],
    note: 'A container whose image runs as root, or names its user by a name instead of a number, then no longer starts: see to the images first.',
  };
}
