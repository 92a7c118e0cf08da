import { changeTo } from '../../kit/field.ts';
import { pspCheck } from '../../kit/psp/psp-check.ts';

const field = ['spec', 'privileged'];

export const pspPrivileged = pspCheck({
  id: 'psp-privileged',
  title: 'PodSecurityPolicy forbids privileged containers',
  severity: 'high',
  faults: (policy) =>
    policy.spec.privileged === true
      ? [{ field, what: 'privileged is true', changes: [changeTo(policy, field)] }]
      : [],
});
