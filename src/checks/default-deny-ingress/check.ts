import { clusterCheck } from '../../kit/define-check.ts';
import { deniesAll, policiesByNamespace } from '../../kit/network.ts';
import { ownNamespaces } from '../../kit/network/by-namespace.ts';
import { otherPolicySources, unlessHeld } from '../../kit/network/other-policies.ts';
import { creating, denyIngress } from '../../kit/network/policy-fix.ts';

export const defaultDenyIngress = clusterCheck({
  id: 'default-deny-ingress',
  title: 'Namespace denies ingress by default',
  severity: 'medium',
  onNothing: 'not-applicable',
  absenceCounts: true,
  byNamespace: true,
  needs: ['namespaces', 'networkPolicies', ...otherPolicySources],
  beside: otherPolicySources,
  test(held) {
    const evaluated = ownNamespaces(held.namespaces);
    return {
      evaluated,
      problems: evaluated.flatMap((object) => {
        const { name } = object.metadata;
        const policies = policiesByNamespace(held.networkPolicies).get(name) ?? [];
        if (policies.some((policy) => deniesAll(policy, 'ingress'))) return [];
        const { verdict, also } = unlessHeld(held, name);
        return {
          object,
          field: [],
          verdict,
          message: `No NetworkPolicy denies ingress by default: a Pod that no policy selects accepts connections from everywhere.${also}`,
          fix: creating(denyIngress(name), policies),
        };
      }),
    };
  },
});
