/** Compression, indentation, encodings, connections. */
import { expect, test } from 'vitest';
import { decoderOf } from '../../src/api/decode.ts';
import { sources } from '../../src/collect/sources.ts';
import { pods } from './subject.ts';
import type { List, Subject } from './subject.ts';
import { podNames } from './seed.ts';

const protobuf = 'application/vnd.kubernetes.protobuf';

export function wireCases(subject: Subject): void {
  const lines = async (path: string, userAgent: string) =>
    (await subject.get(path, { headers: { 'user-agent': userAgent } })).text.trim().split('\n').length;

  test('large answers are compressed for who asks, small ones are not', async () => {
    const headers = { 'accept-encoding': 'gzip' };
    const small = await subject.get(`${pods}?limit=5`, { headers });
    expect(small.headers['content-encoding']).toBeUndefined();
    const large = await subject.get(pods, { headers });
    expect(large.headers['content-encoding']).toBe('gzip');
    expect(large.size).toBeLessThan(large.text.length / 5);
    expect((JSON.parse(large.text) as List).items).toHaveLength(podNames.length);
    expect((await subject.get(pods)).headers['content-encoding']).toBeUndefined();
  });

  test('JSON is indented for curl and browsers, or on demand', async () => {
    const one = '/api/v1/namespaces/contract-a';
    expect(await lines(one, 'passmuster/0.1')).toBe(1);
    for (const agent of ['curl/8.0', 'Wget/1.2', 'Mozilla/5.0 (X11)'])
      expect(await lines(one, agent)).toBeGreaterThan(5);
    expect(await lines(`${one}?pretty=true`, 'passmuster/0.1')).toBeGreaterThan(5);
    expect(await lines(`${one}?pretty=false`, 'curl/8.0')).toBe(1);
  });

  test('who asks for protobuf gets it, with all that is read of the same list in JSON', async () => {
    const asked = { headers: { accept: `${protobuf}, application/json` } };
    const { apiVersion, kind, project } = sources.pods;
    const first = await subject.get(`${pods}?limit=5`, asked);
    expect(first.headers['content-type']).toBe(protobuf);
    const decoder = decoderOf(protobuf);
    const list = decoder?.decode(first.bytes) as List;
    const inJson = await subject.json<List>(`${pods}?limit=5`);
    expect(list).toMatchObject({ apiVersion, kind: `${kind}List`, metadata: { remainingItemCount: 7 } });
    expect(list.items.map(project)).toEqual(inJson.items.map(project));
    expect(decoder?.decodeListHead(first.bytes.subarray(0, 1000))).toEqual(list.metadata);

    const token = encodeURIComponent(list.metadata.continue ?? '');
    const rest = decoder?.decode(
      (await subject.get(`${pods}?limit=50&continue=${token}`, asked)).bytes,
    ) as List;
    expect([...list.items, ...rest.items].map(project).map(({ metadata }) => metadata.name)).toEqual(
      podNames.map((key) => key.split('/')[1]),
    );
    expect(rest.metadata).toEqual({});
  });

  test('a refusal comes in protobuf too', async () => {
    const accept = `${protobuf}, application/json`;
    const refused = await subject.get(pods, { as: 'reader', headers: { accept } });
    expect([refused.status, refused.headers['content-type']]).toEqual([403, protobuf]);
    const { body } = await subject.status(pods, { as: 'reader' });
    expect(decoderOf(protobuf)?.decode(refused.bytes)).toMatchObject({
      kind: 'Status',
      message: body['message'],
    });
  });

  test('one connection serves many requests', async () => {
    const first = await subject.get('/version');
    const second = await subject.get(`${pods}?limit=1`);
    expect(second.port).toBe(first.port);
  });
}
