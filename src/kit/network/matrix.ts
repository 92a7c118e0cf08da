import type { NetworkPolicyPeer } from '../../model.ts';
import type { PodClass, PodClasses } from './classes.ts';
import type { PodEndpoint } from './endpoints.ts';
import type { Direction, Policy, Rule } from './policies.ts';
import { allPorts, intersection, isAllPorts, noPorts, portsOf, type PortSet } from './ports.ts';
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
  /** Of each peer the indexes of its classes; undefined: every one. */
  peers: readonly ReadonlySet<number>[] | undefined;
  ports: Rule['ports'];
  /** The ports, where they are the same on every target: none has a name. */
  numbers: PortSet | undefined;
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
    const enters = portsThrough(ingress[to], from, target);
    if (enters?.length === 0) return 'none';
    const leaves = portsThrough(egress[from], to, target);
    const open = leaves && enters ? intersection(leaves, enters) : (leaves ?? enters ?? allPorts);
    if (open.length === 0) return 'none';
    return isAllPorts(open) ? 'all' : 'some';
  };
  const rows = members.map((sources) => members.map((targets) => summary(sources, targets, openness)));
  return { namespaces, rows };
}

/** There are as many pairs as classes squared: it stops where more of them would change nothing. */
function summary(
  sources: readonly number[],
  targets: readonly number[],
  openness: (from: number, to: number) => Openness,
): Openness {
  let so: Openness | undefined;
  for (const from of sources) {
    for (const to of targets) {
      const one = openness(from, to);
      if (one === 'some' || (so !== undefined && one !== so)) return 'some';
      so = one;
    }
  }
  return so ?? 'none';
}

/** The ports that one side leaves open to a class; undefined: all, without looking. */
function portsThrough(holds: Holds, peer: number, target: PodEndpoint): PortSet | undefined {
  if (holds === undefined) return undefined;
  const matching: CompiledRule[] = [];
  for (const rule of holds) {
    if (rule.peers?.some((classes) => classes.has(peer)) === false) continue;
    if (rule.ports === undefined) return undefined;
    matching.push(rule);
  }
  if (matching.length === 0) return noPorts;
  const [first] = matching;
  if (matching.length === 1 && first?.numbers !== undefined) return first.numbers;
  return portsOf(
    matching.flatMap(({ ports = [] }) => ports),
    target.ports,
  );
}

/** Compiles each rule once, however many classes it holds, and looks for a peer once, however many rules have it. */
function compiler(all: readonly PodClass[]) {
  const compiled = new Map<Rule, CompiledRule>();
  const found = new Map<string, ReadonlySet<number>>();
  const indexed = all.map(({ endpoint }, index) => ({ endpoint, index }));
  const byNamespace = Map.groupBy(indexed, ({ endpoint }) => endpoint.namespace);

  const classesOf = (peer: NetworkPolicyPeer, namespace: string): ReadonlySet<number> => {
    const isLocal = peer.namespaceSelector === undefined && peer.ipBlock === undefined;
    const key = JSON.stringify([peer, isLocal ? namespace : null]);
    const known = found.get(key);
    if (known !== undefined) return known;
    const candidates = isLocal ? (byNamespace.get(namespace) ?? []) : indexed;
    const fresh = new Set(
      candidates.flatMap(({ endpoint, index }) => (matches(peer, namespace, endpoint) ? [index] : [])),
    );
    found.set(key, fresh);
    return fresh;
  };

  return (policy: Policy, direction: Direction): CompiledRule[] =>
    (policy[direction] ?? []).map((rule) => {
      const known = compiled.get(rule);
      if (known !== undefined) return known;
      const { peers, ports } = rule;
      const fresh: CompiledRule = {
        peers: peers?.map((peer) => classesOf(peer, policy.namespace)),
        ports,
        numbers: ports?.some(({ port }) => typeof port === 'string') ? undefined : portsOf(ports, []),
      };
      compiled.set(rule, fresh);
      return fresh;
    });
}
