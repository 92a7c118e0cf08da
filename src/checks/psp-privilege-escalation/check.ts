import { changeTo } from '../../kit/field.ts';
import { pspCheck } from '../../kit/psp/psp-check.ts';

const field = ['spec', 'allowPrivilegeEscalation'];

export const pspPrivilegeEscalation = pspCheck({
  id: 'psp-privilege-escalation',
  title: 'PodSecurityPolicy forbids privilege escalation',
  severity: 'medium',
  faults(policy) {
    const { allowPrivilegeEscalation, defaultAllowPrivilegeEscalation } = policy.spec;
    if (allowPrivilegeEscalation === false) return [];
    // The API takes no default that is not allowed.
    const byDefault = defaultAllowPrivilegeEscalation === true;
    const what = `allowPrivilegeEscalation is ${allowPrivilegeEscalation === true ? 'true' : 'not set'}`;
    return [
      {
        field,
        what,
        changes: [
          changeTo(policy, field, false),
          ...(byDefault ? [changeTo(policy, ['spec', 'defaultAllowPrivilegeEscalation'])] : []),
        ],
      },
    ];
  },
  note: 'Containers that do not say otherwise may not gain privileges any more when they are next made, so that sudo and the like fail; those that ask for it, and privileged ones, are refused.',
});
