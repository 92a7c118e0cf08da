import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { changeTo, valueAt } from '../../src/kit/field.ts';
import { planFor } from '../../src/kit/plan.ts';
import { podSpecPath } from '../../src/model.ts';
import type { Change, Fix, Json, JsonObject, ObjectRef } from '../../src/model.ts';
import { skipReason } from '../control-plane/binaries.ts';
import { startControlPlane } from '../servers/control-plane.ts';
import type { ControlPlane } from '../servers/control-plane.ts';
import { hostileNames } from '../unit/kit/hostile.ts';
import { faults, image, podSpecs, wishes, workload } from './faulty.ts';
import type { Fault, Manifest } from './faulty.ts';
import { openShell } from './shell.ts';
import type { Shell } from './shell.ts';

// What planFor prints is run as it stands by bash, against a real API server.

let cluster: ControlPlane;
let shell: Shell;

async function start(version: '1.37' | '1.24'): Promise<void> {
  cluster = await startControlPlane({ version });
  shell = openShell(cluster);
  await cluster.apply(JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'plans' } }));
}

async function stop(): Promise<void> {
  shell?.close();
  await cluster?.stop();
}

/** What kubectl says when a `test` of a patch fails on the server; it does not say which. */
const refused = 'The request is invalid';

const rbac = 'rbac.authorization.k8s.io';
const paths: Record<string, string> = {
  ClusterRoleBinding: `/apis/${rbac}/v1/clusterrolebindings`,
  CronJob: '/apis/batch/v1/namespaces/plans/cronjobs',
  DaemonSet: '/apis/apps/v1/namespaces/plans/daemonsets',
  Deployment: '/apis/apps/v1/namespaces/plans/deployments',
  Job: '/apis/batch/v1/namespaces/plans/jobs',
  NetworkPolicy: '/apis/networking.k8s.io/v1/namespaces/plans/networkpolicies',
  Pod: '/api/v1/namespaces/plans/pods',
  PodSecurityPolicy: '/apis/policy/v1beta1/podsecuritypolicies',
  PodTemplate: '/api/v1/namespaces/plans/podtemplates',
  ReplicaSet: '/apis/apps/v1/namespaces/plans/replicasets',
  ReplicationController: '/api/v1/namespaces/plans/replicationcontrollers',
  StatefulSet: '/apis/apps/v1/namespaces/plans/statefulsets',
};
const urlOf = ({ kind, name }: ObjectRef) => `${paths[kind]}/${encodeURIComponent(name)}`;

async function create(manifest: Manifest): Promise<ObjectRef> {
  const { apiVersion, kind, metadata } = manifest;
  const { name, namespace } = metadata;
  const { status, text } = await cluster.request('POST', paths[kind] ?? '', { body: manifest });
  expect({ status, text }).toMatchObject({ status: 201 });
  return { apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) };
}

/** The object without what the server counts and stamps. */
async function read(target: ObjectRef): Promise<JsonObject> {
  const { status, text } = await cluster.request('GET', urlOf(target));
  expect({ status, text }).toMatchObject({ status: 200 });
  const { metadata, status: _, ...object } = JSON.parse(text) as JsonObject;
  const { name, namespace, labels, annotations } = metadata as { [member: string]: Json };
  const { 'deprecated.daemonset.template.generation': _counter, ...noted } = (annotations ??
    {}) as JsonObject;
  return { ...object, metadata: { name, namespace, labels, annotations: noted } as JsonObject };
}

const exists = async (target: ObjectRef) => (await cluster.request('GET', urlOf(target))).status === 200;

/** Merges members into an object, as somebody else would. */
async function meddle(target: ObjectRef, merge: Json): Promise<void> {
  const { kind, name } = target;
  const where = target.namespace === undefined ? [] : ['-n', target.namespace];
  const args = [
    'patch',
    `${kind.toLowerCase()}/${name}`,
    ...where,
    '--type=merge',
    '-p',
    JSON.stringify(merge),
  ];
  const { code, stderr } = await cluster.kubectl(args);
  expect({ code, stderr }).toMatchObject({ code: 0 });
}

/** The fixes of one fault, one for each change, built from the object as it is now. */
async function fixesOf(target: ObjectRef, fault: Fault): Promise<Fix[]> {
  const object = await read(target);
  const action = target.kind === 'Pod' || target.kind === 'Job' ? 'recreate' : 'patch';
  return wishes[fault]
    .map(([field, after]) => changeTo(object, [...(podSpecPath[target.kind] ?? []), ...field], after))
    .filter(({ before, after }) => before !== after)
    .map((change) => ({ target, action, risk: 'review', changes: [change] }));
}

const expectChanged = (object: JsonObject, fixes: Fix[]) => {
  for (const { field, after } of fixes.flatMap(({ changes }) => changes ?? [])) {
    expect([field, valueAt(object, field)]).toEqual([field, after]);
  }
};

/** What a test plan must print: the value of each field on a line. */
const printed = (changes: readonly Change[], which: 'before' | 'after') =>
  changes
    .map(
      (change) => `${change[which] === undefined ? '' : JSON.stringify(change[which]).replaceAll('"', '')}\n`,
    )
    .join('');

/** A Job without the identity that the server gives each anew. */
function withoutIdentity(object: JsonObject): Json {
  const text = JSON.stringify(object);
  const uid = /controller-uid":"([0-9a-f-]{36})"/.exec(text)?.[1];
  return JSON.parse(uid === undefined ? text : text.replaceAll(uid, 'uid')) as Json;
}

const bindingOf = (name: string, subjects: string[]): Manifest => ({
  apiVersion: `${rbac}/v1`,
  kind: 'ClusterRoleBinding',
  metadata: { name, labels: { team: 'ops' } },
  roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'cluster-admin' },
  subjects: subjects.map((subject) => ({ kind: 'User', apiGroup: rbac, name: subject })),
});
// A path of the API cannot hold these.
const possible = hostileNames.filter((name) => !/[/%]/.test(name));

describe.skipIf(skipReason('1.37') !== undefined)('on Kubernetes 1.37', () => {
  beforeAll(() => start('1.37'));
  afterAll(stop);

  const patched = ['Deployment', 'StatefulSet', 'DaemonSet', 'CronJob'];
  const others = ['ReplicaSet', 'ReplicationController', 'PodTemplate', 'Pod', 'Job'];
  const cases = [
    ...faults.map((fault) => ['Deployment', fault] as const),
    ...patched
      .slice(1)
      .flatMap((kind) => (['hostNamespaces', 'root'] as const).map((f) => [kind, f] as const)),
    ...others.map((kind) => [kind, 'hostNamespaces'] as const),
    ...(['privileged', 'hostNetwork', 'root'] as const).map((fault) => ['Pod', fault] as const),
    ['Job', 'root'] as const,
  ];

  test.each(cases)('%s, %s: shown, put right, and back again', async (kind, fault) => {
    const name = `${kind}-${fault}`.toLowerCase();
    const target = await create(workload(kind, name, podSpecs[fault]));
    const before = await read(target);
    const fixes = await fixesOf(target, fault);
    const changes = fixes.flatMap((fix) => fix.changes ?? []);
    const plan = planFor(fixes);

    expect(await shell.succeed(plan.test)).toBe(printed(changes, 'before'));
    await shell.succeed(plan.implementation);
    expectChanged(await read(target), fixes);
    expect(await shell.succeed(plan.test)).toBe(printed(changes, 'after'));
    await shell.succeed(plan.backout);
    expect(withoutIdentity(await read(target))).toEqual(withoutIdentity(before));
  });

  test('one that was found changed since the audit is left alone', async () => {
    const target = await create(workload('Deployment', 'changed-since', podSpecs.hostNamespaces));
    const plan = planFor(await fixesOf(target, 'hostNamespaces'));
    await meddle(target, { spec: { template: { spec: { hostPID: null } } } });
    const now = await read(target);
    expect(await shell.refuse(plan.implementation)).toContain(refused);
    expect(await read(target)).toEqual(now);
  });

  test('so is one in which the container stands elsewhere now', async () => {
    const target = await create(workload('Deployment', 'moved', podSpecs.hostPort));
    const plan = planFor(await fixesOf(target, 'hostPort'));
    const containers = [{ name: 'new', image }, ...podSpecs.hostPort.containers];
    await meddle(target, { spec: { template: { spec: { containers } } } });
    expect(await shell.refuse(plan.implementation)).toContain(refused);
  });

  test('and one that gained what the patch would add', async () => {
    const target = await create(workload('Deployment', 'gained', podSpecs.root));
    const plan = planFor(await fixesOf(target, 'root'));
    const [first, second] = podSpecs.root.containers;
    const containers = [first, { ...second, securityContext: { readOnlyRootFilesystem: true } }] as Json;
    await meddle(target, { spec: { template: { spec: { containers } } } });
    expect(await shell.refuse(plan.implementation)).toContain(refused);
  });

  test('the backout is refused when somebody changed the object after the patch', async () => {
    const target = await create(workload('Deployment', 'kept', podSpecs.hostNamespaces));
    const plan = planFor(await fixesOf(target, 'hostNamespaces'));
    await shell.succeed(plan.implementation);
    await meddle(target, { spec: { template: { spec: { hostPID: true } } } });
    const now = await read(target);
    expect(await shell.refuse(plan.backout)).toContain(refused);
    expect(await read(target)).toEqual(now);
  });

  test('a bare Pod that the server would not take in its new form is not deleted', async () => {
    const target = await create(workload('Pod', 'cannot-be', podSpecs.privileged));
    const { uid } = await identity(target);
    // Without the change to privileged the other one is invalid.
    const [, escalation] = await fixesOf(target, 'privileged');
    if (escalation === undefined) throw new Error('no such fix');
    expect(await shell.refuse(planFor([escalation]).implementation)).toContain('allowPrivilegeEscalation');
    expect((await identity(target)).uid).toBe(uid);
  });

  test('a bare Pod that changed since the audit is not deleted', async () => {
    const target = await create(workload('Pod', 'changed-pod', podSpecs.hostNamespaces));
    const plan = planFor(await fixesOf(target, 'hostNamespaces'));
    await shell.succeed(
      `kubectl replace --force -f - <<< '${JSON.stringify(workload('Pod', target.name, { containers: [{ name: 'app', image }] }))}'`,
    );
    const { uid } = await identity(target);
    expect(await shell.refuse(plan.implementation)).toContain('/spec/hostIPC');
    expect((await identity(target)).uid).toBe(uid);
  });

  test('a bare Pod with a debug container and a node is made again without them', async () => {
    const target = await create(workload('Pod', 'debugged', podSpecs.hostNamespaces));
    const plan = planFor(await fixesOf(target, 'hostNamespaces'));
    const pod = JSON.parse((await cluster.request('GET', urlOf(target))).text) as { spec: JsonObject };
    const ephemeralContainers = [
      { name: 'debugger', image, terminationMessagePolicy: 'File', imagePullPolicy: 'Always' },
    ];
    const debugged = { ...pod, spec: { ...pod.spec, ephemeralContainers } };
    const { status, text } = await cluster.request('PUT', `${urlOf(target)}/ephemeralcontainers`, {
      body: debugged,
    });
    expect({ status, text }).toMatchObject({ status: 200 });
    await shell.succeed(plan.implementation);
    expect((await read(target))['spec']).toMatchObject({ containers: [{ name: 'app' }] });
    expect((await read(target))['spec']).not.toHaveProperty('ephemeralContainers');
  });

  test('NetworkPolicy: created, and the backout deletes just that', async () => {
    const manifest: Manifest = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'default-deny-ingress', namespace: 'plans' },
      spec: { podSelector: {}, policyTypes: ['Ingress'] },
    };
    const other = await create({ ...manifest, metadata: { name: 'other', namespace: 'plans' } });
    const target: ObjectRef = { ...other, name: 'default-deny-ingress' };
    const plan = planFor([{ target, action: 'create', risk: 'review', manifest }]);
    expect(await shell.succeed(plan.test)).toBe('');
    await shell.succeed(plan.implementation);
    expect((await read(target))['spec']).toEqual(manifest['spec']);
    expect(await shell.succeed(plan.test)).toContain('default-deny-ingress');
    expect(await shell.refuse(plan.implementation)).toContain('already exists');
    await shell.succeed(plan.backout);
    expect([await exists(target), await exists(other)]).toEqual([false, true]);
  });

  test('ClusterRoleBindings with hostile names: deleted, and made again from the saved files', async () => {
    const targets = await Promise.all(possible.map((name) => create(bindingOf(name, [name]))));
    const before = await Promise.all(targets.map(read));
    const plans = targets.map((target) => planFor([{ target, action: 'delete', risk: 'advice' }]));
    await shell.succeed(plans.map((plan) => plan.implementation).join('\n'));
    expect(await Promise.all(targets.map(exists))).toEqual(targets.map(() => false));
    await shell.succeed(plans.map((plan) => plan.backout).join('\n'));
    expect(await Promise.all(targets.map(read))).toEqual(before);
  });

  test('subjects with hostile names: shown, taken out by the name, and put back in their places', async () => {
    const target = await create(bindingOf('subjects', [...hostileNames, 'stays']));
    const before = await read(target);
    const fixes = hostileNames.map((name, index): Fix => {
      const where = { kind: 'User', name };
      return {
        target,
        action: 'patch',
        risk: 'advice',
        changes: [changeTo(before, ['subjects', { index, where }])],
      };
    });
    const plan = planFor(fixes);
    const subjects = [...hostileNames, 'stays'].map((name) => ({ apiGroup: rbac, kind: 'User', name }));
    expect(await shell.succeed(plan.test)).toBe(`${goJson(subjects)}\n`);
    await shell.succeed(plan.implementation);
    expect((await read(target))['subjects']).toEqual([{ kind: 'User', apiGroup: rbac, name: 'stays' }]);
    await shell.succeed(plan.backout);
    expect(await read(target)).toEqual(before);
  });

  test('the last subjects, each by a finding of its own: taken out and put back', async () => {
    const target = await create(bindingOf('last-subjects', ['jane', 'joe']));
    const before = await read(target);
    const subjects = before['subjects'] as Json[];
    const fixes = subjects.map((subject): Fix => {
      const rest = subjects.filter((other) => other !== subject);
      return { target, action: 'patch', risk: 'advice', changes: [changeTo(before, ['subjects'], rest)] };
    });
    await shell.succeed(planFor(fixes).implementation);
    expect(await read(target)).not.toHaveProperty('subjects');
    await shell.succeed(planFor(fixes).backout);
    expect(await read(target)).toEqual(before);
  });
});

/** JSON as Go writes it, and with it kubectl. */
const goJson = (value: unknown): string =>
  JSON.stringify(value).replaceAll(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

const identity = async (target: ObjectRef): Promise<{ uid: string }> =>
  (JSON.parse((await cluster.request('GET', urlOf(target))).text) as { metadata: { uid: string } }).metadata;

describe.skipIf(skipReason('1.24') !== undefined)('on Kubernetes 1.24', () => {
  beforeAll(() => start('1.24'));
  afterAll(stop);

  test('PodSecurityPolicy: host namespaces forbidden, and allowed again', async () => {
    const target = await create({
      apiVersion: 'policy/v1beta1',
      kind: 'PodSecurityPolicy',
      metadata: { name: 'permissive' },
      spec: {
        hostIPC: true,
        hostPID: true,
        hostNetwork: true,
        seLinux: { rule: 'RunAsAny' },
        runAsUser: { rule: 'RunAsAny' },
        fsGroup: { rule: 'RunAsAny' },
        supplementalGroups: { rule: 'RunAsAny' },
      },
    });
    const before = await read(target);
    const fields = ['hostIPC', 'hostPID', 'hostNetwork'];
    const fixes = fields.map((field): Fix => ({
      target,
      action: 'patch',
      risk: 'advice',
      changes: [changeTo(before, ['spec', field], false)],
    }));
    const plan = planFor(fixes);
    expect(await shell.succeed(plan.test)).toBe('true\ntrue\ntrue\n');
    await shell.succeed(plan.implementation);
    expect(Object.keys((await read(target))['spec'] as object).filter((key) => fields.includes(key))).toEqual(
      [],
    );
    await shell.succeed(plan.backout);
    expect(await read(target)).toEqual(before);
  });

  test.each([
    ['Deployment', 'hostNetwork'],
    ['Deployment', 'privileged'],
    ['Job', 'hostNamespaces'],
    ['Pod', 'root'],
    ['CronJob', 'hostNetwork'],
  ] as const)('%s, %s: put right, and back again', async (kind, fault) => {
    const target = await create(workload(kind, `${kind}-${fault}`.toLowerCase(), podSpecs[fault]));
    const before = await read(target);
    const fixes = await fixesOf(target, fault);
    await shell.succeed(planFor(fixes).implementation);
    expectChanged(await read(target), fixes);
    await shell.succeed(planFor(fixes).backout);
    expect(withoutIdentity(await read(target))).toEqual(withoutIdentity(before));
  });
});
