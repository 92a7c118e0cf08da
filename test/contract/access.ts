/** Who may do what, and the words in which it is refused. */
import { expect, test } from 'vitest';
import { failure, pods } from './subject.ts';
import type { List, Subject } from './subject.ts';

export function accessCases(subject: Subject): void {
  const refused = async (path: string) => {
    const { code, body } = await subject.status(path, { as: 'reader' });
    expect([code, body['reason'], body['code']]).toEqual([403, 'Forbidden', 403]);
    return [body['message'], body['details']];
  };

  test('401 for a token nobody has', async () => {
    expect(await subject.status(pods, { headers: { authorization: 'Bearer nonsense' } })).toEqual(
      failure(401, 'Unauthorized', 'Unauthorized'),
    );
  });

  test('403 says who may not do what where', async () => {
    const may = 'User "reader" cannot';
    expect(await refused(pods)).toEqual([
      `pods is forbidden: ${may} list resource "pods" in API group "" at the cluster scope`,
      { kind: 'pods' },
    ]);
    expect(await refused('/apis/apps/v1/namespaces/contract-a/deployments')).toEqual([
      `deployments.apps is forbidden: ${may} list resource "deployments" in API group "apps" in the namespace "contract-a"`,
      { group: 'apps', kind: 'deployments' },
    ]);
    expect(await refused('/api/v1/namespaces/contract-a/pods/job-a')).toEqual([
      `pods "job-a" is forbidden: ${may} get resource "pods" in API group "" in the namespace "contract-a"`,
      { name: 'job-a', kind: 'pods' },
    ]);
    expect(await refused('/api/v1/namespaces/contract-a-b')).toEqual([
      `namespaces "contract-a-b" is forbidden: ${may} get resource "namespaces" in API group "" in the namespace "contract-a-b"`,
      { name: 'contract-a-b', kind: 'namespaces' },
    ]);
    expect(await refused('/apis/nothing.example/v1/nothings')).toEqual([
      `nothings.nothing.example is forbidden: ${may} list resource "nothings" in API group "nothing.example" at the cluster scope`,
      { group: 'nothing.example', kind: 'nothings' },
    ]);
  });

  test('a RoleBinding opens its namespace, a rule with resourceNames one object', async () => {
    const open = await subject.json<List>('/api/v1/namespaces/contract-a/pods', { as: 'reader' });
    expect(open.items).toHaveLength(10);
    expect((await subject.get('/api/v1/namespaces/contract-a-b/pods', { as: 'reader' })).status).toBe(403);
    expect((await subject.get('/api/v1/namespaces/contract-a', { as: 'reader' })).status).toBe(200);
  });

  test('who may impersonate acts as another', async () => {
    const headers = { 'impersonate-user': 'reader' };
    expect((await subject.get('/api/v1/namespaces/contract-a', { headers })).status).toBe(200);
    expect((await subject.status(pods, { headers })).body['message']).toMatch(
      /^pods is forbidden: User "reader" cannot/,
    );
    const { code, body } = await subject.status(pods, {
      as: 'reader',
      headers: { 'impersonate-user': 'admin' },
    });
    expect([code, body['reason']]).toEqual([403, 'Forbidden']);
    expect(body['message']).toMatch(/ is forbidden: User "reader" cannot impersonate/);
  });

  test('405 for what a resource does not offer', async () => {
    expect(await subject.status(pods, { method: 'PUT' })).toEqual(
      failure(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {
        details: {},
      }),
    );
  });
}
