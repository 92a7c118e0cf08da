/** What the folders of the checks over access have in common: who is reported, how badly, and as how many findings. */
import { describe, expect, test } from 'vitest';
import { accessCheck, type AccessCheck } from '../../../src/kit/access-check.ts';
import type { Finding, JsonObject } from '../../../src/model.ts';
import { planFor } from '../../../src/kit/plan.ts';
import { evaluate, type Raw } from '../checks/fixtures.ts';
import { hostileNames } from './hostile.ts';
import { applyPatch } from './json-patch.ts';

const rbac = 'rbac.authorization.k8s.io';
const metadata = (place: string) => {
  const [name = '', namespace] = place.split('/').toReversed();
  return { name, ...(namespace === undefined ? {} : { namespace }) };
};
const role = (place: string, ...rules: JsonObject[]): Raw => ({
  apiVersion: `${rbac}/v1`,
  kind: place.includes('/') ? 'Role' : 'ClusterRole',
  metadata: metadata(place),
  rules,
});
const binding = (place: string, roleName: string, ...subjects: JsonObject[]): Raw => {
  const [kind = '', name = ''] = roleName.split(' ');
  return {
    apiVersion: `${rbac}/v1`,
    kind: place.includes('/') ? 'RoleBinding' : 'ClusterRoleBinding',
    metadata: metadata(place),
    roleRef: { apiGroup: rbac, kind, name },
    subjects,
  };
};
const rule = (verbs: string, resources: string, ...resourceNames: string[]) => ({
  verbs: verbs.split(' '),
  apiGroups: [''],
  resources: resources.split(' '),
  ...(resourceNames.length === 0 ? {} : { resourceNames }),
});
const account = (name: string, namespace = 'shop') => ({ kind: 'ServiceAccount', name, namespace });
const user = (name: string) => ({ kind: 'User', name });
const group = (name: string) => ({ kind: 'Group', name });

const readers = {
  id: 'secret-readers',
  title: 'Few read Secrets',
  severity: 'high',
  accesses: [{ verbs: ['get', 'list'], apiGroups: [''], resources: ['secrets'], what: 'read Secrets' }],
  expected: ['cluster-admin', 'system:controller:token-cleaner'],
} satisfies AccessCheck;

const found = async (definition: AccessCheck, ...objects: Raw[]): Promise<Finding[]> =>
  (await evaluate(accessCheck(definition), objects)).findings;
const idOf = async (definition: AccessCheck, ...objects: Raw[]) =>
  (await found(definition, ...objects)).map(({ id }) => id);
const reads = role('reads', rule('list', 'secrets'));

test('names the subject, what it may do, the binding and the role', async () => {
  const [finding] = await found(
    readers,
    reads,
    binding('shop/b', 'ClusterRole reads', user('jane'), account('x')),
  );
  expect(finding).toMatchObject({
    object: { kind: 'RoleBinding', namespace: 'shop', name: 'b' },
    path: 'subjects[1]',
    message:
      'ServiceAccount shop/x may read Secrets in namespace shop: RoleBinding shop/b grants it ClusterRole reads.',
    verdict: 'review',
    fix: { action: 'patch', risk: 'advice' },
  });
});

test.each([
  [group('system:authenticated'), 'critical', 'fail'],
  [user('system:anonymous'), 'critical', 'fail'],
  [account('default'), 'high', 'fail'],
  [account('x'), 'high', 'review'],
  [user('jane'), 'medium', 'review'],
])('%o: %s, %s; a check of less weight takes one step less', async (subject, severity, verdict) => {
  const objects = [reads, binding('b', 'ClusterRole reads', subject)];
  expect(await found(readers, ...objects)).toMatchObject([{ severity, verdict }]);
  const steps = ['critical', 'high', 'medium', 'low'];
  const [finding] = await found({ ...readers, severity: 'medium' }, ...objects);
  expect(finding?.severity).toBe(steps[steps.indexOf(severity) + 1]);
});

test('a grant for names is no worse than the check says, but for everyone', async () => {
  const definition = { ...readers, whenNamed: 'low' } as const;
  const named = role('reads', rule('get', 'secrets', 'd', 'c', 'b', 'a'));
  const [toAccount] = await found(definition, named, binding('b', 'ClusterRole reads', account('x')));
  expect(toAccount).toMatchObject({ severity: 'low' });
  expect(toAccount?.message).toContain('may read Secrets (only a, b, c, and 1 more) in the cluster');
  expect(
    await found(definition, named, binding('b', 'ClusterRole reads', group('system:authenticated'))),
  ).toMatchObject([{ severity: 'critical' }]);
  // One rule without names is enough.
  const both = role('reads', rule('get', 'secrets', 'a'), rule('list', '*'));
  expect(await found(definition, both, binding('b', 'ClusterRole reads', account('x')))).toMatchObject([
    { severity: 'high' },
  ]);
});

describe('the grants that the cluster makes itself', () => {
  const cleaner = 'system:controller:token-cleaner';
  const own = (...subjects: JsonObject[]) => {
    const made = binding(`kube-system/${cleaner}`, `Role ${cleaner}`, ...subjects);
    made.metadata['labels'] = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };
    return [made, role(`kube-system/${cleaner}`, rule('get', 'secrets'))];
  };
  const controller = account('token-cleaner', 'kube-system');

  test('are expected where the check says so', async () => {
    expect(await found(readers, ...own(controller))).toEqual([]);
    expect(await found({ ...readers, expected: [] }, ...own(controller))).toHaveLength(1);
  });
  test('not for whom somebody has added', async () => {
    expect(await found(readers, ...own(controller, user('mallory')))).toMatchObject([
      {
        path: 'subjects[1]',
        fix: { changes: [{ field: ['subjects', { index: 1 }], before: user('mallory'), listLength: 2 }] },
      },
    ]);
  });
});

describe('a binding of many subjects', () => {
  const bind = (subjects: JsonObject[]) => binding('b', 'ClusterRole reads', ...subjects);
  const hostile = hostileNames.map(user);
  const jane = user('jane');
  const byLogin = user('system:serviceaccount:shop:x');

  test.each<[string, (count: number) => JsonObject[]]>([
    ['of all names', (count) => Array.from({ length: count }, (_, i) => user(`u${i}`))],
    ['of one name', (count) => [user('joe'), ...Array.from({ length: count }, () => jane)]],
  ])('the report grows with them, not with their square: %s', async (_, subjects) => {
    const sizeFor = async (count: number) =>
      JSON.stringify(await found(readers, reads, bind(subjects(count)))).length;
    expect((await sizeFor(800)) / (await sizeFor(400))).toBeLessThan(2.1);
  });

  test('who is named more than once, by whichever name, is one finding', async () => {
    const subjects = [jane, account('x'), jane, byLogin, user('joe')];
    const findings = await found(readers, reads, bind(subjects));
    expect(
      findings.map(({ path, members, fix }) => [path, members, fix.changes?.map(({ before }) => before)]),
    ).toEqual([
      ['subjects[1]', undefined, [account('x'), byLogin]],
      ['subjects[0]', undefined, [jane, jane]],
      ['subjects[4]', undefined, [user('joe')]],
    ]);
  });

  test('what some of the findings take out comes back to where it was', async () => {
    const named = [jane, ...hostile, account('x'), jane, byLogin, group('ops')];
    const titles = named.map(({ kind, name }) =>
      kind === 'ServiceAccount' || name === byLogin.name ? 'ServiceAccount shop/x' : `${kind} ${name}`,
    );
    const object = bind(named);
    const findings = await found(readers, reads, object);
    const without = (taken: readonly string[]) => {
      const fixes = findings.filter(({ message }) =>
        taken.some((title) => message.startsWith(`${title} may`)),
      );
      const { patch = [], inverse = [] } = planFor(fixes.map(({ fix }) => fix));
      const changed = applyPatch(object, patch) as Raw;
      expect(applyPatch(changed, inverse)).toEqual(object);
      return changed['subjects'];
    };
    const others = titles.filter((_, i) => i % 2 === 0);
    for (const taken of [others, others.toReversed(), titles.slice(0, -1), ['ServiceAccount shop/x']]) {
      expect(without(taken)).toEqual(named.filter((_, i) => !taken.includes(titles[i] ?? '')));
    }
    expect(without(titles)).toBeUndefined();
  });
});

describe('grants alike', () => {
  const inNamespaces = (...names: string[]) =>
    names.map((name) => binding(`${name}/b`, 'ClusterRole reads', account('x', name)));

  test('are one finding with a fix for each', async () => {
    const [finding, ...others] = await found(readers, reads, ...inNamespaces('a', 'b', 'c'));
    expect(others).toEqual([]);
    expect(finding?.object).toMatchObject({ namespace: 'a' });
    expect(
      finding?.members?.map(({ object, fix }) => [object.namespace, fix.target.namespace, fix.action]),
    ).toEqual([
      ['a', 'a', 'delete'],
      ['b', 'b', 'delete'],
      ['c', 'c', 'delete'],
    ]);
    expect(finding?.members?.map(({ message }) => message)).toEqual(
      ['a', 'b', 'c'].map(
        (name) =>
          `ServiceAccount ${name}/x may read Secrets in namespace ${name}: RoleBinding ${name}/b grants it ClusterRole reads.`,
      ),
    );
    expect(await idOf(readers, reads, ...inNamespaces('b', 'c', 'd'))).toEqual([finding?.id]);
    const { counts } = await evaluate(accessCheck(readers), [reads, ...inNamespaces('a', 'b', 'c')]);
    expect(counts).toMatchObject({ evaluated: 3, failed: 3 });
  });

  test('by Roles of one name are alike only as far as they grant the same', async () => {
    const local = (namespace: string, ...rules: JsonObject[]) => [
      role(`${namespace}/reads`, ...rules),
      binding(`${namespace}/b`, 'Role reads', account('x', namespace)),
    ];
    const named = rule('get', 'secrets', 'a');
    const findings = await found(
      readers,
      ...local('a', rule('get', 'secrets')),
      ...local('b', rule('list', 'secrets')),
      ...local('c', named),
      ...local('d', named),
    );
    expect(findings.map(({ members = [] }) => members.length)).toEqual([2, 2]);
    expect(new Set(findings.map(({ id }) => id)).size).toBe(2);
  });

  test.each<[string, Raw]>([
    ['of another subject', binding('b/b', 'ClusterRole reads', account('y', 'b'))],
    ['of another kind of subject', binding('b/b', 'ClusterRole reads', user('x'))],
    ['of another role', binding('b/b', 'ClusterRole also', account('x', 'b'))],
    ['in the cluster', binding('b', 'ClusterRole reads', account('x', 'b'))],
  ])('are none %s', async (_, other) => {
    const also = role('also', rule('get', 'secrets'));
    expect(await found(readers, reads, also, ...inNamespaces('a'), other)).toHaveLength(2);
  });
});

describe('several accesses', () => {
  const both = {
    ...readers,
    accesses: [
      { verbs: ['create'], apiGroups: [''], resources: ['pods/exec'], what: 'enter Pods' },
      { verbs: ['get'], apiGroups: [''], resources: ['secrets'], what: 'read Secrets' },
    ],
  } satisfies AccessCheck;
  const enters = role('enters', rule('create', 'pods/exec'));
  const secrets = role('reads', rule('get', 'secrets'));

  test('are one finding of one grant', async () => {
    const all = role('both', rule('*', '*'));
    const findings = await found(both, all, binding('b', 'ClusterRole both', user('jane')));
    expect(findings).toHaveLength(1);
    expect(findings[0]?.message).toContain('may enter Pods and read Secrets in the cluster');
  });

  test('each is enough, unless all are needed', async () => {
    const objects = [enters, binding('b', 'ClusterRole enters', user('jane'))];
    expect(await found(both, ...objects)).toHaveLength(1);
    expect(await found({ ...both, all: true }, ...objects)).toEqual([]);
  });

  test.each<[string, Raw[], number]>([
    [
      'by two bindings',
      [binding('e', 'ClusterRole enters', user('jane')), binding('r', 'ClusterRole reads', user('jane'))],
      2,
    ],
    [
      'of two users',
      [binding('e', 'ClusterRole enters', user('jane')), binding('r', 'ClusterRole reads', user('joe'))],
      0,
    ],
    // In the namespace both; elsewhere the one alone.
    [
      'one of them in a namespace',
      [
        binding('e', 'ClusterRole enters', user('jane')),
        binding('shop/r', 'ClusterRole reads', user('jane')),
      ],
      1,
    ],
    [
      'in two namespaces',
      [
        binding('bank/e', 'ClusterRole enters', user('jane')),
        binding('shop/r', 'ClusterRole reads', user('jane')),
      ],
      0,
    ],
    [
      'one of them as everyone has it',
      [
        binding('e', 'ClusterRole enters', user('jane')),
        binding('r', 'ClusterRole reads', group('system:authenticated')),
      ],
      1,
    ],
    [
      'one of them as all accounts of the namespace have it',
      [
        binding('e', 'ClusterRole enters', account('x')),
        binding('r', 'ClusterRole reads', group('system:serviceaccounts:shop')),
      ],
      1,
    ],
    [
      'of an account by both of its names',
      [
        binding('e', 'ClusterRole enters', account('x')),
        binding('r', 'ClusterRole reads', user('system:serviceaccount:shop:x')),
      ],
      2,
    ],
  ])('all of them, %s', async (_, bindings, count) => {
    const findings = await found({ ...both, all: true }, enters, secrets, ...bindings);
    expect(findings).toHaveLength(count);
    for (const { message } of findings)
      expect(message).toMatch(/ By another grant it may (enter Pods|read Secrets)\.$/);
  });
});

describe('what has no namespace', () => {
  const nodes = {
    ...readers,
    accesses: [{ verbs: ['get'], apiGroups: [''], resources: ['nodes/proxy'] }],
  } satisfies AccessCheck;
  const reaches = role('reaches', rule('get', 'nodes/proxy'));

  test('no RoleBinding grants', async () => {
    expect(await found(nodes, reaches, binding('shop/b', 'ClusterRole reaches', user('jane')))).toEqual([]);
    const [finding] = await found(nodes, reaches, binding('b', 'ClusterRole reaches', user('jane')));
    expect(finding?.message).toContain('may get nodes/proxy in the cluster');
  });

  test('but bind, which is asked in the namespace of the binding', async () => {
    const binds = { verbs: ['bind'], apiGroups: [rbac], resources: ['clusterroles'] };
    const escalates = { ...binds, verbs: ['escalate'] };
    const definition = { ...readers, accesses: [binds, escalates] };
    const grants = (given: JsonObject) => [
      role('r', given),
      binding('shop/b', 'ClusterRole r', user('jane')),
    ];
    expect(await found(definition, ...grants(binds))).toHaveLength(1);
    expect(await found(definition, ...grants(escalates))).toEqual([]);
  });
});
