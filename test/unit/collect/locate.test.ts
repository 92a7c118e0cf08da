/** Where the lists of a source are: other versions of its group, kinds nobody knows beforehand, and what is not there. */
import { describe, expect, test } from 'vitest';
import type { Connection, ListEvent } from '../../../src/api/connection.ts';
import { ApiError } from '../../../src/api/errors.ts';
import { discover } from '../../../src/collect/discovery.ts';
import { readSource } from '../../../src/collect/read.ts';
import type { SourceName } from '../../../src/model.ts';

interface Served {
  /** Resource lists by group version: names of resources and their kinds. */
  groups: Record<string, Record<string, string>>;
  /** The objects of each list, by path; any other list is not found. */
  lists?: Record<string, object[]>;
}

const notFound = (path: string): ApiError =>
  new ApiError('not-found', `${path} was not found`, { status: 404 });

function connectionTo({ groups, lists = {} }: Served) {
  const asked: string[] = [];
  const connection: Connection = {
    server: 'https://server',
    clusterName: 'cluster',
    requests: 0,
    async get(path) {
      asked.push(path);
      if (path === '/version') return { gitVersion: 'v1.29.0' };
      if (path === '/apis')
        return { groups: [{ versions: Object.keys(groups).map((groupVersion) => ({ groupVersion })) }] };
      const resources = groups[path.replace('/apis/', '')];
      if (resources === undefined) throw notFound(path);
      return { resources: Object.entries(resources).map(([name, kind]) => ({ name, kind })) };
    },
    async *list(path): AsyncGenerator<ListEvent, void> {
      asked.push(path);
      const items = lists[path];
      if (items === undefined) throw notFound(path);
      yield { type: 'page', items };
    },
    close: () => Promise.resolve(),
  };
  return { connection, asked };
}

async function read(source: SourceName, served: Served) {
  const { connection, asked } = connectionTo(served);
  const objects: string[] = [];
  const outcome = await readSource(
    {
      connection,
      discovery: await discover(connection),
      namespaces: undefined,
      visibleNamespaces: () => Promise.resolve(undefined),
      onProgress: () => {},
    },
    source,
    {
      page: (page) => void objects.push(...page.map(({ kind, metadata }) => `${kind} ${metadata.name}`)),
      restart: () => objects.splice(0),
    },
  );
  return { outcome, objects, asked: asked.slice(2) };
}

const object = (kind: string, name: string) => ({ kind, metadata: { name } });

describe('an operator that serves an older version', () => {
  test('is asked for that one', async () => {
    const list = '/apis/external-secrets.io/v1beta1/externalsecrets';
    const { outcome, objects, asked } = await read('externalSecrets', {
      groups: { 'external-secrets.io/v1beta1': {} },
      lists: { [list]: [object('ExternalSecret', 'db')] },
    });
    expect([outcome, objects, asked]).toEqual([{ state: 'ok', count: 1 }, ['ExternalSecret db'], [list]]);
  });

  test('is asked for that one where the newer version of the group has other kinds only', async () => {
    const group = 'admissionregistration.k8s.io';
    const older = `/apis/${group}/v1beta1/validatingadmissionpolicies`;
    const { outcome, asked } = await read('validatingAdmissionPolicies', {
      groups: {
        [`${group}/v1`]: { validatingwebhookconfigurations: 'ValidatingWebhookConfiguration' },
        [`${group}/v1beta1`]: { validatingadmissionpolicies: 'ValidatingAdmissionPolicy' },
      },
      lists: { [older]: [] },
    });
    expect(outcome).toEqual({ state: 'ok', count: 0 });
    expect(asked.at(-1)).toBe(older);
  });

  test('and nowhere has the kind, is without it', async () => {
    const group = 'admissionregistration.k8s.io/v1';
    const { outcome } = await read('validatingAdmissionPolicies', { groups: { [group]: {} } });
    expect(outcome).toEqual({
      state: 'absent',
      count: 0,
      reason: `the API server does not serve validatingadmissionpolicies in ${group}`,
    });
  });
});

describe('a source of every kind of its group', () => {
  const group = 'constraints.gatekeeper.sh/v1beta1';
  const resources = {
    k8srequiredlabels: 'K8sRequiredLabels',
    'k8srequiredlabels/status': 'K8sRequiredLabels',
    k8spspprivilegedcontainer: 'K8sPSPPrivilegedContainer',
  };

  test('reads a list for each, under the kind that each object says it is', async () => {
    const { outcome, objects } = await read('gatekeeperConstraints', {
      groups: { [group]: resources },
      lists: {
        [`/apis/${group}/k8srequiredlabels`]: [object('K8sRequiredLabels', 'owner')],
        [`/apis/${group}/k8spspprivilegedcontainer`]: [object('K8sPSPPrivilegedContainer', 'psp')],
      },
    });
    expect(outcome).toEqual({ state: 'ok', count: 2 });
    expect(objects).toEqual(['K8sRequiredLabels owner', 'K8sPSPPrivilegedContainer psp']);
  });

  test('is read in part where one list fails', async () => {
    const { outcome } = await read('gatekeeperConstraints', {
      groups: { [group]: resources },
      lists: { [`/apis/${group}/k8srequiredlabels`]: [object('K8sRequiredLabels', 'owner')] },
    });
    expect(outcome).toMatchObject({ state: 'partial', count: 1 });
  });

  test('is absent where the group is, or is empty', async () => {
    for (const groups of [{}, { [group]: {} }])
      expect((await read('gatekeeperConstraints', { groups })).outcome.state).toBe('absent');
  });

  test('fails where its kinds cannot be told', async () => {
    const { connection } = connectionTo({ groups: { [group]: {} } });
    const get = connection.get.bind(connection);
    connection.get = (path) => (path.endsWith(group) ? Promise.reject(notFound(path)) : get(path));
    const discovery = await discover(connection);
    await expect(discovery.locate({ apiVersion: group, resource: '*', kind: '*' })).rejects.toThrow(
      'was not found',
    );
  });
});
