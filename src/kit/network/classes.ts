import type { Held, IPBlock, LabelSelector, ObjectRef, Workload } from '../../model.ts';
import { selects } from '../label-selector.ts';
import { covers } from './blocks.ts';
import { endpointOf, namespaceLabels, type PodEndpoint } from './endpoints.ts';
import { policiesByNamespace } from './policies.ts';
import type { PoliciesByNamespace } from './reach.ts';

/** Pods that no policy of the cluster tells apart, in one namespace. */
export interface PodClass {
  endpoint: PodEndpoint;
  /** The workloads that they belong to, and how many live Pods of each there are: none of a template at rest. */
  owners: Map<string, { ref: ObjectRef; pods: number }>;
}

/** The Pods of a cluster by what its policies can tell of them. */
export interface PodClasses {
  policies: PoliciesByNamespace;
  /** Takes in a live Pod, or a template. */
  add(workload: Workload, owner: ObjectRef): void;
  all(): PodClass[];
}

/**
 * Starts the classes of a cluster. Pods fall together by their namespace, by the selectors that find them, by the named
 * ports that some rule names, and by the address blocks that hold them: thousands of Pods become a few classes, and only
 * classes are ever compared.
 */
export function podClasses({
  namespaces,
  networkPolicies,
}: Pick<Held, 'namespaces' | 'networkPolicies'>): PodClasses {
  const labelsOf = namespaceLabels(namespaces);
  const relevant = relevantTo(networkPolicies);
  const classes = new Map<string, PodClass>();
  return {
    policies: policiesByNamespace(networkPolicies),
    add(workload, owner) {
      const endpoint = endpointOf(workload, labelsOf);
      const key = keyOf(endpoint, relevant);
      const found = classes.get(key) ?? { endpoint: narrowed(endpoint, relevant), owners: new Map() };
      classes.set(key, found);
      const ownerKey = `${owner.apiVersion}/${owner.kind}/${owner.name}`;
      const entry = found.owners.get(ownerKey) ?? { ref: owner, pods: 0 };
      if (workload.kind === 'Pod') entry.pods += 1;
      found.owners.set(ownerKey, entry);
    },
    all: () => [...classes.values()],
  };
}

/** What the policies of a cluster ask for, and so all that can tell one Pod from another. */
interface Relevant {
  labels: readonly string[];
  selectors: readonly LabelSelector[];
  /** Which of the selectors find a Pod, by its values of the labels. */
  found: Map<string, string>;
  ports: ReadonlySet<string>;
  blocks: readonly IPBlock[];
}

function relevantTo(networkPolicies: Held['networkPolicies']): Relevant {
  const rules = networkPolicies.flatMap(({ spec: { ingress = [], egress = [] } }) => [
    ...ingress.map(({ from = [], ports = [] }) => ({ peers: from, ports })),
    ...egress.map(({ to = [], ports = [] }) => ({ peers: to, ports })),
  ]);
  const peers = rules.flatMap((rule) => rule.peers);
  const selectors = distinct([
    ...networkPolicies.map(({ spec }) => spec.podSelector ?? {}),
    ...peers.flatMap(({ podSelector }) => podSelector ?? []),
  ]);
  const names = rules.flatMap(({ ports }) => ports.map(({ port }) => port));
  return {
    labels: [...new Set(selectors.flatMap(keysOf))].toSorted(),
    selectors,
    found: new Map(),
    ports: new Set(names.filter((port) => typeof port === 'string')),
    blocks: distinct(peers.flatMap(({ ipBlock }) => ipBlock ?? [])),
  };
}

const distinct = <T>(values: readonly T[]): T[] => [
  ...new Map(values.map((value) => [JSON.stringify(value), value])).values(),
];

const keysOf = ({ matchLabels = {}, matchExpressions = [] }: LabelSelector = {}): string[] => [
  ...Object.keys(matchLabels),
  ...matchExpressions.map(({ key }) => key),
];

/** The endpoint without what no policy asks for. */
const narrowed = (endpoint: PodEndpoint, { labels, ports }: Relevant): PodEndpoint => ({
  ...endpoint,
  labels: Object.fromEntries(
    labels.flatMap((key) => {
      const value = labelOf(endpoint, key);
      return value === undefined ? [] : [[key, value]];
    }),
  ),
  ports: endpoint.ports.filter(({ name }) => ports.has(name)),
});

/** Values that no selector asks for tell nothing: `pod-index` may be of interest to one policy, and differ in every Pod. */
function foundBy(endpoint: PodEndpoint, { labels, selectors, found }: Relevant): string {
  const values = JSON.stringify(labels.map((key) => labelOf(endpoint, key) ?? null));
  const known = found.get(values);
  if (known !== undefined) return known;
  const fresh = selectors.map((selector) => Number(selects(selector, endpoint.labels))).join('');
  found.set(values, fresh);
  return fresh;
}

function keyOf(endpoint: PodEndpoint, relevant: Relevant): string {
  const { ports, blocks } = relevant;
  const { namespace, hostNetwork, ips } = endpoint;
  return JSON.stringify([
    namespace,
    hostNetwork,
    foundBy(endpoint, relevant),
    endpoint.ports.filter(({ name }) => ports.has(name)),
    blocks.map((block) => (ips.some((ip) => covers(block, ip)) ? 1 : 0)).join(''),
  ]);
}

const labelOf = ({ labels }: PodEndpoint, key: string): string | undefined =>
  Object.hasOwn(labels, key) ? labels[key] : undefined;
