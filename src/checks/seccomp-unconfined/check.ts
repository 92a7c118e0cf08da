import { podSpecCheck } from '../../kit/define-check.ts';
import { linuxOr } from '../../kit/pss-problem.ts';
import { violations } from '../../kit/pss.ts';
import { profileProblem, withProfiles } from '../../kit/seccomp.ts';

/** The baseline reading: a profile may be missing, but not be turned off. That one is set is `seccomp-default`. */
export const seccompUnconfined = podSpecCheck({
  id: 'seccomp-unconfined',
  title: 'Seccomp is not turned off',
  severity: 'medium',
  onNothing: 'not-applicable',
  applies: linuxOr('seccompProfile_baseline'),
  test: (pod, context) =>
    violations('seccompProfile_baseline', withProfiles(pod, context), context).map((violation) =>
      profileProblem(pod, context, violation, `: all system calls of the node's kernel are open to it.`),
    ),
});
