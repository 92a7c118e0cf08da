import { expect, test } from 'vitest';
import type { ListEvent } from '../../../src/api/connection.ts';
import { readSource } from '../../../src/collect/read.ts';
import type { Workload } from '../../../src/model.ts';

const pod = (name: string, uid: string) => ({
  metadata: { name, namespace: 'a', uid },
  spec: { containers: [] },
});
const page = (...items: unknown[]): ListEvent => ({ type: 'page', items });

/** Reads the pods that the events of each list (by its path) tell of. */
async function read(lists: Record<string, ListEvent[]>, namespaces?: string[]) {
  const calls: (string[] | 'restart')[] = [];
  const reader = {
    connection: {
      server: 'https://server',
      clusterName: 'cluster',
      requests: 0,
      get: () => Promise.reject(new Error('not asked for')),
      list: async function* (path: string) {
        yield* lists[path] ?? [];
      },
      close: () => Promise.resolve(),
    },
    discovery: {
      version: 'v1',
      groupVersions: new Set<string>(),
      locate: () => Promise.resolve({ lists: [{ apiVersion: 'v1', resource: 'pods', kind: 'Pod' }] }),
    },
    namespaces,
    visibleNamespaces: () => Promise.resolve(undefined),
    onProgress: () => {},
  };
  const outcome = await readSource(reader, 'pods', {
    page: (pods: Workload[]) => void calls.push(pods.map(({ metadata }) => metadata.name)),
    restart: () => void calls.push('restart'),
  });
  return { calls, outcome };
}

test('an object that comes on two pages is taken once, by its uid', async () => {
  const { calls, outcome } = await read({
    '/api/v1/pods': [page(pod('a', '1'), pod('b', '2')), page(pod('b', '2'), pod('b', '3'))],
  });
  expect(calls).toEqual([['a', 'b'], ['b']]);
  expect(outcome).toEqual({ state: 'ok', count: 3 });
});

test('a list that starts anew gives all its objects again', async () => {
  const { calls, outcome } = await read({
    '/api/v1/pods': [
      page(pod('a', '1')),
      { type: 'restart', reason: 'expired' },
      page(pod('a', '1'), pod('b', '2')),
    ],
  });
  expect(calls).toEqual([['a'], 'restart', ['a', 'b']]);
  expect(outcome).toEqual({ state: 'ok', count: 2 });
});

test('of several namespaces, the one that starts anew takes nothing away from the others', async () => {
  const { calls, outcome } = await read(
    {
      '/api/v1/namespaces/a/pods': [page(pod('a', '1'))],
      '/api/v1/namespaces/b/pods': [
        page(pod('b', '2')),
        { type: 'restart', reason: 'expired' },
        page(pod('b', '2'), pod('c', '3')),
      ],
    },
    ['a', 'b'],
  );
  expect(calls).toEqual([['a'], ['b'], ['c']]);
  expect(outcome).toEqual({ state: 'ok', count: 3 });
});

test('an inconsistent list is complete, and said to be so', async () => {
  const { outcome } = await read({
    '/api/v1/pods': [
      page(pod('a', '1')),
      { type: 'inconsistent', reason: 'it expired' },
      page(pod('b', '2')),
    ],
  });
  expect(outcome).toEqual({ state: 'ok', count: 2, reason: 'it expired' });
});
