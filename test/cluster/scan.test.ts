import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { sources } from '../../src/collect/sources.ts';
import type { Finding, Report, SourceName } from '../../src/model.ts';
import { passmuster } from '../cli.ts';
import { startControlPlane, type ControlPlane } from '../servers/control-plane.ts';
import { expected, seed } from './seed.ts';

/** The API groups of Kubernetes itself that are read. */
const ownGroups = new Set([
  'admissionregistration.k8s.io',
  'apps',
  'batch',
  'networking.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
]);

const list = (items: object[]) => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
const inLine = ({ object, path }: Finding) =>
  [object.kind, [object.namespace, object.name].filter(Boolean).join('/'), path].filter(Boolean).join(' ');

async function scan(kubeconfig: string, ...flags: string[]): Promise<Report> {
  const { code, stdout, stderr } = await passmuster([
    'scan',
    '--kubeconfig',
    kubeconfig,
    '-o',
    'json',
    ...flags,
  ]);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return JSON.parse(stdout) as Report;
}
const check = (report: Report, id: string) => {
  const found = report.checks.find((candidate) => candidate.id === id);
  if (found === undefined) throw new Error(`no check ${id}`);
  return found;
};
/** The findings of the checks that the seed is made for; what else is wrong with its objects is not its business. */
const byCheck = (report: Report) =>
  Object.fromEntries(
    report.checks
      .filter(({ id }) => Object.hasOwn(expected, id))
      .map(({ id, findings }) => [id, findings.map(inLine).toSorted()]),
  );

/** RBAC counts moments after it is written: waits until the account may do what it should. */
async function mayList(cluster: ControlPlane, account: string, resource: string): Promise<void> {
  const ask = [
    'auth',
    'can-i',
    'list',
    resource,
    '--all-namespaces',
    '--as',
    `system:serviceaccount:${account}`,
  ];
  await expect.poll(async () => (await cluster.kubectl(ask)).stdout.trim(), { timeout: 10_000 }).toBe('yes');
}

describe('on Kubernetes 1.37', () => {
  let cluster: ControlPlane;
  let asAdmin: Report;
  beforeAll(async () => {
    cluster = await startControlPlane({ version: '1.37', controllerManager: true });
    await cluster.apply(list(seed));
    // The controllers have made what they make when the last Deployment's second pod is there.
    await vi.waitFor(
      async () => {
        const { stdout } = await cluster.kubectl(['get', 'pods', '-n', 'seeded', '-o', 'name']);
        if (stdout.split('\n').length <= 12) throw new Error(`pods are missing: ${stdout}`);
      },
      { timeout: 60_000, interval: 500 },
    );
    asAdmin = await scan(cluster.kubeconfig);
  });
  afterAll(() => cluster?.stop());

  /** Whether a server of 1.37 has it: nothing retired, nothing of an operator that somebody must install. */
  const isServed = (source: SourceName): boolean => {
    const { apiVersion } = sources[source];
    const [group = ''] = apiVersion.split('/');
    return apiVersion === 'v1' || (source !== 'podSecurityPolicies' && ownGroups.has(group));
  };

  test('the checks flag exactly the seeded objects, by their top owner, with paths', () => {
    expect(byCheck(asAdmin)).toEqual(expected);
    for (const { state, source } of asAdmin.sources) {
      expect([source, state]).toEqual([source, isServed(source) ? 'ok' : 'absent']);
    }
    expect(check(asAdmin, 'psp-host-namespaces').status).toBe('not-applicable');
    expect(asAdmin.cluster).toMatchObject({ version: 'v1.37.1', platform: 'kubernetes' });
  });

  test('a debug container on a live pod is drift of its Deployment', async () => {
    const pods = await cluster.kubectl(['get', 'pods', '-n', 'seeded', '-l', 'app=clean', '-o', 'name']);
    const pod = pods.stdout.trim().split('\n')[0]?.replace('pod/', '') ?? '';
    const debug = { name: 'debug', image: 'busybox', securityContext: { privileged: true } };
    const answer = await cluster.kubectl([
      'patch',
      'pod',
      pod,
      '-n',
      'seeded',
      '--subresource=ephemeralcontainers',
      '--type=merge',
      '-p',
      JSON.stringify({ spec: { ephemeralContainers: [debug] } }),
    ]);
    expect(answer.stderr).toBe('');
    const drifted = check(await scan(cluster.kubeconfig), 'privileged').findings.find(({ drift }) => drift);
    expect(drifted).toMatchObject({
      object: { kind: 'Deployment', namespace: 'seeded', name: 'clean' },
      container: 'debug',
      drift: { pods: 1, example: pod },
      fix: { action: 'none' },
    });
    await cluster.kubectl(['delete', 'pod', pod, '-n', 'seeded', '--force', '--grace-period=0']);
  });

  test('with the shipped ClusterRole alone the findings are the same', async () => {
    await cluster.apply(list([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'passmuster' } }]));
    await cluster.apply(readFileSync('k8s/base/clusterrole.yaml', 'utf8'));
    await cluster.apply(readFileSync('k8s/base/clusterrolebinding.yaml', 'utf8'));
    await cluster.apply(readFileSync('k8s/base/serviceaccount.yaml', 'utf8'));
    await mayList(cluster, 'passmuster:passmuster', 'clusterrolebindings.rbac.authorization.k8s.io');
    const token = await cluster.serviceAccountToken('passmuster', 'passmuster');
    const restricted = byCheck(await scan(cluster.kubeconfigFor({ token })));
    const withNamespace = {
      ...expected,
      'default-deny-ingress': [
        ...(expected['default-deny-ingress'] ?? []),
        'Namespace passmuster',
      ].toSorted(),
    };
    expect(restricted).toEqual(withNamespace);
  });

  test('with pods forbidden, nothing about pods passes', async () => {
    const role = JSON.parse(
      (await cluster.kubectl(['get', 'clusterrole', 'passmuster', '-o', 'json'])).stdout,
    ) as {
      rules: { resources: string[] }[];
    };
    const rules = role.rules.map((rule) => ({
      ...rule,
      resources: rule.resources.filter((name) => name !== 'pods'),
    }));
    await cluster.apply(
      list([
        {
          apiVersion: 'rbac.authorization.k8s.io/v1',
          kind: 'ClusterRole',
          metadata: { name: 'no-pods' },
          rules,
        },
        {
          apiVersion: 'rbac.authorization.k8s.io/v1',
          kind: 'ClusterRoleBinding',
          metadata: { name: 'no-pods' },
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'no-pods' },
          subjects: [{ kind: 'ServiceAccount', name: 'no-pods', namespace: 'guarded' }],
        },
        { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'no-pods', namespace: 'guarded' } },
      ]),
    );
    await mayList(cluster, 'guarded:no-pods', 'clusterrolebindings.rbac.authorization.k8s.io');
    const token = await cluster.serviceAccountToken('guarded', 'no-pods');
    const report = await scan(cluster.kubeconfigFor({ token }));
    expect(report.sources.find(({ source }) => source === 'pods')).toMatchObject({
      state: 'forbidden',
      count: 0,
    });
    const aboutPods = ['host-ipc', 'host-pid', 'host-network', 'host-ports', 'privileged', 'run-as-root'];
    for (const id of aboutPods) {
      const { status, incomplete } = check(report, id);
      expect([id, ['fail', 'not-assessed'].includes(status), incomplete]).toEqual([id, true, true]);
    }
    // In a namespace of clean workloads there is no failure left to speak, so coverage is what shows it.
    const coverage = async (kubeconfig: string) =>
      (await scan(kubeconfig, '-n', 'guarded')).benchmarks[0]?.coverage ?? 0;
    expect(await coverage(cluster.kubeconfigFor({ token }))).toBeLessThan(await coverage(cluster.kubeconfig));
  });

  test('-n audits one namespace and says what lies outside', async () => {
    const report = await scan(cluster.kubeconfig, '-n', 'guarded');
    expect(report.scope.namespaces).toEqual(['guarded']);
    expect(check(report, 'default-deny-ingress').status).toBe('pass');
    expect(check(report, 'host-ipc').findings).toEqual([]);
    expect(check(report, 'cluster-admin-usage').status).toBe('not-assessed');
  });

  test('manifests of the same objects give the same findings', async () => {
    const { code, stdout } = await passmuster(['scan', '-f', '-', '-o', 'json'], { input: list(seed) });
    expect(code).toBe(0);
    const fromFiles = byCheck(JSON.parse(stdout) as Report);
    const onCluster = Object.fromEntries(
      Object.entries(expected).map(([id, lines]) => [
        id,
        lines.filter((line) => !/^Namespace (default|kube-)/.test(line)),
      ]),
    );
    expect(fromFiles).toEqual(onCluster);
  });
});

const rule = (name: string) => ({
  apiGroups: ['policy'],
  resources: ['podsecuritypolicies'],
  resourceNames: [name],
  verbs: ['use'],
});
const any = { rule: 'RunAsAny' };
const psp = (name: string, spec: object) => ({
  apiVersion: 'policy/v1beta1',
  kind: 'PodSecurityPolicy',
  metadata: { name },
  spec: { seLinux: any, runAsUser: any, fsGroup: any, supplementalGroups: any, volumes: ['*'], ...spec },
});
const grant = (policy: string, subject: object) => [
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: `psp-${policy}` },
    rules: [rule(policy)],
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: `psp-${policy}` },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: `psp-${policy}` },
    subjects: [subject],
  },
];
const group = { kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: 'system:authenticated' };
const agent = { kind: 'ServiceAccount', name: 'agent', namespace: 'kube-system' };

describe('on Kubernetes 1.24, the last with PodSecurityPolicy', () => {
  let cluster: ControlPlane;
  beforeAll(async () => {
    cluster = await startControlPlane({ version: '1.24' });
    await cluster.apply(
      list([
        psp('open', { hostIPC: true, hostNetwork: true }),
        psp('agents', { hostPID: true }),
        psp('unused', { hostIPC: true }),
        psp('strict', {}),
        ...grant('open', group),
        ...grant('agents', agent),
        ...grant('strict', group),
      ]),
    );
  });
  afterAll(() => cluster?.stop());

  test('policies are judged by who may use them', async () => {
    const report = await scan(cluster.kubeconfig);
    const { status, findings } = check(report, 'psp-host-namespaces');
    expect(status).toBe('fail');
    expect(findings.map((finding) => `${inLine(finding)} ${finding.verdict}`).toSorted()).toEqual([
      'PodSecurityPolicy agents spec.hostPID review',
      'PodSecurityPolicy open spec.hostIPC fail',
      'PodSecurityPolicy open spec.hostNetwork fail',
    ]);
    const controls = new Map(report.benchmarks[0]?.controls.map(({ id, status: is }) => [id, is]));
    expect(report.benchmarks[0]?.id).toBe('cis-kubernetes-1.6');
    expect([controls.get('5.2.2'), controls.get('5.2.3'), controls.get('5.2.4')]).toEqual([
      'manual',
      'fail',
      'fail',
    ]);
    expect(report.sources.find(({ source }) => source === 'podSecurityPolicies')).toMatchObject({
      state: 'ok',
      count: 4,
    });
  });
});
