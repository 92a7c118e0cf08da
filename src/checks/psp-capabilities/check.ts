import { changeTo } from '../../kit/field.ts';
import { dangerousCapabilities, hasCapability } from '../../kit/pods.ts';
import { defaultCapabilities } from '../../kit/pss.ts';
import { pspCheck, type PolicyFault } from '../../kit/psp/psp-check.ts';
import type { Change, PodSecurityPolicy } from '../../model.ts';

const lists = {
  allowedCapabilities: 'allows more than the default set',
  defaultAddCapabilities: 'adds more than the default set',
} as const;
type List = keyof typeof lists | 'requiredDropCapabilities';

export const pspCapabilities = pspCheck({
  id: 'psp-capabilities',
  title: 'PodSecurityPolicy limits capabilities',
  severity: 'medium',
  faults: (policy) => [
    ...excess(policy, 'allowedCapabilities'),
    ...excess(policy, 'defaultAddCapabilities'),
    ...notDropped(policy),
  ],
  note: 'Pods that need more are refused, and containers lose what the policy drops, when they are next made: give their service accounts a policy of their own first.',
});

function excess(policy: PodSecurityPolicy, list: keyof typeof lists): PolicyFault[] {
  const names = (policy.spec[list] ?? []).filter((name) => !defaultCapabilities.includes(name));
  if (names.length === 0) return [];
  const isDangerous = ['*', ...dangerousCapabilities].some((name) => hasCapability(names, name));
  return [
    {
      field: ['spec', list],
      what: `${list} ${lists[list]} (${names.join(', ')})`,
      severity: isDangerous ? 'high' : 'medium',
      changes: without(policy, list, names),
    },
  ];
}

/** The API takes nothing that is both dropped and added, and no list to drop beside a star. */
function notDropped(policy: PodSecurityPolicy): PolicyFault[] {
  const { requiredDropCapabilities = [] } = policy.spec;
  if (['ALL', 'NET_RAW'].some((name) => hasCapability(requiredDropCapabilities, name))) return [];
  const field = ['spec', 'requiredDropCapabilities'];
  return [
    {
      field,
      what: 'requiredDropCapabilities has neither ALL nor NET_RAW',
      changes: [
        changeTo(policy, field, [...requiredDropCapabilities, 'NET_RAW']),
        ...without(policy, 'allowedCapabilities', ['*', 'NET_RAW']),
        ...without(policy, 'defaultAddCapabilities', ['NET_RAW']),
      ],
    },
  ];
}

/** The change that takes the names out of the list, where it has any of them. */
function without(policy: PodSecurityPolicy, list: List, names: readonly string[]): Change[] {
  const before = policy.spec[list] ?? [];
  const left = before.filter((name) => !names.includes(name));
  if (left.length === before.length) return [];
  return [changeTo(policy, ['spec', list], left.length === 0 ? undefined : left)];
}
