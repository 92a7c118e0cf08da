/** What can reach a Pod, or what it can reach: the workloads of the cluster, and the addresses outside of it. */
import {
  allPorts,
  isolating,
  podClasses,
  type Direction,
  type PoliciesByNamespace,
  type Policy,
  type PortSet,
} from '../kit/network.ts';
import { explain, peersOf, type Explanation } from '../kit/network/explain.ts';
import { intersection, noPorts, portsOf } from '../kit/network/ports.ts';
import type { IPBlock, ObjectRef } from '../model.ts';
import type { PodEnd } from './ends.ts';
import type { Material } from './material.ts';

/** Workloads of one namespace that no policy tells apart. */
export interface Neighbours {
  namespace: string;
  hostNetwork: boolean;
  workloads: { ref: ObjectRef; pods: number }[];
  explanation: Explanation;
}

/** Addresses outside of the cluster. */
export interface Outside {
  /** Missing: all there are. */
  block?: IPBlock;
  ports: PortSet;
  /** What allows it; missing where nothing isolates the Pod, or nothing allows anything. */
  rule?: { policy: Policy; path: string };
}

/** One direction of a Pod. */
export interface Surroundings {
  isolatedBy: readonly Policy[];
  neighbours: Neighbours[];
  outside: Outside[];
}

export interface OverviewOptions {
  end: PodEnd;
  direction: Direction;
  policies: PoliciesByNamespace;
  material: Material;
  asked?: PortSet;
}

export function surroundings(options: OverviewOptions): Surroundings {
  const { end, direction, policies } = options;
  return {
    isolatedBy: isolating(policies, direction, end.endpoint),
    neighbours: neighboursOf(options),
    outside: outsideOf(options),
  };
}

/** All workloads but the Pod itself; of those whose own policies are not known nothing is said. */
function neighboursOf({ end, direction, policies, material, asked }: OverviewOptions): Neighbours[] {
  const classes = podClasses(material);
  for (const { workload, owner } of material.residents) {
    const isItself = end.ref.kind === 'Pod' && workload === end.workload;
    if (!isItself && !material.withoutPolicies.has(owner.namespace ?? '')) classes.add(workload, owner);
  }
  return classes.all().map(({ endpoint, owners }) => {
    const ends =
      direction === 'ingress' ? { from: endpoint, to: end.endpoint } : { from: end.endpoint, to: endpoint };
    return {
      namespace: endpoint.namespace,
      hostNetwork: endpoint.hostNetwork,
      workloads: [...owners.values()],
      explanation: explain(policies, { ...ends, ...(asked === undefined ? {} : { asked }) }),
    };
  });
}

function outsideOf({ end, direction, policies, asked = allPorts }: OverviewOptions): Outside[] {
  const isolatedBy = isolating(policies, direction, end.endpoint);
  if (isolatedBy.length === 0) return [{ ports: asked }];
  // Names of ports are those of the end that is reached, and an address has none.
  const named = direction === 'ingress' ? end.endpoint.ports : [];
  const open = isolatedBy.flatMap((policy) =>
    (policy[direction] ?? []).flatMap((rule, index): Outside[] => {
      const ports = intersection(portsOf(rule.ports, named), asked);
      const path = `spec.${direction}[${index}]`;
      if (ports.length === 0) return [];
      if (rule.peers === undefined) return [{ ports, rule: { policy, path } }];
      return rule.peers.flatMap(({ ipBlock }, peer) =>
        ipBlock === undefined
          ? []
          : [{ block: ipBlock, ports, rule: { policy, path: `${path}.${peersOf[direction]}[${peer}]` } }],
      );
    }),
  );
  return open.length > 0 ? open : [{ ports: noPorts }];
}
