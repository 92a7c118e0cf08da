import { podSpecCheck } from '../../kit/define-check.ts';
import { changeTo } from '../../kit/field.ts';
import { linuxOr, linuxProblem, whose } from '../../kit/pss-problem.ts';
import { violations } from '../../kit/pss.ts';

/** Judges every value that is written, also one that another overrides. Whether an image runs as root is `run-as-root`. */
export const runAsUserZero = podSpecCheck({
  id: 'run-as-user-zero',
  title: 'No explicit UID 0',
  severity: 'medium',
  onNothing: 'not-applicable',
  applies: linuxOr('runAsUser'),
  test: (pod, context) =>
    violations('runAsUser', pod, context).map((violation) =>
      linuxProblem(pod, violation, {
        message: `${whose(violation)} asks for the user root: runAsUser is 0.`,
        fix: {
          risk: 'review',
          changes: [changeTo(pod, violation.field)],
          note: 'What the Pod says counts then, else the image: see to it that this is another user, and that it may use the files it needs.',
        },
      }),
    ),
});
