/** Workloads with what the checks over pod specs object to, and what puts each right. */
import { named } from '../../src/kit/field.ts';
import type { Field, Json, JsonObject } from '../../src/model.ts';

export interface Manifest extends JsonObject {
  apiVersion: string;
  kind: string;
  metadata: JsonObject & { name: string; namespace?: string };
}

export const image = 'registry.example/app:1.0';
export const podSpecs = {
  hostNamespaces: { hostIPC: true, hostPID: true, containers: [{ name: 'app', image }] },
  hostNetwork: {
    hostNetwork: true,
    dnsPolicy: 'ClusterFirstWithHostNet',
    containers: [{ name: 'app', image, ports: [{ containerPort: 9100 }] }],
  },
  hostPort: {
    containers: [
      { name: 'proxy', image },
      { name: 'app', image, ports: [{ containerPort: 80 }, { containerPort: 81, hostPort: 8081 }] },
    ],
  },
  privileged: {
    initContainers: [{ name: 'setup', image, securityContext: { privileged: true } }],
    containers: [
      { name: 'app', image, securityContext: { privileged: true, allowPrivilegeEscalation: true } },
      { name: 'proxy', image },
    ],
  },
  root: {
    containers: [
      { name: 'app', image, securityContext: { runAsNonRoot: false, runAsUser: 0 } },
      { name: 'proxy', image },
    ],
  },
} satisfies Record<string, JsonObject>;
export type Fault = keyof typeof podSpecs;

const app = (list: string, index: number, name: string, ...rest: string[]): Field => [
  list,
  named(index, name),
  ...rest,
];
/** The field in the pod spec and its new value; none removes it. */
export const wishes: Record<Fault, [Field, Json?][]> = {
  hostNamespaces: [[['hostIPC']], [['hostPID']]],
  hostNetwork: [
    [['hostNetwork']],
    [['dnsPolicy'], 'ClusterFirst'],
    // The server gives the ports of a host network Pod this; before 1.28 also in templates.
    [[...app('containers', 0, 'app', 'ports'), { index: 0, where: { containerPort: 9100 } }, 'hostPort']],
  ],
  hostPort: [
    [[...app('containers', 1, 'app', 'ports'), { index: 1, where: { containerPort: 81 } }, 'hostPort']],
  ],
  privileged: [
    [app('initContainers', 0, 'setup', 'securityContext', 'privileged'), false],
    // Refused next to privileged: true, so these two must be made at once.
    [app('containers', 0, 'app', 'securityContext', 'allowPrivilegeEscalation'), false],
    [app('containers', 0, 'app', 'securityContext', 'privileged'), false],
    [app('containers', 1, 'proxy', 'securityContext', 'allowPrivilegeEscalation'), false],
  ],
  root: [
    [['securityContext', 'runAsNonRoot'], true],
    [app('containers', 0, 'app', 'securityContext', 'runAsNonRoot')],
    [app('containers', 0, 'app', 'securityContext', 'runAsUser')],
    [app('containers', 1, 'proxy', 'securityContext', 'runAsUser'), 65532],
    [app('containers', 1, 'proxy', 'securityContext', 'seccompProfile', 'type'), 'RuntimeDefault'],
  ],
};
export const faults = Object.keys(podSpecs) as Fault[];

export function workload(kind: string, name: string, podSpec: JsonObject): Manifest {
  const labels = { app: name };
  const restartPolicy = { Job: 'Never', CronJob: 'Never', Pod: 'Always' }[kind];
  const spec = { ...podSpec, ...(restartPolicy === undefined ? {} : { restartPolicy }) };
  const template = { metadata: { labels }, spec };
  const metadata = { name, namespace: 'plans', labels };
  const apps = (more: JsonObject = {}) => ({
    spec: { selector: { matchLabels: labels }, template, ...more },
  });
  const shapes: Record<string, [apiVersion: string, rest: JsonObject]> = {
    CronJob: ['batch/v1', { spec: { schedule: '0 3 * * *', jobTemplate: { spec: { template } } } }],
    DaemonSet: ['apps/v1', apps()],
    Deployment: ['apps/v1', apps({ replicas: 2 })],
    Job: ['batch/v1', { spec: { template } }],
    Pod: ['v1', { spec }],
    PodTemplate: ['v1', { template }],
    ReplicaSet: ['apps/v1', apps()],
    ReplicationController: ['v1', { spec: { selector: labels, template } }],
    StatefulSet: ['apps/v1', apps({ serviceName: name })],
  };
  const [apiVersion, rest] = shapes[kind] ?? ['v1', {}];
  return { apiVersion, kind, metadata, ...rest };
}
