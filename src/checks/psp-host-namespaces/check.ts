import { changeTo } from '../../kit/field.ts';
import { pspCheck } from '../../kit/psp/psp-check.ts';

const members = ['hostIPC', 'hostPID', 'hostNetwork'] as const;

export const pspHostNamespaces = pspCheck({
  id: 'psp-host-namespaces',
  title: 'PodSecurityPolicy forbids host namespaces',
  severity: 'high',
  faults: (policy) =>
    members
      .filter((member) => policy.spec[member] === true)
      .map((member) => {
        const field = ['spec', member];
        return { field, what: `${member} is true`, changes: [changeTo(policy, field)] };
      }),
});
