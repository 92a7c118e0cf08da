import { expect, test } from 'vitest';
import { startEvaluation } from '../../../src/evaluate/engine.ts';
import type { Exemption } from '../../../src/evaluate/exemptions.ts';
import {
  clusterCheck,
  manualCheck,
  objectCheck,
  podSpecCheck,
  type Check,
} from '../../../src/kit/define-check.ts';
import { changeTo, named } from '../../../src/kit/field.ts';
import type { CheckResult, Collection, SourceName, SourceOutcome, Workload } from '../../../src/model.ts';
import { collectionOf, controlledBy, noWords, workload } from '../collection.ts';

const privileged = podSpecCheck({
  id: 'privileged',
  title: 'No privileged containers',
  severity: 'high',
  onNothing: 'not-applicable',
  test: (pod) =>
    pod.containers.flatMap((container, i) => {
      if (container.securityContext?.privileged !== true) return [];
      const field = ['containers', named(i, container.name), 'securityContext', 'privileged'];
      return [
        {
          field,
          message: 'privileged',
          fix: { risk: 'review' as const, changes: [changeTo(pod, field, false)] },
        },
      ];
    }),
});
const bad = { privileged: true };

async function run(checks: Check[], collection: Collection, exemptions: Exemption[] = []) {
  const evaluation = await startEvaluation(collection, {
    checks,
    guidance: () => noWords,
    exemptions,
    now: new Date('2026-11-21T00:00:00Z'),
  });
  return evaluation.finish(await collection.streamPods(evaluation.sink));
}
async function result(
  check: Check,
  collection: Collection,
  exemptions: Exemption[] = [],
): Promise<CheckResult> {
  const { checks } = await run([check], collection, exemptions);
  const [only] = checks;
  if (only === undefined) throw new Error('no result');
  return only;
}

const deployment = workload('Deployment', 'web', bad);
const replicaSet: Workload = {
  ...workload('ReplicaSet', 'web-5d4f', undefined, { metadata: controlledBy(deployment) }),
};
delete replicaSet.podSpec;
const podOf = (owner: Workload, name: string, context = {}) =>
  workload('Pod', name, context, {
    metadata: { generateName: `${owner.metadata.name}-`, ...controlledBy(owner) },
  });

test('a template and the pods made of it are one finding, on the top owner', async () => {
  const pods = [podOf(replicaSet, 'web-5d4f-a', bad), podOf(replicaSet, 'web-5d4f-b', bad)];
  const { status, findings, counts } = await result(
    privileged,
    collectionOf({ deployments: [deployment], replicaSets: [replicaSet] }, [pods]),
  );
  expect(status).toBe('fail');
  expect(counts).toEqual({ evaluated: 1, passed: 0, failed: 1, exempt: 0 });
  expect(findings).toHaveLength(1);
  expect(findings[0]).toMatchObject({
    object: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' },
    container: 'app',
    path: 'spec.template.spec.containers[0].securityContext.privileged',
    fix: {
      action: 'patch',
      target: { kind: 'Deployment', name: 'web' },
      changes: [{ before: true, after: false }],
    },
  });
  expect(findings[0]).not.toHaveProperty('drift');
});

test('pods that differ from their template are drift, counted, and not patched on the template', async () => {
  const clean = workload('Deployment', 'web');
  const pods = [podOf(replicaSet, 'web-5d4f-a', bad), podOf(replicaSet, 'web-5d4f-b', bad)];
  const { findings } = await result(
    privileged,
    collectionOf({ deployments: [clean], replicaSets: [replicaSet] }, [pods.slice(0, 1), pods.slice(1)]),
  );
  expect(findings).toHaveLength(1);
  expect(findings[0]).toMatchObject({
    object: { kind: 'Deployment', name: 'web' },
    drift: { pods: 2, example: 'web-5d4f-a' },
    fix: { action: 'none' },
  });
});

test('an owner whose kind is not listed is named, and its own definition is where to change', async () => {
  const rollout = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name: 'pay', uid: 'r' },
  };
  const revision = (name: string, replicas: number) =>
    workload('ReplicaSet', name, bad, { replicas, metadata: controlledBy(rollout) });
  const live = revision('pay-2', 3);
  const { findings, counts } = await result(
    privileged,
    collectionOf({ replicaSets: [revision('pay-1', 0), live] }, [[podOf(live, 'pay-2-x', bad)]]),
  );
  expect(counts.evaluated).toBe(1);
  expect(findings).toHaveLength(1);
  expect(findings[0]).toMatchObject({ object: { kind: 'Rollout', name: 'pay' }, fix: { action: 'none' } });
  expect(findings[0]?.fix.note).toContain('argoproj.io/v1alpha1');
});

test('the identity survives a rollout, a reordering of containers and a new name of a bare generated pod', async () => {
  const reordered: Workload = {
    ...deployment,
    podSpec: { containers: [{ name: 'sidecar' }, { name: 'app', securityContext: bad }] },
  };
  const id = async (w: Partial<Parameters<typeof collectionOf>[0]>, pods: Workload[][] = []) =>
    (await result(privileged, collectionOf(w, pods))).findings[0]?.id;
  expect(await id({ deployments: [reordered] })).toBe(await id({ deployments: [deployment] }));
  const bare = (name: string) => workload('Pod', name, bad, { metadata: { generateName: 'probe-' } });
  expect(await id({}, [[bare('probe-x')]])).toBe(await id({}, [[bare('probe-y')]]));
  expect(await id({}, [[bare('probe-x')]])).not.toBe(await id({ deployments: [deployment] }));
});

test('finished pods and a controller’s old revisions are not judged', async () => {
  const done = workload('Pod', 'done', bad, { phase: 'Succeeded' });
  const old = workload('ReplicaSet', 'old', bad, { replicas: 0, metadata: controlledBy(deployment) });
  expect((await result(privileged, collectionOf({ replicaSets: [old] }, [[done]]))).status).toBe(
    'not-applicable',
  );
});

test('bare pods and jobs are made anew, static pods and owners in a loop are handled', async () => {
  const action = async (held: Parameters<typeof collectionOf>[0], pods: Workload[] = []) =>
    (await result(privileged, collectionOf(held, [pods]))).findings.map(({ fix }) => fix.action);
  expect(await action({ jobs: [workload('Job', 'once', bad)] })).toEqual(['recreate']);
  expect(await action({}, [workload('Pod', 'bare', bad)])).toEqual(['recreate']);
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n', uid: 'n' } };
  const mirror = workload('Pod', 'etcd-n', bad, { metadata: { mirror: true, ...controlledBy(node) } });
  expect(await action({}, [mirror])).toEqual(['none']);
  const a = workload('ReplicaSet', 'a', bad);
  const b = workload('ReplicaSet', 'b', bad, { metadata: controlledBy(a) });
  a.metadata = { ...a.metadata, ...controlledBy(b) };
  expect(await action({ replicaSets: [a, b] })).toHaveLength(2);
});

test('a GitOps tool that would undo the change is named', async () => {
  const managed = workload('Deployment', 'web', bad, { metadata: { managedBy: 'Argo CD' } });
  const { findings } = await result(privileged, collectionOf({ deployments: [managed] }));
  expect(findings[0]?.fix.note).toContain('Argo CD');
});

test.each(['forbidden', 'failed', 'partial'] as const)(
  'a source that is %s never lets a check pass',
  async (state) => {
    const outcome: SourceOutcome = { state, count: 0, reason: 'no rights', unreadNamespaces: ['hidden'] };
    const clean = await result(
      privileged,
      collectionOf({ deployments: [workload('Deployment', 'ok')] }, [], { pods: outcome }),
    );
    expect(clean).toMatchObject({ status: 'not-assessed', incomplete: true });
    expect(clean.reason).toContain('pods');
    const failing = await result(
      privileged,
      collectionOf({ deployments: [deployment] }, [], { pods: outcome }),
    );
    expect(failing).toMatchObject({ status: 'fail', incomplete: true });
  },
);

test('over pod specs, kinds that the given files do not hold do not matter; for other checks they do', async () => {
  const none: SourceOutcome = { state: 'not-requested', count: 0, reason: 'not in the files' };
  const all = Object.fromEntries(
    [
      'pods',
      'podTemplates',
      'replicationControllers',
      'statefulSets',
      'daemonSets',
      'replicaSets',
      'jobs',
      'cronJobs',
    ].map((source) => [source, none]),
  ) as Partial<Record<SourceName, SourceOutcome>>;
  expect(
    (await result(privileged, collectionOf({ deployments: [workload('Deployment', 'ok')] }, [], all))).status,
  ).toBe('pass');
  expect((await result(privileged, collectionOf({}, [], { ...all, deployments: none }))).status).toBe(
    'not-assessed',
  );
  const needsPolicies = objectCheck({
    id: 'deny',
    title: '',
    severity: 'low',
    onNothing: 'pass',
    source: 'namespaces',
    needs: ['networkPolicies'],
    test: () => [],
  });
  expect((await result(needsPolicies, collectionOf({}, [], { networkPolicies: none }))).status).toBe(
    'not-assessed',
  );
});

test('a source that the server does not serve makes its check not applicable, and says so', async () => {
  const psp = objectCheck({
    id: 'psp',
    title: '',
    severity: 'low',
    onNothing: 'not-applicable',
    source: 'podSecurityPolicies',
    needs: [],
    test: () => [],
  });
  const absent: SourceOutcome = { state: 'absent', count: 0, reason: 'policy/v1beta1 is not served' };
  expect(await result(psp, collectionOf({}, [], { podSecurityPolicies: absent }))).toMatchObject({
    status: 'not-applicable',
    reason: expect.stringContaining('policy/v1beta1') as string,
  });
});

test('a check that crashes is not assessed and disturbs no other', async () => {
  const crashing = podSpecCheck({
    id: 'crash',
    title: '',
    severity: 'low',
    onNothing: 'pass',
    test: () => {
      throw new Error('boom');
    },
  });
  const { checks } = await run([crashing, privileged], collectionOf({ deployments: [deployment] }));
  expect(checks[0]).toMatchObject({ status: 'not-assessed', incomplete: true });
  expect(checks[0]?.reason).toContain('Deployment shop/web: boom');
  expect(checks[1]?.status).toBe('fail');
});

test('review findings make it manual; a manual check is manual; nothing evaluated gives the declared verdict', async () => {
  const review = clusterCheck({
    id: 'admins',
    title: '',
    severity: 'high',
    onNothing: 'pass',
    needs: ['clusterRoleBindings'],
    test: ({ clusterRoleBindings }) => ({
      evaluated: clusterRoleBindings,
      problems: clusterRoleBindings.map((object) => ({
        object,
        field: [],
        message: 'look',
        verdict: 'review' as const,
      })),
    }),
  });
  const binding = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'ops' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [],
  };
  const manual = await result(review, collectionOf({ clusterRoleBindings: [binding] }));
  expect(manual.status).toBe('manual');
  expect(manual.findings[0]).not.toHaveProperty('path');
  expect((await result(review, collectionOf({}))).status).toBe('pass');
  const asked = manualCheck({ id: 'ask', title: '', severity: 'low', onNothing: 'pass' });
  expect((await result(asked, collectionOf({}))).status).toBe('manual');
});

test('what is manual otherwise passes in no way, fails like any other, and is not asked where it does not apply', async () => {
  const partly = (onNothing: Check['onNothing']) =>
    clusterCheck({
      id: 'masters',
      title: '',
      severity: 'high',
      onNothing,
      otherwise: 'manual',
      platforms: ['kubernetes'],
      needs: ['namespaces'],
      test: ({ namespaces }) => ({
        evaluated: namespaces,
        problems: namespaces
          .filter(({ metadata }) => metadata.name === 'bad')
          .map((object) => ({ object, field: [], message: 'bad' })),
      }),
    });
  const inScope = (...names: string[]) =>
    collectionOf({
      namespaces: names.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
    });
  const exempt = { check: 'masters', name: 'bad', reason: 'r', owner: 'o', expires: '2026-11-21' };
  const manual = { status: 'manual', reason: expect.stringContaining('test plan') as string };
  expect(await result(partly('pass'), inScope('good'))).toMatchObject(manual);
  expect(await result(partly('pass'), inScope())).toMatchObject(manual);
  expect(await result(partly('pass'), inScope('bad'), [exempt])).toMatchObject(manual);
  expect((await result(partly('pass'), inScope('bad'))).status).toBe('fail');
  expect((await result(partly('not-applicable'), inScope())).status).toBe('not-applicable');
  expect((await result({ ...partly('pass'), platforms: ['eks'] }, inScope('good'))).status).toBe(
    'not-applicable',
  );
  const unread = collectionOf({}, [], { namespaces: { state: 'forbidden', count: 0 } });
  expect((await result(partly('pass'), unread)).status).toBe('not-assessed');
});

test('a list of pods that starts anew is forgotten', async () => {
  const collection = collectionOf({});
  const pod = workload('Pod', 'bare', bad);
  collection.streamPods = async (sink) => {
    await sink.page([pod, workload('Pod', 'gone', bad)]);
    sink.restart();
    await sink.page([pod]);
    return { state: 'ok', count: 1 };
  };
  expect((await result(privileged, collection)).counts.failed).toBe(1);
});

test('an exemption takes the finding out of the verdict and stays visible; expired and idle ones are told', async () => {
  const base = { reason: 'CNI', owner: 'net', namespace: 'sh*', name: 'we*' };
  const collection = collectionOf({ deployments: [deployment] });
  const valid = { ...base, check: 'privileged', expires: '2026-11-21' };
  expect(await result(privileged, collection, [valid])).toMatchObject({
    status: 'exempt',
    counts: { evaluated: 1, passed: 0, failed: 0, exempt: 1 },
    findings: [{ state: 'exempt', exemption: { reason: 'CNI', expires: '2026-11-21' } }],
  });
  const expired = { ...valid, expires: '2026-11-20' };
  const idle = { ...valid, kind: 'DaemonSet' };
  const { checks, exemptionNotes } = await run([privileged], collection, [expired, idle]);
  expect(checks[0]?.status).toBe('fail');
  expect(exemptionNotes).toEqual([
    expect.stringContaining('expired on 2026-11-20'),
    expect.stringContaining('matches no finding'),
  ]);
});

test('the compliance of a namespace weighs by severity and knows no namespace it did not judge', async () => {
  const { namespaces } = await run(
    [privileged],
    collectionOf({ deployments: [deployment, workload('Deployment', 'ok'), workload('Deployment', 'ok2')] }),
  );
  expect(namespaces).toEqual([
    { name: 'shop', compliance: 2 / 3, findings: { critical: 0, high: 1, medium: 0, low: 0 } },
  ]);
});

test('what several objects have in one finding counts in the namespace of each', async () => {
  const objects = ['a', 'b'].map((namespace) => {
    const { metadata, ...rest } = deployment;
    return { ...rest, metadata: { ...metadata, namespace } };
  });
  const alike = clusterCheck({
    id: 'alike',
    title: 'alike',
    severity: 'high',
    onNothing: 'pass',
    needs: ['deployments'],
    test({ deployments }) {
      const members = deployments.map((object) => ({ object, field: [] }));
      const problems = members.slice(0, 1).map((first) => ({ ...first, message: 'alike', members }));
      return { evaluated: deployments, problems };
    },
  });
  const { namespaces } = await run([alike], collectionOf({ deployments: objects }));
  expect(namespaces).toEqual(
    ['a', 'b'].map((name) => ({
      name,
      compliance: 0,
      findings: { critical: 0, high: 1, medium: 0, low: 0 },
    })),
  );
});

test('the order of objects does not matter', async () => {
  const all = ['a', 'b', 'c'].map((name) => workload('Deployment', name, bad));
  const forwards = await result(privileged, collectionOf({ deployments: all }));
  const backwards = await result(privileged, collectionOf({ deployments: all.toReversed() }));
  expect(backwards).toEqual(forwards);
});
