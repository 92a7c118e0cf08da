import { podSpecCheck } from '../../kit/define-check.ts';
import { changeTo, formatField } from '../../kit/field.ts';
import { ephemeralFix } from '../../kit/pods.ts';
import { violations } from '../../kit/pss.ts';

/** The version whose Pod Security Standards first forbid it; on older servers a person judges. */
const forbiddenFrom = 34;

export const hostProbes = podSpecCheck({
  id: 'host-probes',
  title: 'Probes and hooks name no other host',
  severity: 'medium',
  onNothing: 'not-applicable',
  test: (pod, { annotations, minor }) =>
    violations('hostProbesAndHostLifecycle', pod, {
      annotations,
      minor: Math.max(minor, forbiddenFrom),
    }).map(({ field, value, container }) => {
      const handler = formatField(field.slice(2, -2));
      return {
        field,
        message: `The ${handler} of the ${container?.title} names the host ${JSON.stringify(value)}: the kubelet sends it there from the node, instead of to the Pod.`,
        verdict: minor < forbiddenFrom ? 'review' : 'fail',
        fix: container?.ephemeral
          ? ephemeralFix
          : {
              risk: 'review',
              changes: [changeTo(pod, field)],
              note: 'It then goes to the address of the Pod: an application that listens on 127.0.0.1 alone no longer answers it.',
            },
      };
    }),
});
