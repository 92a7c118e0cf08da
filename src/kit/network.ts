import type { Held, LabelSelector, NetworkPolicy } from '../model.ts';
import { once } from './once.ts';

/** The policies of each namespace. */
export const policiesByNamespace = once((policies: Held['networkPolicies']) =>
  Map.groupBy(policies, ({ metadata }) => metadata.namespace ?? ''),
);

const selectsAll = ({ matchLabels = {}, matchExpressions = [] }: LabelSelector = {}): boolean =>
  Object.keys(matchLabels).length === 0 && matchExpressions.length === 0;

/**
 * True when the policy isolates every Pod of its namespace and itself lets nothing in. Policies only add up, so what
 * others let in stays open. Without `policyTypes` a policy covers ingress; `ingress: [{}]` lets everything in.
 */
export function deniesAllIngress({ spec }: NetworkPolicy): boolean {
  const { podSelector, policyTypes = [], ingress = [] } = spec;
  const coversIngress = policyTypes.length === 0 || policyTypes.includes('Ingress');
  return selectsAll(podSelector) && coversIngress && ingress.length === 0;
}
