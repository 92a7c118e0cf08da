import { describe, expect, test } from 'vitest';
import { changeTo, named } from '../../../src/kit/field.ts';
import { planFor } from '../../../src/kit/plan.ts';
import type { Fix, JsonObject, ObjectRef } from '../../../src/model.ts';
import { isPrintable } from '../../../src/text.ts';
import { runInBash } from './bash.ts';
import { hostileNames } from './hostile.ts';

const web: ObjectRef = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'team-a', name: 'web' };
const pod: ObjectRef = { apiVersion: 'v1', kind: 'Pod', namespace: 'team-a', name: 'web' };
const binding = (name: string): ObjectRef => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  name,
});

const template = {
  spec: {
    template: {
      spec: { hostIPC: true, containers: [{ name: 'app', securityContext: { privileged: true } }] },
    },
  },
};
const podSpec = ['spec', 'template', 'spec'];
const noHostIpc: Fix = {
  target: web,
  action: 'patch',
  risk: 'safe',
  changes: [changeTo(template, [...podSpec, 'hostIPC'])],
};
const notPrivileged: Fix = {
  target: web,
  action: 'patch',
  risk: 'review',
  changes: [
    changeTo(template, [...podSpec, 'containers', named(0, 'app'), 'securityContext', 'privileged'], false),
  ],
};

/** The patch in a recorded call of `kubectl patch`. */
const patchIn = (call: string[] | undefined): unknown => JSON.parse(call?.[call.indexOf('-p') + 1] ?? '');

describe('patch', () => {
  test('prints the lines for one object', () => {
    expect(planFor([noHostIpc])).toEqual({
      test: [
        '# spec.template.spec.hostIPC: is true, should be absent, which prints an empty line',
        String.raw`kubectl get deployment.apps/web -n team-a -o jsonpath='{.spec.template.spec.hostIPC}{"\n"}'`,
      ].join('\n'),
      implementation: [
        '# If kubectl calls the request invalid, the object is no longer as it was audited: audit again.',
        `patch='[`,
        '  {"op":"test","path":"/spec/template/spec/hostIPC","value":true},',
        '  {"op":"remove","path":"/spec/template/spec/hostIPC"}',
        `]'`,
        'kubectl patch deployment.apps/web -n team-a --type=json -p "$patch" --dry-run=server &&',
        '  kubectl patch deployment.apps/web -n team-a --type=json -p "$patch" &&',
        '  kubectl rollout status deployment.apps/web -n team-a --timeout=10m',
      ].join('\n'),
      backout: [
        '# If kubectl calls the request invalid, the object is no longer as it was audited: audit again.',
        `patch='[`,
        '  {"op":"test","path":"/spec/template/spec/hostIPC","value":null},',
        '  {"op":"add","path":"/spec/template/spec/hostIPC","value":true}',
        `]'`,
        'kubectl patch deployment.apps/web -n team-a --type=json -p "$patch" &&',
        '  kubectl rollout status deployment.apps/web -n team-a --timeout=10m',
      ].join('\n'),
      patch: [
        { op: 'test', path: '/spec/template/spec/hostIPC', value: true },
        { op: 'remove', path: '/spec/template/spec/hostIPC' },
      ],
      inverse: [
        { op: 'test', path: '/spec/template/spec/hostIPC', value: null },
        { op: 'add', path: '/spec/template/spec/hostIPC', value: true },
      ],
    });
  });

  test('several fixes of one object make one patch and a reading each', () => {
    const { patch, implementation, test: reading } = planFor([noHostIpc, notPrivileged]);
    expect(patch?.filter(({ op }) => op !== 'test').map(({ path }) => path)).toEqual([
      '/spec/template/spec/hostIPC',
      '/spec/template/spec/containers/0/securityContext/privileged',
    ]);
    expect(implementation.match(/rollout status/g)).toHaveLength(1);
    expect(reading).toContain('[?(@.name=="app")].securityContext.privileged}');
  });

  test('hands kubectl exactly the patch that it returns', () => {
    const { patch, inverse, implementation, backout } = planFor([noHostIpc, notPrivileged]);
    const forward = runInBash(implementation);
    expect(forward).toMatchObject({ code: 0, files: [] });
    expect(forward.calls.map(([verb]) => verb)).toEqual(['patch', 'patch', 'rollout']);
    expect(forward.calls.slice(0, 2).map(patchIn)).toEqual([patch, patch]);
    expect(patchIn(runInBash(backout).calls[0])).toEqual(inverse);
  });

  test('changes nothing when the trial fails', () => {
    const { calls, code } = runInBash(planFor([noHostIpc]).implementation, { failsOn: '--dry-run=server' });
    expect(calls).toHaveLength(1);
    expect(code).toBe(1);
  });

  test.each([
    ['StatefulSet', true],
    ['DaemonSet', true],
    ['CronJob', false],
    ['ReplicaSet', false],
    ['PodTemplate', false],
  ])('of a %s waits for its rollout: %s', (kind, waits) => {
    const { implementation } = planFor([{ ...noHostIpc, target: { ...web, kind } }]);
    expect(implementation.includes('rollout status')).toBe(waits);
    expect(/^# .*(Pods|run).*$/m.test(implementation)).toBe(!waits);
  });

  const leaves = (subjects: JsonObject[], ...indexes: number[]): Fix => ({
    target: binding('ops'),
    action: 'patch',
    risk: 'advice',
    changes: indexes.map((index) => changeTo({ subjects }, ['subjects', { index, where: {} }])),
  });
  const users = (count: number) => Array.from({ length: count }, (_, i) => ({ kind: 'User', name: `u${i}` }));

  test('of elements that go the reading is their list', () => {
    const { test: reading } = planFor([leaves(users(3), 0), leaves(users(3), 2)]);
    expect(reading).toBe(
      [
        '# subjects: has [User u0, User u2], should have none of these',
        String.raw`kubectl get clusterrolebinding.rbac.authorization.k8s.io/ops -o jsonpath='{.subjects}{"\n"}'`,
      ].join('\n'),
    );
  });

  test('takes only so many elements out at a time, and says so', () => {
    const fixesOf = (count: number) => users(count).map((_, i) => leaves(users(count), i));
    const takes = (count: number) => {
      const { patch = [], inverse = [], ...words } = planFor([...fixesOf(count), ...fixesOf(count)]);
      const { test: reading, implementation, backout } = words;
      return { patch, inverse, texts: [reading, implementation, backout] };
    };
    const few = takes(50);
    expect(few.patch).toMatchObject([{ op: 'test' }, { op: 'remove', path: '/subjects' }]);
    expect(few.texts.join('')).not.toContain('audit again after');

    const many = takes(5000);
    expect(many.patch.filter(({ op }) => op === 'remove')).toHaveLength(50);
    expect(many.inverse).toHaveLength(50);
    for (const text of many.texts) {
      expect(text).toMatch(
        /^# These commands are for 50 of the 5000 list elements that must go: audit again after them for the others.\n/,
      );
    }
    expect(many.texts[0]).toContain('User u9] and 40 more, should have none of these');
    expect(Math.max(...many.texts.map(({ length }) => length))).toBeLessThan(10_000);
  });

  test('gives no commands when there is nothing to change', () => {
    const { changes: _, ...without } = noHostIpc;
    expect(planFor([without])).toEqual({ test: '', implementation: '', backout: '' });
  });
});

describe('recreate', () => {
  const fix: Fix = {
    target: pod,
    action: 'recreate',
    risk: 'review',
    changes: [changeTo({ spec: { hostIPC: true } }, ['spec', 'hostIPC'])],
  };

  test('saves the object, tries the new one, then replaces it; the backout takes the saved one', () => {
    const { implementation, backout } = planFor([fix]);
    const { calls, code, files } = runInBash(implementation);
    expect(code).toBe(0);
    // What a pipe connects runs at once, in any order.
    const verbs = new Set(calls.map(([verb]) => verb));
    expect(verbs).toEqual(new Set(['get', 'patch', 'create', 'replace']));
    expect(calls.at(-1)).toEqual(['replace', '--force', '-f', 'pod-team-a-web-changed.json']);
    expect(files).toEqual(['pod-team-a-web-changed.json', 'pod-team-a-web.json']);
    expect(backout).toBe('kubectl replace --force -f pod-team-a-web.json');
  });

  test.each(['get', '--type=json', '--dry-run=server'])(
    'leaves the object alone when %s fails',
    (failsOn) => {
      const { calls, code } = runInBash(`set -o pipefail\n${planFor([fix]).implementation}`, { failsOn });
      expect(calls.map(([verb]) => verb)).not.toContain('replace');
      expect(code).toBe(1);
    },
  );

  test('never writes over what it saved before', () => {
    const { implementation } = planFor([fix]);
    const { calls, code, stderr } = runInBash(`${implementation}\n${implementation}`);
    expect(calls.filter(([verb]) => verb === 'replace')).toHaveLength(1);
    expect(stderr).toContain('pod-team-a-web.json: cannot overwrite existing file');
    expect(code).toBe(1);
  });

  test('is chosen for the whole object when one fix needs it', () => {
    const other: Fix = { ...notPrivileged, target: pod };
    expect(planFor([other, fix])).toMatchObject({
      backout: 'kubectl replace --force -f pod-team-a-web.json',
    });
  });
});

const deletionOf = (name: string): Fix => ({ target: binding(name), action: 'delete', risk: 'advice' });

describe('delete', () => {
  test('saves the object first, and the backout makes it again from the file', () => {
    const { implementation, backout, test: reading } = planFor([deletionOf('ops')]);
    const object = 'clusterrolebinding.rbac.authorization.k8s.io/ops';
    expect(runInBash(implementation)).toMatchObject({
      code: 0,
      files: ['clusterrolebinding-ops.json'],
      calls: [
        ['get', object, '-o', 'json'],
        ['delete', object, '--dry-run=server'],
        ['delete', object],
      ],
    });
    expect(backout).toBe('kubectl create -f clusterrolebinding-ops.json');
    expect(reading).toBe(`kubectl get ${object} -o json`);
  });

  test('deletes nothing that it could not save', () => {
    expect(runInBash(planFor([deletionOf('ops')]).implementation, { failsOn: 'get' }).calls).toHaveLength(1);
  });

  test('hostile names arrive whole, run nothing and save to files of their own', () => {
    const plans = hostileNames.map((name) => planFor([deletionOf(name)]));
    const script = plans.map(({ implementation }) => implementation).join('\n');
    const { calls, files, code, stderr } = runInBash(script);
    expect([code, stderr]).toEqual([0, '']);
    expect(calls.filter((call) => call.length === 2).map(([, object]) => object)).toEqual(
      hostileNames.map((name) => `clusterrolebinding.rbac.authorization.k8s.io/${name}`),
    );
    expect(files).toHaveLength(hostileNames.length);
    for (const { test: reading, implementation, backout } of plans) {
      expect(isPrintable(`${reading}${implementation}${backout}`.replaceAll('\n', ''))).toBe(true);
    }
  });
});

describe('create', () => {
  const manifest: JsonObject = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'default-deny-ingress', namespace: 'team-a' },
    spec: { podSelector: {}, policyTypes: ['Ingress'] },
  };
  const namespace: ObjectRef = { apiVersion: 'v1', kind: 'Namespace', name: 'team-a' };
  const fix: Fix = { target: namespace, action: 'create', risk: 'review', manifest };
  const policy = 'networkpolicy.networking.k8s.io/default-deny-ingress';

  test('prints the manifest as people read it, tries it, then creates it; the backout deletes just that', () => {
    const { test: reading, implementation, backout } = planFor([fix]);
    const text = [
      'apiVersion: networking.k8s.io/v1',
      'kind: NetworkPolicy',
      'metadata:',
      '  name: default-deny-ingress',
      '  namespace: team-a',
      'spec:',
      '  podSelector: {}',
      '  policyTypes:',
      '    - Ingress\n',
    ].join('\n');
    expect(runInBash(implementation)).toMatchObject({
      code: 0,
      calls: [
        ['create', '--dry-run=server', '-f', '-'],
        ['create', '-f', '-'],
      ],
      inputs: [text, text],
    });
    expect(reading).toContain(`kubectl get ${policy} -n team-a --ignore-not-found`);
    expect(backout).toBe(`kubectl delete ${policy} -n team-a`);
  });

  test('two fixes that ask for one object create it once', () => {
    expect(planFor([fix, fix])).toEqual(planFor([fix]));
  });

  test('hostile strings in the manifest arrive whole', () => {
    const hostile: JsonObject = {
      ...manifest,
      metadata: { name: 'x', annotations: Object.fromEntries(hostileNames.map((name) => [name, name])) },
    };
    const { implementation } = planFor([{ ...fix, manifest: hostile }]);
    const { inputs, files } = runInBash(implementation);
    expect(JSON.parse(inputs[0] ?? '')).toEqual(hostile);
    expect(files).toEqual([]);
  });
});

describe('none', () => {
  test('has no commands', () => {
    const fix: Fix = {
      target: web,
      action: 'none',
      risk: 'advice',
      note: 'A static Pod is changed on its node.',
    };
    expect(planFor([fix])).toEqual({ test: '', implementation: '', backout: '' });
    expect(planFor([])).toEqual({ test: '', implementation: '', backout: '' });
  });
});
