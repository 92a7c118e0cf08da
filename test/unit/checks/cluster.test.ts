/** What the walker cannot know of the checks over namespaces, RBAC and policies. */
import { describe, expect, test } from 'vitest';
import { clusterAdminUsage } from '../../../src/checks/cluster-admin-usage/check.ts';
import { defaultDenyIngress } from '../../../src/checks/default-deny-ingress/check.ts';
import { pspHostNamespaces } from '../../../src/checks/psp-host-namespaces/check.ts';
import type { Check } from '../../../src/kit/define-check.ts';
import type { Finding, JsonObject } from '../../../src/model.ts';
import { evaluate, type Raw } from './fixtures.ts';

const rbac = 'rbac.authorization.k8s.io';
type RawSubject = { kind: string; name: string; namespace?: string };

function binding(name: string, subjects: RawSubject[], roleName = 'cluster-admin', namespace?: string): Raw {
  const kind = namespace === undefined ? 'ClusterRoleBinding' : 'RoleBinding';
  return {
    apiVersion: `${rbac}/v1`,
    kind,
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: roleName },
    subjects,
  };
}
const group = (name: string) => ({ kind: 'Group', name });
const user = (name: string) => ({ kind: 'User', name });
const account = (name: string, namespace = 'shop') => ({ kind: 'ServiceAccount', name, namespace });

const findings = async (check: Check, ...objects: Raw[]): Promise<Finding[]> =>
  (await evaluate(check, objects)).findings;

const adminIds = async (...objects: Raw[]) =>
  (await findings(clusterAdminUsage, ...objects)).map(({ id }) => id).toSorted();
const policy = (name: string, spec: JsonObject): Raw => ({
  apiVersion: 'policy/v1beta1',
  kind: 'PodSecurityPolicy',
  metadata: { name },
  spec,
});
const clusterRole = (name: string, ...rules: JsonObject[]): Raw => ({
  apiVersion: `${rbac}/v1`,
  kind: 'ClusterRole',
  metadata: { name },
  rules,
});
const useRule = (apiGroup: string, ...resourceNames: string[]) => ({
  apiGroups: [apiGroup],
  resources: ['podsecuritypolicies'],
  verbs: ['use'],
  ...(resourceNames.length === 0 ? {} : { resourceNames }),
});
const namespace = (name: string): Raw => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

describe('cluster-admin-usage', () => {
  test.each([
    [group('system:authenticated'), 'critical', 'fail'],
    [group('system:unauthenticated'), 'critical', 'fail'],
    [group('system:serviceaccounts'), 'critical', 'fail'],
    [group('system:serviceaccounts:shop'), 'critical', 'fail'],
    [user('system:anonymous'), 'critical', 'fail'],
    [account('default'), 'high', 'fail'],
    [user('system:serviceaccount:shop:default'), 'high', 'fail'],
    [account('deployer'), 'high', 'review'],
    [user('jane'), 'medium', 'review'],
    [user('default'), 'medium', 'review'],
    [group('system:masters'), 'medium', 'review'],
    [group('system:serviceaccountsx'), 'medium', 'review'],
  ])('%o is %s, %s', async (subject, severity, verdict) => {
    expect(await findings(clusterAdminUsage, binding('grant', [subject]))).toMatchObject([
      { severity, verdict },
    ]);
  });

  test.each<[string, (builtIn: Raw) => unknown]>([
    ['as it is', (builtIn) => builtIn],
    ['of another role', (builtIn) => Object.assign(builtIn['roleRef'] as JsonObject, { name: 'everything' })],
    ['in a namespace', (builtIn) => Object.assign(builtIn, { kind: 'RoleBinding' })],
    ['for a user', (builtIn) => Object.assign(builtIn, { subjects: [user('system:masters')] })],
    ['for others', (builtIn) => Object.assign(builtIn, { subjects: [group('kubeadm:cluster-admins')] })],
  ])('the built-in binding %s', async (how, change) => {
    const builtIn = binding('cluster-admin', [group('system:masters')]);
    builtIn.metadata['labels'] = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };
    change(builtIn);
    const all = { apiGroups: ['*'], resources: ['*'], verbs: ['*'] };
    const found = await findings(
      clusterAdminUsage,
      builtIn,
      clusterRole('everything', all),
      clusterRole('cluster-admin', all),
    );
    expect(found).toHaveLength(how === 'as it is' ? 0 : 1);
  });

  test('says who may do what, and by which binding', async () => {
    const [inCluster] = await findings(clusterAdminUsage, binding('ops', [account('deployer')]));
    expect(inCluster?.message).toBe(
      'ServiceAccount shop/deployer may do anything in the cluster: ClusterRoleBinding ops grants it ClusterRole cluster-admin.',
    );
    const [inNamespace] = await findings(
      clusterAdminUsage,
      binding('ops', [user('jane')], 'cluster-admin', 'shop'),
    );
    expect(inNamespace?.message).toBe(
      'User jane may do anything in namespace shop: RoleBinding shop/ops grants it ClusterRole cluster-admin.',
    );
  });

  test('deletes a binding of which nothing would be left, else takes the subject out', async () => {
    const all = await findings(clusterAdminUsage, binding('ops', [user('jane'), user('joe')]));
    expect(all.map(({ fix }) => [fix.action, fix.risk, fix.changes])).toEqual([
      ['delete', 'advice', undefined],
      ['delete', 'advice', undefined],
    ]);
    const builtIn = binding('cluster-admin', [group('system:masters'), account('x')]);
    builtIn.metadata['labels'] = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };
    const [some] = await findings(clusterAdminUsage, builtIn);
    const field = ['subjects', { index: 1, where: { kind: 'ServiceAccount', name: 'x', namespace: 'shop' } }];
    expect(some?.fix).toMatchObject({
      action: 'patch',
      risk: 'advice',
      changes: [{ field, before: account('x') }],
    });
    expect(some?.fix.changes?.[0]).not.toHaveProperty('after');
  });

  test('knows a grant again when its binding has another name, and one of two from the other', async () => {
    const [one] = await adminIds(binding('one', [user('jane')]));
    expect(await adminIds(binding('other', [user('joe'), user('jane')]))).toContain(one);
    expect(await adminIds(binding('one', [user('jane')], 'cluster-admin', 'shop'))).not.toContain(one);
    const two = await adminIds(binding('one', [user('jane')]), binding('two', [user('jane')]));
    expect(new Set(two).size).toBe(2);
    expect(two).toContain(one);
    expect(await adminIds(binding('twice', [user('jane'), user('jane')]))).toHaveLength(2);
  });

  test('counts the bindings', async () => {
    const { counts } = await evaluate(clusterAdminUsage, [
      binding('ops', [user('jane'), user('joe')]),
      binding('view', [user('jane')], 'view'),
      binding('edit', [user('jane')], 'edit', 'shop'),
    ]);
    expect(counts).toEqual({ evaluated: 3, passed: 2, failed: 1, exempt: 0 });
  });
});

describe('psp-host-namespaces', () => {
  const open = policy('open', { hostIPC: true, hostPID: true, hostNetwork: true });

  test('reports each field, and names the broadest grant', async () => {
    const found = await findings(
      pspHostNamespaces,
      open,
      clusterRole('use', useRule('policy')),
      binding('a', [account('agent'), user('jane')], 'use'),
      binding('b', [group('system:authenticated')], 'use', 'shop'),
    );
    expect(found.map(({ path, verdict, fix }) => [path, verdict, fix.action, fix.risk])).toEqual([
      ['spec.hostIPC', 'fail', 'patch', 'advice'],
      ['spec.hostNetwork', 'fail', 'patch', 'advice'],
      ['spec.hostPID', 'fail', 'patch', 'advice'],
    ]);
    expect(found[0]?.message).toBe(
      'hostIPC is true, and Group system:authenticated may use the policy by RoleBinding shop/b to ClusterRole use, and 2 more may.',
    );
  });

  test.each([
    ['of that name', useRule('policy', 'open'), 1],
    ['in the former group', useRule('extensions'), 1],
    ['with wildcards', { apiGroups: ['*'], resources: ['*'], verbs: ['*'] }, 1],
    ['of another name', useRule('policy', 'other'), 0],
    ['in another group', useRule('apps'), 0],
    ['on another resource', { ...useRule('policy'), resources: ['poddisruptionbudgets'] }, 0],
    ['by another verb', { ...useRule('policy'), verbs: ['get', 'list'] }, 0],
    ['on URLs', { nonResourceURLs: ['*'], verbs: ['*'] }, 0],
  ])('a rule %s', async (_, rule, count) => {
    const hostPid = policy('open', { hostPID: true });
    const grant = binding('a', [group('system:authenticated')], 'use');
    expect(await findings(pspHostNamespaces, hostPid, clusterRole('use', rule), grant)).toHaveLength(count);
  });
});

describe('default-deny-ingress', () => {
  const ours = 'passmuster-default-deny-ingress';

  test('offers the policy, marked as ours', async () => {
    const [finding] = await findings(defaultDenyIngress, namespace('shop'));
    expect(finding).not.toHaveProperty('path');
    expect(finding?.fix).toMatchObject({
      action: 'create',
      risk: 'review',
      manifest: {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name: ours, namespace: 'shop', labels: { 'app.kubernetes.io/managed-by': 'passmuster' } },
        spec: { podSelector: {}, policyTypes: ['Ingress'] },
      },
    });
  });

  test('leaves the namespace of cluster DNS to the platform', async () => {
    expect(await findings(defaultDenyIngress, namespace('kube-system'))).toEqual([]);
  });

  test('does not create over a policy that someone has changed', async () => {
    const changed: Raw = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: ours, namespace: 'shop' },
      spec: { podSelector: {}, ingress: [{}] },
    };
    const [finding] = await findings(defaultDenyIngress, namespace('shop'), changed);
    expect(finding?.fix).toMatchObject({ action: 'none', note: expect.stringContaining(ours) });
  });
});
