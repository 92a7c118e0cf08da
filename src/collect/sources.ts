import type {
  Gateway,
  GatekeeperConstraint,
  Ingress,
  KubeObject,
  KubewardenPolicy,
  KyvernoCelPolicy,
  KyvernoPolicy,
  Namespace,
  IPBlock,
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
  Node,
  ObjectsBySource,
  OpenShiftImageConfig,
  PodSecurityPolicy,
  PolicyRule,
  Role,
  RoleBinding,
  SecurityContextConstraints,
  Service,
  ServiceAccount,
  SigstoreImagePolicy,
  SourceName,
  Subject,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingWebhookConfiguration,
} from '../model.ts';
import { anyKind, source, workload, type SourceDefinition } from './definition.ts';
import {
  gatekeeperConstraintFields,
  kubewardenPolicyFields,
  kyvernoCelPolicyFields,
  kyvernoPolicyFields,
  labelSelector,
  openShiftImageConfigFields,
  podSecurityPolicyFields,
  sigstoreImagePolicyFields,
  validatingAdmissionPolicyBindingFields,
  validatingAdmissionPolicyFields,
  validatingWebhookConfigurationFields,
} from './policies.ts';
import {
  annotationsLike,
  bool,
  from,
  int,
  list,
  object,
  orEmpty,
  orNothing,
  required,
  string,
  stringMap,
  strings,
} from './project.ts';

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

type IngressRule = NonNullable<NetworkPolicy['spec']['ingress']>[number];
type EgressRule = NonNullable<NetworkPolicy['spec']['egress']>[number];

const peers = list(
  object<NetworkPolicyPeer>({
    podSelector: labelSelector,
    namespaceSelector: labelSelector,
    ipBlock: object<IPBlock>({ cidr: required(string), except: strings }),
  }),
);

const ports = list(
  object<NetworkPolicyPort>({
    protocol: string,
    port: (value, parent) => (typeof value === 'string' ? value : int(value, parent)),
    endPort: int,
  }),
);

const networkPolicySpec = object<NetworkPolicy['spec']>({
  podSelector: labelSelector,
  policyTypes: strings,
  ingress: list(object<IngressRule>({ from: peers, ports })),
  egress: list(object<EgressRule>({ to: peers, ports })),
});

const serviceSpec = object<Service['spec']>({
  type: string,
  clusterIP: string,
  selector: stringMap,
  ports: list(
    object<NonNullable<Service['spec']['ports']>[number]>({
      name: string,
      protocol: string,
      appProtocol: string,
      port: int,
    }),
  ),
});

const ingressSpec = object<Ingress['spec']>({
  ingressClassName: string,
  tls: list(object<{ hosts?: string[]; secretName?: string }>({ hosts: strings, secretName: string })),
  rules: list(object<{ host?: string }>({ host: string })),
});

const gatewaySpec = object<Gateway['spec']>({
  listeners: list(
    object<NonNullable<Gateway['spec']['listeners']>[number]>({
      name: string,
      protocol: string,
      port: int,
      hostname: string,
      tls: object<{ mode?: string }>({ mode: string }),
    }),
  ),
});

/** Annotations by which clouds and ingress controllers name a certificate or redirect to HTTPS. */
const certificateAnnotation =
  /(ssl-cert|ssl-certificate|ssl-ports|ssl-passthrough|listen-ports|ssl-policy|certificate-arn|pre-shared-cert|managed-certificates|cert-manager\.io\/(cluster-)?issuer|ssl-redirect|force-ssl-redirect|tls-cert-keyvault-uri)$/;

const rbac = 'rbac.authorization.k8s.io';
const formerRbac = [`${rbac}/v1beta1`, `${rbac}/v1alpha1`];
const admission = 'admissionregistration.k8s.io';
const kyvernoCel = 'policies.kyverno.io';
const roleFields = {
  rules: orEmpty(list(policyRule)),
  aggregationRule: object<NonNullable<Role['aggregationRule']>>({
    clusterRoleSelectors: list(labelSelector),
  }),
};
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
    {
      automountServiceAccountToken: bool,
      secrets: list(object<{ name?: string }>({ name: string })),
      annotations: from(
        ['metadata', 'annotations'],
        annotationsLike(
          /^(eks\.amazonaws\.com\/role-arn|azure\.workload\.identity\/client-id|iam\.gke\.io\/gcp-service-account)$/,
        ),
      ),
    },
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
    { spec: orNothing(networkPolicySpec) },
  ),
  ciliumNetworkPolicies: source<KubeObject>(
    {
      apiVersion: 'cilium.io/v2',
      kind: 'CiliumNetworkPolicy',
      resource: 'ciliumnetworkpolicies',
      namespaced: true,
    },
    {},
  ),
  ciliumClusterwideNetworkPolicies: source<KubeObject>(
    {
      apiVersion: 'cilium.io/v2',
      kind: 'CiliumClusterwideNetworkPolicy',
      resource: 'ciliumclusterwidenetworkpolicies',
      namespaced: false,
    },
    {},
  ),
  calicoNetworkPolicies: source<KubeObject>(
    {
      apiVersion: 'crd.projectcalico.org/v1',
      kind: 'NetworkPolicy',
      resource: 'networkpolicies',
      namespaced: true,
    },
    {},
  ),
  calicoGlobalNetworkPolicies: source<KubeObject>(
    {
      apiVersion: 'crd.projectcalico.org/v1',
      kind: 'GlobalNetworkPolicy',
      resource: 'globalnetworkpolicies',
      namespaced: false,
    },
    {},
  ),
  adminNetworkPolicies: source<KubeObject>(
    {
      apiVersion: 'policy.networking.k8s.io/v1alpha1',
      kind: 'AdminNetworkPolicy',
      resource: 'adminnetworkpolicies',
      namespaced: false,
    },
    {},
  ),
  baselineAdminNetworkPolicies: source<KubeObject>(
    {
      apiVersion: 'policy.networking.k8s.io/v1alpha1',
      kind: 'BaselineAdminNetworkPolicy',
      resource: 'baselineadminnetworkpolicies',
      namespaced: false,
    },
    {},
  ),
  clusterNetworkPolicies: source<KubeObject>(
    {
      apiVersion: 'policy.networking.k8s.io/v1alpha2',
      kind: 'ClusterNetworkPolicy',
      resource: 'clusternetworkpolicies',
      namespaced: false,
    },
    {},
  ),
  services: source<Service>(
    { apiVersion: 'v1', kind: 'Service', resource: 'services', namespaced: true },
    {
      annotations: from(['metadata', 'annotations'], annotationsLike(certificateAnnotation)),
      spec: orNothing(serviceSpec),
    },
  ),
  ingresses: source<Ingress>(
    { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', resource: 'ingresses', namespaced: true },
    {
      annotations: from(['metadata', 'annotations'], annotationsLike(certificateAnnotation)),
      spec: orNothing(ingressSpec),
    },
  ),
  gateways: source<Gateway>(
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      resource: 'gateways',
      namespaced: true,
      formerly: ['gateway.networking.k8s.io/v1beta1'],
    },
    { spec: orNothing(gatewaySpec) },
  ),
  podSecurityPolicies: source<PodSecurityPolicy>(
    {
      apiVersion: 'policy/v1beta1',
      kind: 'PodSecurityPolicy',
      resource: 'podsecuritypolicies',
      namespaced: false,
      formerly: ['extensions/v1beta1'],
    },
    podSecurityPolicyFields,
  ),
  validatingAdmissionPolicies: source<ValidatingAdmissionPolicy>(
    {
      apiVersion: `${admission}/v1`,
      kind: 'ValidatingAdmissionPolicy',
      resource: 'validatingadmissionpolicies',
      namespaced: false,
      formerly: [`${admission}/v1beta1`, `${admission}/v1alpha1`],
    },
    validatingAdmissionPolicyFields,
  ),
  validatingAdmissionPolicyBindings: source<ValidatingAdmissionPolicyBinding>(
    {
      apiVersion: `${admission}/v1`,
      kind: 'ValidatingAdmissionPolicyBinding',
      resource: 'validatingadmissionpolicybindings',
      namespaced: false,
      formerly: [`${admission}/v1beta1`, `${admission}/v1alpha1`],
    },
    validatingAdmissionPolicyBindingFields,
  ),
  validatingWebhookConfigurations: source<ValidatingWebhookConfiguration>(
    {
      apiVersion: `${admission}/v1`,
      kind: 'ValidatingWebhookConfiguration',
      resource: 'validatingwebhookconfigurations',
      namespaced: false,
      formerly: [`${admission}/v1beta1`],
    },
    validatingWebhookConfigurationFields,
  ),
  kyvernoClusterPolicies: source<KyvernoPolicy>(
    {
      apiVersion: 'kyverno.io/v1',
      kind: 'ClusterPolicy',
      resource: 'clusterpolicies',
      namespaced: false,
      formerly: ['kyverno.io/v2beta1'],
    },
    kyvernoPolicyFields,
  ),
  kyvernoPolicies: source<KyvernoPolicy>(
    {
      apiVersion: 'kyverno.io/v1',
      kind: 'Policy',
      resource: 'policies',
      namespaced: true,
      formerly: ['kyverno.io/v2beta1'],
    },
    kyvernoPolicyFields,
  ),
  kyvernoValidatingPolicies: source<KyvernoCelPolicy>(
    {
      apiVersion: `${kyvernoCel}/v1`,
      kind: 'ValidatingPolicy',
      resource: 'validatingpolicies',
      namespaced: false,
      formerly: [`${kyvernoCel}/v1beta1`, `${kyvernoCel}/v1alpha1`],
    },
    kyvernoCelPolicyFields,
  ),
  kyvernoNamespacedValidatingPolicies: source<KyvernoCelPolicy>(
    {
      apiVersion: `${kyvernoCel}/v1`,
      kind: 'NamespacedValidatingPolicy',
      resource: 'namespacedvalidatingpolicies',
      namespaced: true,
      formerly: [`${kyvernoCel}/v1beta1`],
    },
    kyvernoCelPolicyFields,
  ),
  kyvernoImageValidatingPolicies: source<KyvernoCelPolicy>(
    {
      apiVersion: `${kyvernoCel}/v1`,
      kind: 'ImageValidatingPolicy',
      resource: 'imagevalidatingpolicies',
      namespaced: false,
      formerly: [`${kyvernoCel}/v1beta1`, `${kyvernoCel}/v1alpha1`],
    },
    kyvernoCelPolicyFields,
  ),
  gatekeeperConstraints: source<GatekeeperConstraint>(
    {
      apiVersion: 'constraints.gatekeeper.sh/v1beta1',
      kind: anyKind,
      resource: '*',
      namespaced: false,
    },
    gatekeeperConstraintFields,
  ),
  kubewardenClusterAdmissionPolicies: source<KubewardenPolicy>(
    {
      apiVersion: 'policies.kubewarden.io/v1',
      kind: 'ClusterAdmissionPolicy',
      resource: 'clusteradmissionpolicies',
      namespaced: false,
    },
    kubewardenPolicyFields,
  ),
  kubewardenAdmissionPolicies: source<KubewardenPolicy>(
    {
      apiVersion: 'policies.kubewarden.io/v1',
      kind: 'AdmissionPolicy',
      resource: 'admissionpolicies',
      namespaced: true,
    },
    kubewardenPolicyFields,
  ),
  sigstoreImagePolicies: source<SigstoreImagePolicy>(
    {
      apiVersion: 'policy.sigstore.dev/v1beta1',
      kind: 'ClusterImagePolicy',
      resource: 'clusterimagepolicies',
      namespaced: false,
      formerly: ['policy.sigstore.dev/v1alpha1'],
    },
    sigstoreImagePolicyFields,
  ),
  openShiftImageConfigs: source<OpenShiftImageConfig>(
    { apiVersion: 'config.openshift.io/v1', kind: 'Image', resource: 'images', namespaced: false },
    openShiftImageConfigFields,
  ),
  securityContextConstraints: source<SecurityContextConstraints>(
    {
      apiVersion: 'security.openshift.io/v1',
      kind: 'SecurityContextConstraints',
      resource: 'securitycontextconstraints',
      namespaced: false,
    },
    {
      users: strings,
      groups: strings,
      allowPrivilegedContainer: bool,
      allowHostDirVolumePlugin: bool,
      allowHostIPC: bool,
      allowHostNetwork: bool,
      allowHostPID: bool,
      allowHostPorts: bool,
      allowPrivilegeEscalation: bool,
      runAsUser: object<{ type?: string }>({ type: string }),
    },
  ),
  secretProviderClasses: source<KubeObject>(
    {
      apiVersion: 'secrets-store.csi.x-k8s.io/v1',
      kind: 'SecretProviderClass',
      resource: 'secretproviderclasses',
      namespaced: true,
      formerly: ['secrets-store.csi.x-k8s.io/v1alpha1'],
    },
    {},
  ),
  externalSecrets: source<KubeObject>(
    {
      apiVersion: 'external-secrets.io/v1',
      kind: 'ExternalSecret',
      resource: 'externalsecrets',
      namespaced: true,
      formerly: ['external-secrets.io/v1beta1'],
    },
    {},
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
