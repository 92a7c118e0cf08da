import type { Container, PodSpec, ServiceAccount, Volume, Workload } from '../../model.ts';
import type { Identity } from '../rbac.ts';
import { isAutomounted } from '../service-accounts.ts';

/**
 * The pod spec as the PodSecurityPolicy plugin gets to see it: with the host ports of a Pod on the node's network and the
 * token of the service account, which the API server fills in before.
 */
export function asCreated(spec: PodSpec, account: ServiceAccount | undefined): PodSpec {
  const { volumes = [], initContainers } = spec;
  const isThere = volumes.some(({ name }) => name.startsWith('kube-api-access-'));
  const onHost =
    spec.hostNetwork === true
      ? {
          containers: spec.containers.map(onHostNetwork),
          ...(initContainers === undefined ? {} : { initContainers: initContainers.map(onHostNetwork) }),
        }
      : {};
  const withToken = !isThere && isAutomounted(spec, false, account) ? { volumes: [...volumes, token] } : {};
  return { ...spec, ...onHost, ...withToken };
}

const token: Volume = {
  name: 'kube-api-access-00000',
  type: 'projected',
  projected: {
    sources: [
      { serviceAccountToken: { path: 'token' } },
      { configMap: { name: 'kube-root-ca.crt' } },
      { downwardAPI: { items: [{ path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace' } }] } },
    ],
  },
};

const onHostNetwork = (container: Container): Container =>
  container.ports === undefined
    ? container
    : {
        ...container,
        ports: container.ports.map((port) => ({ ...port, hostPort: port.hostPort || port.containerPort })),
      };

/** The service account of a Pod as the plugin asks for it: not as someone who has logged in. */
export const accountIdentity = (namespace: string, name: string): Identity => ({
  user: `system:serviceaccount:${namespace}:${name}`,
  groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`],
});

const controllers: Readonly<Record<string, string | undefined>> = {
  Deployment: 'replicaset-controller',
  ReplicaSet: 'replicaset-controller',
  ReplicationController: 'replication-controller',
  StatefulSet: 'statefulset-controller',
  DaemonSet: 'daemon-set-controller',
  Job: 'job-controller',
  CronJob: 'job-controller',
};

/**
 * Who creates the Pods of a workload: a controller, where its kind has one of those of Kubernetes (each with a service
 * account of its own, as installers set them up), else somebody who has logged in.
 */
export function creatorOf({ kind, metadata }: Workload): Identity {
  const controller = controllers[kind === 'Pod' ? (metadata.controller?.kind ?? kind) : kind];
  if (controller === undefined) return { user: '', groups: ['system:authenticated'] };
  const { user, groups } = accountIdentity('kube-system', controller);
  return { user, groups: [...groups, 'system:authenticated'] };
}
