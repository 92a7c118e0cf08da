import type { PodClass, PodClasses } from './classes.ts';
import type { PodEndpoint } from './endpoints.ts';
import type { Direction, Policy, Rule } from './policies.ts';
import { intersection, isAllPorts, portsOf } from './ports.ts';
import { isolating, matches } from './reach.ts';

/** How open one namespace is to another: all Pods on all ports, some Pod on some port, or none. */
export type Openness = 'all' | 'some' | 'none';

/** From each namespace that has Pods to each: `rows[from][to]`. */
export interface ReachMatrix {
  namespaces: string[];
  rows: Openness[][];
}

/** One rule that holds a class: which classes it lets connect, and where. */
interface CompiledRule {
  /** By index of the class; undefined: every one. */
  peers: Uint8Array | undefined;
  ports: Rule['ports'];
}

/** Undefined: not isolated in this direction. */
type Holds = readonly CompiledRule[] | undefined;

/** What can reach what, namespace by namespace. Pods on the network of their node are left out: no policy holds them. */
export function reachMatrix(classes: PodClasses): ReachMatrix {
  const all = classes.all().filter(({ endpoint }) => !endpoint.hostNetwork);
  const compile = compiler(all);
  const holds = (direction: Direction): Holds[] =>
    all.map(({ endpoint }) => {
      const policies = isolating(classes.policies, direction, endpoint);
      return policies.length === 0 ? undefined : policies.flatMap((policy) => compile(policy, direction));
    });
  const egress = holds('egress');
  const ingress = holds('ingress');
  const namespaces = [...new Set(all.map(({ endpoint }) => endpoint.namespace))].toSorted();
  const members = namespaces.map((namespace) =>
    all.flatMap(({ endpoint }, index) => (endpoint.namespace === namespace ? [index] : [])),
  );
  const openness = (from: number, to: number): Openness => {
    const target = (all[to] as PodClass).endpoint;
    return pairOpenness(egress[from], ingress[to], { from, to, target });
  };
  const rows = members.map((sources) =>
    members.map((targets) => summary(sources.flatMap((from) => targets.map((to) => openness(from, to))))),
  );
  return { namespaces, rows };
}

function summary(pairs: readonly Openness[]): Openness {
  if (pairs.every((pair) => pair === 'all')) return 'all';
  return pairs.every((pair) => pair === 'none') ? 'none' : 'some';
}

function pairOpenness(
  egress: Holds,
  ingress: Holds,
  { from, to, target }: { from: number; to: number; target: PodEndpoint },
): Openness {
  const leaves = portsThrough(egress, to, target);
  const enters = portsThrough(ingress, from, target);
  if (leaves === undefined && enters === undefined) return 'all';
  const open = leaves && enters ? intersection(leaves, enters) : (leaves ?? enters ?? []);
  if (open.length === 0) return 'none';
  return isAllPorts(open) ? 'all' : 'some';
}

/** The ports that one side leaves open to a class; undefined: all, without looking. */
function portsThrough(holds: Holds, peer: number, target: PodEndpoint) {
  if (holds === undefined) return undefined;
  const matching = holds.filter(({ peers }) => peers === undefined || peers[peer] === 1);
  if (matching.some(({ ports }) => ports === undefined)) return undefined;
  return portsOf(
    matching.flatMap(({ ports = [] }) => ports),
    target.ports,
  );
}

/** Compiles each rule of each policy once, however many classes it holds. */
function compiler(all: readonly PodClass[]) {
  const compiled = new Map<Rule, CompiledRule>();
  return (policy: Policy, direction: Direction): CompiledRule[] =>
    (policy[direction] ?? []).map((rule) => {
      const known = compiled.get(rule);
      if (known !== undefined) return known;
      const { peers, ports } = rule;
      const fresh: CompiledRule = {
        peers:
          peers &&
          Uint8Array.from(all, ({ endpoint }) =>
            Number(peers.some((peer) => matches(peer, policy.namespace, endpoint))),
          ),
        ports,
      };
      compiled.set(rule, fresh);
      return fresh;
    });
}
