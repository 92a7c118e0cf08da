import { podSpecCheck } from '../../kit/define-check.ts';
import { nonRootFix } from '../../kit/non-root.ts';
import { unlessEphemeral } from '../../kit/pods.ts';
import { whose } from '../../kit/pss-problem.ts';
import { violations } from '../../kit/pss.ts';

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
      fix: unlessEphemeral(violation.container, nonRootFix(pod)),
    })),
});
