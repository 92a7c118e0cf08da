import { idFaults, otherGroups } from '../../kit/psp/id-faults.ts';
import { pspCheck } from '../../kit/psp/psp-check.ts';

export const pspFsGroup = pspCheck({
  id: 'psp-fs-group',
  title: 'PodSecurityPolicy forbids the file-system group root',
  severity: 'low',
  faults: (policy) => idFaults(policy, 'fsGroup', otherGroups),
});
