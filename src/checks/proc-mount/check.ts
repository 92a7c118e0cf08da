import { podSpecCheck } from '../../kit/define-check.ts';
import { changeTo } from '../../kit/field.ts';
import { linuxOr, linuxProblem, shown, whose } from '../../kit/pss-problem.ts';
import { violations } from '../../kit/pss.ts';

/** The baseline reading, which from Kubernetes 1.35 on leaves Pods with `hostUsers: false` alone. */
export const procMount = podSpecCheck({
  id: 'proc-mount',
  title: 'Default proc mount',
  severity: 'medium',
  onNothing: 'not-applicable',
  applies: linuxOr('procMount'),
  test: (pod, context) =>
    violations('procMount', pod, context).map((violation) =>
      linuxProblem(pod, violation, {
        message: `${whose(violation)} sees /proc unmasked: procMount is ${shown(violation)}.`,
        fix: { risk: 'safe', changes: [changeTo(pod, violation.field)] },
      }),
    ),
});
