// A cluster is born with a few bindings for everyone, and the API server alone knows which: a fresh one has no finding.
// What is added is one, is put right by the plan that the report prints, and comes back with the backout.
import { readFileSync } from 'node:fs';
import { get } from 'node:https';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { planFor } from '../../src/kit/plan.ts';
import type { CheckResult, Finding, Report } from '../../src/model.ts';
import { passmuster } from '../cli.ts';
import { skipReason, type KubernetesVersion } from '../control-plane/binaries.ts';
import { startControlPlane, type ControlPlane } from '../servers/control-plane.ts';
import { openShell, type Shell } from './shell.ts';

const rbac = 'rbac.authorization.k8s.io';
const ids = [
  'anonymous-bindings',
  'unauthenticated-bindings',
  'authenticated-bindings',
  'system-masters',
] as const;

const anonymous = { kind: 'User', apiGroup: rbac, name: 'system:anonymous' };
const group = (name: string) => ({ kind: 'Group', apiGroup: rbac, name });
const jane = { kind: 'User', apiGroup: rbac, name: 'jane' };

const hostile = { kind: 'User', apiGroup: rbac, name: `'; touch pwned; '\n\u001b[31m` };

const binding = (name: string, role: string, subjects: object[], namespace?: string) => ({
  apiVersion: `${rbac}/v1`,
  kind: namespace === undefined ? 'ClusterRoleBinding' : 'RoleBinding',
  metadata: { name, namespace },
  roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: role },
  subjects,
});

const look = {
  apiVersion: `${rbac}/v1`,
  kind: 'ClusterRole',
  metadata: { name: 'look' },
  rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }],
};
const seed = [
  look,
  binding('anonymous', 'look', [anonymous], 'default'),
  binding('mixed', 'look', [jane, group('system:unauthenticated'), group('system:authenticated')]),
  binding('masters', 'look', [group('system:masters')]),
  // Of nobody else, and of somebody twice: one after the other they go, and come back to where they were.
  binding('nobody-else', 'look', [anonymous, group('system:unauthenticated'), group('system:authenticated')]),
  binding('twice', 'look', [
    group('system:authenticated'),
    jane,
    group('system:unauthenticated'),
    hostile,
    group('system:authenticated'),
  ]),
  // One grant in two namespaces: one finding.
  binding('look', 'look', [group('system:authenticated')], 'kube-public'),
  binding('look', 'look', [group('system:authenticated')], 'kube-system'),
];

describe.each<KubernetesVersion>(['1.37', '1.24'])('Kubernetes %s', (version) => {
  const skip = skipReason(version);
  let cluster: ControlPlane;
  let shell: Shell;

  beforeAll(async () => {
    if (skip) return;
    cluster = await startControlPlane({ version });
    shell = openShell(cluster);
    await vi.waitFor(async () => {
      const { stdout } = await cluster.kubectl(['get', 'clusterrolebindings', '-o', 'name']);
      if (!stdout.includes('system:public-info-viewer')) throw new Error('not yet');
    }, 30_000);
  }, 120_000);
  afterAll(async () => {
    shell?.close();
    await cluster?.stop();
  });

  async function audit(): Promise<CheckResult[]> {
    const { stdout, stderr } = await passmuster(['scan', '--kubeconfig', cluster.kubeconfig, '-o', 'json']);
    expect(stderr).toBe('');
    const { checks } = JSON.parse(stdout) as Report;
    return ids.flatMap((id) => checks.find((check) => check.id === id) ?? []);
  }
  const statuses = (checks: CheckResult[]) => checks.map(({ status }) => status);
  const findingIds = (checks: CheckResult[]) =>
    checks.flatMap(({ findings }) => findings.map(({ id }) => id)).toSorted();
  const fresh = ['pass', 'pass', 'pass', 'manual'];

  /** The plans of a report: one for each object that is to change, members of a finding too. */
  const plansFor = (findings: readonly Finding[]) => {
    const fixes = findings.flatMap(({ fix, members }) => members?.map((member) => member.fix) ?? [fix]);
    return [...Map.groupBy(fixes, ({ target }) => JSON.stringify(target)).values()].map(planFor);
  };

  async function subjectsOf(name: string): Promise<unknown> {
    const { stdout } = await cluster.kubectl(['get', 'clusterrolebinding', name, '-o', 'json']);
    return (JSON.parse(stdout) as { subjects?: unknown }).subjects;
  }

  /** The answer to somebody without any credentials. */
  const withoutLogin = () =>
    new Promise<number | undefined>((done, failed) => {
      const ca = readFileSync(cluster.caFile);
      const path = '/api/v1/namespaces/default/pods';
      get(`${cluster.server}${path}`, { ca, agent: false }, (answer) => {
        answer.resume().once('end', () => done(answer.statusCode));
      }).once('error', failed);
    });

  test.skipIf(skip)('is born without a finding', async () => {
    expect(statuses(await audit())).toEqual(fresh);
  });

  test.skipIf(skip)(
    'has none after the plans, and all of them after the backouts',
    async () => {
      await cluster.apply(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: seed }));
      // As a cluster from before 1.14 has it; the label of the built-in bindings stays.
      const older = [{ op: 'add', path: '/subjects/-', value: group('system:unauthenticated') }];
      await shell.succeed(
        `kubectl patch clusterrolebinding system:discovery --type=json -p '${JSON.stringify(older)}'`,
      );
      await expect.poll(withoutLogin, { timeout: 10_000 }).toBe(200);

      const before = await audit();
      expect(before.map(({ findings }) => findings.map(({ object }) => object.name).toSorted())).toEqual([
        ['anonymous', 'nobody-else'],
        ['mixed', 'system:discovery'],
        ['look', 'mixed'],
        ['masters'],
      ]);
      expect(statuses(before)).toEqual(ids.map(() => 'fail'));

      const subjects = { nobodyElse: await subjectsOf('nobody-else'), twice: await subjectsOf('twice') };
      const plans = plansFor(before.flatMap(({ findings }) => findings));
      for (const plan of plans) {
        await shell.succeed(plan.test);
        await shell.succeed(plan.implementation);
      }
      expect(statuses(await audit())).toEqual(fresh);
      expect(await subjectsOf('nobody-else')).toBeUndefined();
      expect(await subjectsOf('twice')).toEqual([jane, hostile]);
      await expect.poll(withoutLogin, { timeout: 10_000 }).toBe(403);

      for (const { backout } of plans.toReversed()) await shell.succeed(backout);
      expect(findingIds(await audit())).toEqual(findingIds(before));
      expect(await subjectsOf('nobody-else')).toEqual(subjects.nobodyElse);
      expect(await subjectsOf('twice')).toEqual(subjects.twice);
      await expect.poll(withoutLogin, { timeout: 10_000 }).toBe(200);
    },
    240_000,
  );

  test.skipIf(skip)('finds what somebody has added to the rules of a built-in role', async () => {
    const more = [{ op: 'add', path: '/rules/-', value: { nonResourceURLs: ['/metrics'], verbs: ['get'] } }];
    await shell.succeed(
      `kubectl patch clusterrole system:public-info-viewer --type=json -p '${JSON.stringify(more)}'`,
    );
    const [, unauthenticated, authenticated] = await audit();
    for (const check of [unauthenticated, authenticated]) {
      expect(check?.findings).toContainEqual(
        expect.objectContaining({
          object: expect.objectContaining({ name: 'system:public-info-viewer' }) as object,
          path: 'roleRef.name',
        }),
      );
    }
  });
});
