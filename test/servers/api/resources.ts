/** What the server serves, as a real API server announces it, and its discovery documents. */
import type { SourceName } from '../../../src/model.ts';

export interface Resource {
  group: string;
  version: string;
  /** Plural: the name in URLs and in RBAC rules. */
  name: string;
  singular: string;
  kind: string;
  namespaced: boolean;
  shortNames: string[];
  /** Served only from this minor version of Kubernetes 1 on. */
  addedIn?: number;
  /** Served only below this minor version of Kubernetes 1. */
  removedIn?: number;
  /** Served only where somebody has installed its definition. */
  custom?: true;
}

const resource = (
  groupVersion: string,
  kind: string,
  name: string,
  namespaced: boolean,
  shortNames: string[] = [],
  more: Partial<Resource> = {},
): Resource => {
  const [group, version] = groupVersion.includes('/') ? groupVersion.split('/') : ['', groupVersion];
  return {
    group: group ?? '',
    version: version ?? '',
    name,
    singular: kind.toLowerCase(),
    kind,
    namespaced,
    shortNames,
    ...more,
  };
};

/** A kind of an operator. */
const custom = (groupVersion: string, kind: string, name: string, namespaced: boolean): Resource =>
  resource(groupVersion, kind, name, namespaced, [], { custom: true });

const rbac = 'rbac.authorization.k8s.io/v1';
const admission = 'admissionregistration.k8s.io/v1';
const kyvernoCel = 'policies.kyverno.io/v1';
const kubewarden = 'policies.kubewarden.io/v1';

/** One row for each source, so that nothing Passmuster reads is missing here. */
const bySource = {
  namespaces: resource('v1', 'Namespace', 'namespaces', false, ['ns']),
  nodes: resource('v1', 'Node', 'nodes', false, ['no']),
  serviceAccounts: resource('v1', 'ServiceAccount', 'serviceaccounts', true, ['sa']),
  roles: resource(rbac, 'Role', 'roles', true),
  clusterRoles: resource(rbac, 'ClusterRole', 'clusterroles', false),
  roleBindings: resource(rbac, 'RoleBinding', 'rolebindings', true),
  clusterRoleBindings: resource(rbac, 'ClusterRoleBinding', 'clusterrolebindings', false),
  networkPolicies: resource('networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies', true, ['netpol']),
  ciliumNetworkPolicies: custom('cilium.io/v2', 'CiliumNetworkPolicy', 'ciliumnetworkpolicies', true),
  ciliumClusterwideNetworkPolicies: custom(
    'cilium.io/v2',
    'CiliumClusterwideNetworkPolicy',
    'ciliumclusterwidenetworkpolicies',
    false,
  ),
  calicoNetworkPolicies: custom('crd.projectcalico.org/v1', 'NetworkPolicy', 'networkpolicies', true),
  calicoGlobalNetworkPolicies: custom(
    'crd.projectcalico.org/v1',
    'GlobalNetworkPolicy',
    'globalnetworkpolicies',
    false,
  ),
  adminNetworkPolicies: custom(
    'policy.networking.k8s.io/v1alpha1',
    'AdminNetworkPolicy',
    'adminnetworkpolicies',
    false,
  ),
  baselineAdminNetworkPolicies: custom(
    'policy.networking.k8s.io/v1alpha1',
    'BaselineAdminNetworkPolicy',
    'baselineadminnetworkpolicies',
    false,
  ),
  clusterNetworkPolicies: custom(
    'policy.networking.k8s.io/v1alpha2',
    'ClusterNetworkPolicy',
    'clusternetworkpolicies',
    false,
  ),
  ingresses: resource('networking.k8s.io/v1', 'Ingress', 'ingresses', true, ['ing']),
  gateways: custom('gateway.networking.k8s.io/v1', 'Gateway', 'gateways', true),
  services: resource('v1', 'Service', 'services', true, ['svc']),
  podSecurityPolicies: resource(
    'policy/v1beta1',
    'PodSecurityPolicy',
    'podsecuritypolicies',
    false,
    ['psp'],
    { removedIn: 25 },
  ),
  validatingAdmissionPolicies: resource(
    admission,
    'ValidatingAdmissionPolicy',
    'validatingadmissionpolicies',
    false,
    [],
    { addedIn: 30 },
  ),
  validatingAdmissionPolicyBindings: resource(
    admission,
    'ValidatingAdmissionPolicyBinding',
    'validatingadmissionpolicybindings',
    false,
    [],
    { addedIn: 30 },
  ),
  validatingWebhookConfigurations: resource(
    admission,
    'ValidatingWebhookConfiguration',
    'validatingwebhookconfigurations',
    false,
  ),
  kyvernoClusterPolicies: custom('kyverno.io/v1', 'ClusterPolicy', 'clusterpolicies', false),
  kyvernoPolicies: custom('kyverno.io/v1', 'Policy', 'policies', true),
  kyvernoValidatingPolicies: custom(kyvernoCel, 'ValidatingPolicy', 'validatingpolicies', false),
  kyvernoNamespacedValidatingPolicies: custom(
    kyvernoCel,
    'NamespacedValidatingPolicy',
    'namespacedvalidatingpolicies',
    true,
  ),
  kyvernoImageValidatingPolicies: custom(
    kyvernoCel,
    'ImageValidatingPolicy',
    'imagevalidatingpolicies',
    false,
  ),
  gatekeeperConstraints: custom(
    'constraints.gatekeeper.sh/v1beta1',
    'K8sPSPPrivilegedContainer',
    'k8spspprivilegedcontainer',
    false,
  ),
  kubewardenClusterAdmissionPolicies: custom(
    kubewarden,
    'ClusterAdmissionPolicy',
    'clusteradmissionpolicies',
    false,
  ),
  kubewardenAdmissionPolicies: custom(kubewarden, 'AdmissionPolicy', 'admissionpolicies', true),
  sigstoreImagePolicies: custom(
    'policy.sigstore.dev/v1beta1',
    'ClusterImagePolicy',
    'clusterimagepolicies',
    false,
  ),
  openShiftImageConfigs: custom('config.openshift.io/v1', 'Image', 'images', false),
  securityContextConstraints: custom(
    'security.openshift.io/v1',
    'SecurityContextConstraints',
    'securitycontextconstraints',
    false,
  ),
  secretProviderClasses: custom(
    'secrets-store.csi.x-k8s.io/v1',
    'SecretProviderClass',
    'secretproviderclasses',
    true,
  ),
  externalSecrets: custom('external-secrets.io/v1', 'ExternalSecret', 'externalsecrets', true),
  podTemplates: resource('v1', 'PodTemplate', 'podtemplates', true),
  replicationControllers: resource('v1', 'ReplicationController', 'replicationcontrollers', true, ['rc']),
  deployments: resource('apps/v1', 'Deployment', 'deployments', true, ['deploy']),
  statefulSets: resource('apps/v1', 'StatefulSet', 'statefulsets', true, ['sts']),
  daemonSets: resource('apps/v1', 'DaemonSet', 'daemonsets', true, ['ds']),
  replicaSets: resource('apps/v1', 'ReplicaSet', 'replicasets', true, ['rs']),
  jobs: resource('batch/v1', 'Job', 'jobs', true),
  cronJobs: resource('batch/v1', 'CronJob', 'cronjobs', true, ['cj']),
  pods: resource('v1', 'Pod', 'pods', true, ['po']),
} as const satisfies Record<SourceName, Resource>;

/** A real server has far more groups; this one makes sure that a group without our kinds is there on every version. */
const others = [
  // Never read; questions about who may read them are asked all the same.
  resource('v1', 'Secret', 'secrets', true),
  resource('v1', 'ConfigMap', 'configmaps', true, ['cm']),
  resource('policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets', true, ['pdb']),
  resource('authorization.k8s.io/v1', 'SelfSubjectAccessReview', 'selfsubjectaccessreviews', false),
];

export const groupVersionOf = ({ group, version }: Pick<Resource, 'group' | 'version'>): string =>
  group === '' ? version : `${group}/${version}`;

/** The resources that a server of this minor version serves; of the custom ones those of these kinds (`apiVersion kind`). */
export const resourcesFor = (minor: number, customKinds: ReadonlySet<string> = new Set()): Resource[] =>
  [...Object.values(bySource), ...others].filter((each: Resource) => {
    const { addedIn = 0, removedIn = Infinity, custom: isCustom = false, kind } = each;
    if (minor < addedIn || minor >= removedIn) return false;
    return !isCustom || customKinds.has(`${groupVersionOf(each)} ${kind}`);
  });

/** `/api` */
export const apiVersions = () => ({
  kind: 'APIVersions',
  versions: ['v1'],
  serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: '127.0.0.1' }],
});

/** `/apis`: every group with its versions. */
export const apiGroupList = (resources: Resource[]) => ({
  kind: 'APIGroupList',
  apiVersion: 'v1',
  groups: [...new Set(resources.map(({ group }) => group))]
    .filter((name) => name !== '')
    .map((name) => apiGroup(name, resources)),
});

/** One entry of it, `v1` before `v1beta1`. */
export function apiGroup(name: string, resources: Resource[]) {
  const versions = resources.filter(({ group }) => group === name).map(({ version }) => version);
  const entries = [...new Set(versions)]
    .toSorted()
    .map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: entries, preferredVersion: entries[0] };
}

const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

/** `/api/v1` and `/apis/GROUP/VERSION`; the list of the core group has no apiVersion of its own. */
export const apiResourceList = (groupVersion: string, resources: Resource[]) => ({
  kind: 'APIResourceList',
  ...(groupVersion === 'v1' ? {} : { apiVersion: 'v1' }),
  groupVersion,
  resources: resources
    .filter((each) => groupVersionOf(each) === groupVersion)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, singular, namespaced, kind, shortNames }) => ({
      name,
      singularName: singular,
      namespaced,
      kind,
      verbs: name.endsWith('reviews') ? ['create'] : verbs,
      ...(shortNames.length === 0 ? {} : { shortNames }),
    })),
});
