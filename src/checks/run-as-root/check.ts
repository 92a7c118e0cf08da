import { podSpecCheck, type Problem } from '../../kit/define-check.ts';
import { fieldIdentity } from '../../kit/field.ts';
import { administrators, nonRootFix } from '../../kit/non-root.ts';
import { effective, ephemeralFix, isWindows, walkContainers, type WalkedContainer } from '../../kit/pods.ts';
import type { Field, PodSpec } from '../../model.ts';

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
}

function linuxCause(pod: PodSpec, walked: WalkedContainer): Cause | undefined {
  const nonRoot = effective(pod, walked, 'runAsNonRoot');
  if (nonRoot.value === true) return undefined;
  const user = effective(pod, walked, 'runAsUser');
  if (user.value === 0) return { walked, field: user.field, why: 'runAsUser is 0' };
  if (user.value !== undefined) return undefined;
  const state = nonRoot.value === false ? 'false' : 'not set';
  return {
    walked,
    field: nonRoot.field,
    why: `runAsNonRoot is ${state} and runAsUser is not set, so the image decides`,
  };
}

/** Windows has user names instead of numbers, and runAsNonRoot there rules out the container's administrator. */
function windowsCause(pod: PodSpec, walked: WalkedContainer): Cause | undefined {
  const nonRoot = effective(pod, walked, 'runAsNonRoot');
  if (nonRoot.value === true) return undefined;
  const user = effective(pod, walked, 'windowsOptions', 'runAsUserName');
  if (typeof user.value === 'string') {
    if (!administrators.test(user.value)) return undefined;
    return { walked, field: user.field, why: `runAsUserName is ${user.value}` };
  }
  return {
    walked,
    field: nonRoot.field,
    why: `runAsNonRoot is ${nonRoot.value === false ? 'false' : 'not set'} and runAsUserName is not set, so the image decides`,
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
    fix: causes.every(({ walked }) => walked.ephemeral) ? ephemeralFix : nonRootFix(pod),
  };
}
