/**
 * The report as others read it: version 1 of its format, from which the published JSON Schema is made. Objects are
 * loose, for a later release may add fields; what is here never changes its meaning.
 */
import { z } from 'zod';
import { severities, statuses } from '../model.ts';
import type { Report, SourceName } from '../model.ts';

const count = z.int().min(0);
const ratio = z.number().min(0).max(1).nullable();
const severity = z.enum(severities);
const status = z.enum(statuses);

const sourceNames = {
  namespaces: 'namespaces',
  nodes: 'nodes',
  serviceAccounts: 'serviceAccounts',
  roles: 'roles',
  clusterRoles: 'clusterRoles',
  roleBindings: 'roleBindings',
  clusterRoleBindings: 'clusterRoleBindings',
  networkPolicies: 'networkPolicies',
  ciliumNetworkPolicies: 'ciliumNetworkPolicies',
  ciliumClusterwideNetworkPolicies: 'ciliumClusterwideNetworkPolicies',
  calicoNetworkPolicies: 'calicoNetworkPolicies',
  calicoGlobalNetworkPolicies: 'calicoGlobalNetworkPolicies',
  adminNetworkPolicies: 'adminNetworkPolicies',
  baselineAdminNetworkPolicies: 'baselineAdminNetworkPolicies',
  clusterNetworkPolicies: 'clusterNetworkPolicies',
  services: 'services',
  ingresses: 'ingresses',
  gateways: 'gateways',
  podSecurityPolicies: 'podSecurityPolicies',
  validatingAdmissionPolicies: 'validatingAdmissionPolicies',
  validatingAdmissionPolicyBindings: 'validatingAdmissionPolicyBindings',
  validatingWebhookConfigurations: 'validatingWebhookConfigurations',
  kyvernoClusterPolicies: 'kyvernoClusterPolicies',
  kyvernoPolicies: 'kyvernoPolicies',
  kyvernoValidatingPolicies: 'kyvernoValidatingPolicies',
  kyvernoNamespacedValidatingPolicies: 'kyvernoNamespacedValidatingPolicies',
  kyvernoImageValidatingPolicies: 'kyvernoImageValidatingPolicies',
  gatekeeperConstraints: 'gatekeeperConstraints',
  kubewardenClusterAdmissionPolicies: 'kubewardenClusterAdmissionPolicies',
  kubewardenAdmissionPolicies: 'kubewardenAdmissionPolicies',
  sigstoreImagePolicies: 'sigstoreImagePolicies',
  openShiftImageConfigs: 'openShiftImageConfigs',
  securityContextConstraints: 'securityContextConstraints',
  secretProviderClasses: 'secretProviderClasses',
  externalSecrets: 'externalSecrets',
  podTemplates: 'podTemplates',
  replicationControllers: 'replicationControllers',
  deployments: 'deployments',
  statefulSets: 'statefulSets',
  daemonSets: 'daemonSets',
  replicaSets: 'replicaSets',
  jobs: 'jobs',
  cronJobs: 'cronJobs',
  pods: 'pods',
} as const satisfies { [S in SourceName]: S };

const cluster = z.looseObject({
  id: z.string().describe('uid of the namespace kube-system, else a hash of the server URL'),
  name: z.string(),
  server: z.string(),
  version: z.string().describe('gitVersion of the API server; `unknown` for manifest files'),
  platform: z.enum(['aks', 'eks', 'gke', 'openshift', 'kubernetes']),
});

const scope = z.looseObject({
  kind: z.enum(['cluster', 'files']),
  namespaces: z.array(z.string()).exactOptional().describe('The namespaces audited; absent means all'),
  files: z.array(z.string()).exactOptional(),
});

const source = z.looseObject({
  source: z.enum(sourceNames),
  state: z.enum(['ok', 'partial', 'forbidden', 'absent', 'failed', 'not-requested']),
  count,
  reason: z.string().exactOptional(),
  unreadNamespaces: z.array(z.string()).exactOptional(),
});

const objectRef = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  namespace: z.string().exactOptional(),
  name: z.string(),
});

const fieldStep = z.union([
  z.string(),
  z.looseObject({ index: count, where: z.record(z.string(), z.union([z.string(), z.number()])) }),
]);

const change = z.looseObject({
  field: z.array(fieldStep),
  before: z.json().exactOptional().describe('Absent when the field was absent'),
  after: z.json().exactOptional().describe('Absent when the field goes'),
  missingParents: count.exactOptional(),
  listLength: count.exactOptional().describe('Of a list element that goes: how many the list has'),
});

const blastRadius = z.looseObject({
  level: z.enum(['baseline', 'restricted']),
  version: z.string(),
  workloads: z.array(z.looseObject({ object: objectRef, pods: count, reasons: z.array(z.string()) })),
});

const fix = z.looseObject({
  target: objectRef,
  action: z.enum(['patch', 'create', 'recreate', 'delete', 'none']),
  risk: z.enum(['safe', 'review', 'advice']),
  changes: z.array(change).exactOptional(),
  manifest: z.record(z.string(), z.json()).exactOptional(),
  note: z.string().exactOptional(),
  blastRadius: z
    .array(blastRadius)
    .exactOptional()
    .describe('What a Pod Security level on the namespace would refuse'),
});

const finding = z.looseObject({
  id: z.string().describe('Stable over rollouts of the object'),
  object: objectRef,
  container: z.string().exactOptional(),
  path: z.string().exactOptional(),
  message: z.string(),
  severity,
  verdict: z.enum(['fail', 'review']).describe('review: a person must judge'),
  state: z.enum(['open', 'exempt']),
  exemption: z.looseObject({ reason: z.string(), owner: z.string(), expires: z.string() }).exactOptional(),
  drift: z
    .looseObject({ pods: count, example: z.string() })
    .exactOptional()
    .describe('Set when live Pods have it and their template does not'),
  admission: z
    .looseObject({ verdict: z.enum(['admitted', 'refused', 'unknown']), reason: z.string() })
    .exactOptional()
    .describe('Whether the namespace would take the same Pod if it were made again'),
  members: z
    .array(
      z.looseObject({
        object: objectRef,
        path: z.string().exactOptional(),
        message: z
          .string()
          .exactOptional()
          .describe('What is wrong with this one alone; absent where the message of the finding fits each'),
        fix,
      }),
    )
    .exactOptional()
    .describe('Several alike in one finding: each of them, this object first'),
  fix,
});

const plan = z.looseObject({
  kubectl: z.string(),
  aks: z.string().exactOptional(),
  eks: z.string().exactOptional(),
  gke: z.string().exactOptional(),
});

const guidance = z
  .looseObject({
    description: z.string(),
    rationale: z.string(),
    impact: z.string(),
    defaultValue: z.string(),
    prerequisites: z.string(),
    testPlan: plan,
    implementationPlan: plan,
    backoutPlan: plan,
    references: z.string(),
  })
  .describe('Markdown; a line {{commands}} in a plan is where the commands for an object go');

const check = z.looseObject({
  id: z.string(),
  title: z.string(),
  severity,
  status,
  incomplete: z.boolean().exactOptional().describe('True when something the check reads could not be read'),
  reason: z.string().exactOptional(),
  guidance,
  counts: z.looseObject({ evaluated: count, passed: count, failed: count, exempt: count }),
  findings: z.array(finding),
});

const level = z.union([z.literal(1), z.literal(2)]);

const benchmark = z.looseObject({
  id: z.string(),
  title: z.string(),
  level: level.describe('The level scored: 1, or 2 for both'),
  note: z.string().exactOptional(),
  score: ratio.describe('Controls passed / (passed + failed); null when nothing was assessed'),
  coverage: ratio.describe('Controls with a verdict / (those + not assessed)'),
  controls: z.array(
    z.looseObject({
      id: z.string(),
      level,
      title: z.string(),
      status,
      reason: z.string().exactOptional(),
      checks: z.array(z.string()),
    }),
  ),
});

const namespace = z.looseObject({
  name: z.string(),
  compliance: ratio,
  findings: z.looseObject({ critical: count, high: count, medium: count, low: count }),
});

const reach = z.looseObject({
  matrix: z
    .looseObject({
      namespaces: z.array(z.string()),
      rows: z
        .array(z.string())
        .describe(
          'One text for each namespace to connect from, one letter for each to connect to: a all Pods on all ports, s some, n none',
        ),
    })
    .exactOptional(),
  reason: z.string().exactOptional().describe('Why there is no matrix'),
});

export const reportSchema = z.looseObject({
  apiVersion: z.literal('passmuster/v1'),
  kind: z.literal('Report'),
  metadata: z.looseObject({
    id: z.string(),
    startedAt: z.string().describe('ISO 8601, UTC'),
    finishedAt: z.string(),
    version: z.string().describe('Version of Passmuster'),
    configDigest: z.string().describe('SHA-256 of the effective configuration without secrets'),
  }),
  cluster,
  scope,
  sources: z.array(source),
  benchmarks: z.array(benchmark),
  checks: z.array(check),
  namespaces: z.array(namespace).exactOptional(),
  reach: reach.exactOptional().describe('What NetworkPolicies let connect, namespace by namespace'),
  exemptionNotes: z.array(z.string()).exactOptional(),
  warnings: z
    .array(z.string())
    .exactOptional()
    .describe('What is written in manifest files and has no effect'),
});

/**
 * With every field required, for a missing optional field makes no difference to the compiler, and without the
 * index signatures of loose objects, which are the only ones to unknown values.
 */
type Whole<T> = T extends readonly (infer E)[]
  ? Whole<E>[]
  : T extends object
    ? { [K in keyof T as string extends K ? (unknown extends T[K] ? never : K) : K]-?: Whole<T[K]> }
    : T;

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never;

/** Does not compile when schema and model differ, in either direction. */
export const schemaMatchesModel: Same<Whole<z.infer<typeof reportSchema>>, Whole<Report>> = true;
