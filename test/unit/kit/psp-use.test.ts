import { describe, expect, test } from 'vitest';
import { usersOf } from '../../../src/kit/psp/use.ts';
import type { PolicyRule, Subject } from '../../../src/model.ts';
import { collectionOf } from '../collection.ts';

const rbac = 'rbac.authorization.k8s.io';

/** Each with a role of its own. */
const heldWith = (grants: { subjects: Subject[]; rule?: Partial<PolicyRule>; namespace?: string }[]) => {
  const roles = grants.map(({ rule }, i) => ({
    apiVersion: `${rbac}/v1`,
    kind: 'ClusterRole',
    metadata: { name: `role-${i}` },
    rules: [
      { verbs: ['get'], apiGroups: [''], resources: ['pods'] },
      { verbs: ['use'], apiGroups: ['policy'], resources: ['podsecuritypolicies'], ...rule },
    ],
  }));
  const bindings = grants.map(({ subjects, namespace }, i) => ({
    apiVersion: `${rbac}/v1`,
    kind: namespace === undefined ? 'ClusterRoleBinding' : 'RoleBinding',
    metadata: { name: `binding-${i}`, ...(namespace === undefined ? {} : { namespace }) },
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: `role-${i}` },
    subjects,
  }));
  return collectionOf({
    clusterRoles: roles,
    clusterRoleBindings: bindings.filter(({ kind }) => kind === 'ClusterRoleBinding'),
    roleBindings: bindings.filter(({ kind }) => kind === 'RoleBinding'),
  }).held;
};
const group = (name: string) => ({ kind: 'Group', apiGroup: rbac, name });
const jane = { kind: 'User', apiGroup: rbac, name: 'jane' };
const everything = { verbs: ['*'], apiGroups: ['*'], resources: ['*'] };

describe('who may use a policy', () => {
  test('by which binding and role, broad ones first', () => {
    const held = heldWith([
      { subjects: [jane] },
      { subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: 'shop' }], namespace: 'shop' },
      { subjects: [{ kind: 'ServiceAccount', name: 'agent', namespace: 'shop' }] },
      { subjects: [group('ops'), group('system:serviceaccounts:shop')], namespace: 'shop' },
    ]);
    expect(usersOf(held, 'open').map(({ title, by, isBroad }) => [title, by, isBroad])).toEqual([
      ['ServiceAccount shop/default', 'RoleBinding shop/binding-1 to ClusterRole role-1', true],
      ['Group system:serviceaccounts:shop', 'RoleBinding shop/binding-3 to ClusterRole role-3', true],
      ['User jane', 'ClusterRoleBinding binding-0 to ClusterRole role-0', false],
      ['ServiceAccount shop/agent', 'ClusterRoleBinding binding-2 to ClusterRole role-2', false],
      ['Group ops', 'RoleBinding shop/binding-3 to ClusterRole role-3', false],
    ]);
  });

  test.each<[string, Partial<PolicyRule>, number]>([
    ['of its name', { resourceNames: ['other', 'open'] }, 1],
    ['of another name', { resourceNames: ['other'] }, 0],
    ['in the group that policies came from', { apiGroups: ['extensions'] }, 1],
    ['in another group', { apiGroups: ['apps'] }, 0],
    ['to look', { verbs: ['get', 'list'] }, 0],
    ['of another resource', { resources: ['podsecuritypolicies/status'] }, 0],
    ['with wildcards, for names', { ...everything, resourceNames: ['open'] }, 1],
  ])('by a rule %s', (_, rule, count) => {
    expect(usersOf(heldWith([{ subjects: [jane], rule }]), 'open')).toHaveLength(count);
  });

  test('leaves administrators of the whole cluster out, unless everybody is one', () => {
    const held = heldWith([
      { subjects: [jane, group('system:masters')], rule: everything },
      { subjects: [group('owners')], rule: everything, namespace: 'shop' },
      { subjects: [group('system:authenticated')], rule: everything },
    ]);
    expect(usersOf(held, 'open').map(({ title }) => title)).toEqual([
      'Group system:authenticated',
      'Group owners',
    ]);
  });
});
