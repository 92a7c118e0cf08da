import { podSpecCheck, type PodContext, type Problem } from '../../kit/define-check.ts';
import { changeTo, fieldIdentity } from '../../kit/field.ts';
import {
  effective,
  ephemeralFix,
  isWindows,
  ordinaryId,
  walkContainers,
  type Effective,
  type WalkedContainer,
} from '../../kit/pods.ts';
import type { PodSpec } from '../../model.ts';

/** Nodes and images number their users from 0 up; from here on nothing is theirs. */
const lowest = 10_000;

/** With `hostUsers: false` the numbers are not those of the node, so the rule has no reason. */
export const highUid = podSpecCheck({
  id: 'high-uid',
  title: 'UID is at least 10000',
  severity: 'low',
  onNothing: 'not-applicable',
  applies: (pod) => !isWindows(pod) && pod.hostUsers !== false,
  test(pod, context) {
    const causes = walkContainers(pod).flatMap((walked) => {
      const { value, field } = effective(pod, walked, 'runAsUser');
      return Number(value ?? -1) >= lowest ? [] : [{ walked, value, field }];
    });
    // A value of the Pod is one cause, however many containers inherit it.
    const byField = Map.groupBy(causes, ({ field }) => fieldIdentity(field));
    return [...byField.values()].map((group) => problem(pod, context, group));
  },
});

interface Cause extends Effective {
  walked: WalkedContainer;
}

function problem(pod: PodSpec, { platform }: PodContext, causes: readonly Cause[]): Problem {
  const titles = causes.map(({ walked }) => walked.title).join(' and the ');
  const [{ field, value } = { field: [], value: undefined }] = causes;
  if (value === undefined && platform === 'openshift') {
    return {
      field,
      message: `runAsUser is not set for the ${titles}: OpenShift gives Pods a number of the range of their project, unless the security context constraint that admits them lets the image decide.`,
      verdict: 'review',
      fix: {
        action: 'none',
        risk: 'advice',
        note: 'Read runAsUser of a running Pod. A number outside the range of the project would be refused.',
      },
    };
  }
  return {
    field,
    message:
      value === undefined
        ? `runAsUser is not set for the ${titles}, so the image decides.`
        : `The ${titles} runs as user ${Number(value)}: below ${lowest} a number may belong to a user of the node or of the image.`,
    fix: causes.every(({ walked }) => walked.ephemeral)
      ? ephemeralFix
      : {
          risk: 'review',
          changes: [
            changeTo(pod, value === undefined ? ['securityContext', 'runAsUser'] : field, ordinaryId),
          ],
          note: `Files in volumes and in the image that only the old user may use must be handed to user ${ordinaryId} first, or be open to a group of the Pod.`,
        },
  };
}
