import type {
  Held,
  LabelSelector,
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
} from '../../model.ts';
import { once } from '../once.ts';

/** One rule of a policy, of either direction. */
export interface Rule {
  /** Undefined: everyone. */
  peers: readonly NetworkPolicyPeer[] | undefined;
  /** Undefined: all. */
  ports: readonly NetworkPolicyPort[] | undefined;
}

/** A policy with its defaults filled in. */
export interface Policy {
  source: NetworkPolicy;
  namespace: string;
  podSelector: LabelSelector;
  /** What it lets in; undefined where it does not cover ingress. Without a rule it lets nothing in. */
  ingress: readonly Rule[] | undefined;
  /** What it lets out; undefined where it does not cover egress. */
  egress: readonly Rule[] | undefined;
}

export type Direction = 'ingress' | 'egress';

/**
 * Without `policyTypes` a policy covers ingress, and egress where it has a rule for it. A list of peers or ports that is
 * empty means the same as none: everyone, all.
 */
export function policyOf(source: NetworkPolicy): Policy {
  const { podSelector = {}, policyTypes = [], ingress = [], egress = [] } = source.spec;
  const types =
    policyTypes.length > 0 ? policyTypes : egress.length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
  return {
    source,
    namespace: source.metadata.namespace ?? '',
    podSelector,
    ingress: types.includes('Ingress') ? ingress.map(({ from, ports }) => ruleOf(from, ports)) : undefined,
    egress: types.includes('Egress') ? egress.map(({ to, ports }) => ruleOf(to, ports)) : undefined,
  };
}

const ruleOf = (peers: Rule['peers'], ports: Rule['ports']): Rule => ({
  peers: peers?.length === 0 ? undefined : peers,
  ports: ports?.length === 0 ? undefined : ports,
});

/** The policies of each namespace. */
export const policiesByNamespace = once((policies: Held['networkPolicies']) =>
  Map.groupBy(policies.map(policyOf), ({ namespace }) => namespace),
);

const selectsAll = ({ matchLabels = {}, matchExpressions = [] }: LabelSelector): boolean =>
  Object.keys(matchLabels).length === 0 && matchExpressions.length === 0;

/**
 * True when the policy isolates every Pod of its namespace in this direction and itself allows nothing. Policies only add
 * up, so what others allow stays open.
 */
export const deniesAll = (policy: Policy, direction: Direction): boolean =>
  selectsAll(policy.podSelector) && policy[direction]?.length === 0;
