import { idFaults } from '../../kit/psp/id-faults.ts';
import { pspCheck } from '../../kit/psp/psp-check.ts';

export const pspRunAsUser = pspCheck({
  id: 'psp-run-as-user',
  title: 'PodSecurityPolicy forbids the user root',
  severity: 'medium',
  faults: (policy) => idFaults(policy, 'runAsUser', { rule: 'MustRunAsNonRoot' }),
  note: 'Pods whose image runs as root do not start any more when they are next made: give them a user, or their service accounts a policy of their own first.',
});
