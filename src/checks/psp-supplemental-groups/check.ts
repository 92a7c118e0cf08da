import { idFaults, otherGroups } from '../../kit/psp/id-faults.ts';
import { pspCheck } from '../../kit/psp/psp-check.ts';

export const pspSupplementalGroups = pspCheck({
  id: 'psp-supplemental-groups',
  title: 'PodSecurityPolicy forbids the supplemental group root',
  severity: 'low',
  faults: (policy) => idFaults(policy, 'supplementalGroups', otherGroups),
});
