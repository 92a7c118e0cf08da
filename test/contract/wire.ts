/** Compression, indentation, connections. */
import { expect, test } from 'vitest';
import { pods } from './subject.ts';
import type { List, Subject } from './subject.ts';
import { podNames } from './seed.ts';

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

  test('one connection serves many requests', async () => {
    const first = await subject.get('/version');
    const second = await subject.get(`${pods}?limit=1`);
    expect(second.port).toBe(first.port);
  });
}
