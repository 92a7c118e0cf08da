import type { Held, HeldSource, KubeObject } from '../../model.ts';
import { once } from '../once.ts';
import { refTitle, someOf } from '../titles.ts';

/** Policies of the network plugins and of the cluster's admins. That they are there is known; their rules are not read. */
export const otherPolicySources = [
  'ciliumNetworkPolicies',
  'ciliumClusterwideNetworkPolicies',
  'calicoNetworkPolicies',
  'calicoGlobalNetworkPolicies',
  'adminNetworkPolicies',
  'baselineAdminNetworkPolicies',
  'clusterNetworkPolicies',
] as const satisfies readonly HeldSource[];
type OtherHeld = Pick<Held, (typeof otherPolicySources)[number]>;

const byNamespace = once((held: OtherHeld) =>
  Map.groupBy(
    otherPolicySources.flatMap((source): readonly KubeObject[] => held[source]),
    ({ metadata }) => metadata.namespace,
  ),
);

/**
 * The verdict on what no NetworkPolicy of a namespace holds, and a sentence: where policies of other kinds may hold it, a
 * person must look.
 */
export function unlessHeld(held: OtherHeld, namespace: string): { verdict: 'fail' | 'review'; also: string } {
  const policies = byNamespace(held);
  const titles = [...(policies.get(namespace) ?? []), ...(policies.get(undefined) ?? [])].map(titleOf);
  if (titles.length === 0) return { verdict: 'fail', also: '' };
  return {
    verdict: 'review',
    also: ` There is ${someOf(titles.toSorted(), 1)}, which may change that: rules of that kind are not read.`,
  };
}

/** Two kinds of different groups are called NetworkPolicy. */
const titleOf = ({ apiVersion, kind, metadata: { namespace, name } }: KubeObject): string => {
  const maker = apiVersion.startsWith('crd.projectcalico.org/') ? 'Calico ' : '';
  return `${maker}${refTitle({ apiVersion, kind, ...(namespace === undefined ? {} : { namespace }), name })}`;
};
