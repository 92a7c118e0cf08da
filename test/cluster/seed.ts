/** What the acceptance tests put on a real cluster: for each check some objects that must be found, beside clean ones. */
type PodSpec = Record<string, unknown> & { containers?: object[] };

const container = { name: 'app', image: 'registry.example/app:1.0', resources: {} };
const clean: PodSpec = { securityContext: { runAsNonRoot: true, runAsUser: 1000 }, containers: [container] };
const containers = (securityContext: object) => [{ ...container, securityContext }];

const labels = (name: string) => ({ app: name });
const metadata = (name: string) => ({ name, namespace: 'seeded' });
const template = (name: string, spec: PodSpec) => ({
  metadata: { labels: labels(name) },
  spec: { ...clean, ...spec },
});

const replicated = (kind: string, name: string, spec: PodSpec = {}, replicas = 2) => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: metadata(name),
  spec: {
    ...(kind === 'DaemonSet' ? {} : { replicas }),
    ...(kind === 'StatefulSet' ? { serviceName: name } : {}),
    selector: { matchLabels: labels(name) },
    template: template(name, spec),
  },
});
const job = (name: string, spec: PodSpec = {}) => ({
  template: template(name, { restartPolicy: 'Never', ...spec }),
});
const subject = (kind: string, name: string) =>
  kind === 'ServiceAccount'
    ? { kind, name, namespace: 'seeded' }
    : { kind, name, apiGroup: 'rbac.authorization.k8s.io' };
const binding = (kind: string, name: string, subjects: object[], role = 'cluster-admin') => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind,
  metadata: kind === 'RoleBinding' ? metadata(name) : { name },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
  subjects,
});
const namespace = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

export const seed: object[] = [
  namespace('seeded'),
  namespace('guarded'),
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'deny', namespace: 'guarded' },
    spec: { podSelector: {}, policyTypes: ['Ingress'] },
  },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'allows-everything', namespace: 'seeded' },
    spec: { podSelector: {}, policyTypes: ['Ingress'], ingress: [{}] },
  },
  replicated('Deployment', 'clean'),
  { ...replicated('Deployment', 'quiet'), metadata: { name: 'quiet', namespace: 'guarded' } },
  replicated('Deployment', 'ipc', { hostIPC: true }),
  replicated('StatefulSet', 'pid', { hostPID: true }),
  replicated('DaemonSet', 'net', {
    hostNetwork: true,
    dnsPolicy: 'ClusterFirstWithHostNet',
    containers: [{ ...container, ports: [{ containerPort: 9100, hostPort: 9100 }] }],
  }),
  replicated('ReplicaSet', 'port', {
    containers: [{ ...container, ports: [{ containerPort: 80, hostPort: 8080 }] }],
  }),
  replicated('Deployment', 'scaled-to-zero', { containers: containers({ privileged: true }) }, 0),
  replicated('Deployment', 'root', { containers: containers({ runAsNonRoot: false, runAsUser: 0 }) }),
  {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: metadata('nightly'),
    spec: { schedule: '0 0 1 1 *', jobTemplate: { spec: job('nightly', { hostIPC: true }) } },
  },
  {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: metadata('once'),
    spec: job('once', { hostPID: true }),
  },
  {
    apiVersion: 'v1',
    kind: 'ReplicationController',
    metadata: metadata('old'),
    spec: { replicas: 1, selector: labels('old'), template: template('old', { hostIPC: true }) },
  },
  {
    apiVersion: 'v1',
    kind: 'PodTemplate',
    metadata: metadata('stamp'),
    template: template('stamp', { hostIPC: true }),
  },
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: metadata('bare'),
    spec: {
      ...clean,
      initContainers: [{ ...container, name: 'setup', securityContext: { privileged: true } }],
    },
  },
  // Not system:authenticated: the accounts of the tests that may read only some things would be administrators too.
  binding('ClusterRoleBinding', 'everyone-is-admin', [subject('Group', 'system:unauthenticated')]),
  binding('ClusterRoleBinding', 'ops', [subject('User', 'jane'), subject('ServiceAccount', 'deployer')]),
  binding('ClusterRoleBinding', 'harmless', [subject('Group', 'system:unauthenticated')], 'view'),
  binding('RoleBinding', 'default-is-admin', [subject('ServiceAccount', 'default')]),
];

/** `CHECK: KIND NAMESPACE/NAME PATH` of every finding that the seed must give, and no other in its namespaces. */
export const expected: Record<string, string[]> = {
  'host-ipc': [
    'CronJob seeded/nightly spec.jobTemplate.spec.template.spec.hostIPC',
    'Deployment seeded/ipc spec.template.spec.hostIPC',
    'PodTemplate seeded/stamp template.spec.hostIPC',
    'ReplicationController seeded/old spec.template.spec.hostIPC',
  ],
  'host-pid': [
    'Job seeded/once spec.template.spec.hostPID',
    'StatefulSet seeded/pid spec.template.spec.hostPID',
  ],
  'host-network': ['DaemonSet seeded/net spec.template.spec.hostNetwork'],
  'host-ports': ['ReplicaSet seeded/port spec.template.spec.containers[0].ports[0].hostPort'],
  privileged: [
    'Deployment seeded/scaled-to-zero spec.template.spec.containers[0].securityContext.privileged',
    'Pod seeded/bare spec.initContainers[0].securityContext.privileged',
  ],
  'run-as-root': ['Deployment seeded/root spec.template.spec.containers[0].securityContext.runAsUser'],
  'default-deny-ingress': ['Namespace default', 'Namespace seeded'],
  'cluster-admin-usage': [
    'ClusterRoleBinding everyone-is-admin subjects[0]',
    'ClusterRoleBinding ops subjects[0]',
    'ClusterRoleBinding ops subjects[1]',
    'RoleBinding seeded/default-is-admin subjects[0]',
  ],
  'psp-host-namespaces': [],
};
