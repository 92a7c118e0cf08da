/** What a check is judged against, what it may lack, and how it looks at the live Pods. */
import { expect, test } from 'vitest';
import { startEvaluation, type Evaluation } from '../../../src/evaluate/engine.ts';
import type { Exemption } from '../../../src/evaluate/exemptions.ts';
import { clusterCheck, objectCheck, podSpecCheck, type Check } from '../../../src/kit/define-check.ts';
import type { Collection, Guidance, PodSpec, SourceOutcome, Workload } from '../../../src/model.ts';
import { collectionOf, controlledBy, workload } from '../collection.ts';

async function run(
  check: Check,
  collection: Collection,
  before: (sink: Sink) => void = () => {},
  exemptions: Exemption[] = [],
) {
  const evaluation = await startEvaluation(collection, {
    checks: [check],
    guidance: () => ({}) as Guidance,
    exemptions,
    now: new Date('2026-11-21T00:00:00Z'),
  });
  before(evaluation.sink);
  const [result] = evaluation.finish(await collection.streamPods(evaluation.sink)).checks;
  if (result === undefined) throw new Error('no result');
  return result;
}
type Sink = Evaluation['sink'];

const namespace = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
const state = (of: SourceOutcome['state']): SourceOutcome => ({ state: of, count: 0, reason: 'a reason' });
const words = { id: 'c', title: 'c', severity: 'medium', onNothing: 'pass' } as const;

/** Every namespace without a NetworkPolicy. */
const unprotected = objectCheck({
  ...words,
  source: 'namespaces',
  needs: ['networkPolicies'],
  test: (_, { networkPolicies }) => (networkPolicies.length === 0 ? [{ field: [], message: 'none' }] : []),
});

test.each(['forbidden', 'partial', 'failed', 'not-requested'] as const)(
  'what is judged against %s objects is not judged',
  async (unread) => {
    const result = await run(
      unprotected,
      collectionOf({ namespaces: [namespace('shop')] }, [], { networkPolicies: state(unread) }),
    );
    expect([result.status, result.findings]).toEqual(['not-assessed', []]);
  },
);

const accounts = podSpecCheck({
  ...words,
  needs: ['serviceAccounts'],
  test: (_, { held, namespace: own, live }) =>
    held.serviceAccounts.length === 0 ? [{ field: [], message: `no account in ${own}, live: ${live}` }] : [],
});

test('a check over pod specs knows the namespace, whether the Pod lives, and what else it needs', async () => {
  const deployments = [workload('Deployment', 'web')];
  const pods = [[workload('Pod', 'bare')]];
  const result = await run(accounts, collectionOf({ deployments }, pods));
  expect(result.findings.map(({ object, message }) => [object.kind, message])).toEqual([
    ['Deployment', 'no account in shop, live: false'],
    ['Pod', 'no account in shop, live: true'],
  ]);
  const unread = await run(
    accounts,
    collectionOf({ deployments }, pods, { serviceAccounts: state('failed') }),
  );
  expect([unread.status, unread.findings]).toEqual(['not-assessed', []]);
});

const policies = (optional: boolean) =>
  clusterCheck({
    ...words,
    absenceCounts: true,
    needs: ['namespaces', 'kyvernoPolicies'],
    ...(optional ? { optional: ['kyvernoPolicies'] } : {}),
    test: ({ namespaces }) => ({ evaluated: namespaces, problems: [] }),
  });

test('what the server does not have makes a check not applicable, unless the check may do without', async () => {
  const collection = collectionOf({ namespaces: [namespace('shop')] }, [], {
    kyvernoPolicies: state('absent'),
  });
  expect((await run(policies(false), collection)).status).toBe('not-applicable');
  expect(await run(policies(true), collection)).toMatchObject({ status: 'pass', counts: { evaluated: 1 } });
  const unread = collectionOf({}, [], { kyvernoPolicies: state('forbidden') });
  expect((await run(policies(true), unread)).status).toBe('not-assessed');
});

test('a verdict stands without what is only beside it', async () => {
  const check = clusterCheck({
    ...words,
    absenceCounts: true,
    needs: ['namespaces', 'deployments'],
    beside: ['deployments', 'pods'],
    pods: { start: () => ({}), add: () => {} },
    test: ({ namespaces }) => ({ evaluated: namespaces, problems: [] }),
  });
  const unread = { deployments: state('forbidden'), pods: state('partial') };
  const result = await run(check, collectionOf({ namespaces: [namespace('shop')] }, [], unread));
  expect(result).toMatchObject({ status: 'pass', counts: { evaluated: 1 } });
});

test('a check that goes namespace by namespace says nothing of one that was not read, and all of the others', async () => {
  const check = (byNamespace: boolean) =>
    clusterCheck({
      ...words,
      absenceCounts: true,
      byNamespace,
      needs: ['namespaces', 'networkPolicies'],
      pods: { start: () => ({}), add: () => {} },
      test: ({ namespaces }) => ({
        evaluated: namespaces,
        problems: namespaces.map((object) => ({ object, field: [], message: 'none' })),
      }),
    });
  const partial = (name: string): SourceOutcome => ({ ...state('partial'), unreadNamespaces: [name] });
  const collection = collectionOf({ namespaces: ['a', 'b', 'c'].map(namespace) }, [], {
    networkPolicies: partial('a'),
    pods: partial('b'),
  });
  const result = await run(check(true), collection);
  expect(result).toMatchObject({ status: 'fail', incomplete: true, counts: { evaluated: 1, failed: 1 } });
  expect(result.findings.map(({ object }) => object.name)).toEqual(['c']);
  expect((await run(check(false), collection)).findings).toEqual([]);
});

test('a check of another platform is not applicable, whatever was read', async () => {
  const check = clusterCheck({
    ...words,
    platforms: ['eks'],
    needs: ['namespaces'],
    test: ({ namespaces }) => ({ evaluated: namespaces, problems: [] }),
  });
  const result = await run(check, collectionOf({ namespaces: [namespace('shop')] }));
  expect(result).toMatchObject({
    status: 'not-applicable',
    reason: 'It is about eks, and this is kubernetes',
  });
});

interface Seen {
  pods: string[];
  specs: Set<PodSpec | undefined>;
}

const folding = (absenceCounts: boolean) =>
  clusterCheck({
    ...words,
    absenceCounts,
    needs: ['deployments'],
    pods: {
      start: (): Seen => ({ pods: [], specs: new Set() }),
      add: (seen: Seen, pod, owner) => {
        seen.pods.push(`${owner.name}/${pod.metadata.name}`);
        seen.specs.add(pod.podSpec);
      },
    },
    test: ({ deployments: [object] }, { pods }) => ({
      evaluated: [],
      problems:
        object === undefined
          ? []
          : [{ object, field: [], message: `${pods.pods.join(' ')}: ${pods.specs.size} specs` }],
    }),
  });

const deployment = workload('Deployment', 'web');
const ofWeb = (name: string): Workload =>
  workload('Pod', name, undefined, { metadata: controlledBy(deployment) });
const ended = workload('Pod', 'done', undefined, { phase: 'Succeeded' });

test('the live Pods fold into one summary; alike, they share their spec; a list that starts anew begins it anew', async () => {
  const collection = collectionOf({ deployments: [deployment] }, [
    [ofWeb('a'), ofWeb('b')],
    [ended, ofWeb('c')],
  ]);
  const result = await run(folding(true), collection, (sink) => {
    sink.page([ofWeb('old')]);
    sink.restart();
  });
  expect(result.findings.map(({ message }) => message)).toEqual(['web/a web/b web/c: 1 specs']);
});

test('checks share a fold, and what it throws is said of each of them', async () => {
  let started = 0;
  const fold = {
    start: () => {
      started += 1;
      return [] as string[];
    },
    add: (seen: string[], { metadata }: Workload) => {
      if (metadata.name === 'boom') throw new Error('boom');
      seen.push(metadata.name);
    },
  };
  const check = () =>
    clusterCheck({
      ...words,
      needs: [],
      pods: fold,
      test: (_, { pods }) => ({ evaluated: [], problems: [], pods }),
    });
  const ends = async (name: string) => {
    const collection = collectionOf({}, [[workload('Pod', name)]]);
    const evaluation = await startEvaluation(collection, {
      checks: [check(), check()],
      guidance: () => ({}) as Guidance,
      exemptions: [],
      now: new Date('2026-11-21T00:00:00Z'),
    });
    return evaluation.finish(await collection.streamPods(evaluation.sink)).checks;
  };
  expect((await ends('fine')).map(({ status }) => status)).toEqual(['pass', 'pass']);
  expect(started).toBe(1);
  for (const { status, reason } of await ends('boom')) {
    expect([status, reason]).toEqual(['not-assessed', 'The check crashed on the cluster: boom']);
  }
});

test('unread Pods count as absent ones: what rests on absence is not judged', async () => {
  const collection = collectionOf({ deployments: [deployment] }, [[ofWeb('a')]], { pods: state('partial') });
  expect((await run(folding(true), collection)).status).toBe('not-assessed');
  expect(await run(folding(false), collection)).toMatchObject({ status: 'fail', incomplete: true });
});

/** Says the same of the first two namespaces. */
const alike = clusterCheck({
  ...words,
  needs: ['namespaces'],
  test: ({ namespaces }) => {
    const [first] = namespaces;
    const members = namespaces.slice(0, 2).map((object) => ({
      object,
      field: ['metadata'],
      message: `alike: ${object.metadata.name}`,
    }));
    return {
      evaluated: namespaces,
      problems:
        first === undefined ? [] : [{ object: first, field: ['metadata'], message: 'alike', members }],
    };
  },
});
const three = ['a', 'b', 'c'].map(namespace);

test('objects alike in one finding all count as failed', async () => {
  const { counts, findings } = await run(alike, collectionOf({ namespaces: three }));
  expect(counts).toEqual({ evaluated: 3, passed: 1, failed: 2, exempt: 0 });
  expect(findings[0]?.members?.map(({ object, path }) => [object.name, path])).toEqual([
    ['a', 'metadata'],
    ['b', 'metadata'],
  ]);
});

test('an exemption of one of several alike exempts that one alone', async () => {
  const exemption = { check: 'c', name: 'a', reason: 'r', owner: 'o', expires: '2027-01-01' };
  const all = await run(alike, collectionOf({ namespaces: three }));
  const { status, counts, findings } = await run(alike, collectionOf({ namespaces: three }), undefined, [
    exemption,
  ]);
  expect(status).toBe('fail');
  expect(counts).toEqual({ evaluated: 3, passed: 1, failed: 1, exempt: 1 });
  const id = all.findings[0]?.id;
  const parts = new Map(
    findings.map((each) => [each.id, [each.state, each.members?.map(({ object }) => object.name)]]),
  );
  expect(parts).toEqual(
    new Map([
      [id, ['open', ['b']]],
      [`${id}-2`, ['exempt', ['a']]],
    ]),
  );
  const open = findings.find(({ state: of }) => of === 'open');
  expect([open?.object.name, open?.message]).toEqual(['b', 'alike: b']);
});
