import { clusterCheck, type Problem } from '../../kit/define-check.ts';
import { deniesAll, isolating, policiesByNamespace, type Policy } from '../../kit/network.ts';
import { heldByNamespace, ownNamespaces, titlesOf } from '../../kit/network/by-namespace.ts';
import { denyEgressFix, egressState, type EgressState } from '../../kit/network/deny-egress-fix.ts';
import { dnsReach, isDnsOnly } from '../../kit/network/dns.ts';
import { overNetwork, type NetworkPods } from '../../kit/network/fold.ts';
import { unlessHeld } from '../../kit/network/other-policies.ts';
import { someOf } from '../../kit/titles.ts';
import type { NetworkPolicy, Platform } from '../../model.ts';

export const defaultDenyEgress = clusterCheck({
  id: 'default-deny-egress',
  title: 'Namespace denies egress by default',
  severity: 'medium',
  onNothing: 'not-applicable',
  ...overNetwork,
  test(held, { pods, platform }) {
    const namespaces = ownNamespaces(held.namespaces);
    const mayAsk = dnsReach(held, platform, pods);
    const byNamespace = heldByNamespace(pods);
    const states = namespaces.map((object) => {
      const { name } = object.metadata;
      const policies = policiesByNamespace(held.networkPolicies).get(name) ?? [];
      return {
        object,
        name,
        policies,
        state: egressState(byNamespace.get(name) ?? [], pods.policies, mayAsk),
      };
    });
    const open = states
      .filter(({ policies }) => !policies.some((policy) => deniesByDefault(policy, platform)))
      .map(({ object, name, policies, state }) => {
        const { verdict, also } = unlessHeld(held, name);
        return {
          object,
          field: [],
          verdict,
          message: `No NetworkPolicy denies egress by default: a Pod that no policy selects may connect to everything.${also}`,
          fix: denyEgressFix('default-deny-egress', name, state, policies, platform),
        };
      });
    const mute = states.flatMap(({ state }) => muteProblems(state, pods));
    return {
      evaluated: [...namespaces, ...mute.map(({ object }) => object)],
      problems: [...open, ...mute],
    };
  },
});

/** Denies all, or all but DNS: policies add up, so it makes no difference which of them allows what every Pod needs. */
const deniesByDefault = (policy: Policy, platform: Platform): boolean =>
  policy.egress !== undefined &&
  deniesAll({ ...policy, egress: policy.egress.filter((rule) => !isDnsOnly(rule, platform)) }, 'egress');

/** Pods that were shut off from DNS, most often by a policy whose author forgot it: one finding for each such policy. */
function muteProblems({ mute }: EgressState, pods: NetworkPods): (Problem & { object: NetworkPolicy })[] {
  const byPolicy = Map.groupBy(mute, ({ endpoint }) => {
    const policies = isolating(pods.policies, 'egress', endpoint).toSorted(byName);
    return policies.find((policy) => deniesAll(policy, 'egress')) ?? policies[0];
  });
  return [...byPolicy].flatMap(([policy, classes]) =>
    policy === undefined
      ? []
      : {
          object: policy.source,
          field: ['spec', 'egress'],
          severity: 'low',
          verdict: 'review',
          message: `It isolates ${someOf(titlesOf(classes))} for egress, and no policy lets them ask cluster DNS (port 53): they find no name.`,
          fix: {
            action: 'none',
            risk: 'advice',
            note: 'Where they are meant to find names, allow UDP and TCP 53 to cluster DNS in a policy for these Pods; where they are not, exempt the policy.',
          },
        },
  );
}

const byName = (a: Policy, b: Policy): number => (a.source.metadata.name < b.source.metadata.name ? -1 : 1);
