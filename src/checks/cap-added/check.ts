import { podSpecCheck } from '../../kit/define-check.ts';
import { dangerousCapabilities, hasCapability, spellingHint, withoutPrefix } from '../../kit/pods.ts';
import { linuxOr, linuxProblem, whose, withoutCapabilities } from '../../kit/pss-problem.ts';
import { violations } from '../../kit/pss.ts';

export const capAdded = podSpecCheck({
  id: 'cap-added',
  title: 'No capabilities beyond the default set',
  severity: 'medium',
  onNothing: 'not-applicable',
  applies: linuxOr('capabilities_baseline'),
  test: (pod, context) =>
    violations('capabilities_baseline', pod, context).map((violation) => {
      const excess = violation.value as string[];
      const names = excess.map(withoutPrefix);
      return linuxProblem(pod, violation, {
        severity: dangerousCapabilities.some((name) => hasCapability(names, name)) ? 'high' : 'medium',
        message: `${whose(violation)} adds capabilities beyond the default set: ${excess.join(', ')}.${spellingHint(excess)}`,
        fix: withoutCapabilities(pod, violation),
      });
    }),
});
