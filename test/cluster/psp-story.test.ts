/**
 * One finding from end to end, on the last version that has the PodSecurityPolicy plugin: a policy that everybody may use
 * allows hostIPC, and a workload uses it. Found, put right with the printed commands, gone, and taken back.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { planFor } from '../../src/kit/plan.ts';
import type { Finding, Report } from '../../src/model.ts';
import { passmuster } from '../cli.ts';
import { skipReason } from '../control-plane/binaries.ts';
import { startControlPlane, type ControlPlane } from '../servers/control-plane.ts';
import { openShell, type Shell } from './shell.ts';

const rbac = 'rbac.authorization.k8s.io';
const anyRule = { rule: 'RunAsAny' };
const policy = (name: string, spec: object) => ({
  apiVersion: 'policy/v1beta1',
  kind: 'PodSecurityPolicy',
  metadata: { name },
  spec: {
    volumes: ['configMap', 'projected', 'secret'],
    seLinux: anyRule,
    runAsUser: anyRule,
    fsGroup: anyRule,
    supplementalGroups: anyRule,
    ...spec,
  },
});

/** A role with the use of the policy, and its binding to all service accounts: of the cluster, or of the namespace. */
const grant = (name: string, namespace?: string) => {
  const metadata = namespace === undefined ? { name } : { name, namespace };
  const [role, binding] =
    namespace === undefined ? ['ClusterRole', 'ClusterRoleBinding'] : ['Role', 'RoleBinding'];
  const suffix = namespace === undefined ? '' : `:${namespace}`;
  return [
    {
      apiVersion: `${rbac}/v1`,
      kind: role,
      metadata,
      rules: [
        {
          apiGroups: ['policy'],
          resources: ['podsecuritypolicies'],
          resourceNames: [name],
          verbs: ['use'],
        },
      ],
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: binding,
      metadata,
      roleRef: { apiGroup: rbac, kind: role, name },
      subjects: [{ kind: 'Group', apiGroup: rbac, name: `system:serviceaccounts${suffix}` }],
    },
  ];
};

const deployment = (name: string, hostIPC: boolean) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: 'shop' },
  spec: {
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { hostIPC, containers: [{ name: 'app', image: 'registry.example/app:1' }] },
    },
  },
});

const list = (...items: object[]) => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });

const skip = skipReason('1.24', { controllerManager: true });

describe.skipIf(skip)('a PodSecurityPolicy that allows hostIPC', () => {
  let cluster: ControlPlane;
  let shell: Shell;
  beforeAll(async () => {
    cluster = await startControlPlane({
      version: '1.24',
      controllerManager: true,
      // As installers set it up: a controller that acts as an administrator may use every policy.
      controllerManagerArgs: ['--use-service-account-credentials=true'],
      enableAdmissionPlugins: ['PodSecurityPolicy'],
    });
    shell = openShell(cluster);
    await cluster.apply(
      list(
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } },
        policy('forbids', { hostIPC: false }),
        policy('open', { hostIPC: true }),
        ...grant('forbids'),
        ...grant('open', 'shop'),
        deployment('cache', true),
      ),
    );
  }, 120_000);
  afterAll(async () => {
    shell?.close();
    await cluster?.stop();
  });

  async function findings(check: string): Promise<Finding[]> {
    const args = ['scan', '--kubeconfig', cluster.kubeconfig, '-o', 'json'];
    const { stdout, stderr } = await passmuster(args);
    expect(stderr).toBe('');
    const report = JSON.parse(stdout) as Report;
    return report.checks.find(({ id }) => id === check)?.findings ?? [];
  }

  const get = async (...args: string[]) => (await cluster.kubectl(['get', '-n', 'shop', ...args])).stdout;

  /** The policies that admitted the Pods of a Deployment. */
  const admittedBy = (name: string) =>
    get(
      'pods',
      '-l',
      `app=${name}`,
      '-o',
      String.raw`jsonpath={.items[*].metadata.annotations.kubernetes\.io/psp}`,
    );

  const failureOf = (name: string) =>
    get('deployment', name, '-o', 'jsonpath={.status.conditions[?(@.type=="ReplicaFailure")].message}');

  const patient = { timeout: 30_000 };

  test('is found, put right, gone, and back after the backout', { timeout: 180_000 }, async () => {
    await expect.poll(() => admittedBy('cache'), patient).toBe('open');

    const found = await findings('psp-host-namespaces');
    expect(found.map(({ object, path, verdict }) => [object.name, path, verdict])).toEqual([
      ['open', 'spec.hostIPC', 'fail'],
    ]);
    expect(found[0]?.message).toContain('Group system:serviceaccounts:shop');
    const workloads = await findings('host-ipc');
    expect(workloads.map(({ object }) => [object.kind, object.name])).toEqual([['Deployment', 'cache']]);
    const use = await findings('psp-use-rbac');
    expect(use.map(({ object, verdict }) => [object.kind, object.name, verdict])).toContainEqual([
      'RoleBinding',
      'open',
      'fail',
    ]);

    const plan = planFor(found.map(({ fix }) => fix));
    expect(await shell.succeed(plan.test)).toContain('true');
    await shell.succeed(plan.implementation);
    expect(await findings('psp-host-namespaces')).toEqual([]);
    expect(await findings('host-ipc')).toHaveLength(1);

    // Nobody admits its Pods any more.
    await cluster.apply(list(deployment('index', true), deployment('front', false)));
    await expect
      .poll(() => failureOf('index'), patient)
      .toMatch(/PodSecurityPolicy: unable to admit pod.*hostIPC/s);
    await expect.poll(() => admittedBy('front'), patient).toBe('forbids');
    expect(await admittedBy('index')).toBe('');

    // With the workload put right the strict policy admits it.
    await shell.succeed(planFor(workloads.map(({ fix }) => fix)).implementation);
    await expect.poll(() => admittedBy('cache'), patient).toContain('forbids');

    await shell.succeed(plan.backout);
    expect((await findings('psp-host-namespaces')).map(({ id }) => id)).toEqual(found.map(({ id }) => id));
    await cluster.apply(list(deployment('again', true)));
    await expect.poll(() => admittedBy('again'), patient).toBe('open');
  });
});
