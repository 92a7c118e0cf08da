/** What the truth suite asks a real API server at random, here by name. */
import { describe, expect, test } from 'vitest';
import {
  can,
  grantsOf,
  identityOf,
  isBuiltIn,
  principalOf,
  ruleAllows,
  whoCan,
  type Grant,
  type RbacHeld,
  type Request,
} from '../../../src/kit/rbac.ts';
import type { PolicyRule, Role, RoleBinding, Subject } from '../../../src/model.ts';

const apiVersion = 'rbac.authorization.k8s.io/v1';
const apiGroup = 'rbac.authorization.k8s.io';

const rule = (verbs: string, groups: string, resources: string, ...resourceNames: string[]): PolicyRule => ({
  verbs: verbs.split(' '),
  apiGroups: groups.split(' '),
  resources: resources.split(' '),
  ...(resourceNames.length === 0 ? {} : { resourceNames }),
});
const urls = (verbs: string, ...nonResourceURLs: string[]): PolicyRule => ({
  verbs: verbs.split(' '),
  nonResourceURLs,
});
/** `get pods`, `get pods/exec web`, `list deployments.apps`, `get /healthz`. */
function asked(text: string): Request {
  const [verb = '', what = '', name] = text.split(' ');
  if (what.startsWith('/')) return { verb, path: what };
  const [type = '', subresource] = what.split('/');
  const [resource = '', ...group] = type.split('.');
  return {
    verb,
    resource,
    apiGroup: group.join('.'),
    ...(subresource === undefined ? {} : { subresource }),
    ...(name === undefined ? {} : { name }),
  };
}

describe('ruleAllows', () => {
  // By a regular expression this would take minutes: whoever may write a role could stop the audit.
  test('any number of stars', () => {
    const stars = '*'.repeat(300_000);
    const allows = (url: string) => ruleAllows(urls('get', url), asked('get /metrics'));
    expect([`/${stars}`, `/${stars}/`, `/metrics${stars}`, `/metrics/${stars}`, stars].map(allows)).toEqual([
      true,
      false,
      true,
      false,
      true,
    ]);
  });

  test.each<[PolicyRule, string, boolean]>([
    [rule('get', '', 'pods'), 'get pods', true],
    [rule('get', '', 'pods'), 'get pods web', true],
    [rule('get', '', 'pods'), 'list pods', false],
    [rule('get', '', 'pods'), 'get pods.apps', false],
    [rule('*', '', 'pods'), 'water pods', true],
    [rule('get', '*', 'pods'), 'get pods.apps', true],
    [rule('get', '', '*'), 'get pods/exec', true],
    [rule('get', '', '*'), 'get pods.apps', false],
    // The wildcard is a word that a question may use, too: then nothing less answers it.
    [rule('get list', '', 'pods'), '* pods', false],
    [rule('*', '*', '*'), '* *.*', true],
    [rule('get', '', 'pods'), 'get pods/exec', false],
    [rule('get', '', 'pods/exec'), 'get pods/exec', true],
    [rule('get', '', 'pods/exec'), 'get pods', false],
    [rule('get', '', '*/exec'), 'get pods/exec', true],
    [rule('get', '', '*/exec'), 'get pods/log', false],
    [rule('get', '', '*/exec'), 'get exec', false],
    [rule('get', '', 'pods/*'), 'get pods/exec', false],
    [rule('get', '', '*/*'), 'get pods/exec', false],
    [rule('get', '', 'secrets', 'db'), 'get secrets db', true],
    [rule('get', '', 'secrets', 'db'), 'get secrets web', false],
    [rule('list', '', 'secrets', 'db'), 'list secrets', false],
    [rule('list', '', 'secrets', 'db'), 'list secrets db', true],
    [rule('create', '', 'secrets', 'db'), 'create secrets', false],
    [rule('deletecollection', '', 'secrets', 'db'), 'deletecollection secrets', false],
    [rule('get', '', 'secrets', '*'), 'get secrets db', false],
    [rule('get', '', 'secrets', ''), 'get secrets', true],
    [rule('get', '', 'pods'), 'get /healthz', false],
    [rule('*', '*', '*'), 'get /healthz', false],
    [urls('get', '/healthz'), 'get /healthz', true],
    [urls('get', '/healthz'), 'get /healthz/etcd', false],
    [urls('get', '/healthz/*'), 'get /healthz/etcd', true],
    [urls('get', '/healthz/*'), 'get /healthz', false],
    [urls('get', '/healthz*'), 'get /healthzz', true],
    [urls('get', '/apis/**'), 'get /apis/apps', true],
    [urls('get', '/a*s'), 'get /apis', false],
    [urls('get', '*'), 'get /anything', true],
    [urls('get', '*'), 'post /anything', false],
    [urls('*', '*'), 'get pods', false],
  ])('%o and %s', (given, question, allowed) => {
    expect(ruleAllows(given, asked(question))).toBe(allowed);
  });
});

// -----------------------------------------------------------------------------------------------------------

function held(...objects: (Role | RoleBinding)[]): RbacHeld {
  const of = (kind: string) => objects.filter((object) => object.kind === kind);
  return {
    roles: of('Role'),
    clusterRoles: of('ClusterRole'),
    roleBindings: of('RoleBinding'),
    clusterRoleBindings: of('ClusterRoleBinding'),
  } as RbacHeld;
}
const metadata = (place: string) => {
  const [name = '', namespace] = place.split('/').toReversed();
  return { name, ...(namespace === undefined ? {} : { namespace }) };
};
const role = (place: string, ...rules: PolicyRule[]): Role => ({
  apiVersion,
  kind: place.includes('/') ? 'Role' : 'ClusterRole',
  metadata: metadata(place),
  rules,
});
const binding = (place: string, roleName: string, ...subjects: Subject[]): RoleBinding => ({
  apiVersion,
  kind: place.includes('/') ? 'RoleBinding' : 'ClusterRoleBinding',
  metadata: metadata(place),
  roleRef: { apiGroup, kind: roleName.split(' ')[0] ?? '', name: roleName.split(' ')[1] ?? '' },
  subjects,
});
const ada = { kind: 'User', name: 'ada' };
const secrets = role('secrets', rule('get', '', 'secrets'));
const inShop = { ...asked('get secrets'), namespace: 'shop' } as Request;
const isAda = { user: 'ada', groups: [] };

describe('whoCan', () => {
  test('a ClusterRoleBinding grants everywhere, a RoleBinding in its namespace', () => {
    const everywhere = held(secrets, binding('all', 'ClusterRole secrets', ada));
    const here = held(secrets, binding('shop/some', 'ClusterRole secrets', ada));
    expect(whoCan(everywhere, asked('get secrets'))).toHaveLength(1);
    expect(whoCan(everywhere, inShop)).toHaveLength(1);
    expect(whoCan(here, asked('get secrets'))).toEqual([]);
    expect(whoCan(here, inShop)).toMatchObject([
      { namespace: 'shop', index: 0, subject: ada, role: secrets },
    ]);
    expect(whoCan(here, { ...inShop, namespace: 'bank' })).toEqual([]);
  });

  test('a RoleBinding never grants a path of the API server', () => {
    const health = role('health', urls('get', '/healthz'));
    expect(
      whoCan(held(health, binding('shop/some', 'ClusterRole health', ada)), asked('get /healthz')),
    ).toEqual([]);
    expect(
      whoCan(held(health, binding('all', 'ClusterRole health', ada)), asked('get /healthz')),
    ).toHaveLength(1);
  });

  test('a Role is that of the namespace, and one that does not exist grants nothing', () => {
    const local = role('shop/secrets', rule('get', '', 'secrets'));
    expect(whoCan(held(local, binding('shop/some', 'Role secrets', ada)), inShop)).toHaveLength(1);
    const elsewhere = held(local, secrets, binding('bank/some', 'Role secrets', ada));
    expect(whoCan(elsewhere, { ...inShop, namespace: 'bank' })).toEqual([]);
    const dangling = held(binding('all', 'ClusterRole secrets', ada));
    expect(whoCan(dangling, inShop)).toEqual([]);
    expect(grantsOf(dangling)).toHaveLength(1);
    expect(grantsOf(dangling)[0]).not.toHaveProperty('role');
  });

  test('does not depend on the order of the lists, and is computed once', () => {
    const objects = [
      secrets,
      binding('b', 'ClusterRole secrets', ada),
      binding('a', 'ClusterRole secrets', ada),
    ];
    const one = held(...objects);
    expect(grantsOf(held(...objects.toReversed()))).toEqual(grantsOf(one));
    expect(grantsOf(one)).toBe(grantsOf(one));
  });
});

describe('can', () => {
  const grantTo = (...subjects: Subject[]) =>
    held(secrets, binding('shop/some', 'ClusterRole secrets', ...subjects));
  const robot = { user: 'system:serviceaccount:shop:robot', groups: [] };

  test.each<[string, RbacHeld, { user: string; groups: string[] }, boolean]>([
    ['a user', grantTo(ada), isAda, true],
    ['another user', grantTo(ada), { user: 'Ada', groups: [] }, false],
    ['a group', grantTo({ kind: 'Group', name: 'dev' }), { user: 'x', groups: ['dev'] }, true],
    ['a group of the name of the user', grantTo({ kind: 'Group', name: 'ada' }), isAda, false],
    [
      'a user of the name of the group',
      grantTo({ kind: 'User', name: 'dev' }),
      { user: 'x', groups: ['dev'] },
      false,
    ],
    ['a service account', grantTo({ kind: 'ServiceAccount', name: 'robot', namespace: 'shop' }), robot, true],
    [
      'one of another namespace',
      grantTo({ kind: 'ServiceAccount', name: 'robot', namespace: 'bank' }),
      robot,
      false,
    ],
    ['one without a namespace', grantTo({ kind: 'ServiceAccount', name: 'robot' }), robot, true],
    ['one by its user name', grantTo({ kind: 'User', name: robot.user }), robot, true],
    ['no group that was not given', grantTo({ kind: 'Group', name: 'system:serviceaccounts' }), robot, false],
    ['system:masters', held(), { user: 'x', groups: ['system:masters'] }, true],
    ['the user system:masters', held(), { user: 'system:masters', groups: [] }, false],
  ])('%s', (_, given, identity, allowed) => {
    expect(can(given, identity, inShop)).toBe(allowed);
  });

  test('a service account without a namespace means nobody in a ClusterRoleBinding', () => {
    const given = held(
      secrets,
      binding('all', 'ClusterRole secrets', { kind: 'ServiceAccount', name: 'robot' }),
    );
    expect(can(given, robot, inShop)).toBe(false);
    expect(can(given, { user: 'system:serviceaccount::robot', groups: [] }, inShop)).toBe(false);
  });
});

describe('subjects', () => {
  test('a service account is the same by its user name', () => {
    const account = { kind: 'ServiceAccount', namespace: 'shop', name: 'robot' };
    expect(principalOf({ kind: 'User', name: 'system:serviceaccount:shop:robot' })).toEqual(account);
    for (const name of [
      'system:serviceaccount:shop',
      'system:serviceaccount:shop:robot:x',
      'xsystem:serviceaccount:a:b',
    ]) {
      expect(principalOf({ kind: 'User', name })).toEqual({ kind: 'User', name });
    }
  });

  test.each<[Subject, string[]]>([
    [
      { kind: 'ServiceAccount', namespace: 'shop', name: 'x' },
      ['system:serviceaccounts:shop', 'system:serviceaccounts', 'system:authenticated'],
    ],
    [{ kind: 'User', name: 'ada' }, ['system:authenticated']],
    [{ kind: 'User', name: 'system:anonymous' }, ['system:unauthenticated']],
    [{ kind: 'Group', name: 'dev' }, ['dev', 'system:authenticated']],
    [
      { kind: 'Group', name: 'system:serviceaccounts:shop' },
      ['system:serviceaccounts:shop', 'system:serviceaccounts', 'system:authenticated'],
    ],
    [{ kind: 'Group', name: 'system:unauthenticated' }, ['system:unauthenticated']],
    [{ kind: 'Group', name: 'system:authenticated' }, ['system:authenticated']],
  ])('%o is in %o', (subject, groups) => {
    expect(identityOf(subject).groups).toEqual(groups);
  });
});

describe('aggregated ClusterRoles', () => {
  const labelled = (name: string, labels: Record<string, string>, ...rules: PolicyRule[]): Role => {
    const made = role(name, ...rules);
    return { ...made, metadata: { ...made.metadata, labels } };
  };
  const gathering = (name: string, selected: string, labels: Record<string, string> = {}): Role => ({
    ...labelled(name, labels),
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { to: selected } }] },
  });
  const allowed = (given: Role[], name: string, question: string) =>
    can(held(...given, binding('all', `ClusterRole ${name}`, ada)), isAda, asked(question));
  const low = labelled('low', { to: 'view' }, rule('get', '', 'pods'));
  const high = labelled('high', { to: 'edit' }, rule('update', '', 'pods'));

  test('have the rules of those they select, and of those that these select', () => {
    const roles = [low, high, gathering('view', 'view', { to: 'edit' }), gathering('edit', 'edit')];
    expect(allowed(roles, 'view', 'get pods')).toBe(true);
    expect(allowed(roles, 'view', 'update pods')).toBe(false);
    expect(allowed(roles, 'edit', 'update pods')).toBe(true);
    expect(allowed(roles, 'edit', 'get pods')).toBe(true);
  });

  test('that select each other have all of both', () => {
    const roles = [low, high, gathering('a', 'view', { to: 'edit' }), gathering('b', 'edit', { to: 'view' })];
    for (const name of ['a', 'b']) {
      expect(allowed(roles, name, 'get pods')).toBe(true);
      expect(allowed(roles, name, 'update pods')).toBe(true);
    }
  });

  test('of a cluster have the rules that a controller wrote into them', () => {
    const live = gathering('view', 'view');
    live.metadata.uid = 'x';
    expect(allowed([low, live], 'view', 'get pods')).toBe(false);
    const filled = { ...gathering('view', 'view'), rules: [rule('list', '', 'pods')] };
    expect(allowed([low, filled], 'view', 'list pods')).toBe(true);
    expect(allowed([low, filled], 'view', 'get pods')).toBe(false);
  });

  test('without selectors select nothing', () => {
    expect(allowed([low, { ...gathering('view', 'view'), aggregationRule: {} }], 'view', 'get pods')).toBe(
      false,
    );
  });
});

describe('isBuiltIn', () => {
  const grant = (
    place: string,
    roleName: string,
    subject: Subject,
    isLabelled = true,
  ): Pick<Grant, 'binding' | 'subject'> => {
    const made = binding(place, roleName, subject);
    if (isLabelled) made.metadata.labels = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };
    return { binding: made, subject };
  };
  const masters = { kind: 'Group', name: 'system:masters' };
  const cleaner = { kind: 'ServiceAccount', namespace: 'kube-system', name: 'token-cleaner' };
  const cleaning = 'system:controller:token-cleaner';

  test.each<[string, Pick<Grant, 'binding' | 'subject'>, boolean]>([
    ['cluster-admin', grant('cluster-admin', 'ClusterRole cluster-admin', masters), true],
    ['without its label', grant('cluster-admin', 'ClusterRole cluster-admin', masters, false), false],
    ['for a user', grant('cluster-admin', 'ClusterRole cluster-admin', ada), false],
    ['of another role', grant('cluster-admin', 'ClusterRole other', masters), false],
    ['by another binding', grant('admins', 'ClusterRole cluster-admin', masters), false],
    ['a controller', grant(`kube-system/${cleaning}`, `Role ${cleaning}`, cleaner), true],
    ['in another namespace', grant(`shop/${cleaning}`, `Role ${cleaning}`, cleaner), false],
    ['of the ClusterRole', grant(`kube-system/${cleaning}`, `ClusterRole ${cleaning}`, cleaner), false],
    [
      'for its namesake',
      grant(`kube-system/${cleaning}`, `Role ${cleaning}`, { ...cleaner, namespace: 'shop' }),
      false,
    ],
    [
      'of kubeadm',
      grant(
        'kubeadm:cluster-admins',
        'ClusterRole cluster-admin',
        { kind: 'Group', name: 'kubeadm:cluster-admins' },
        false,
      ),
      true,
    ],
    [
      'a controller that is none',
      grant('system:controller:x', 'ClusterRole system:controller:x', { ...cleaner, name: 'x' }),
      false,
    ],
  ])('%s', (_, given, builtIn) => {
    expect(isBuiltIn(given)).toBe(builtIn);
  });
});
