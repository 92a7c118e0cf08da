/** What is served: version, groups, resources. */
import { expect, test } from 'vitest';
import { failure } from './subject.ts';
import type { Subject } from './subject.ts';

export function discoveryCases(subject: Subject): void {
  test('/version names the release', async () => {
    const version = await subject.json<Record<string, string>>('/version');
    expect(version).toMatchObject({
      major: '1',
      minor: String(subject.minor),
      platform: expect.any(String),
    });
    expect(version['gitVersion']).toMatch(new RegExp(`^v1\\.${subject.minor}\\.\\d+`));
  });

  test('/api lists the core version, /apis the groups with their versions', async () => {
    expect(await subject.json('/api')).toMatchObject({ kind: 'APIVersions', versions: ['v1'] });
    const { groups, ...head } = await subject.json<{ groups: { name: string }[] }>('/apis');
    expect(head).toEqual({ kind: 'APIGroupList', apiVersion: 'v1' });
    const v1 = { groupVersion: 'apps/v1', version: 'v1' };
    expect(groups.find(({ name }) => name === 'apps')).toEqual({
      name: 'apps',
      versions: [v1],
      preferredVersion: v1,
    });
    expect(await subject.json('/apis/apps')).toMatchObject({
      kind: 'APIGroup',
      name: 'apps',
      versions: [v1],
    });
  });

  test('a group version lists its resources', async () => {
    const { resources, ...core } = await subject.json<{ resources: { name: string }[] }>('/api/v1');
    expect(core).toEqual({ kind: 'APIResourceList', groupVersion: 'v1' });
    expect(resources.find(({ name }) => name === 'pods')).toMatchObject({
      namespaced: true,
      kind: 'Pod',
      shortNames: ['po'],
      verbs: expect.arrayContaining(['get', 'list', 'watch']),
    });
    expect(await subject.json('/apis/apps/v1')).toMatchObject({
      kind: 'APIResourceList',
      apiVersion: 'v1',
      groupVersion: 'apps/v1',
      resources: expect.arrayContaining([
        expect.objectContaining({ name: 'deployments', kind: 'Deployment' }),
      ]),
    });
  });

  test('PodSecurityPolicies are there below 1.25 only', async () => {
    const served = subject.minor < 25;
    const { groups } = await subject.json<{ groups: { name: string; versions: { version: string }[] }[] }>(
      '/apis',
    );
    const versions = groups.find(({ name }) => name === 'policy')?.versions.map(({ version }) => version);
    expect(versions).toEqual(served ? ['v1', 'v1beta1'] : ['v1']);

    for (const path of ['/apis/policy/v1beta1', '/apis/policy/v1beta1/podsecuritypolicies']) {
      const { code, body } = await subject.status(path);
      expect({ code, reason: body['reason'] }).toEqual(
        served ? { code: 200 } : { code: 404, reason: 'NotFound' },
      );
    }
  });

  test('anybody with a token may discover, nobody else', async () => {
    expect((await subject.get('/apis', { as: 'reader' })).status).toBe(200);
    expect((await subject.get('/version', { as: 'nobody' })).status).toBe(200);
    expect(await subject.status('/apis', { as: 'nobody' })).toEqual(
      failure(403, 'Forbidden', 'forbidden: User "system:anonymous" cannot get path "/apis"', {
        details: {},
      }),
    );
  });
}
