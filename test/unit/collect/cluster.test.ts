import { afterEach, describe, expect, test } from 'vitest';
import { connect } from '../../../src/api/connection.ts';
import { collectCluster, type ClusterOptions, type Progress } from '../../../src/collect/cluster.ts';
import { exit } from '../../../src/errors.ts';
import type { Collection, SourceOutcome, Workload } from '../../../src/model.ts';
import {
  startApiServer,
  type ApiServer,
  type ApiServerOptions,
  type RawObject,
} from '../../servers/api-server.ts';

let server: ApiServer;
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

interface Collected extends Collection {
  pods: Workload[];
  podsOutcome: SourceOutcome;
  requests: number;
}

async function collect(
  options: ApiServerOptions,
  scope: ClusterOptions = {},
  whileStreaming = () => {},
): Promise<Collected> {
  server = await startApiServer(options);
  const connection = await connect({
    kubeconfig: server.kubeconfig,
    retry: { budgetMs: 300, firstWaitMs: 1 },
  });
  closing.push(
    () => connection.close(),
    () => server.stop(),
  );
  const collection = await collectCluster(connection, scope);
  let pods: Workload[] = [];
  const podsOutcome = await collection.streamPods({
    page: (page) => {
      pods.push(...page);
      whileStreaming();
    },
    restart: () => {
      pods = [];
    },
  });
  return { ...collection, pods, podsOutcome, requests: connection.requests };
}

const namespace = (name: string): RawObject => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
const pod = (name: string, namespaceName = 'a'): RawObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: namespaceName },
  spec: { containers: [{ name: 'c', image: 'i' }] },
});
const deployment = (name: string, namespaceName: string): RawObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: namespaceName },
  spec: { template: { spec: { containers: [] } } },
});

const many = (count: number): RawObject[] => Array.from({ length: count }, (_, index) => pod(`p-${index}`));
const objects = [
  namespace('a'),
  namespace('b'),
  deployment('d', 'a'),
  deployment('e', 'b'),
  pod('p', 'a'),
  pod('q', 'b'),
];
const names = (list: readonly { metadata: { name: string } }[]): string[] =>
  list.map(({ metadata }) => metadata.name).toSorted();

describe('a whole cluster', () => {
  test('is read in one pass: discovery, one list for each kind, pods last', async () => {
    const progress: Progress[] = [];
    const collected = await collect(
      { objects: [...objects, ...many(240)] },
      { onProgress: (each) => progress.push(each) },
    );
    expect(collected.scope).toEqual({ kind: 'cluster' });
    expect(collected.cluster).toMatchObject({
      name: 'sample',
      server: server.server,
      version: 'v1.37.1',
      platform: 'kubernetes',
    });
    expect(names(collected.held.deployments)).toEqual(['d', 'e']);
    expect(collected.outcomes.deployments).toEqual({ state: 'ok', count: 2 });
    expect(collected.outcomes.nodes).toEqual({ state: 'ok', count: 0 });
    expect(collected.podsOutcome).toEqual({ state: 'ok', count: 242 });
    expect(new Set(names(collected.pods)).size).toBe(242);
    expect(progress.filter(({ source }) => source === 'pods')).toEqual([
      { source: 'pods', count: 100, remaining: 142 },
      { source: 'pods', count: 200, remaining: 42 },
      { source: 'pods', count: 242 },
    ]);
    const paths = server.requests.map(({ path }) => path);
    expect(paths.slice(0, 2).toSorted()).toEqual(['/apis', '/version']);
    expect(paths.slice(-3)).toEqual(['/api/v1/pods', '/api/v1/pods', '/api/v1/pods']);
    // The id of the cluster is asked for apart, as kube-system is not among these namespaces.
    expect(paths).toHaveLength(2 + 21 + 1 + 3);
    expect(server.connections).toBeLessThanOrEqual(2);
    expect(paths.some((path) => /secrets|configmaps/.test(path))).toBe(false);
  });

  test('is recognised by the uid of kube-system, else by its address', async () => {
    const kubeSystem = { ...namespace('kube-system'), metadata: { name: 'kube-system', uid: 'the-uid' } };
    expect((await collect({ objects: [kubeSystem] })).cluster.id).toBe('the-uid');
    const scoped = await collect(
      { objects: [kubeSystem, namespace('a')] },
      { namespaces: ['a'], clusterName: 'mine' },
    );
    expect(scoped.cluster).toMatchObject({ id: 'the-uid', name: 'mine' });
    const without = await collect({ objects: [] });
    expect(without.cluster.id).toMatch(/^[0-9a-f]{32}$/);
  });

  test('has PodSecurityPolicies only where the server serves them', async () => {
    expect((await collect({ objects: [] })).outcomes.podSecurityPolicies).toEqual({
      state: 'absent',
      count: 0,
      reason: 'the API server does not serve policy/v1beta1',
    });
    const psp = {
      apiVersion: 'policy/v1beta1',
      kind: 'PodSecurityPolicy',
      metadata: { name: 'p' },
      spec: { hostPID: true },
    };
    const old = await collect({ objects: [psp], version: 'v1.24.17' });
    expect(old.outcomes.podSecurityPolicies).toEqual({ state: 'ok', count: 1 });
    expect(old.held.podSecurityPolicies[0]?.spec).toEqual({ hostPID: true });
  });
});

describe('some namespaces', () => {
  test('are read one by one, and what belongs to none is not requested', async () => {
    const collected = await collect(
      { objects: [...objects, namespace('c')] },
      { namespaces: ['a', 'c', 'a'] },
    );
    expect(collected.scope).toEqual({ kind: 'cluster', namespaces: ['a', 'c'] });
    expect(names(collected.held.namespaces)).toEqual(['a', 'c']);
    expect(names(collected.held.deployments)).toEqual(['d']);
    expect(names(collected.pods)).toEqual(['p']);
    expect(collected.outcomes.nodes).toMatchObject({
      state: 'not-requested',
      reason: expect.stringMatching(/namespace/),
    });
    expect(server.requests.map(({ path }) => path)).not.toContain('/api/v1/pods');
  });

  test('that do not exist are an error', async () => {
    await expect(collect({ objects }, { namespaces: ['a', 'typo'] })).rejects.toMatchObject({
      message: 'The cluster has no namespace "typo".',
      exitCode: exit.usage,
    });
  });
});

describe('403', () => {
  test('everywhere is forbidden, in the words of the server', async () => {
    const collected = await collect({
      objects,
      forbid: ({ resource }) => resource === 'nodes' || resource === 'pods',
    });
    expect(collected.outcomes.nodes).toMatchObject({ state: 'forbidden', count: 0 });
    expect(collected.outcomes.nodes.reason).toMatch(
      /nodes is forbidden: User "kubernetes-admin" cannot list/,
    );
    expect(collected.podsOutcome).toMatchObject({
      state: 'forbidden',
      count: 0,
      unreadNamespaces: ['a', 'b'],
    });
    expect(collected.outcomes.deployments.state).toBe('ok');
  });

  test('for the whole cluster: the namespaces are read one by one', async () => {
    const collected = await collect({
      objects,
      forbid: ({ resource, namespace: ns }) => resource === 'pods' && ns !== 'b',
    });
    expect(names(collected.pods)).toEqual(['q']);
    expect(collected.podsOutcome).toMatchObject({ state: 'partial', count: 1, unreadNamespaces: ['a'] });
    expect(collected.podsOutcome.reason).toMatch(/^1 namespace of 2 could not be read: pods is forbidden/);
  });

  test('for the whole cluster, but for no namespace: nothing is missing', async () => {
    const collected = await collect({
      objects,
      forbid: ({ resource, namespace: ns }) => resource === 'deployments' && !ns,
    });
    expect(collected.outcomes.deployments).toEqual({ state: 'ok', count: 2 });
  });

  test('when no namespace can be seen', async () => {
    const collected = await collect({
      objects,
      forbid: ({ resource }) => resource === 'namespaces' || resource === 'pods',
    });
    expect(collected.outcomes.namespaces.state).toBe('forbidden');
    expect(collected.podsOutcome).toMatchObject({
      state: 'forbidden',
      reason: expect.stringMatching(/name them with -n/),
    });
  });
});

describe('a list that fails', () => {
  test('is an outcome with the cause', async () => {
    const collected = await collect({
      objects,
      faults: ({ path }) =>
        path.endsWith('/deployments')
          ? { status: 200, body: '<html>' }
          : path.endsWith('/jobs')
            ? { status: 503 }
            : undefined,
    });
    expect(collected.outcomes.deployments).toMatchObject({
      state: 'failed',
      count: 0,
      reason: expect.stringMatching(/does not answer/),
    });
    expect(collected.outcomes.jobs).toMatchObject({ state: 'failed', count: 0 });
    expect(collected.outcomes.cronJobs.state).toBe('ok');
  });

  test('in the middle leaves what was read, as partial', async () => {
    const collected = await collect({
      objects: many(300),
      faults: ({ path, query }) =>
        path === '/api/v1/pods' && query['continue'] ? { status: 500 } : undefined,
    });
    expect(collected.podsOutcome).toMatchObject({ state: 'partial', count: 100 });
    expect(collected.pods).toHaveLength(100);
  });

  test('because of an object that is none', async () => {
    // A custom resource: of what the API server writes itself, protobuf leaves no room for another type.
    const broken = {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: { name: 'x', namespace: 'a' },
      spec: { listeners: 'all' },
    };
    const { outcomes } = await collect({ objects: [broken] });
    expect(outcomes.gateways).toMatchObject({
      state: 'failed',
      reason: expect.stringMatching(/spec\.listeners must be a list/),
    });
  });

  test('with 404 although discovery serves it is failed, not absent', async () => {
    expect(
      (
        await collect({
          objects,
          faults: ({ path }) => (path.endsWith('/deployments') ? { status: 404 } : undefined),
        })
      ).outcomes.deployments.state,
    ).toBe('failed');
  });

  test('after discovery failed is never absent', async () => {
    const { outcomes } = await collect({
      objects,
      faults: ({ path }) => (/^\/apis($|\/policy)/.test(path) ? { status: 500 } : undefined),
    });
    expect(outcomes.podSecurityPolicies.state).toBe('failed');
    expect(outcomes.deployments).toEqual({ state: 'ok', count: 2 });
  });
});

const expireAfter = (pages: number) => {
  let seen = 0;
  return () => {
    if ((seen += 1) <= pages) server.expire();
  };
};

describe('410', () => {
  const everyPod = new Set(names(many(1200)));

  test('once starts the pods anew', async () => {
    const collected = await collect({ objects: many(1200) }, {}, expireAfter(1));
    expect(collected.podsOutcome).toEqual({ state: 'ok', count: 1200 });
    expect(collected.pods).toHaveLength(1200);
    expect(new Set(names(collected.pods))).toEqual(everyPod);
  });

  test('again and again still ends, each pod once, and says so', async () => {
    const collected = await collect({ objects: many(1200) }, {}, expireAfter(100));
    expect(collected.podsOutcome).toMatchObject({
      state: 'ok',
      count: 1200,
      reason: expect.stringMatching(/expired the list/),
    });
    expect(collected.pods).toHaveLength(1200);
    expect(new Set(names(collected.pods))).toEqual(everyPod);
  });
});

describe('no way in', () => {
  test('refused credentials are thrown', async () => {
    await expect(collect({ objects, faults: () => ({ status: 401 }) })).rejects.toMatchObject({
      reason: 'unauthorized',
      exitCode: exit.runtime,
    });
  });

  test('a server that is no Kubernetes API is thrown', async () => {
    await expect(collect({ objects, faults: () => ({ status: 200, body: '<html>' }) })).rejects.toMatchObject(
      { reason: 'protocol' },
    );
  });

  test('an error of the sink is not taken for one of the list', async () => {
    const failing = collect({ objects }, {}, () => {
      throw new RangeError('a defect');
    });
    await expect(failing).rejects.toThrow(RangeError);
  });
});
