/** A report made by hand that shows everything a report can: each status, drift, exemptions, what was not read. */
import type {
  BlastRadius,
  Change,
  CheckResult,
  Field,
  Finding,
  Guidance,
  ObjectRef,
  Report,
  Severity,
  SourceName,
} from '../../../src/model.ts';

/** What the words of the cluster pass through: the benign report as it is, its hostile twin with a payload. */
type Dress = (text: string) => string;

const apiVersions: Record<string, string> = {
  Deployment: 'apps/v1',
  DaemonSet: 'apps/v1',
  CronJob: 'batch/v1',
  Namespace: 'v1',
  Pod: 'v1',
  ClusterRoleBinding: 'rbac.authorization.k8s.io/v1',
  RoleBinding: 'rbac.authorization.k8s.io/v1',
};

export function sampleReport(dress: Dress = (text) => text): Report {
  const object = (kind: string, namespace: string, name: string): ObjectRef => ({
    apiVersion: apiVersions[kind] ?? 'v1',
    kind,
    ...(namespace === '' ? {} : { namespace: dress(namespace) }),
    name: dress(name),
  });
  return {
    apiVersion: 'passmuster/v1',
    kind: 'Report',
    metadata: {
      id: '0b2f6c1e-6a3f-4a51-9f0f-6f3d0a9a7e11',
      startedAt: '2026-11-16T07:00:00.000Z',
      finishedAt: '2026-11-16T07:00:04.200Z',
      version: '0.1.0',
      configDigest: 'b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c',
    },
    cluster: {
      id: '5e0f7a1c-2d5b-4f0e-8a55-0c5c0a7d9f10',
      name: dress('prod-eu'),
      server: dress('https://prod-eu.hcp.westeurope.azmk8s.io:443'),
      version: dress('v1.33.4'),
      platform: 'aks',
    },
    scope: { kind: 'cluster' },
    sources: [
      source('namespaces', 14),
      source('nodes', 6),
      source('serviceAccounts', 61),
      source('deployments', 38),
      {
        source: 'networkPolicies',
        state: 'forbidden',
        count: 0,
        reason: dress('the credentials may not list networkpolicies.networking.k8s.io'),
      },
      {
        source: 'podSecurityPolicies',
        state: 'absent',
        count: 0,
        reason: 'not served by Kubernetes v1.33.4',
      },
      {
        source: 'pods',
        state: 'partial',
        count: 212,
        reason: dress('the credentials may not list pods in 2 of 14 namespaces'),
        unreadNamespaces: [dress('vault'), dress('payments')],
      },
    ],
    benchmarks: [
      {
        id: 'cis-aks-1.8.0',
        title: 'CIS Azure Kubernetes Service (AKS) Benchmark v1.8.0',
        level: 1,
        note: 'for Kubernetes v1.33',
        score: 0.25,
        coverage: 4 / 7,
        controls: [
          control('3.1.1', 1, 'Kubeconfig file permissions', 'not-assessed', [], 'no check yet'),
          control('4.1.1', 1, 'cluster-admin only where it is required', 'fail', ['cluster-admin-usage']),
          control('4.2.1', 1, 'No privileged containers', 'fail', ['privileged']),
          control('4.2.2', 1, 'No host process ID namespace', 'pass', ['host-pid']),
          control('4.2.3', 1, 'No host IPC namespace', 'exempt', ['host-ipc']),
          control('4.2.4', 1, 'No host network namespace', 'fail', ['host-network']),
          control(
            '4.4.2',
            2,
            'Every namespace has network policies',
            'not-assessed',
            ['default-deny-ingress'],
            'networkPolicies could not be read',
          ),
          control('4.5.1', 1, 'Secrets as files rather than environment', 'manual', ['secrets-as-files']),
          control('4.6.1', 1, 'Namespaces separate resources', 'not-assessed', [], 'no check yet'),
          control('5.1.1', 1, 'Images are scanned', 'not-assessed', [], 'no check yet'),
          control('5.2.1', 1, 'Pod security policies are bound', 'not-applicable', ['psp-host-namespaces']),
        ],
      },
    ],
    checks: [
      check('host-pid', 'No Pod shares the process ids of its node', 'high', 'pass', {
        counts: { evaluated: 250, passed: 250, failed: 0, exempt: 0 },
      }),
      check('privileged', 'No container is privileged', 'critical', 'fail', {
        counts: { evaluated: 250, passed: 246, failed: 3, exempt: 1 },
        incomplete: true,
        reason: dress('pods could not be read in the namespaces vault, payments'),
        findings: [
          privileged('1f3a90c2', object('Deployment', 'shop', 'checkout'), dress('app'), 'critical', {
            admission: { verdict: 'admitted', reason: dress('no Pod Security label on namespace shop') },
          }),
          privileged('2b8d11e4', object('Deployment', 'shop', 'checkout'), dress('mesh-proxy'), 'critical', {
            drift: { pods: 3, example: dress('checkout-6d5f8c9b7d-x2v9q') },
          }),
          privileged(
            '7c0144aa',
            object('DaemonSet', 'kube-system', 'csi-azuredisk-node'),
            dress('azuredisk'),
            'high',
            {
              state: 'exempt',
              exemption: {
                reason: dress('The storage driver mounts disks on the node'),
                owner: dress('platform-team'),
                expires: '2027-03-31',
              },
            },
          ),
          privileged('90aa51b7', object('CronJob', 'batch', 'nightly-backup'), dress('backup'), 'critical', {
            admission: { verdict: 'refused', reason: dress('enforce: baseline of namespace batch') },
          }),
        ],
      }),
      check('host-network', 'No Pod uses the network of its node', 'high', 'fail', {
        counts: { evaluated: 250, passed: 249, failed: 1, exempt: 0 },
        findings: [
          finding('3d771f60', object('Deployment', 'shop', 'legacy-gateway'), 'high', {
            path: 'spec.template.spec.hostNetwork',
            message: dress('hostNetwork is true'),
            changes: [{ field: ['spec', 'template', 'spec', 'hostNetwork'], before: true }],
            note: 'A Service must take over the ports that clients reach on the node.',
          }),
        ],
      }),
      check('cluster-admin-usage', 'cluster-admin is bound only where it is required', 'high', 'fail', {
        counts: { evaluated: 9, passed: 7, failed: 1, exempt: 0 },
        findings: [
          finding('a5c1e9d3', object('ClusterRoleBinding', '', 'ops-everything'), 'critical', {
            message: dress('binds cluster-admin to the group system:authenticated'),
            action: 'delete',
          }),
          alike(
            'd20c3a71',
            ['shop', 'batch', 'lab'].map((namespace) => object('RoleBinding', namespace, 'deployer')),
            'high',
            { message: dress('binds cluster-admin to the service account deployer of 3 namespaces') },
          ),
          finding('bb02f7c8', object('ClusterRoleBinding', '', 'vendor-operator'), 'high', {
            message: dress('binds cluster-admin to the service account vendor/operator'),
            verdict: 'review',
            action: 'none',
            note: 'Ask the vendor which permissions the operator needs.',
          }),
        ],
      }),
      check('psa-namespace-labels', 'Namespaces say what Pods they take', 'medium', 'manual', {
        counts: { evaluated: 14, passed: 13, failed: 0, exempt: 0 },
        findings: [
          finding('e1b7704c', object('Namespace', '', 'shop'), 'medium', {
            message: 'No Pod Security label.',
            verdict: 'review',
            changes: [
              { field: ['metadata', 'labels', 'pod-security.kubernetes.io/warn'], after: 'baseline' },
            ],
            blastRadius: [
              {
                level: 'baseline',
                version: 'latest',
                workloads: [
                  {
                    object: object('Deployment', 'shop', 'checkout'),
                    pods: 3,
                    reasons: [dress('privileged (container app)')],
                  },
                  {
                    object: object('CronJob', 'shop', 'report'),
                    pods: 0,
                    reasons: ['hostPath (volume logs)'],
                  },
                ],
              },
              { level: 'restricted', version: 'v1.33', workloads: [] },
            ],
          }),
        ],
      }),
      check('host-ipc', 'No Pod shares the IPC namespace of its node', 'high', 'exempt', {
        counts: { evaluated: 250, passed: 249, failed: 0, exempt: 1 },
        findings: [
          finding('cc9d00e1', object('Pod', 'lab', 'shared-memory'), 'high', {
            path: 'spec.hostIPC',
            message: dress('hostIPC is true'),
            state: 'exempt',
            exemption: { reason: dress('Hardware test bench'), owner: dress('lab'), expires: '2026-12-31' },
          }),
        ],
      }),
      check('default-deny-ingress', 'Every namespace denies ingress by default', 'medium', 'not-assessed', {
        reason: dress('networkPolicies could not be read: forbidden'),
      }),
      check('secrets-as-files', 'Secrets are mounted as files', 'low', 'manual', {
        reason: 'The API cannot answer: follow the test plan.',
      }),
      check(
        'psp-host-namespaces',
        'No PodSecurityPolicy admits host namespaces',
        'medium',
        'not-applicable',
        {
          reason: 'podSecurityPolicies are not served',
        },
      ),
    ],
    namespaces: [
      namespace(dress('shop'), 0.58, { critical: 2, high: 1 }),
      namespace(dress('batch'), 0.71, { critical: 1 }),
      namespace(dress('default'), 1, {}),
      namespace('kube-system', null, { low: 2 }),
    ],
    reach: {
      matrix: {
        namespaces: ['batch', 'default', 'kube-system', 'shop'].map((name) => dress(name)),
        rows: ['snan', 'naan', 'naas', 'nnas'],
      },
    },
    exemptionNotes: [dress('The exemption of privileged for kube-system/calico-node expired on 2026-10-31.')],
    warnings: [dress('web.yaml:8:5: Pod shop/web: spec.securityContext.hostIPC has no effect')],
  };
}

const source = (name: SourceName, count: number): Report['sources'][number] => ({
  source: name,
  state: 'ok',
  count,
});

const namespace = (name: string, compliance: number | null, findings: Partial<Record<Severity, number>>) => ({
  name,
  compliance,
  findings: { critical: 0, high: 0, medium: 0, low: 0, ...findings },
});

const control = (
  id: string,
  level: 1 | 2,
  title: string,
  status: CheckResult['status'],
  checks: string[],
  reason?: string,
) => ({ id, level, title, status, checks, ...(reason === undefined ? {} : { reason }) });

function check(
  id: string,
  title: string,
  severity: Severity,
  status: CheckResult['status'],
  rest: Partial<CheckResult>,
): CheckResult {
  return {
    id,
    title,
    severity,
    status,
    guidance: guidance(title),
    counts: { evaluated: 0, passed: 0, failed: 0, exempt: 0 },
    findings: [],
    ...rest,
  };
}

const guidance = (title: string): Guidance => ({
  description: `${title}. The rule holds for *every* container, in \`initContainers\` as well.`,
  rationale: 'What runs with the rights of the node can reach every other workload on it.',
  impact: 'Workloads that rely on it stop working:\n\n- node agents\n- storage drivers',
  defaultValue: 'The field is absent, which means `false`.',
  prerequisites: 'A role that may `get` and `patch` the object. <script>alert(1)</script>',
  testPlan: {
    kubectl: 'Read the field of the object:\n\n{{commands}}\n\nNothing or `false` is what it should print.',
  },
  implementationPlan: {
    kubectl: '1. Tell the owner.\n2. Patch the object:\n\n{{commands}}\n\n3. Watch the rollout.',
    aks: 'In the portal open **Workloads**, choose the object and edit its YAML.',
    eks: 'Not shown on AKS.',
  },
  backoutPlan: { kubectl: 'Put back what was there:\n{{commands}}' },
  references:
    '[Pod Security Standards](https://kubernetes.io/docs/concepts/security/pod-security-standards/), [not a link](javascript:alert(1))',
});

interface FindingParts extends Partial<Omit<Finding, 'fix'>> {
  changes?: Change[];
  action?: Finding['fix']['action'];
  note?: string;
  blastRadius?: BlastRadius[];
}

export function finding(id: string, object: ObjectRef, severity: Severity, parts: FindingParts): Finding {
  const { changes, action = 'patch', note, blastRadius, ...rest } = parts;
  return {
    id,
    object,
    severity,
    message: '',
    verdict: 'fail',
    state: 'open',
    ...rest,
    fix: {
      target: object,
      action,
      risk: 'review',
      ...(changes === undefined ? {} : { changes }),
      ...(note === undefined ? {} : { note }),
      ...(blastRadius === undefined ? {} : { blastRadius }),
    },
  };
}

/** One finding of several objects that all should go. */
function alike(id: string, objects: ObjectRef[], severity: Severity, parts: FindingParts): Finding {
  const members = objects.map((object) => ({
    object,
    path: 'subjects[0]',
    fix: finding(id, object, severity, { action: 'delete' }).fix,
  }));
  const [first] = members;
  if (first === undefined) throw new Error('no members');
  return { ...finding(id, first.object, severity, { action: 'delete', ...parts }), members };
}

const templatePath: Record<string, string[]> = {
  Pod: ['spec'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
};

/** A finding of a privileged container, with the change that takes the field away. */
export function privileged(
  id: string,
  object: ObjectRef,
  container: string,
  severity: Severity,
  rest: FindingParts = {},
): Finding {
  const spec = templatePath[object.kind] ?? ['spec', 'template', 'spec'];
  const field: Field = [
    ...spec,
    'containers',
    { index: 0, where: { name: container } },
    'securityContext',
    'privileged',
  ];
  return finding(id, object, severity, {
    container,
    path: `${spec.join('.')}.containers[0].securityContext.privileged`,
    message: `container ${container} is privileged`,
    changes: [{ field, before: true, after: false }],
    ...rest,
  });
}

/** The sample with one check of `count` findings more, spread over namespaces and objects. */
export function largeReport(count: number): Report {
  const report = sampleReport();
  const findings = Array.from({ length: count }, (_, i) =>
    privileged(
      `f${i.toString(16).padStart(8, '0')}`,
      { apiVersion: 'apps/v1', kind: 'Deployment', namespace: `team-${i % 120}`, name: `service-${i}` },
      i % 3 === 0 ? 'app' : `sidecar-${i % 7}`,
      (['critical', 'high', 'medium', 'low'] as const)[i % 4] ?? 'low',
    ),
  );
  const target = report.checks.find(({ id }) => id === 'privileged');
  if (target === undefined) throw new Error('the sample has no check "privileged"');
  target.findings = findings;
  target.counts = { evaluated: count + 250, passed: 250, failed: count, exempt: 0 };
  return report;
}

/** The sample with one Deployment whose check has a finding in each of `count` containers. */
export function crowdedReport(count: number): Report {
  const report = sampleReport();
  const object = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'crowd' };
  const container = (index: number): Field => [
    'spec',
    'template',
    'spec',
    'containers',
    { index, where: { name: `part-${index}` } },
    'securityContext',
    'privileged',
  ];
  const findings = Array.from({ length: count }, (_, i) =>
    privileged(`c${i.toString(16).padStart(7, '0')}`, object, `part-${i}`, 'high', {
      changes: [{ field: container(i), before: true, after: false }],
    }),
  );
  const target = report.checks.find(({ id }) => id === 'privileged');
  if (target === undefined) throw new Error('the sample has no check "privileged"');
  target.findings = findings;
  target.counts = { evaluated: count, passed: 0, failed: count, exempt: 0 };
  return report;
}
