import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { createClient } from '../../contract/client.ts';
import type { Client } from '../../contract/client.ts';
import { pod } from '../../contract/seed.ts';
import { startApiServer } from '../../servers/api-server.ts';
import type { ApiServer, ApiServerOptions } from '../../servers/api-server.ts';

let server: ApiServer;
let client: Client;
const path = '/api/v1/pods';

async function start(options: ApiServerOptions): Promise<void> {
  const users = [{ name: 'admin', groups: ['system:masters'] }, { name: 'reader' }];
  server = await startApiServer({ objects: [pod('a/one', 'x'.repeat(5_000))], users, ...options });
  client = createClient(server.server, server.caPem, server.tokens);
}

afterEach(async () => {
  client.close();
  await server.stop();
});

test('its certificate is trusted with the CA of the kubeconfig, and by nobody else', async () => {
  await start({ clusterName: 'orchard' });
  const { clusters, 'current-context': context } = parse(readFileSync(server.kubeconfig, 'utf8'));
  expect(clusters).toHaveLength(1);
  expect(clusters[0]).toMatchObject({ name: 'orchard', cluster: { server: server.server } });
  expect(context).toBe('admin');
  expect(Buffer.from(clusters[0].cluster['certificate-authority-data'], 'base64').toString()).toBe(
    server.caPem,
  );

  const untrusting = connect({ port: Number(new URL(server.server).port), host: '127.0.0.1' });
  const error = await new Promise<NodeJS.ErrnoException>((resolve) => untrusting.once('error', resolve));
  expect(error.code).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
});

test('it keeps a log of requests and counts connections', async () => {
  await start({});
  await client.get(`${path}?limit=5`);
  await client.get('/version', { as: 'reader' });
  expect(server.requests).toEqual([
    { method: 'GET', path, query: { limit: '5' }, userAgent: 'contract', user: 'admin', connection: 1 },
    { method: 'GET', path: '/version', query: {}, userAgent: 'contract', user: 'reader', connection: 1 },
  ]);
  expect(server.connections).toBe(1);
});

test('forbid refuses what RBAC allows', async () => {
  await start({ forbid: ({ resource, verb }) => resource === 'pods' && verb === 'list' });
  const refused = await client.get(path);
  expect(refused.status).toBe(403);
  expect(refused.text).toContain('User \\"admin\\" cannot list resource \\"pods\\" in API group \\"\\"');
  expect((await client.get('/api/v1/namespaces/a/pods/one')).status).toBe(200);
});

test('it leaves nothing behind', async () => {
  await start({});
  await client.get(path);
  await server.stop();
  expect(existsSync(server.kubeconfig)).toBe(false);
  await expect(client.get(path)).rejects.toThrow(/ECONNREFUSED|ECONNRESET|socket hang up/);
});

test('fault: another answer', async () => {
  const headers = { 'Retry-After': '3', 'Content-Type': 'text/html' };
  await start({ faults: () => ({ status: 429, headers, body: '<p>busy</p>' }) });
  const reply = await client.get(path);
  expect(reply).toMatchObject({ status: 429, text: '<p>busy</p>' });
  expect(reply.headers).toMatchObject({ 'retry-after': '3', 'content-type': 'text/html' });
});

test('fault: one request of many', async () => {
  await start({ faults: ({ query }) => (query['continue'] === undefined ? undefined : { status: 503 }) });
  expect((await client.get(path)).status).toBe(200);
  expect((await client.get(`${path}?continue=x`)).status).toBe(503);
});

test.each([{ reset: true } as const, { reset: true, after: 100 } as const])('fault: %j', async (fault) => {
  await start({ faults: () => fault });
  await expect(client.get(path)).rejects.toMatchObject({ code: 'ECONNRESET' });
});

test('fault: a body that ends too early', async () => {
  await start({ faults: () => ({ truncate: 1000 }) });
  const { status, text, headers } = await client.get(path);
  expect({ status, length: text.length, announced: headers['content-length'] }).toEqual({
    status: 200,
    length: 1000,
    announced: '1000',
  });
});

test.each([{ stall: 150 }, { stall: 150, after: 100 }])('fault: %j', async (fault) => {
  await start({ faults: () => fault });
  const started = performance.now();
  const { text } = await client.get(path);
  expect(performance.now() - started).toBeGreaterThan(140);
  expect(JSON.parse(text)).toHaveProperty('items.0.metadata.name', 'one');
});

test('fault: a trickle', async () => {
  await start({ faults: () => ({ trickle: 20_000 }) });
  const started = performance.now();
  const { text } = await client.get(path);
  expect(performance.now() - started).toBeGreaterThan(200);
  expect(JSON.parse(text)).toHaveProperty('items.0.metadata.name', 'one');
});
