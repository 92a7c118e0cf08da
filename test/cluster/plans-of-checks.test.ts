import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { planFor } from '../../src/kit/plan.ts';
import type { Finding, Fix, Json, Report } from '../../src/model.ts';
import { passmuster } from '../cli.ts';
import { skipReason } from '../control-plane/binaries.ts';
import { startControlPlane } from '../servers/control-plane.ts';
import type { ControlPlane } from '../servers/control-plane.ts';
import { worst } from '../unit/checks/worst.ts';
import { hostileNames } from '../unit/kit/hostile.ts';
import { seed } from './seed.ts';
import { openShell } from './shell.ts';
import type { Shell } from './shell.ts';

// From the audit of a real cluster to what its operator pastes: all that the plans can put right is put right, and
// after the backouts every finding is back.

let cluster: ControlPlane;
let shell: Shell;

const start = async (version: '1.37' | '1.24', objects: object[]) => {
  cluster = await startControlPlane({ version });
  shell = openShell(cluster);
  await cluster.apply(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
};
const stop = async () => {
  shell?.close();
  await cluster?.stop();
};

async function audit(): Promise<Finding[]> {
  const { stdout, stderr } = await passmuster(['scan', '--kubeconfig', cluster.kubeconfig, '-o', 'json']);
  expect(stderr).toBe('');
  return (JSON.parse(stdout) as Report).checks.flatMap(({ findings }) => findings);
}

/** The plans as a report prints them: one for each object that a check wants changed. */
const plansFor = (findings: readonly Finding[]) =>
  [...Map.groupBy(findings.flatMap(fixesOf), (fix) => JSON.stringify(fix.target)).values()].map(planFor);

const fixesOf = ({ fix, members }: Finding): Fix[] => members?.map((member) => member.fix) ?? [fix];

/** What the plans promise to put right; for the rest there is advice. */
const fixable = (findings: readonly Finding[]) =>
  findings
    .filter(({ fix }) => fix.action !== 'none')
    .map(({ object, path, message }) => [object, path, message]);

const idsOf = (findings: readonly Finding[]) => findings.map(({ id }) => id).toSorted();

/** The findings of three audits: as it is, after all implementation plans, after all backout plans. */
async function putRightAndBack(): Promise<{ before: Finding[]; right: Finding[]; back: Finding[] }> {
  const before = await audit();
  const plans = plansFor(before);
  for (const plan of plans) {
    await shell.succeed(plan.test);
    await shell.succeed(plan.implementation);
  }
  const right = await audit();
  for (const { backout } of plans.toReversed()) await shell.succeed(backout);
  return { before, right, back: await audit() };
}

// Some forty objects, each with a dozen calls of kubectl and more.
const timeout = 600_000;

describe.skipIf(skipReason('1.37') !== undefined)('on Kubernetes 1.37', () => {
  const rbac = 'rbac.authorization.k8s.io';
  const hostileBindings = hostileNames
    .filter((name) => !/[/%]/.test(name))
    .slice(0, 12)
    .map((name) => ({
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'User', apiGroup: rbac, name }],
    }));

  const worstPods = worst.map(({ metadata, spec }) => {
    const { template } = spec as { template: { metadata: object; spec: object } };
    return { apiVersion: 'v1', kind: 'Pod', ...template, metadata: { ...template.metadata, ...metadata } };
  });

  beforeAll(() => start('1.37', [...seed, ...hostileBindings, ...worst, ...worstPods]));
  afterAll(stop);

  test(
    'the audit finds nothing more after the implementation plans, and all of it after the backout plans',
    async () => {
      const { before, right, back } = await putRightAndBack();
      expect(before.length).toBeGreaterThan(hostileBindings.length + seed.length / 2);
      expect(fixable(right)).toEqual([]);
      expect(idsOf(back)).toEqual(idsOf(before));
    },
    timeout,
  );
});

describe.skipIf(skipReason('1.24') !== undefined)('on Kubernetes 1.24', () => {
  const rbac = 'rbac.authorization.k8s.io';
  const everyone = { kind: 'Group', apiGroup: rbac, name: 'system:authenticated' };
  const anyRule = { rule: 'RunAsAny' };
  const policy: Record<string, Json> = {
    hostIPC: true,
    hostNetwork: true,
    seLinux: anyRule,
    runAsUser: anyRule,
    fsGroup: anyRule,
    supplementalGroups: anyRule,
  };
  const objects = [
    {
      apiVersion: 'policy/v1beta1',
      kind: 'PodSecurityPolicy',
      metadata: { name: 'permissive' },
      spec: policy,
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRole',
      metadata: { name: 'use-permissive' },
      rules: [
        {
          apiGroups: ['policy'],
          resources: ['podsecuritypolicies'],
          verbs: ['use'],
          resourceNames: ['permissive'],
        },
      ],
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name: 'use-permissive' },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'use-permissive' },
      subjects: [everyone],
    },
  ];

  beforeAll(() => start('1.24', [...seed, ...objects]));
  afterAll(stop);

  test(
    'the same, with a PodSecurityPolicy',
    async () => {
      const { before, right, back } = await putRightAndBack();
      expect(before.map(({ object }) => object.kind)).toContain('PodSecurityPolicy');
      expect(fixable(right)).toEqual([]);
      expect(idsOf(back)).toEqual(idsOf(before));
    },
    timeout,
  );
});
