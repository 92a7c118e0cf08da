import type { Namespace, PodSpec, Workload } from '../../model.ts';
import { once } from '../once.ts';
import type { NamedPort } from './ports.ts';

type Labels = Readonly<Record<string, string>>;

/** A Pod, or Pods that no policy tells apart. */
export interface PodEndpoint {
  kind: 'pod';
  namespace: string;
  namespaceLabels: Labels;
  labels: Labels;
  ports: readonly NamedPort[];
  /** On the network of its node: policies do not hold it, and no selector finds it. */
  hostNetwork: boolean;
  /** None of a template. */
  ips: readonly string[];
}

/** An address outside of the cluster. */
export interface AddressEndpoint {
  kind: 'address';
  ip: string;
}

export type Endpoint = PodEndpoint | AddressEndpoint;

/** The API server sets this label on every namespace; manifests lack it. */
const nameLabel = 'kubernetes.io/metadata.name';

/** The labels of each namespace, by its name. */
export const namespaceLabels = (namespaces: readonly Namespace[]): Map<string, Labels> =>
  new Map(
    namespaces.map(({ metadata: { name, labels } }) => [name, { ...labels, [nameLabel]: name }] as const),
  );

/** The endpoint that a Pod is, or that the Pods of a template would be. */
export function endpointOf(workload: Workload, labelsOf: ReadonlyMap<string, Labels>): PodEndpoint {
  const { podSpec, metadata, podLabels = {}, podIPs = [] } = workload;
  const namespace = metadata.namespace ?? '';
  return {
    kind: 'pod',
    namespace,
    namespaceLabels: labelsOf.get(namespace) ?? { [nameLabel]: namespace },
    labels: podLabels,
    ports: podSpec === undefined ? [] : namedPorts(podSpec),
    hostNetwork: podSpec?.hostNetwork === true,
    ips: podIPs,
  };
}

/** Of the containers that go on running: ports of an init container that ends are never reached. */
const namedPorts = once(({ initContainers = [], containers }: PodSpec): NamedPort[] => {
  const sidecars = initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always');
  return [...sidecars, ...containers].flatMap(({ ports = [] }) =>
    ports.flatMap(({ name, protocol = 'TCP', containerPort }) =>
      name === undefined ? [] : [{ name, protocol, port: containerPort }],
    ),
  );
});
