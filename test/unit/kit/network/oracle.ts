/**
 * Connectivity by brute force, straight from what the Kubernetes documentation says of NetworkPolicy: raw manifests, Pod
 * by Pod, port by port. It shares no code with the engine that it judges, and knows nothing of classes, sets or ranges.
 */

export interface RawSelector {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}
export interface RawPeer {
  podSelector?: RawSelector;
  namespaceSelector?: RawSelector;
  ipBlock?: { cidr: string; except?: string[] };
}
export interface RawPort {
  protocol?: string;
  port?: number | string;
  endPort?: number;
}
export interface RawPolicy {
  namespace: string;
  podSelector: RawSelector;
  policyTypes?: string[];
  ingress?: { from?: RawPeer[]; ports?: RawPort[] }[];
  egress?: { to?: RawPeer[]; ports?: RawPort[] }[];
}
export interface RawPod {
  name: string;
  namespace: string;
  labels: Record<string, string>;
  ip: string;
  hostNetwork: boolean;
  ports: { name: string; protocol: string; containerPort: number }[];
}
export interface RawCluster {
  namespaces: { name: string; labels: Record<string, string> }[];
  pods: RawPod[];
  policies: RawPolicy[];
}

/** One end of a connection: a Pod, or an IPv4 address outside. */
export type End = { pod: RawPod } | { ip: string };

/** Whether the policies of the cluster let `from` open a connection to this port of `to`. */
export function mayConnect(cluster: RawCluster, from: End, to: End, protocol: string, port: number): boolean {
  const goesOut = !('pod' in from) || mayLeave(cluster, from.pod, to, protocol, port);
  const comesIn = !('pod' in to) || mayEnter(cluster, to.pod, from, protocol, port);
  return goesOut && comesIn;
}

function mayLeave(cluster: RawCluster, pod: RawPod, to: End, protocol: string, port: number): boolean {
  if (pod.hostNetwork) return true;
  let isolated = false;
  for (const policy of cluster.policies) {
    const types = policy.policyTypes ?? [];
    const isForEgress =
      types.length === 0 ? policy.egress !== undefined && policy.egress.length > 0 : types.includes('Egress');
    if (!isForEgress || policy.namespace !== pod.namespace || !isSelected(policy.podSelector, pod.labels))
      continue;
    isolated = true;
    for (const rule of policy.egress ?? []) {
      if (isAmong(cluster, rule.to, policy, to) && isPort(rule.ports, to, protocol, port)) return true;
    }
  }
  return !isolated;
}

function mayEnter(cluster: RawCluster, pod: RawPod, from: End, protocol: string, port: number): boolean {
  if (pod.hostNetwork) return true;
  let isolated = false;
  for (const policy of cluster.policies) {
    const types = policy.policyTypes ?? [];
    const isForIngress = types.length === 0 || types.includes('Ingress');
    if (!isForIngress || policy.namespace !== pod.namespace || !isSelected(policy.podSelector, pod.labels))
      continue;
    isolated = true;
    for (const rule of policy.ingress ?? []) {
      if (isAmong(cluster, rule.from, policy, from) && isPort(rule.ports, { pod }, protocol, port))
        return true;
    }
  }
  return !isolated;
}

function isAmong(cluster: RawCluster, peers: RawPeer[] | undefined, policy: RawPolicy, end: End): boolean {
  if (peers === undefined || peers.length === 0) return true;
  return peers.some((peer) => {
    if (peer.ipBlock !== undefined) {
      const ip = 'pod' in end ? end.pod.ip : end.ip;
      return isIn(peer.ipBlock.cidr, ip) && !(peer.ipBlock.except ?? []).some((cidr) => isIn(cidr, ip));
    }
    if (!('pod' in end) || end.pod.hostNetwork) return false;
    const { pod } = end;
    if (peer.namespaceSelector === undefined) {
      return pod.namespace === policy.namespace && isSelected(peer.podSelector ?? {}, pod.labels);
    }
    const namespace = cluster.namespaces.find(({ name }) => name === pod.namespace);
    return (
      isSelected(peer.namespaceSelector, namespace?.labels ?? {}) &&
      isSelected(peer.podSelector ?? {}, pod.labels)
    );
  });
}

function isPort(ports: RawPort[] | undefined, target: End, protocol: string, port: number): boolean {
  if (ports === undefined || ports.length === 0) return true;
  return ports.some((one) => {
    if ((one.protocol ?? 'TCP') !== protocol) return false;
    if (one.port === undefined) return true;
    if (typeof one.port === 'number') return port >= one.port && port <= (one.endPort ?? one.port);
    if (!('pod' in target)) return false;
    return target.pod.ports.some(
      (own) => own.name === one.port && own.protocol === protocol && own.containerPort === port,
    );
  });
}

function isSelected(
  { matchLabels = {}, matchExpressions = [] }: RawSelector,
  labels: Record<string, string>,
): boolean {
  for (const [key, value] of Object.entries(matchLabels)) if (labels[key] !== value) return false;
  for (const { key, operator, values = [] } of matchExpressions) {
    const has = Object.hasOwn(labels, key);
    const isOneOf = has && values.includes(labels[key] ?? '');
    if (operator === 'In' && !isOneOf) return false;
    if (operator === 'NotIn' && isOneOf) return false;
    if (operator === 'Exists' && !has) return false;
    if (operator === 'DoesNotExist' && has) return false;
  }
  return true;
}

/** IPv4, bit by bit. */
function isIn(cidr: string, ip: string): boolean {
  const [network = '', length = '32'] = cidr.split('/');
  return bits(network).slice(0, Number(length)) === bits(ip).slice(0, Number(length));
}

const bits = (ip: string): string =>
  ip
    .split('.')
    .map((part) => Number(part).toString(2).padStart(8, '0'))
    .join('');
