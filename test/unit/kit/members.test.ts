import { expect, test } from 'vitest';
import { ofMembers } from '../../../src/kit/members.ts';
import type { Finding, Member } from '../../../src/model.ts';

const member = (namespace: string, parts: Partial<Member> = {}): Member => {
  const object = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', namespace, name: 'b' };
  return {
    object,
    message: `in ${namespace}`,
    fix: { target: object, action: 'delete', risk: 'advice' },
    ...parts,
  };
};

const findingOf = (members: [Member, ...Member[]]): Finding => {
  const [first] = members;
  const whole = { id: 'f', severity: 'low', verdict: 'fail', state: 'open' } as const;
  return { ...whole, ...first, message: 'in a and 2 more', members };
};

const [a, b, c] = [member('a', { path: 'subjects[0]' }), member('b'), member('c', { path: 'subjects[2]' })];
const whole = findingOf([a, b, c]);

test('all members are the finding as it is', () => {
  expect(ofMembers(whole, [a, b, c])).toEqual(whole);
});

test('of some, the first stands for the finding with all that it has and lacks', () => {
  expect(ofMembers(whole, [b, c])).toEqual({ ...findingOf([b, c]), message: 'in b' });
  expect(ofMembers(whole, [b])).not.toHaveProperty('path');
  expect(ofMembers(whole, [c])).toMatchObject({ path: 'subjects[2]', message: 'in c', fix: c.fix });
});

test('a member of an older report has the words of the finding', () => {
  const { message: _, ...old } = c;
  expect(ofMembers(findingOf([a, old]), [old])).toMatchObject({
    object: c.object,
    message: 'in a and 2 more',
  });
});
