/** When the report has a matrix of what namespaces can reach, and what it is made of. */
import { expect, test } from 'vitest';
import { startEvaluation } from '../../../src/evaluate/engine.ts';
import type { Collection, Guidance, Workload } from '../../../src/model.ts';
import { collectionOf, workload } from '../collection.ts';

async function reachOf(collection: Collection) {
  const { sink, finish } = await startEvaluation(collection, {
    checks: [],
    guidance: () => ({}) as Guidance,
    exemptions: [],
    now: new Date('2026-11-21T00:00:00Z'),
  });
  // As when the server expires the list: what came before is forgotten.
  sink.page([pod('forgotten')]);
  sink.restart();
  return finish(await collection.streamPods(sink)).reach;
}

const pod = (namespace: string, rest: Partial<Workload> = {}) =>
  workload('Pod', 'p', undefined, { ...rest, metadata: { namespace, uid: `${namespace}/p` } });
const held = {
  namespaces: ['bank', 'ops', 'shop'].map((name) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name },
  })),
  networkPolicies: [
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'own', namespace: 'shop' },
      spec: { podSelector: {}, ingress: [{ from: [{ podSelector: {} }], ports: [{ port: 80 }] }] },
    },
  ],
};
const ended = pod('gone', { phase: 'Succeeded' });
const onNode = pod('ops', { podSpec: { hostNetwork: true, containers: [] } });

test('live Pods and templates, without what has ended or is on the network of its node', async () => {
  const deployments = [
    workload('Deployment', 'd', undefined, { metadata: { namespace: 'bank' }, replicas: 0 }),
  ];
  expect(await reachOf(collectionOf({ ...held, deployments }, [[pod('shop')], [ended, onNode]]))).toEqual({
    matrix: { namespaces: ['bank', 'shop'], rows: ['an', 'as'] },
  });
});

test.each(['namespaces', 'networkPolicies', 'pods'] as const)(
  'without all %s there is no matrix',
  async (source) => {
    const outcomes = { [source]: { state: 'partial', count: 1, unreadNamespaces: ['vault'] } } as const;
    expect(await reachOf(collectionOf(held, [[pod('shop')]], outcomes))).toEqual({
      reason: `${source} could not be read in vault`,
    });
  },
);

test('a cluster without policies is all open', async () => {
  const { namespaces } = held;
  expect(await reachOf(collectionOf({ namespaces }, [[pod('shop'), pod('bank')]]))).toEqual({
    matrix: { namespaces: ['bank', 'shop'], rows: ['aa', 'aa'] },
  });
});
