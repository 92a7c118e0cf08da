/** What the walker cannot know of the checks over namespaces, RBAC and policies. */
import { describe, expect, test } from 'vitest';
import { clusterAdminUsage } from '../../../src/checks/cluster-admin-usage/check.ts';
import { defaultDenyIngress } from '../../../src/checks/default-deny-ingress/check.ts';
import { pspHostNamespaces } from '../../../src/checks/psp-host-namespaces/check.ts';
import type { Check } from '../../../src/kit/define-check.ts';
import { planFor } from '../../../src/kit/plan.ts';
import type { Finding, JsonObject } from '../../../src/model.ts';
import { applyPatch } from '../kit/json-patch.ts';
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

  test('takes the subject out of its binding, which goes as a whole where it is for nobody else', async () => {
    const [only] = await findings(clusterAdminUsage, binding('ops', [user('jane'), user('jane')]));
    expect(only?.fix).toMatchObject({ action: 'delete', risk: 'advice' });
    expect(only?.fix).not.toHaveProperty('changes');
    const builtIn = binding('cluster-admin', [group('system:masters'), account('x')]);
    builtIn.metadata['labels'] = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };
    const [some] = await findings(clusterAdminUsage, builtIn);
    expect(some?.path).toBe('subjects[1]');
    expect(some?.fix).toMatchObject({ action: 'patch', risk: 'advice' });
    expect(some?.fix.changes).toEqual([
      {
        field: ['subjects', { index: 1, where: { ...account('x') } }],
        before: account('x'),
        listLength: 2,
      },
    ]);
  });

  test('takes several out by one patch, and none but those whose findings are put right', async () => {
    const ops = binding('ops', [user('jane'), account('x'), user('joe')]);
    const all = await findings(clusterAdminUsage, ops);
    const after = (...wanted: string[]) => {
      const fixes = all.filter(({ message }) => wanted.some((name) => message.includes(name)));
      const { patch = [], inverse = [] } = planFor(fixes.map(({ fix }) => fix));
      const changed = applyPatch(structuredClone(ops), patch) as Raw;
      expect(applyPatch(structuredClone(changed), inverse)).toEqual(ops);
      return changed['subjects'];
    };
    expect(after('jane')).toEqual([account('x'), user('joe')]);
    expect(after('joe', 'jane')).toEqual([account('x')]);
    expect(after('joe', 'shop/x', 'jane')).toBeUndefined();
  });

  test('knows a grant again when its binding has another name', async () => {
    const [one] = await adminIds(binding('one', [user('jane')]));
    expect(await adminIds(binding('other', [user('joe'), user('jane')]))).toContain(one);
    expect(await adminIds(binding('one', [user('jane')], 'cluster-admin', 'shop'))).not.toContain(one);
    expect(await adminIds(binding('one', [user('jane')]), binding('two', [user('jane')]))).toEqual([one]);
  });

  test('folds a grant that is made again into one finding, with a fix for each', async () => {
    const bindings = ['a', 'b', 'c'].map((name) =>
      binding('ops', [account('deployer', name)], 'cluster-admin', name),
    );
    const [finding, ...more] = await findings(clusterAdminUsage, ...bindings, binding('ops', [user('jane')]));
    expect(more).toMatchObject([{ object: { kind: 'ClusterRoleBinding' } }]);
    expect(finding?.members?.map(({ object, path, fix }) => [object.namespace, path, fix.action])).toEqual([
      ['a', 'subjects[0]', 'delete'],
      ['b', 'subjects[0]', 'delete'],
      ['c', 'subjects[0]', 'delete'],
    ]);
    // One namespace more or less changes nothing.
    expect(await adminIds(...bindings.slice(1))).toEqual([finding?.id]);
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
