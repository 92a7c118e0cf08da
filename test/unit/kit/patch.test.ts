import { describe, expect, test } from 'vitest';
import { changeTo, named } from '../../../src/kit/field.ts';
import { patchOf } from '../../../src/kit/patch.ts';
import type { Change, Field, Json, JsonObject } from '../../../src/model.ts';
import { applyPatch } from './json-patch.ts';

const container = (member: string, name = 'app', index = 0): Field => [
  'spec',
  'containers',
  named(index, name),
  'securityContext',
  member,
];

const port = (index: number, containerPort: number): Field => [
  'spec',
  'containers',
  named(0, 'app'),
  'ports',
  { index, where: { containerPort } },
];

/** What the patch of these changes makes of the object, after checking that the inverse brings it back. */
function patched(object: JsonObject, changes: Change[]): Json {
  const { patch, inverse } = patchOf(changes);
  const after = applyPatch(object, patch);
  expect(applyPatch(after, inverse)).toEqual(object);
  return after;
}

describe('one change', () => {
  test('tests the old value, then removes; the inverse tests that it is gone and puts it back', () => {
    const change = changeTo({ spec: { hostIPC: true } }, ['spec', 'hostIPC']);
    expect(patchOf([change])).toEqual({
      patch: [
        { op: 'test', path: '/spec/hostIPC', value: true },
        { op: 'remove', path: '/spec/hostIPC' },
      ],
      inverse: [
        { op: 'test', path: '/spec/hostIPC', value: null },
        { op: 'add', path: '/spec/hostIPC', value: true },
      ],
    });
  });

  test('recognises the container before its index is used', () => {
    const pod = { spec: { containers: [{ name: 'app', securityContext: { privileged: true } }] } };
    expect(patchOf([changeTo(pod, container('privileged'), false)]).patch).toEqual([
      { op: 'test', path: '/spec/containers/0/name', value: 'app' },
      { op: 'test', path: '/spec/containers/0/securityContext/privileged', value: true },
      { op: 'replace', path: '/spec/containers/0/securityContext/privileged', value: false },
    ]);
  });

  test('adds missing parents, and the inverse removes these and no more', () => {
    const pod = { spec: { containers: [{ name: 'app' }] } };
    const { patch, inverse } = patchOf([changeTo(pod, container('runAsNonRoot'), true)]);
    expect(patch).toEqual([
      { op: 'test', path: '/spec/containers/0/name', value: 'app' },
      { op: 'test', path: '/spec/containers/0/securityContext', value: null },
      { op: 'add', path: '/spec/containers/0/securityContext', value: {} },
      { op: 'add', path: '/spec/containers/0/securityContext/runAsNonRoot', value: true },
    ]);
    expect(inverse).toEqual([
      { op: 'test', path: '/spec/containers/0/name', value: 'app' },
      { op: 'test', path: '/spec/containers/0/securityContext/runAsNonRoot', value: true },
      { op: 'remove', path: '/spec/containers/0/securityContext/runAsNonRoot' },
      { op: 'test', path: '/spec/containers/0/securityContext', value: {} },
      { op: 'remove', path: '/spec/containers/0/securityContext' },
    ]);
  });

  test('leaves an empty parent that was there', () => {
    const pod = { spec: { containers: [{ name: 'app', securityContext: {} }] } };
    expect(patched(pod, [changeTo(pod, container('runAsNonRoot'), true)])).toEqual({
      spec: { containers: [{ name: 'app', securityContext: { runAsNonRoot: true } }] },
    });
  });

  test.each(['hostIPC', 'hostPID', 'hostNetwork'])('%s goes when it becomes false', (member) => {
    const pod = { spec: { [member]: true } };
    expect(patched(pod, [changeTo(pod, ['spec', member], false)])).toEqual({ spec: {} });
  });

  test('privileged stays as false: absent and false are different things there', () => {
    const pod = { spec: { containers: [{ name: 'app', securityContext: { privileged: true } }] } };
    expect(patched(pod, [changeTo(pod, container('privileged'), false)])).toEqual({
      spec: { containers: [{ name: 'app', securityContext: { privileged: false } }] },
    });
  });

  test('a list that loses its last element goes', () => {
    const binding = { subjects: [{ kind: 'User', name: 'eve' }] };
    expect(patched(binding, [changeTo(binding, ['subjects'], [])])).toEqual({});
  });

  test('what is so already needs no patch', () => {
    expect(patchOf([changeTo({ spec: {} }, ['spec', 'hostIPC'])])).toEqual({ patch: [], inverse: [] });
  });
});

describe('several changes of one object', () => {
  const ports = [
    { containerPort: 80, hostPort: 80 },
    { containerPort: 81, hostPort: 81 },
    { containerPort: 82 },
  ];
  const pod = { spec: { hostNetwork: true, containers: [{ name: 'app', ports }, { name: 'proxy' }] } };

  test('the name of a container is tested once', () => {
    const both = ['privileged', 'runAsNonRoot'].map((member) => changeTo(pod, container(member), true));
    const names = patchOf(both).patch.filter(({ path }) => path.endsWith('/name'));
    expect(names).toHaveLength(1);
    patched(pod, both);
  });

  test('the same change asked for by two checks is made once', () => {
    const change = changeTo(pod, [...port(0, 80), 'hostPort']);
    expect(patchOf([change, change])).toEqual(patchOf([change]));
  });

  test('of two that contradict each other the first is made', () => {
    const [first, second] = [65532, 1000].map((uid) => changeTo(pod, container('runAsUser'), uid));
    if (first === undefined || second === undefined) throw new Error('two changes');
    expect(patchOf([first, second])).toEqual(patchOf([first]));
  });

  test('a new value settles more than the removal of the old one', () => {
    const root = { spec: { containers: [{ name: 'app', securityContext: { runAsUser: 0 } }] } };
    const changes = [changeTo(root, container('runAsUser')), changeTo(root, container('runAsUser'), 10001)];
    for (const order of [changes, changes.toReversed()]) {
      expect(patched(root, order)).toEqual({
        spec: { containers: [{ name: 'app', securityContext: { runAsUser: 10001 } }] },
      });
    }
  });

  test('what any of them takes out of a list goes, what any of them adds comes', () => {
    const binding = { subjects: ['a', 'b', 'c'] };
    const to = (after: string[]) => changeTo(binding, ['subjects'], after);
    expect(patched(binding, [to(['b', 'c']), to(['a', 'b', 'd'])])).toEqual({ subjects: ['b', 'd'] });
    expect(patched(binding, [to(['b', 'c']), to(['a'])])).toEqual({});
    expect(patched({}, [changeTo({}, ['drop'], ['ALL']), changeTo({}, ['drop'], ['NET_RAW'])])).toEqual({
      drop: ['ALL', 'NET_RAW'],
    });
  });

  test('a list of which each element goes is taken as a whole, and comes back in its order', () => {
    const changes = [1, 0, 2].map((index) => changeTo(pod, port(index, 80 + index)));
    expect(patched(pod, changes.slice(1))).toMatchObject({
      spec: { containers: [{ ports: [ports[1]] }, {}] },
    });
    expect(patched(pod, [...changes, ...changes])).toEqual({
      spec: { hostNetwork: true, containers: [{ name: 'app' }, { name: 'proxy' }] },
    });
  });

  test('an element is tested before it goes, and so is the one beside it that equals it', () => {
    const binding = { subjects: ['a', 'b', 'a'] };
    const changes = [0, 2].map((index) => changeTo(binding, ['subjects', { index, where: {} }]));
    expect(patchOf(changes)).toEqual({
      patch: [
        { op: 'test', path: '/subjects/2', value: 'a' },
        { op: 'remove', path: '/subjects/2' },
        { op: 'test', path: '/subjects/0', value: 'a' },
        { op: 'remove', path: '/subjects/0' },
      ],
      inverse: [
        { op: 'add', path: '/subjects/0', value: 'a' },
        { op: 'add', path: '/subjects/2', value: 'a' },
      ],
    });
  });

  test('elements that go do not shift the indexes of other changes, whatever the order', () => {
    const changes = [
      changeTo(pod, port(0, 80)),
      changeTo(pod, [...port(1, 81), 'hostPort']),
      changeTo(pod, container('privileged', 'proxy', 1), false),
      changeTo(pod, port(2, 82)),
      changeTo(pod, ['spec', 'hostNetwork'], false),
    ];
    const expected = {
      spec: {
        containers: [
          { name: 'app', ports: [{ containerPort: 81 }] },
          { name: 'proxy', securityContext: { privileged: false } },
        ],
      },
    };
    expect(patched(pod, changes)).toEqual(expected);
    expect(patched(pod, changes.toReversed())).toEqual(expected);
  });
});
