import { podSpecCheck } from '../../kit/define-check.ts';
import { changeTo } from '../../kit/field.ts';
import { linuxOr, linuxProblem, shown, whose } from '../../kit/pss-problem.ts';
import { violations } from '../../kit/pss.ts';

/** The restricted reading, from Kubernetes 1.35 on: also Pods with `hostUsers: false` keep the masks. */
export const procMountRestricted = podSpecCheck({
  id: 'proc-mount-restricted',
  title: 'Default proc mount, also with user namespaces',
  severity: 'low',
  onNothing: 'not-applicable',
  applies: linuxOr('procMount_restricted'),
  test: (pod, context) =>
    violations('procMount_restricted', pod, context).map((violation) =>
      linuxProblem(pod, violation, {
        message: `${whose(violation)} sees /proc unmasked: procMount is ${shown(violation)}.`,
        fix: {
          risk: 'review',
          changes: [changeTo(pod, violation.field)],
          note: 'A container that starts containers of its own, such as an image builder, may need it.',
        },
      }),
    ),
});
