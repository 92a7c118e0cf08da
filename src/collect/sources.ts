import {
  podSpecPath,
  type KubeObject,
  type LabelSelector,
  type Namespace,
  type NetworkPolicy,
  type Node,
  type ObjectsBySource,
  type PodSecurityPolicy,
  type PolicyRule,
  type Role,
  type RoleBinding,
  type ServiceAccount,
  type SourceName,
  type Subject,
  type Workload,
} from '../model.ts';
import { controllerOf, metadata } from './metadata.ts';
import { podAnnotations, podSpec } from './pod-spec.ts';
import {
  anything,
  bool,
  constant,
  from,
  int,
  list,
  object,
  orEmpty,
  required,
  string,
  stringMap,
  type Fields,
} from './project.ts';

/** One kind that is read. */
export interface SourceDefinition<T> {
  readonly apiVersion: string;
  readonly kind: string;
  /** The plural in the path of the API and in RBAC rules. */
  readonly resource: string;
  readonly namespaced: boolean;
  /** Retired apiVersions that still stand in manifests and have the same fields, as far as they are read. */
  readonly formerly?: readonly string[];
  /** @throws ProjectionError when a field has the wrong type. */
  readonly project: (raw: unknown) => T;
}

type Definition<T> = Omit<SourceDefinition<T>, 'project'>;

/** A source whose objects have `fields` besides apiVersion, kind and metadata. */
function source<T extends KubeObject>(
  definition: Definition<T>,
  fields: Omit<Fields<T>, keyof KubeObject>,
): SourceDefinition<T> {
  const { apiVersion, kind } = definition;
  const all = {
    apiVersion: constant(apiVersion),
    kind: constant(kind),
    metadata,
    ...fields,
  } as unknown as Fields<T>;
  const project = required(object<T>(all));
  return { ...definition, project: (raw) => project(raw, {}) };
}

/** `templateOf`: API group and kind of the controller whose own template is read instead. */
function workload(definition: Definition<Workload>, templateOf?: { group: string; kind: string }) {
  const path = podSpecPath[definition.kind] ?? [];
  return source<Workload>(definition, {
    podSpec: from(path, (value, raw) => {
      if (templateOf && isControlledBy(raw, templateOf)) return undefined;
      return podSpec(value, raw);
    }),
    podAnnotations: from([...path.slice(0, -1), 'metadata', 'annotations'], podAnnotations),
    replicas: from(['spec', 'replicas'], int),
    phase: from(['status', 'phase'], string),
  });
}

function isControlledBy(
  raw: Readonly<Record<string, unknown>>,
  { group, kind }: { group: string; kind: string },
) {
  const { ownerReferences } = (raw['metadata'] ?? {}) as { ownerReferences?: unknown };
  const controller = controllerOf(ownerReferences, raw);
  return controller?.kind === kind && controller.apiVersion.startsWith(`${group}/`);
}

const strings = list(string);

const policyRule = object<PolicyRule>({
  verbs: orEmpty(strings),
  apiGroups: strings,
  resources: strings,
  resourceNames: strings,
  nonResourceURLs: strings,
});

const roleRef = object<RoleBinding['roleRef']>({
  apiGroup: (value, parent) => string(value, parent) ?? rbac,
  kind: required(string),
  name: required(string),
});

const subject = object<Subject>({
  kind: required(string),
  apiGroup: string,
  name: required(string),
  namespace: string,
});

const labelSelector = object<LabelSelector>({
  matchLabels: stringMap,
  matchExpressions: list(
    object<NonNullable<LabelSelector['matchExpressions']>[number]>({
      key: required(string),
      operator: required(string),
      values: strings,
    }),
  ),
});

const networkPolicySpec = object<NetworkPolicy['spec']>({
  podSelector: labelSelector,
  policyTypes: strings,
  ingress: list(anything),
  egress: list(anything),
});

const podSecurityPolicySpec = object<PodSecurityPolicy['spec']>({
  hostIPC: bool,
  hostPID: bool,
  hostNetwork: bool,
});

const rbac = 'rbac.authorization.k8s.io';
const formerRbac = [`${rbac}/v1beta1`, `${rbac}/v1alpha1`];
const roleFields = { rules: orEmpty(list(policyRule)) };
const bindingFields = { roleRef: required(roleRef), subjects: orEmpty(list(subject)) };

/** Everything that is read, in the order in which it is read; the ClusterRole of k8s/ is generated from it. */
export const sources = {
  namespaces: source<Namespace>(
    { apiVersion: 'v1', kind: 'Namespace', resource: 'namespaces', namespaced: false },
    {},
  ),
  nodes: source<Node>(
    { apiVersion: 'v1', kind: 'Node', resource: 'nodes', namespaced: false },
    { providerID: from(['spec', 'providerID'], string) },
  ),
  serviceAccounts: source<ServiceAccount>(
    { apiVersion: 'v1', kind: 'ServiceAccount', resource: 'serviceaccounts', namespaced: true },
    { automountServiceAccountToken: bool },
  ),
  roles: source<Role>(
    { apiVersion: `${rbac}/v1`, kind: 'Role', resource: 'roles', namespaced: true, formerly: formerRbac },
    roleFields,
  ),
  clusterRoles: source<Role>(
    {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRole',
      resource: 'clusterroles',
      namespaced: false,
      formerly: formerRbac,
    },
    roleFields,
  ),
  roleBindings: source<RoleBinding>(
    {
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      resource: 'rolebindings',
      namespaced: true,
      formerly: formerRbac,
    },
    bindingFields,
  ),
  clusterRoleBindings: source<RoleBinding>(
    {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRoleBinding',
      resource: 'clusterrolebindings',
      namespaced: false,
      formerly: formerRbac,
    },
    bindingFields,
  ),
  networkPolicies: source<NetworkPolicy>(
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      resource: 'networkpolicies',
      namespaced: true,
      formerly: ['extensions/v1beta1'],
    },
    { spec: (value, parent) => networkPolicySpec(value, parent) ?? {} },
  ),
  podSecurityPolicies: source<PodSecurityPolicy>(
    {
      apiVersion: 'policy/v1beta1',
      kind: 'PodSecurityPolicy',
      resource: 'podsecuritypolicies',
      namespaced: false,
      formerly: ['extensions/v1beta1'],
    },
    { spec: (value, parent) => podSecurityPolicySpec(value, parent) ?? {} },
  ),
  podTemplates: workload({
    apiVersion: 'v1',
    kind: 'PodTemplate',
    resource: 'podtemplates',
    namespaced: true,
  }),
  replicationControllers: workload({
    apiVersion: 'v1',
    kind: 'ReplicationController',
    resource: 'replicationcontrollers',
    namespaced: true,
  }),
  deployments: workload({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    resource: 'deployments',
    namespaced: true,
    formerly: ['apps/v1beta2', 'apps/v1beta1', 'extensions/v1beta1'],
  }),
  statefulSets: workload({
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    resource: 'statefulsets',
    namespaced: true,
    formerly: ['apps/v1beta2', 'apps/v1beta1'],
  }),
  daemonSets: workload({
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    resource: 'daemonsets',
    namespaced: true,
    formerly: ['apps/v1beta2', 'extensions/v1beta1'],
  }),
  replicaSets: workload(
    {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      resource: 'replicasets',
      namespaced: true,
      formerly: ['apps/v1beta2', 'extensions/v1beta1'],
    },
    { group: 'apps', kind: 'Deployment' },
  ),
  jobs: workload(
    { apiVersion: 'batch/v1', kind: 'Job', resource: 'jobs', namespaced: true },
    { group: 'batch', kind: 'CronJob' },
  ),
  cronJobs: workload({
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    resource: 'cronjobs',
    namespaced: true,
    formerly: ['batch/v1beta1', 'batch/v2alpha1'],
  }),
  pods: workload({ apiVersion: 'v1', kind: 'Pod', resource: 'pods', namespaced: true }),
} satisfies { [S in SourceName]: SourceDefinition<ObjectsBySource[S]> };

export const sourceNames = Object.keys(sources) as SourceName[];

/** The definition of a source, whichever it is. */
export const definitionOf = (name: SourceName): SourceDefinition<ObjectsBySource[SourceName]> =>
  sources[name];

/** Path of the list in the API, of one namespace or of all. */
export function listPath({ apiVersion, resource }: Definition<unknown>, namespace?: string): string {
  const scope = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${apiPath(apiVersion)}${scope}/${resource}`;
}

/** Path of a group version: of its resource list, and of what is in it. */
export const apiPath = (apiVersion: string): string =>
  apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
