/**
 * The types that travel between the stages collect -> evaluate -> render -> deliver. Read this first.
 *
 * Three families: the objects of the cluster as the checks see them (projected: only what a check reads), the
 * inventory (what could be read and what could not), and the report (plain, versioned JSON; the only input of
 * every renderer).
 */

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

// ---------------------------------------------------------------------------------------------------------
// Objects of the cluster, projected. Paths and names are the Kubernetes API's.

/** The controller of an object, from `metadata.ownerReferences` (the entry with `controller: true`). */
export interface ControllerRef {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
}

export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid?: string;
  /** Set on objects whose name the API server generated; identifies a bare Pod better than its name. */
  generateName?: string;
  labels?: Record<string, string>;
  controller?: ControllerRef;
  /** The tool that will undo a live change, from its tracking labels and annotations: `Argo CD`, `Flux`, `Helm`. */
  managedBy?: string;
  /** True for a static Pod's mirror, which cannot be changed through the API. */
  mirror?: boolean;
}

export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

export interface ContainerPort {
  containerPort: number;
  hostPort?: number;
  protocol?: string;
  name?: string;
}

export interface WindowsOptions {
  hostProcess?: boolean;
  runAsUserName?: string;
}

export interface Capabilities {
  add?: string[];
  drop?: string[];
}

export interface SeccompProfile {
  type?: string;
  localhostProfile?: string;
}

export interface AppArmorProfile {
  type?: string;
}

export interface SELinuxOptions {
  type?: string;
  user?: string;
  role?: string;
  level?: string;
}

export interface ContainerSecurityContext {
  privileged?: boolean;
  allowPrivilegeEscalation?: boolean;
  capabilities?: Capabilities;
  readOnlyRootFilesystem?: boolean;
  procMount?: string;
  runAsNonRoot?: boolean;
  runAsUser?: number;
  runAsGroup?: number;
  seccompProfile?: SeccompProfile;
  appArmorProfile?: AppArmorProfile;
  seLinuxOptions?: SELinuxOptions;
  windowsOptions?: WindowsOptions;
}

/** Of a probe or a lifecycle hook only the host it names. */
export interface Handler {
  httpGet?: { host?: string };
  tcpSocket?: { host?: string };
}

/** Of an environment variable only its name and the Secret it comes from: values are never read. */
export interface EnvVar {
  name: string;
  valueFrom?: { secretKeyRef?: { name?: string; key?: string } };
}

export interface EnvFromSource {
  secretRef?: { name?: string };
}

export interface VolumeMount {
  name: string;
  mountPath?: string;
  readOnly?: boolean;
}

export interface Container {
  name: string;
  /** Of an init container: `Always` makes it a sidecar. */
  restartPolicy?: string;
  image?: string;
  /** Only the one that switches the network policy agent of EKS on or off: arguments may hold secrets. */
  args?: string[];
  imagePullPolicy?: string;
  ports?: ContainerPort[];
  env?: EnvVar[];
  envFrom?: EnvFromSource[];
  volumeMounts?: VolumeMount[];
  livenessProbe?: Handler;
  readinessProbe?: Handler;
  startupProbe?: Handler;
  lifecycle?: { postStart?: Handler; preStop?: Handler };
  securityContext?: ContainerSecurityContext;
}

export interface PodSecurityContext {
  runAsNonRoot?: boolean;
  runAsUser?: number;
  runAsGroup?: number;
  fsGroup?: number;
  fsGroupChangePolicy?: string;
  supplementalGroups?: number[];
  supplementalGroupsPolicy?: string;
  seLinuxChangePolicy?: string;
  sysctls?: { name: string; value?: string }[];
  seccompProfile?: SeccompProfile;
  appArmorProfile?: AppArmorProfile;
  seLinuxOptions?: SELinuxOptions;
  windowsOptions?: WindowsOptions;
}

export interface Volume {
  name: string;
  /** The member that says what it is, whatever that is: `configMap`, `hostPath`, `nfs`. An empty one is an emptyDir. */
  type: string;
  hostPath?: { path: string; type?: string };
  csi?: { driver: string };
  flexVolume?: { driver: string };
  projected?: { sources?: ProjectedSource[] };
}

/** Of what a projected volume puts together only what the API server itself puts in: a token and what belongs to it. */
export interface ProjectedSource {
  /** Without an audience it is for the API server. */
  serviceAccountToken?: { audience?: string; path?: string };
  configMap?: { name?: string };
  downwardAPI?: { items?: { path?: string; fieldRef?: { apiVersion?: string; fieldPath?: string } }[] };
}

export interface PodSpec {
  hostIPC?: boolean;
  hostPID?: boolean;
  hostNetwork?: boolean;
  hostUsers?: boolean;
  dnsPolicy?: string;
  os?: { name: string };
  runtimeClassName?: string;
  serviceAccountName?: string;
  automountServiceAccountToken?: boolean;
  securityContext?: PodSecurityContext;
  volumes?: Volume[];
  containers: Container[];
  initContainers?: Container[];
  ephemeralContainers?: Container[];
}

/** A Pod, or anything that makes Pods. */
export interface Workload extends KubeObject {
  /** Absent on a ReplicaSet or Job whose listed owner (Deployment, CronJob) holds the template. */
  podSpec?: PodSpec;
  /** Of the annotations of the Pod (or of its template) only those that set a profile or have secrets injected. */
  podAnnotations?: Record<string, string>;
  /** Labels of the Pod, or of the Pods made of the template. */
  podLabels?: Record<string, string>;
  /** Of a live Pod. */
  podIPs?: string[];
  /** Wanted replicas, where the kind has them. */
  replicas?: number;
  /** Of a live DaemonSet: on how many nodes a Pod should be, and on how many it is ready. */
  scheduled?: number;
  ready?: number;
  /** `status.phase` of a Pod. */
  phase?: string;
  /** Of a live Pod the PodSecurityPolicy that admitted it (annotation `kubernetes.io/psp`). */
  admittedBy?: string;
}

export interface Namespace extends KubeObject {}

export interface Node extends KubeObject {
  providerID?: string;
}

export interface ServiceAccount extends KubeObject {
  automountServiceAccountToken?: boolean;
  /** Names of the Secrets that it owns: tokens that do not expire, made by servers up to 1.23. */
  secrets?: { name?: string }[];
  /** Of the annotations only those that give it an identity of the cloud. */
  annotations?: Record<string, string>;
}

export interface Service extends KubeObject {
  /** Only those by which a cloud's load balancer gets a certificate. */
  annotations?: Record<string, string>;
  spec: {
    type?: string;
    clusterIP?: string;
    selector?: Record<string, string>;
    ports?: { name?: string; protocol?: string; appProtocol?: string; port?: number }[];
  };
}

export interface Ingress extends KubeObject {
  /** Only those that name a certificate or ask for a redirect to HTTPS. */
  annotations?: Record<string, string>;
  spec: {
    ingressClassName?: string;
    tls?: { hosts?: string[]; secretName?: string }[];
    rules?: { host?: string }[];
  };
}

export interface Gateway extends KubeObject {
  spec: {
    listeners?: {
      name?: string;
      protocol?: string;
      port?: number;
      hostname?: string;
      tls?: { mode?: string };
    }[];
  };
}

export interface PolicyRule {
  verbs: string[];
  apiGroups?: string[];
  resources?: string[];
  resourceNames?: string[];
  nonResourceURLs?: string[];
}

/** A Role or a ClusterRole. */
export interface Role extends KubeObject {
  rules: PolicyRule[];
  /** Of a ClusterRole whose rules a controller gathers from others. */
  aggregationRule?: { clusterRoleSelectors?: LabelSelector[] };
}

export interface Subject {
  kind: string;
  apiGroup?: string;
  name: string;
  namespace?: string;
}

/** A RoleBinding or a ClusterRoleBinding. */
export interface RoleBinding extends KubeObject {
  roleRef: { apiGroup: string; kind: string; name: string };
  subjects: Subject[];
}

export interface LabelSelector {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}

export interface IPBlock {
  cidr: string;
  except?: string[];
}

/** Selectors together select Pods in namespaces; a block stands alone. */
export interface NetworkPolicyPeer {
  podSelector?: LabelSelector;
  namespaceSelector?: LabelSelector;
  ipBlock?: IPBlock;
}

export interface NetworkPolicyPort {
  protocol?: string;
  /** A number, or the name of a port of the container that is reached. */
  port?: number | string;
  endPort?: number;
}

export interface NetworkPolicy extends KubeObject {
  spec: {
    podSelector?: LabelSelector;
    policyTypes?: string[];
    ingress?: { from?: NetworkPolicyPeer[]; ports?: NetworkPolicyPort[] }[];
    egress?: { to?: NetworkPolicyPeer[]; ports?: NetworkPolicyPort[] }[];
  };
}

export interface IdRange {
  min: number;
  max: number;
}

/** `RunAsAny`, `MustRunAs`, `MustRunAsNonRoot`, `MayRunAs`; ranges include both ends. */
export interface IdStrategy {
  rule?: string;
  ranges?: IdRange[];
}

export interface PodSecurityPolicy extends KubeObject {
  /** Only those that say which seccomp and AppArmor profiles a Pod may have, or gets. */
  annotations?: Record<string, string>;
  spec: {
    privileged?: boolean;
    hostIPC?: boolean;
    hostPID?: boolean;
    hostNetwork?: boolean;
    hostPorts?: IdRange[];
    allowPrivilegeEscalation?: boolean;
    defaultAllowPrivilegeEscalation?: boolean;
    readOnlyRootFilesystem?: boolean;
    defaultAddCapabilities?: string[];
    allowedCapabilities?: string[];
    requiredDropCapabilities?: string[];
    volumes?: string[];
    allowedHostPaths?: { pathPrefix?: string; readOnly?: boolean }[];
    allowedFlexVolumes?: { driver?: string }[];
    allowedCSIDrivers?: { name?: string }[];
    runAsUser?: IdStrategy;
    runAsGroup?: IdStrategy;
    fsGroup?: IdStrategy;
    supplementalGroups?: IdStrategy;
    seLinux?: { rule?: string; seLinuxOptions?: SELinuxOptions };
    allowedUnsafeSysctls?: string[];
    forbiddenSysctls?: string[];
    allowedProcMountTypes?: string[];
    runtimeClass?: { allowedRuntimeClassNames?: string[]; defaultRuntimeClassName?: string };
  };
}

// Admission: what stands between a Pod and the cluster. Of every policy only what says whether, where and how it acts.

/** `rules` of a webhook, `resourceRules` of a ValidatingAdmissionPolicy, `rules` of a Kubewarden policy. */
export interface AdmissionRule {
  operations?: string[];
  apiGroups?: string[];
  apiVersions?: string[];
  resources?: string[];
  resourceNames?: string[];
  scope?: string;
}

export interface MatchResources {
  namespaceSelector?: LabelSelector;
  objectSelector?: LabelSelector;
  resourceRules?: AdmissionRule[];
  excludeResourceRules?: AdmissionRule[];
}

/** `matchConditions` (CEL) narrow what a policy or webhook is asked about; they are counted, not evaluated. */
export interface ValidatingAdmissionPolicy extends KubeObject {
  spec: { failurePolicy?: string; matchConstraints?: MatchResources; matchConditions?: { name?: string }[] };
}

export interface ValidatingAdmissionPolicyBinding extends KubeObject {
  spec: {
    policyName?: string;
    validationActions?: string[];
    matchResources?: MatchResources;
    paramRef?: { parameterNotFoundAction?: string };
  };
}

export interface ValidatingWebhookConfiguration extends KubeObject {
  webhooks?: {
    name: string;
    rules?: AdmissionRule[];
    failurePolicy?: string;
    namespaceSelector?: LabelSelector;
    objectSelector?: LabelSelector;
    matchConditions?: { name?: string }[];
    clientConfig?: { service?: { namespace?: string; name?: string } };
  }[];
}

/** A resource filter of Kyverno, as far as it says which kinds and namespaces. */
export interface KyvernoFilter {
  resources?: {
    kinds?: string[];
    namespaces?: string[];
    names?: string[];
    operations?: string[];
    namespaceSelector?: LabelSelector;
    selector?: LabelSelector;
  };
}

export interface KyvernoMatch extends KyvernoFilter {
  any?: KyvernoFilter[];
  all?: KyvernoFilter[];
}

/** ClusterPolicy and Policy of `kyverno.io/v1`. */
export interface KyvernoPolicy extends KubeObject {
  spec: {
    validationFailureAction?: string;
    validationFailureActionOverrides?: {
      action?: string;
      namespaces?: string[];
      namespaceSelector?: LabelSelector;
    }[];
    /** False: only the background scan looks at it. */
    admission?: boolean;
    rules?: {
      name?: string;
      match?: KyvernoMatch;
      exclude?: KyvernoMatch;
      /** Present on a rule that validates. */
      validate?: {
        failureAction?: string;
        failureActionOverrides?: {
          action?: string;
          namespaces?: string[];
          namespaceSelector?: LabelSelector;
        }[];
      };
      /** Present on a rule that verifies images; each entry may have an action of its own. */
      verifyImages?: { failureAction?: string }[];
    }[];
  };
}

/** ValidatingPolicy and ImageValidatingPolicy of `policies.kyverno.io`, and their namespaced kinds. */
export interface KyvernoCelPolicy extends KubeObject {
  spec: {
    validationActions?: string[];
    matchConstraints?: MatchResources;
    matchConditions?: { name?: string }[];
    evaluation?: { mode?: string; admission?: { enabled?: boolean } };
  };
}

/** A constraint of Gatekeeper: its kind is that of its template. */
export interface GatekeeperConstraint extends KubeObject {
  spec: {
    enforcementAction?: string;
    scopedEnforcementActions?: { action?: string; enforcementPoints?: { name?: string }[] }[];
    match?: {
      kinds?: { apiGroups?: string[]; kinds?: string[] }[];
      namespaces?: string[];
      excludedNamespaces?: string[];
      namespaceSelector?: LabelSelector;
      labelSelector?: LabelSelector;
      name?: string;
      scope?: string;
    };
  };
}

/** ClusterAdmissionPolicy and AdmissionPolicy of Kubewarden. */
export interface KubewardenPolicy extends KubeObject {
  spec: {
    mode?: string;
    rules?: AdmissionRule[];
    namespaceSelector?: LabelSelector;
    objectSelector?: LabelSelector;
    matchConditions?: { name?: string }[];
  };
  status?: { policyStatus?: string };
}

/** ClusterImagePolicy of the sigstore policy-controller. */
export interface SigstoreImagePolicy extends KubeObject {
  spec: { mode?: string };
}

/** `images.config.openshift.io`: the settings of the whole cluster. */
export interface OpenShiftImageConfig extends KubeObject {
  spec?: { registrySources?: { allowedRegistries?: string[]; blockedRegistries?: string[] } };
}

export interface SecurityContextConstraints extends KubeObject {
  users?: string[];
  groups?: string[];
  allowPrivilegedContainer?: boolean;
  allowHostDirVolumePlugin?: boolean;
  allowHostIPC?: boolean;
  allowHostNetwork?: boolean;
  allowHostPID?: boolean;
  allowHostPorts?: boolean;
  allowPrivilegeEscalation?: boolean;
  runAsUser?: { type?: string };
}

/** Every source (a kind that is listed from the API) and the type of its objects. */
export interface ObjectsBySource {
  namespaces: Namespace;
  nodes: Node;
  serviceAccounts: ServiceAccount;
  roles: Role;
  clusterRoles: Role;
  roleBindings: RoleBinding;
  clusterRoleBindings: RoleBinding;
  networkPolicies: NetworkPolicy;
  ciliumNetworkPolicies: KubeObject;
  ciliumClusterwideNetworkPolicies: KubeObject;
  calicoNetworkPolicies: KubeObject;
  calicoGlobalNetworkPolicies: KubeObject;
  adminNetworkPolicies: KubeObject;
  baselineAdminNetworkPolicies: KubeObject;
  clusterNetworkPolicies: KubeObject;
  services: Service;
  ingresses: Ingress;
  gateways: Gateway;
  podSecurityPolicies: PodSecurityPolicy;
  validatingAdmissionPolicies: ValidatingAdmissionPolicy;
  validatingAdmissionPolicyBindings: ValidatingAdmissionPolicyBinding;
  validatingWebhookConfigurations: ValidatingWebhookConfiguration;
  kyvernoClusterPolicies: KyvernoPolicy;
  kyvernoPolicies: KyvernoPolicy;
  kyvernoValidatingPolicies: KyvernoCelPolicy;
  kyvernoNamespacedValidatingPolicies: KyvernoCelPolicy;
  kyvernoImageValidatingPolicies: KyvernoCelPolicy;
  gatekeeperConstraints: GatekeeperConstraint;
  kubewardenClusterAdmissionPolicies: KubewardenPolicy;
  kubewardenAdmissionPolicies: KubewardenPolicy;
  sigstoreImagePolicies: SigstoreImagePolicy;
  openShiftImageConfigs: OpenShiftImageConfig;
  securityContextConstraints: SecurityContextConstraints;
  secretProviderClasses: KubeObject;
  externalSecrets: KubeObject;
  podTemplates: Workload;
  replicationControllers: Workload;
  deployments: Workload;
  statefulSets: Workload;
  daemonSets: Workload;
  replicaSets: Workload;
  jobs: Workload;
  cronJobs: Workload;
  pods: Workload;
}
export type SourceName = keyof ObjectsBySource;

/** The sources whose objects hold a Pod template; with `pods` they are what a check over pod specs reads. */
export const templateSources = [
  'podTemplates',
  'replicationControllers',
  'deployments',
  'statefulSets',
  'daemonSets',
  'replicaSets',
  'jobs',
  'cronJobs',
] as const satisfies readonly SourceName[];
export const podSpecSources = [...templateSources, 'pods'] as const satisfies readonly SourceName[];

/** Where the pod spec is, by the kind of the object. */
export const podSpecPath: Readonly<Record<string, readonly string[]>> = {
  Pod: ['spec'],
  PodTemplate: ['template', 'spec'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
  Deployment: ['spec', 'template', 'spec'],
  StatefulSet: ['spec', 'template', 'spec'],
  DaemonSet: ['spec', 'template', 'spec'],
  ReplicaSet: ['spec', 'template', 'spec'],
  ReplicationController: ['spec', 'template', 'spec'],
  Job: ['spec', 'template', 'spec'],
};

// ---------------------------------------------------------------------------------------------------------
// Inventory: what the sources gave, each either its objects or the reason it could not be read.

/**
 * - `ok`: read completely.
 * - `partial`: some namespaces could not be read (`unreadNamespaces`), or a list ended early.
 * - `forbidden`: the credentials may not list it anywhere in scope.
 * - `absent`: the API server does not serve it (decided by discovery); never counts as incomplete.
 * - `failed`: it should have been readable, with the cause.
 * - `not-requested`: outside the scope (`-n`), or a kind that the given files do not hold.
 */
export type SourceState = 'ok' | 'partial' | 'forbidden' | 'absent' | 'failed' | 'not-requested';

/** What is known of one source after its list has ended. Every state but `ok` has a reason. */
export interface SourceOutcome {
  state: SourceState;
  /** Number of objects read. */
  count: number;
  reason?: string;
  unreadNamespaces?: string[];
}

/** All sources but pods, which stream past page by page and are never held. */
export type HeldSource = Exclude<SourceName, 'pods'>;
export type Held = { readonly [S in HeldSource]: readonly ObjectsBySource[S][] };

export type Platform = 'aks' | 'eks' | 'gke' | 'openshift' | 'kubernetes';

export interface ClusterInfo {
  /** uid of the namespace kube-system, else a hash of the server URL; what the cluster is recognised by. */
  id: string;
  /** What people read: `--cluster-name`, else the kubeconfig context's cluster. */
  name: string;
  server: string;
  /** `gitVersion` of the API server; `unknown` for manifest files. */
  version: string;
  platform: Platform;
}

export interface Scope {
  /** `cluster`: a live one; `files`: manifests. */
  kind: 'cluster' | 'files';
  /** The namespaces audited; absent means all. */
  namespaces?: string[];
  /** The manifest files read. */
  files?: string[];
}

/** How the pods arrive: a page at a time, and again from the start when the API server expired the list. */
export interface PodSink {
  /** A promise asks to wait with the next. */
  page(pods: Workload[]): void | Promise<void>;
  /** The list starts anew: forget every page so far. */
  restart(): void;
}

/** What the collect stage hands to evaluate: everything held, and the pods still to stream. */
export interface Collection {
  scope: Scope;
  cluster: ClusterInfo;
  held: Held;
  outcomes: Record<HeldSource, SourceOutcome>;
  /** Of manifest files: security settings that stand where Kubernetes does not know them, as sentences with their place. */
  warnings?: string[];
  /** Streams the pods into the sink; resolves with how the list ended and never rejects for what a list can suffer. */
  streamPods(sink: PodSink): Promise<SourceOutcome>;
}

// ---------------------------------------------------------------------------------------------------------
// Findings and fixes

export const severities = ['critical', 'high', 'medium', 'low'] as const;
export type Severity = (typeof severities)[number];

/**
 * One step into an object: a member, or the element of a list, by the index it had at the audit and by the
 * members that recognise it (a container by its name).
 */
export type FieldStep = string | { index: number; where: Record<string, string | number> };
/** The way from the top of an object to one of its fields; empty means the object itself. */
export type Field = FieldStep[];

/** One change to one field. A missing `before` means the field was absent; a missing `after` means it goes. */
export interface Change {
  field: Field;
  before?: Json;
  after?: Json;
  /** How many of the field's nearest parents were absent too (the change adds them, the backout removes them). */
  missingParents?: number;
  /** Of a list element that goes: how many the list has. Where all of them go, the list does. */
  listLength?: number;
}

export interface ObjectRef {
  apiVersion: string;
  kind: string;
  namespace?: string;
  name: string;
}

/**
 * What would put a finding right, as data; the kit derives patch, inverse and commands from it.
 * - `patch`: the changes, in place · `recreate`: the changes, but the API only takes them on a new object
 * - `create`: the manifest · `delete`: the target · `none`: nothing that a command can do (see `note`)
 * - risk `safe`: no workload is known to rely on it · `review`: a person decides first · `advice`: never automatic
 */
export interface Fix {
  target: ObjectRef;
  action: 'patch' | 'create' | 'recreate' | 'delete' | 'none';
  risk: 'safe' | 'review' | 'advice';
  changes?: Change[];
  manifest?: JsonObject;
  /** One sentence a person must read before the commands. */
  note?: string;
  /** Of a fix that labels a namespace: the workloads whose Pods a Pod Security level would refuse. */
  blastRadius?: BlastRadius[];
}

/** What `pod-security.kubernetes.io/enforce: LEVEL` on a namespace would refuse, templates and live Pods together. */
export interface BlastRadius {
  level: 'baseline' | 'restricted';
  /** Version of the Pod Security Standards: `latest`, `v1.31`. */
  version: string;
  workloads: {
    object: ObjectRef;
    /** Live Pods that the level would refuse. */
    pods: number;
    /** What is wrong, one clause for each control: `privileged (container app)`. */
    reasons: string[];
  }[];
}

/** Whether the namespace of a workload would take its Pods if they were made again. */
export interface Admission {
  verdict: 'admitted' | 'refused' | 'unknown';
  /** What decides, or why nobody can tell: `enforce: baseline of namespace shop`. */
  reason: string;
}

/** One of several objects alike in a finding. What is not said here holds for all of them. */
export interface Member {
  object: ObjectRef;
  path?: string;
  /** What is wrong with this one alone, where the words of the finding name others. */
  message?: string;
  fix: Fix;
}

/** One thing wrong with one object. */
export interface Finding {
  /** Stable over rollouts: hash of check, API group, kind, namespace, name of the top owner, container name, field without indexes. */
  id: string;
  object: ObjectRef;
  container?: string;
  /** Where in the object, as kubectl explains it: `spec.template.spec.containers[0].securityContext.privileged`. */
  path?: string;
  message: string;
  severity: Severity;
  /** `review`: a person must judge. */
  verdict: 'fail' | 'review';
  state: 'open' | 'exempt';
  /** Why it is exempt, and until when (date, ISO 8601). */
  exemption?: { reason: string; owner: string; expires: string };
  /** Set when live Pods have it and the template they came from does not (an injected sidecar, a debug container). */
  drift?: { pods: number; example: string };
  /** Of a finding in a pod spec. */
  admission?: Admission;
  /** Several alike in one finding (the same grant in many namespaces): each of them, this finding's object first. */
  members?: Member[];
  fix: Fix;
}

// ---------------------------------------------------------------------------------------------------------
// Benchmarks

/** A check that decides a control; with `path` only its findings at that path count. */
export type ControlCheck = string | { id: string; path: string };

/** One edition of a published benchmark: its controls, in the edition's order, and the checks that decide them. */
export interface Benchmark {
  /** `cis-kubernetes-2.0.1` */
  id: string;
  title: string;
  controls: readonly {
    id: string;
    level: 1 | 2;
    /** Our own words: the benchmark's are copyrighted. */
    title: string;
    /** How the benchmark itself classifies the control; says nothing of what Passmuster can decide. */
    assessment: 'Automated' | 'Manual';
    checks: readonly ControlCheck[];
  }[];
}

// ---------------------------------------------------------------------------------------------------------
// Report

export const statuses = ['fail', 'not-assessed', 'manual', 'exempt', 'pass', 'not-applicable'] as const;
/** Worst first, except that what was not assessed ranks right behind a failure. */
export type Status = (typeof statuses)[number];

/** A plan: what to do with kubectl, and on a managed platform where its portal or CLI has a route of its own. Markdown. */
export interface Plan {
  kubectl: string;
  aks?: string;
  eks?: string;
  gke?: string;
}

/** The words of a check, Markdown; `{{commands}}` on a line of its own is where the commands for an object go. */
export interface Guidance {
  description: string;
  rationale: string;
  impact: string;
  defaultValue: string;
  prerequisites: string;
  testPlan: Plan;
  implementationPlan: Plan;
  backoutPlan: Plan;
  references: string;
}

export interface CheckResult {
  id: string;
  title: string;
  severity: Severity;
  status: Status;
  /** True when something the check reads could not be read, whatever its status. */
  incomplete?: boolean;
  /** Why it was not assessed, is incomplete or not applicable; what the API shows, where a person must decide. */
  reason?: string;
  guidance: Guidance;
  counts: { evaluated: number; passed: number; failed: number; exempt: number };
  findings: Finding[];
}

export interface ControlResult {
  id: string;
  level: 1 | 2;
  title: string;
  status: Status;
  /** Why, where the status needs words: `no check yet`. */
  reason?: string;
  /** Ids of the checks that decide it. */
  checks: string[];
}

export interface BenchmarkResult {
  /** `cis-kubernetes-2.0.1` */
  id: string;
  title: string;
  /** The level scored and gated: 1, or 2 for both. */
  level: 1 | 2;
  /** Why this edition, where it is not exactly the server's: `nearest edition to Kubernetes v1.37`. */
  note?: string;
  /** Controls passed / (passed + failed), 0 to 1; null when nothing was assessed. */
  score: number | null;
  /** Controls with a verdict / (those + not assessed), 0 to 1; null when there is no control to assess. */
  coverage: number | null;
  controls: ControlResult[];
}

/** The open failures in one namespace, and how much of what was judged there holds, weighted by severity. */
export interface NamespaceResult {
  name: string;
  /** 0 to 1; null where nothing was judged. */
  compliance: number | null;
  findings: Record<Severity, number>;
}

/**
 * What the NetworkPolicies let connect, namespace by namespace; policies of other kinds, and whether anything enforces them,
 * are not in it.
 */
export interface ReachReport {
  matrix?: {
    /** Those with Pods that policies can hold. */
    namespaces: string[];
    /**
     * One text for each namespace to connect from, in it one letter for each to connect to: `a` all Pods on all ports, `s`
     * some Pod on some port, `n` none.
     */
    rows: string[];
  };
  /** Why there is no matrix. */
  reason?: string;
}

export interface SourceReport extends SourceOutcome {
  source: SourceName;
}

/** Version 1 only ever gains optional fields; readers ignore what they do not know. */
export interface Report {
  apiVersion: 'passmuster/v1';
  kind: 'Report';
  metadata: {
    id: string;
    /** ISO 8601, UTC. */
    startedAt: string;
    finishedAt: string;
    /** Version of Passmuster. */
    version: string;
    /** SHA-256 of the effective configuration without secrets. */
    configDigest: string;
  };
  cluster: ClusterInfo;
  scope: Scope;
  sources: SourceReport[];
  benchmarks: BenchmarkResult[];
  checks: CheckResult[];
  /** Worst first. */
  namespaces?: NamespaceResult[];
  reach?: ReachReport;
  /** Exemptions that have expired or matched nothing, as sentences. */
  exemptionNotes?: string[];
  /** What is written in manifest files and has no effect, as sentences that name file and field. */
  warnings?: string[];
}

// ---------------------------------------------------------------------------------------------------------
// Delivery

/** A rendered mail: what render hands to deliver. */
export interface Mail {
  /** `failure`: says that the audit itself failed; never takes the place of a report for the same slot. */
  kind: 'report' | 'failure';
  subject: string;
  text: string;
  html: string;
  attachments: { filename: string; contentType: string; content: string }[];
}
