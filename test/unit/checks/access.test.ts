/** What the walker cannot know of the checks over who may do what, and over stars in roles. */
import { describe, expect, test } from 'vitest';
import { csrApprovalAccess } from '../../../src/checks/csr-approval-access/check.ts';
import { nodeProxyAccess } from '../../../src/checks/node-proxy-access/check.ts';
import { podCreateAccess } from '../../../src/checks/pod-create-access/check.ts';
import { pvCreateAccess } from '../../../src/checks/pv-create-access/check.ts';
import { rbacEscalationVerbs } from '../../../src/checks/rbac-escalation-verbs/check.ts';
import { rbacWildcards } from '../../../src/checks/rbac-wildcards/check.ts';
import { saTokenCreateAccess } from '../../../src/checks/sa-token-create-access/check.ts';
import { secretAccess } from '../../../src/checks/secret-access/check.ts';
import { webhookConfigAccess } from '../../../src/checks/webhook-config-access/check.ts';
import type { Check } from '../../../src/kit/define-check.ts';
import type { Finding, JsonObject } from '../../../src/model.ts';
import { collectionOf } from '../collection.ts';
import { evaluate, type Raw } from './fixtures.ts';

const rbac = 'rbac.authorization.k8s.io';
const bootstrap = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };
type RawSubject = { kind: string; name: string; namespace?: string };
type RawRule = {
  verbs: string[];
  apiGroups?: string[];
  resources?: string[];
  resourceNames?: string[];
  nonResourceURLs?: string[];
};

const group = (name: string) => ({ kind: 'Group', name });
const user = (name: string) => ({ kind: 'User', name });
const account = (name: string, namespace = 'shop') => ({ kind: 'ServiceAccount', name, namespace });

/** `get,list secrets`, `* pods/exec,pods/attach`, `update deployments apps`. */
function rule(words: string, resourceNames?: string[]): RawRule {
  const [verbs = '', resources = '', apiGroups = ''] = words.split(' ');
  return {
    verbs: verbs.split(','),
    apiGroups: apiGroups.split(','),
    resources: resources.split(','),
    ...(resourceNames === undefined ? {} : { resourceNames }),
  };
}

const role = (name: string, rules: RawRule[], metadata: JsonObject = {}): Raw => ({
  apiVersion: `${rbac}/v1`,
  kind: metadata['namespace'] === undefined ? 'ClusterRole' : 'Role',
  metadata: { name, ...metadata },
  rules,
});

function binding(name: string, roleName: string, subjects: RawSubject[], metadata: JsonObject = {}): Raw {
  return {
    apiVersion: `${rbac}/v1`,
    kind: metadata['namespace'] === undefined ? 'ClusterRoleBinding' : 'RoleBinding',
    metadata: { name, ...metadata },
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: roleName },
    subjects,
  };
}

const findings = async (check: Check, ...objects: Raw[]): Promise<Finding[]> =>
  (await evaluate(check, objects)).findings;

/** The findings of one subject bound to one role. */
const ofGrant = (check: Check, rules: RawRule[], subject: RawSubject = account('a'), metadata?: JsonObject) =>
  findings(check, role('r', rules), binding('b', 'r', [subject], metadata));

/** A rule for each check that is just enough. */
const enough: [Check, RawRule[]][] = [
  [secretAccess, [rule('list secrets')]],
  [podCreateAccess, [rule('create pods')]],
  [rbacEscalationVerbs, [rule(`escalate clusterroles ${rbac}`)]],
  [pvCreateAccess, [rule('create persistentvolumes')]],
  [nodeProxyAccess, [rule('get nodes/proxy')]],
  [
    csrApprovalAccess,
    [
      rule('update certificatesigningrequests/approval certificates.k8s.io'),
      rule('approve signers certificates.k8s.io'),
    ],
  ],
  [webhookConfigAccess, [rule('patch mutatingwebhookconfigurations admissionregistration.k8s.io')]],
  [saTokenCreateAccess, [rule('create serviceaccounts/token')]],
];

describe.each(enough)('$id', (check, rules) => {
  const weight = { medium: ['high', 'medium', 'low'], high: ['critical', 'high', 'medium'] } as const;
  const [everyone, program, person] = weight[check.severity as 'medium' | 'high'];

  test.each([
    [group('system:unauthenticated'), everyone, 'fail'],
    [group('system:serviceaccounts:shop'), everyone, 'fail'],
    [user('system:anonymous'), everyone, 'fail'],
    [account('default'), program, 'fail'],
    [user('system:serviceaccount:shop:default'), program, 'fail'],
    [account('controller'), program, 'review'],
    [user('jane'), person, 'review'],
    [group('system:masters'), person, 'review'],
  ])('%o is %s, %s', async (subject, severity, verdict) => {
    expect(await ofGrant(check, rules, subject)).toMatchObject([{ severity, verdict }]);
  });

  test('finds it in stars, and without a part of it nothing', async () => {
    expect(await ofGrant(check, [rule('* * *')])).toHaveLength(1);
    for (const member of ['verbs', 'apiGroups', 'resources'] as const) {
      const starred = rules.map((each) => ({ ...each, [member]: ['*'] }));
      const others = rules.map((each) => ({ ...each, [member]: ['others'] }));
      expect([member, (await ofGrant(check, starred)).length, (await ofGrant(check, others)).length]).toEqual(
        [member, 1, 0],
      );
    }
  });

  test('is less where it is for names only, but not for everyone', async () => {
    const named = rules.map((each) => ({ ...each, resourceNames: ['one'] }));
    const ranks = ['critical', 'high', 'medium', 'low'];
    const [wide] = await ofGrant(check, rules);
    const [narrow] = await ofGrant(check, named);
    expect(ranks.indexOf(narrow?.severity ?? '')).toBeGreaterThan(ranks.indexOf(wide?.severity ?? ''));
    expect(narrow?.message).toContain('(only one)');
    expect(await ofGrant(check, named, group('system:authenticated'))).toMatchObject([
      { severity: everyone },
    ]);
  });

  test('says who, what, where and by what, and takes the binding away', async () => {
    const [finding] = await ofGrant(check, rules);
    expect(finding).toMatchObject({
      object: { kind: 'ClusterRoleBinding', name: 'b' },
      path: 'subjects[0]',
      fix: { action: 'delete', risk: 'advice' },
    });
    expect(finding?.message).toMatch(
      /^ServiceAccount shop\/a may \w.* in the cluster: ClusterRoleBinding b grants it ClusterRole r\./,
    );
  });

  test('does not believe a built-in name, label or binding', async () => {
    const imitated = binding('cluster-admin', 'r', [group('system:masters')], { labels: bootstrap });
    expect(await findings(check, role('r', rules), imitated)).toHaveLength(1);
    const added = binding('cluster-admin', 'cluster-admin', [group('system:masters'), user('mallory')], {
      labels: bootstrap,
    });
    const found = await findings(check, role('cluster-admin', [rule('* * *')]), added);
    expect(found).toMatchObject([{ path: 'subjects[1]', fix: { action: 'patch' } }]);
  });

  test('does not believe a built-in role that was widened, and leaves its binding', async () => {
    const name = 'system:controller:ttl-controller';
    const controller = binding(name, name, [account('ttl-controller', 'kube-system')], { labels: bootstrap });
    const [finding] = await findings(check, role(name, rules, { labels: bootstrap }), controller);
    expect(finding).toMatchObject({ verdict: 'review', fix: { action: 'none', risk: 'advice' } });
    expect(finding?.fix.note).toContain(`ClusterRole ${name}`);
  });
});

describe('grants alike', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => `team-${String(i).padStart(3, '0')}`);
  const edit = role('edit', [rule('get,list,watch secrets')]);
  const deployers = hundred.map((namespace) =>
    binding('deployer', 'edit', [account('deployer', namespace)], { namespace }),
  );

  test('a hundred are one finding with its members', async () => {
    const [finding, ...others] = await findings(secretAccess, edit, ...deployers);
    expect(others).toEqual([]);
    expect(finding?.object).toMatchObject({ kind: 'RoleBinding', namespace: 'team-000', name: 'deployer' });
    expect(finding?.members?.map(({ object }) => object.namespace)).toEqual(hundred);
    for (const member of finding?.members ?? []) {
      expect(member.path).toBe('subjects[0]');
      expect(member.fix).toMatchObject({ action: 'delete', target: member.object });
    }
    expect(finding?.message).toMatch(/ServiceAccount .*deployer may read Secrets in .*namespace/);
  });

  test('they are one to those who know them again, whichever of them are there', async () => {
    const [all] = await findings(secretAccess, edit, ...deployers);
    const [fewer] = await findings(secretAccess, edit, ...deployers.slice(1, 40).toReversed());
    expect(fewer?.id).toBe(all?.id);
  });

  test('one to another account, by another role or in the whole cluster is a finding of its own', async () => {
    const found = await findings(
      secretAccess,
      edit,
      role('admin', [rule('get secrets')]),
      ...deployers.slice(0, 3),
      binding('other-account', 'edit', [account('ci', 'team-000')], { namespace: 'team-000' }),
      binding('other-role', 'admin', [account('deployer', 'team-000')], { namespace: 'team-000' }),
      binding('whole-cluster', 'edit', [account('deployer', 'team-000')]),
    );
    expect(found.map(({ members }) => members?.length ?? 1).toSorted((a, b) => a - b)).toEqual([1, 1, 1, 3]);
    expect(new Set(found.map(({ id }) => id)).size).toBe(4);
  });

  test('all of their bindings fail, and the others pass', async () => {
    const { counts } = await evaluate(secretAccess, [
      edit,
      ...deployers,
      binding('view', 'view', [user('jane')]),
    ]);
    expect(counts).toEqual({ evaluated: 101, passed: 1, failed: 100, exempt: 0 });
  });
});

describe('a RoleBinding', () => {
  const inShop = { namespace: 'shop' };

  test('grants in its namespace only', async () => {
    const [finding] = await ofGrant(secretAccess, [rule('get secrets')], user('jane'), inShop);
    expect(finding?.message).toBe(
      'User jane may read Secrets in namespace shop: RoleBinding shop/b grants it ClusterRole r.',
    );
  });

  test.each([
    { check: secretAccess, words: '* * *', count: 1 },
    { check: podCreateAccess, words: '* * *', count: 1 },
    { check: saTokenCreateAccess, words: '* * *', count: 1 },
    { check: rbacEscalationVerbs, words: 'impersonate serviceaccounts', count: 1 },
    { check: rbacEscalationVerbs, words: `bind clusterroles ${rbac}`, count: 1 },
    { check: rbacEscalationVerbs, words: `escalate roles ${rbac}`, count: 1 },
    { check: rbacEscalationVerbs, words: `escalate clusterroles ${rbac}`, count: 0 },
    { check: rbacEscalationVerbs, words: 'impersonate users,groups', count: 0 },
    { check: pvCreateAccess, words: '* * *', count: 0 },
    { check: nodeProxyAccess, words: '* * *', count: 0 },
    { check: csrApprovalAccess, words: '* * *', count: 0 },
    { check: webhookConfigAccess, words: '* * *', count: 0 },
  ])('$check.id by $words: $count', async ({ check, words, count }) => {
    expect(await ofGrant(check, [rule(words)], user('jane'), inShop)).toHaveLength(count);
  });
});

describe('secret-access', () => {
  test.each(['get', 'list', 'watch'])('%s reads', async (verb) => {
    expect(await ofGrant(secretAccess, [rule(`${verb} secrets`)])).toHaveLength(1);
  });
  test.each(['create', 'delete', 'deletecollection', 'update', 'patch'])('%s does not', async (verb) => {
    expect(await ofGrant(secretAccess, [rule(`${verb} secrets`)])).toEqual([]);
  });
  test('names are no limit where another rule has none', async () => {
    const both = [rule('get secrets', ['tls']), rule('list secrets')];
    expect(await ofGrant(secretAccess, both)).toMatchObject([{ severity: 'high' }]);
  });
  test('roles that are put together later count where they are only manifests', async () => {
    const aggregated = {
      ...role('edit', []),
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { 'to-edit': 'true' } }] },
    };
    const part = role('part', [rule('get secrets')], { labels: { 'to-edit': 'true' } });
    expect(await findings(secretAccess, aggregated, part, binding('b', 'edit', [user('jane')]))).toHaveLength(
      1,
    );
  });
});

describe('pod-create-access', () => {
  test.each([
    ['create pods', 'medium'],
    ['create pods/exec', 'medium'],
    ['create pods/attach', 'medium'],
    ['patch pods/ephemeralcontainers', 'medium'],
    ['create deployments apps', 'low'],
    ['update daemonsets apps', 'low'],
    ['patch statefulsets apps', 'low'],
    ['create replicasets apps', 'low'],
    ['create replicationcontrollers', 'low'],
    ['create jobs,cronjobs batch', 'low'],
    ['create pods,deployments ,apps', 'medium'],
    ['update pods', undefined],
    ['get pods/exec', undefined],
    ['create deployments extensions', undefined],
    ['update deployments/scale apps', undefined],
    ['delete jobs batch', undefined],
  ])('%s is %s', async (words, severity) => {
    const found = await ofGrant(podCreateAccess, [rule(words)]);
    expect(found.map((finding) => finding.severity)).toEqual(severity === undefined ? [] : [severity]);
  });
  test.each([
    [34, 1],
    [35, 0],
  ])('get on pods/exec in Kubernetes 1.%i: %i', (minor, count) => {
    if (podCreateAccess.shape !== 'cluster') throw new Error('not a check over the cluster');
    const { held } = collectionOf({
      clusterRoles: [
        {
          apiVersion: `${rbac}/v1`,
          kind: 'ClusterRole',
          metadata: { name: 'r' },
          rules: [rule('get pods/exec')],
        },
      ],
      clusterRoleBindings: [
        {
          apiVersion: `${rbac}/v1`,
          kind: 'ClusterRoleBinding',
          metadata: { name: 'b' },
          roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'r' },
          subjects: [user('jane')],
        },
      ],
    });
    const { problems } = podCreateAccess.test(held, { minor, platform: 'kubernetes', pods: undefined });
    expect(problems).toHaveLength(count);
  });
  test('says each way once', async () => {
    const rules = [rule('create,patch * *')];
    const [finding] = await ofGrant(podCreateAccess, rules);
    expect(finding?.message).toContain(
      'may create Pods, make Pods by way of workloads and run programs in Pods in the cluster',
    );
  });
});

describe('rbac-escalation-verbs', () => {
  const authentication = 'authentication.k8s.io';
  test.each([
    [`bind roles ${rbac}`, 1],
    [`escalate roles ${rbac}`, 1],
    ['impersonate groups', 1],
    [`impersonate:user-info users ${authentication}`, 1],
    [`impersonate:serviceaccount serviceaccounts ${authentication}`, 1],
    [`impersonate:arbitrary-node nodes ${authentication}`, 1],
    [`impersonate:associated-node nodes ${authentication}`, 1],
    [`impersonate users ${authentication}`, 0],
    ['impersonate:user-info users', 0],
    [`impersonate uids,userextras/scopes ${authentication}`, 0],
    ['impersonate-on:user-info:list pods', 0],
    [`create,update,patch roles,clusterroles,rolebindings ${rbac}`, 0],
  ])('%s: %i', async (words, count) => {
    expect(await ofGrant(rbacEscalationVerbs, [rule(words)])).toHaveLength(count);
  });
});

describe('node-proxy-access', () => {
  test.each([
    ['get nodes/proxy', 1],
    ['create */proxy', 1],
    ['delete nodes/proxy', 1],
    // The API server knows no star behind a slash.
    ['get nodes/*', 0],
    ['get nodes', 0],
    ['get nodes/metrics,nodes/stats,pods/proxy', 0],
  ])('%s: %i', async (words, count) => {
    expect(await ofGrant(nodeProxyAccess, [rule(words)])).toHaveLength(count);
  });
});

describe('csr-approval-access', () => {
  const update = role('update', [rule('update certificatesigningrequests/approval certificates.k8s.io')]);
  const approve = role('approve', [rule('approve signers certificates.k8s.io')]);

  test('asks one subject for both rights, by whatever bindings', async () => {
    const jane = await findings(
      csrApprovalAccess,
      update,
      approve,
      binding('a', 'update', [user('jane')]),
      binding('b', 'approve', [user('jane'), user('joe')]),
    );
    expect(jane.map(({ object, message }) => [object.name, message.split(' may ')[0]])).toEqual([
      ['a', 'User jane'],
      ['b', 'User jane'],
    ]);
    expect(
      await findings(
        csrApprovalAccess,
        update,
        approve,
        binding('a', 'update', [user('jane')]),
        binding('b', 'approve', [user('joe')]),
      ),
    ).toEqual([]);
  });

  test('a right that everyone has is everybody’s', async () => {
    const found = await findings(
      csrApprovalAccess,
      update,
      approve,
      binding('a', 'update', [group('system:authenticated')]),
      binding('b', 'approve', [user('jane')]),
    );
    expect(found.map(({ object }) => object.name)).toEqual(['b']);
  });

  test('is less where the signers are named', async () => {
    const rules = [
      rule('update certificatesigningrequests/approval certificates.k8s.io'),
      rule('approve signers certificates.k8s.io', ['kubernetes.io/kubelet-serving']),
    ];
    expect(await ofGrant(csrApprovalAccess, rules)).toMatchObject([{ severity: 'medium' }]);
  });
});

describe('rbac-wildcards', () => {
  const jane = binding('b', 'r', [user('jane')]);
  const everyone = binding('b', 'r', [group('system:authenticated')]);
  const ofRule = async (each: RawRule, ...bindings: Raw[]) => {
    const [finding] = await findings(rbacWildcards, role('r', [each]), ...bindings);
    return finding && [finding.path, finding.severity, finding.verdict];
  };

  test.each<[RawRule, string, string, string]>([
    [rule('* pods'), 'rules[0].verbs', 'high', 'fail'],
    [rule('get *'), 'rules[0].resources', 'high', 'fail'],
    [rule('* * *'), 'rules[0].verbs', 'high', 'fail'],
    [rule('* * ,example.com'), 'rules[0].verbs', 'high', 'fail'],
    [rule('* pods metrics.k8s.io'), 'rules[0].verbs', 'high', 'fail'],
    [rule('* * example.com'), 'rules[0].verbs', 'medium', 'review'],
    [rule('* configmaps', ['leader']), 'rules[0].verbs', 'medium', 'review'],
    [rule('get pods *'), 'rules[0].apiGroups', 'low', 'review'],
    [rule('update */scale apps'), 'rules[0].resources', 'low', 'review'],
    [{ verbs: ['get'], nonResourceURLs: ['*'] }, 'rules[0].nonResourceURLs', 'low', 'review'],
    [{ verbs: ['*'], nonResourceURLs: ['/metrics'] }, 'rules[0].verbs', 'low', 'review'],
  ])('%o is at %s, %s, %s', async (each, path, severity, verdict) => {
    expect(await ofRule(each, jane)).toEqual([path, severity, verdict]);
    expect(await ofRule(each)).toEqual([path, 'low', 'review']);
    const worse = { high: 'critical', medium: 'high', low: 'medium' }[severity];
    expect(await ofRule(each, jane, everyone)).toEqual([path, worse, verdict]);
  });

  test.each<RawRule>([
    rule('get,list pods,pods/log'),
    rule('get pods/*'),
    { verbs: ['get'], nonResourceURLs: ['/healthz', '/healthz/*'] },
  ])('%o has no star', async (each) => {
    expect(await ofRule(each, jane)).toBeUndefined();
  });

  test('says what, who and how many more', async () => {
    const rules = [rule('get pods *'), rule('* pods,services ,apps'), rule('get *')];
    const [finding, ...others] = await findings(
      rbacWildcards,
      role('r', rules),
      binding('b', 'r', [user('jane'), account('a')]),
      binding('c', 'r', [group('system:serviceaccounts:shop')], { namespace: 'shop' }),
    );
    expect(others).toEqual([]);
    expect(finding?.path).toBe('rules[1].verbs');
    expect(finding?.message).toBe(
      'It allows every verb on pods, services of API groups core, apps, and has * in 2 more rules. Group system:serviceaccounts:shop has it by RoleBinding shop/c, and 2 more subjects.',
    );
    expect(finding?.fix).toMatchObject({ action: 'none', risk: 'advice' });
    const [unbound] = await findings(rbacWildcards, role('r', [rule('* * *')]));
    expect(unbound?.message).toBe(
      'It allows every verb on every resource of every API group. Nobody is bound to it.',
    );
  });

  test('knows a role again when its rules have another order', async () => {
    const [one] = await findings(rbacWildcards, role('r', [rule('* pods')]), jane);
    const [two] = await findings(rbacWildcards, role('r', [rule('get pods'), rule('get *')]), jane);
    expect(two?.id).toBe(one?.id);
  });

  test('a binding is to the Role of its own namespace', async () => {
    const roles = ['a', 'b'].map((namespace) => role('r', [rule('* pods')], { namespace }));
    const grant = {
      ...binding('b', 'r', [user('jane')], { namespace: 'a' }),
      roleRef: { apiGroup: rbac, kind: 'Role', name: 'r' },
    };
    const found = await findings(rbacWildcards, ...roles, grant);
    expect(found.map(({ object, severity }) => [object.namespace, severity])).toEqual([
      ['a', 'high'],
      ['b', 'low'],
    ]);
  });

  describe('aggregated roles', () => {
    const gathering = (name: string, label: string, rules: RawRule[], labels: JsonObject = {}): Raw => ({
      ...role(name, rules, { labels, uid: name }),
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [label]: 'true' } }] },
    });
    const star = rule('* services');
    const source = role('source', [star], { labels: { 'to-edit': 'true' } });
    const edit = gathering('edit', 'to-edit', [star], { 'to-admin': 'true' });
    const admin = gathering('admin', 'to-admin', [star]);

    test('the role that the rule comes from is reported, with those who have it by way of others', async () => {
      const found = await findings(
        rbacWildcards,
        source,
        edit,
        admin,
        binding('b', 'admin', [account('a')], { namespace: 'shop' }),
      );
      expect(found.map(({ object, severity }) => [object.name, severity])).toEqual([['source', 'high']]);
      expect(found[0]?.message).toContain('ServiceAccount shop/a has it by RoleBinding shop/b.');
    });

    test('a rule that comes from nowhere is their own', async () => {
      const found = await findings(rbacWildcards, edit, admin, binding('b', 'edit', [user('jane')]));
      expect(found.map(({ object }) => object.name)).toEqual(['edit']);
    });

    test('roles that gather from one another end', async () => {
      const one = gathering('one', 'to-one', [star], { 'to-two': 'true' });
      const two = gathering('two', 'to-two', [rule('get pods')], { 'to-one': 'true' });
      const found = await findings(rbacWildcards, one, two, binding('b', 'two', [user('jane')]));
      expect(found.map(({ object, severity }) => [object.name, severity])).toEqual([['one', 'high']]);
    });
  });

  test.each<[string, RawRule, boolean]>([
    ['system:controller:generic-garbage-collector', rule('get,list *  '), false],
    ['system:controller:namespace-controller', rule('delete,deletecollection,get,list,watch * *'), true],
    ['system:controller:namespace-controller', rule('get * *'), true],
    ['system:controller:namespace-controller', rule('get,patch * *'), false],
    ['system:controller:horizontal-pod-autoscaler', rule('get,update */scale *'), true],
    ['system:controller:horizontal-pod-autoscaler', rule('get,update * *'), false],
    ['system:controller:job-controller', rule('get * *'), false],
    ['system:kubelet-api-admin', rule('* nodes/proxy'), true],
    ['system:kubelet-api-admin', rule('* nodes'), false],
    ['cluster-admin', rule('* * *'), true],
    ['constructor', rule('* * *'), false],
  ])('%s with %o: its own is %s', async (name, each, isOwn) => {
    for (const labels of [{}, bootstrap]) {
      expect(await findings(rbacWildcards, role(name, [each], { labels }))).toHaveLength(isOwn ? 0 : 1);
    }
  });
});
