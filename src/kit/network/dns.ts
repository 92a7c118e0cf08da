import { templateSources, type Held, type IPBlock, type JsonObject, type Platform } from '../../model.ts';
import { templatesInUse } from '../workloads.ts';
import { covers } from './blocks.ts';
import type { PodClasses } from './classes.ts';
import { endpointOf, namespaceLabels, type PodEndpoint } from './endpoints.ts';
import type { Policy, Rule } from './policies.ts';
import { hasPort, portsOf, type PortSet } from './ports.ts';
import { isolating, reach } from './reach.ts';

type DnsHeld = Pick<Held, 'namespaces' | (typeof templateSources)[number]>;

/** Where the Pods of cluster DNS are. Policies see the port of the Pod, whatever that of its Service is. */
interface Place {
  namespace: string;
  port: number;
  labels: Record<string, string>;
  /** Answers that come from addresses rather than Pods: of the cache on each node, of the cloud. */
  addresses: readonly string[];
}

/** What NodeLocal DNSCache listens on unless told otherwise. */
const nodeLocal = '169.254.20.10';
const usual: Place = {
  namespace: 'kube-system',
  port: 53,
  labels: { 'k8s-app': 'kube-dns' },
  addresses: [nodeLocal],
};
const places: Partial<Record<Platform, Place>> = {
  gke: { ...usual, addresses: [nodeLocal, '169.254.169.254'] },
  openshift: {
    namespace: 'openshift-dns',
    port: 5353,
    labels: { 'dns.operator.openshift.io/daemonset-dns': 'default' },
    addresses: [],
  },
};

const placeOf = (platform: Platform): Place => places[platform] ?? usual;

/** What a NetworkPolicy must let out for names to be found, as a rule of its manifest. */
export function dnsRule(platform: Platform): JsonObject {
  const { namespace, port, addresses } = placeOf(platform);
  return {
    to: [
      { namespaceSelector: { matchLabels: nameOnly(namespace) } },
      ...addresses.map((address) => ({ ipBlock: { cidr: `${address}/32` } })),
    ],
    ports: ['UDP', 'TCP'].map((protocol) => ({ protocol, port })),
  };
}

/** True of a rule that lets out nothing but questions to name servers. */
export const isDnsOnly = ({ ports }: Rule, platform: Platform): boolean =>
  ports !== undefined &&
  ports.every(
    ({ port, endPort = port }) => (port === 53 || port === placeOf(platform).port) && endPort === port,
  );

/** Whether a Pod may ask cluster DNS; long answers come by TCP. */
export type MayAsk = (pod: PodEndpoint, protocol: 'UDP' | 'TCP') => boolean;

/**
 * Whether the policies of a Pod let it ask cluster DNS. Not every address that answers is known (that of its Service is
 * not): a block of addresses counts where it names the port or holds an address that is.
 */
export function dnsReach(held: DnsHeld, platform: Platform, pods: PodClasses): MayAsk {
  const place = placeOf(platform);
  const ports = [...new Set([53, place.port])];
  const isOpen = (open: PortSet, protocol: string) => ports.some((port) => hasPort(open, protocol, port));
  const servers = dnsServers(held, place);
  const addresses = pods
    .all()
    .filter(({ endpoint }) => endpoint.namespace === place.namespace)
    .flatMap(({ endpoint }) => endpoint.ips);
  const holdsServer = (block: IPBlock): boolean =>
    addresses.length === 0 || [nodeLocal, ...addresses].some((address) => covers(block, address));
  const opensBlock = ({ egress = [] }: Policy, protocol: string): boolean =>
    egress.some(({ peers = [], ports: named }) =>
      peers.some(
        ({ ipBlock }) =>
          ipBlock !== undefined &&
          (named === undefined ? holdsServer(ipBlock) : isOpen(portsOf(named, []), protocol)),
      ),
    );
  return (pod, protocol) =>
    servers.some((server) => isOpen(reach(pods.policies, pod, server).egress.ports, protocol)) ||
    isolating(pods.policies, 'egress', pod).some((policy) => opensBlock(policy, protocol));
}

/** The workloads that serve DNS where cluster DNS is, else what they usually look like. */
function dnsServers(held: DnsHeld, { namespace, port, labels }: Place): PodEndpoint[] {
  const labelsOf = namespaceLabels(held.namespaces);
  const templates = templatesInUse(held)
    .map(({ template }) => template)
    .filter(({ metadata, podSpec }) => {
      const ports = podSpec?.containers.flatMap((container) => container.ports ?? []) ?? [];
      const serves = ports.some(
        ({ containerPort, protocol }) => containerPort === port && protocol === 'UDP',
      );
      return metadata.namespace === namespace && serves;
    });
  if (templates.length > 0) return templates.map((template) => endpointOf(template, labelsOf));
  return [
    {
      kind: 'pod',
      namespace,
      namespaceLabels: labelsOf.get(namespace) ?? nameOnly(namespace),
      labels,
      ports: [
        { name: 'dns', protocol: 'UDP', port },
        { name: 'dns-tcp', protocol: 'TCP', port },
      ],
      hostNetwork: false,
      ips: [],
    },
  ];
}

const nameOnly = (namespace: string) => ({ 'kubernetes.io/metadata.name': namespace });
