import type { Node, Platform } from '../../model.ts';

/** Where a cloud tells a machine what it is, and hands out the credentials of the machine's identity. */
export interface MetadataService {
  address: string;
  /** Of TCP. */
  ports: readonly number[];
  /** Name servers answer at the same address, on port 53: what closes it must leave that open. */
  dns?: true;
}

interface Cloud {
  name: string;
  /** Of its nodes. */
  providerID: RegExp;
  services: readonly MetadataService[];
}

const usual: MetadataService = { address: '169.254.169.254', ports: [80] };

/**
 * The clouds whose metadata a Pod can reach, by what their controllers write into `providerID`. Fargate of AWS has no
 * metadata of a node. EKS Pod Identity (169.254.170.23, fd00:ec2::23) is not here: it asks for the Pod's own token and
 * answers with the Pod's own role, so the Pods that use it need it.
 */
const clouds: readonly Cloud[] = [
  {
    name: 'AWS',
    providerID: /^aws:\/\/(?!.*\/fargate-)/,
    services: [usual, { address: 'fd00:ec2::254', ports: [80] }],
  },
  {
    name: 'Azure',
    providerID: /^azure:\/\//,
    services: [usual, { address: '168.63.129.16', ports: [80, 32526], dns: true }],
  },
  { name: 'Google Cloud', providerID: /^gce:\/\//, services: [{ ...usual, dns: true }] },
  {
    name: 'Alibaba Cloud',
    providerID: /^(alicloud:\/\/|[a-z]+-[a-z0-9-]+\.i-)/,
    services: [{ address: '100.100.100.200', ports: [80] }],
  },
  { name: 'DigitalOcean', providerID: /^digitalocean:\/\//, services: [usual] },
  { name: 'Hetzner Cloud', providerID: /^hcloud:\/\//, services: [usual] },
  { name: 'OpenStack', providerID: /^openstack:\/\//, services: [usual] },
  { name: 'Oracle Cloud', providerID: /^(oci:\/\/|ocid1\.)/, services: [usual] },
];

/** What answers in place of the metadata of Google Cloud, on nodes that run it: policies see one address or the other. */
const gkeMetadataServer: MetadataService = { address: '169.254.169.252', ports: [988] };

export interface Metadata {
  /** `AWS`. */
  cloud: string;
  services: readonly MetadataService[];
  /** True where every node runs the metadata server of GKE, which gives a Pod its own identity and not the node's. */
  isFronted: boolean;
}

/** The metadata of the cloud that the nodes are in; none where it is no cloud that is known. */
export function metadataOf(nodes: readonly Node[], platform: Platform): Metadata | undefined {
  const found = clouds.filter(({ providerID }) =>
    nodes.some((node) => providerID.test(node.providerID ?? '')),
  );
  if (found.length === 0) return undefined;
  const isFronted = platform === 'gke' && nodes.every(hasMetadataServer);
  const services = found.flatMap((cloud) => cloud.services);
  return {
    cloud: found.map(({ name }) => name).join(' and '),
    services: [
      ...new Map(
        [...services, ...(isFronted ? [gkeMetadataServer] : [])].map((service) => [service.address, service]),
      ).values(),
    ],
    isFronted,
  };
}

/** Whether a node of GKE runs the metadata server. */
export const hasMetadataServer = ({ metadata }: Node): boolean =>
  metadata.labels?.['iam.gke.io/gke-metadata-server-enabled'] === 'true';

/** `169.254.169.254:80`, `[fd00:ec2::254]:80`. */
export const serviceTitles = (services: readonly MetadataService[]): string =>
  services
    .flatMap(({ address, ports }) =>
      ports.map((port) => `${address.includes(':') ? `[${address}]` : address}:${port}`),
    )
    .join(', ');
