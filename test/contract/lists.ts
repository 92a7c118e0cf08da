/** Lists and single objects: their shape, order, scope and selection. */
import { expect, test } from 'vitest';
import { failure, noSuchResource, keys, pods } from './subject.ts';
import type { List, Subject } from './subject.ts';
import { hostileName, podNames } from './seed.ts';

export function listCases(subject: Subject): void {
  test('name their kind once, metadata comes before items, and items are in the order of namespace/name', async () => {
    const { text, headers } = await subject.get(pods);
    expect(headers['content-type']).toBe('application/json');
    expect(text).toMatch(
      /^\{"kind":"PodList","apiVersion":"v1","metadata":\{"resourceVersion":"\d+"\},"items":\[\{"metadata"/,
    );
    const list = JSON.parse(text) as List;
    expect(keys(list)).toEqual(podNames);
    expect(list.items[0]).not.toHaveProperty('kind');
    expect(list.items[0]?.metadata).toMatchObject({
      uid: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      resourceVersion: expect.stringMatching(/^\d+$/),
      creationTimestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    });
  });

  test('of a namespace hold what is in it, which may be nothing', async () => {
    const inside = podNames.filter((key) => key.startsWith('contract-a/'));
    expect(keys(await subject.json<List>('/api/v1/namespaces/contract-a/pods'))).toEqual(inside);
    expect((await subject.json<List>('/api/v1/namespaces/contract-none/pods')).items).toEqual([]);
    expect(keys(await subject.json<List>('/apis/apps/v1/namespaces/contract-a/deployments'))).toEqual([
      'contract-a/web',
    ]);
  });

  test('give RBAC names as they were written', async () => {
    const { items } = await subject.json<List>('/apis/rbac.authorization.k8s.io/v1/clusterroles');
    expect(items.map(({ metadata }) => metadata.name)).toContain(hostileName);
  });

  test('take field selectors, and then do not say how many remain', async () => {
    const one = await subject.json<List>(`${pods}?fieldSelector=metadata.name%3Dweb-1`);
    expect(keys(one)).toEqual(['contract-a-b/web-1']);
    const selector = 'metadata.namespace!%3Dcontract-a-b';
    const page = await subject.json<List>(`${pods}?fieldSelector=${selector}&limit=4`);
    expect(keys(page)).toEqual(podNames.slice(2, 6));
    expect(page.metadata).toEqual({ resourceVersion: expect.any(String), continue: expect.any(String) });
    const { code, body } = await subject.status(`${pods}?fieldSelector=spec.nothing%3D1`);
    expect([code, body['reason']]).toEqual([400, 'BadRequest']);
    expect(body['message']).toBe('field label not supported: spec.nothing');
  });

  test('has kind and apiVersion', async () => {
    const [name = ''] = podNames;
    const [namespace, podName] = name.split('/');
    const { text } = await subject.get(`/api/v1/namespaces/${namespace}/pods/${podName}`);
    expect(text).toMatch(
      /^\{"kind":"Pod","apiVersion":"v1","metadata":\{"name":"web-0","namespace":"contract-a-b"/,
    );
    expect(await subject.json('/api/v1/namespaces/contract-a')).toMatchObject({ kind: 'Namespace' });
  });

  test('that is missing is a 404 of its kind, unlike a resource or a group that is not served', async () => {
    expect(await subject.status('/apis/apps/v1/namespaces/contract-a/deployments/none')).toEqual(
      failure(404, 'NotFound', 'deployments.apps "none" not found', {
        details: { name: 'none', group: 'apps', kind: 'deployments' },
      }),
    );
    expect(await subject.status('/api/v1/namespaces/contract-none')).toEqual(
      failure(404, 'NotFound', 'namespaces "contract-none" not found', {
        details: { name: 'contract-none', kind: 'namespaces' },
      }),
    );
    expect(await subject.status('/api/v1/nothings')).toEqual(noSuchResource);
    const group = await subject.get('/apis/nothing.example/v1/nothings');
    expect([group.status, group.text]).toEqual([404, '404 page not found\n']);
  });
}
