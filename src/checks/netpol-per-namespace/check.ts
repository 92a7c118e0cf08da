import { clusterCheck } from '../../kit/define-check.ts';
import { isolating, policiesByNamespace } from '../../kit/network.ts';
import { heldByNamespace, ownNamespaces } from '../../kit/network/by-namespace.ts';
import { overNetwork } from '../../kit/network/fold.ts';
import { unlessHeld } from '../../kit/network/other-policies.ts';
import { creating, denyIngress } from '../../kit/network/policy-fix.ts';

export const netpolPerNamespace = clusterCheck({
  id: 'netpol-per-namespace',
  title: 'Every namespace has a NetworkPolicy',
  severity: 'medium',
  onNothing: 'not-applicable',
  byNamespace: true,
  ...overNetwork,
  test(held, { pods }) {
    const byNamespace = heldByNamespace(pods);
    const evaluated = ownNamespaces(held.namespaces).filter(({ metadata }) => byNamespace.has(metadata.name));
    return {
      evaluated,
      problems: evaluated.flatMap((object) => {
        const { name } = object.metadata;
        const policies = policiesByNamespace(held.networkPolicies).get(name) ?? [];
        const isAnyHeld = (byNamespace.get(name) ?? []).some(({ endpoint }) =>
          (['ingress', 'egress'] as const).some(
            (direction) => isolating(pods.policies, direction, endpoint).length > 0,
          ),
        );
        if (isAnyHeld) return [];
        const { verdict, also } = unlessHeld(held, name);
        return {
          object,
          field: [],
          ...(policies.length === 0
            ? {
                verdict,
                message: `No NetworkPolicy: its Pods may connect to everything, and everything to them.${also}`,
              }
            : {
                verdict: 'review' as const,
                message: `${counted(policies.length)} none of its Pods: everything is as open as without.${also}`,
              }),
          fix: creating(denyIngress(name), policies),
        };
      }),
    };
  },
});

const counted = (policies: number): string =>
  policies === 1 ? 'The one NetworkPolicy selects' : `The ${policies} NetworkPolicies select`;
