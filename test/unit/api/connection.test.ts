import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import {
  connect as connectSocket,
  createServer as createTcpServer,
  type AddressInfo,
  type Server,
} from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { generate } from 'selfsigned';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { connect } from '../../../src/api/connection.ts';
import { exit } from '../../../src/errors.ts';
import { page, readAll, startPeer, status, type Peer, type PeerTls, type Script } from './peer.ts';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
  vi.unstubAllEnvs();
});

async function peerOf(script: Script, tls?: PeerTls): Promise<Peer> {
  const peer = await startPeer(script, tls);
  stops.push(() => peer.stop());
  return peer;
}

const ok: Script = (_, response) => response.end('{"gitVersion":"v1"}');

let certificate: { key: string; cert: string };
let foreign: { key: string; cert: string };
const issue = async (value: string, type: 2 | 7) => {
  const name = type === 7 ? { type, ip: value } : { type, value };
  const made = await generate([{ name: 'commonName', value }], {
    extensions: [{ name: 'subjectAltName', altNames: [name] }],
  });
  return { key: made.private, cert: made.cert };
};

beforeAll(async () => {
  certificate = await issue('127.0.0.1', 7);
  foreign = await issue('elsewhere.example', 2);
});

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  stops.push(async () => void server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** An address on which nobody listens. */
async function unusedAddress(): Promise<string> {
  const server = createTcpServer();
  const address = await listening(server);
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return address;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('every request', () => {
  test('names us, says who we are, and asks for no compression on loopback', async () => {
    const peer = await peerOf(ok);
    const connection = await peer.connect();
    await connection.get('/version');
    expect(peer.headers[0]?.headers).toMatchObject({
      'user-agent': 'passmuster/test',
      authorization: 'Bearer token',
      accept: 'application/json',
    });
    expect(peer.headers[0]?.headers).not.toHaveProperty('accept-encoding');
    expect(connection).toMatchObject({ server: peer.url, clusterName: 'peer', requests: 1 });
  });

  test('carries each group to impersonate in a line of its own', async () => {
    const peer = await peerOf(ok);
    await (await peer.connect({ as: 'jane', asGroups: ['a', 'b'] })).get('/version');
    const raw = peer.headers[0]?.rawHeaders ?? [];
    const groups = raw.filter((_, index) => raw[index - 1]?.toLowerCase() === 'impersonate-group');
    expect(groups).toEqual(['a', 'b']);
    expect(peer.headers[0]?.headers['impersonate-user']).toBe('jane');
  });

  test('names whom to impersonate in UTF-8', async () => {
    const peer = await peerOf(ok);
    await (await peer.connect({ as: 'Jürgen 王', asGroups: ['ß'] })).get('/version');
    const sent = (name: string) => Buffer.from(String(peer.headers[0]?.headers[name]), 'latin1').toString();
    expect([sent('impersonate-user'), sent('impersonate-group')]).toEqual(['Jürgen 王', 'ß']);
  });

  test('is not sent with groups and nobody to act as; the kubeconfig may name the user', async () => {
    const peer = await peerOf(ok);
    await expect(peer.connect({ asGroups: ['a'] })).rejects.toMatchObject({
      message: expect.stringContaining('--as-group'),
      hint: expect.stringContaining('--as USER'),
      exitCode: exit.usage,
    });
    await (await peer.connect({ asGroups: ['a'], userFields: { as: 'jane' } })).get('/version');
    expect(peer.headers.map(({ headers }) => headers['impersonate-user'])).toEqual(['jane']);
  });

  test('goes below the path of the server address', async () => {
    const peer = await peerOf(ok);
    const connection = await peer.connect({ path: '/k8s/clusters/c-1/' });
    await connection.get('/version');
    expect(peer.requests).toEqual(['/k8s/clusters/c-1/version']);
    expect(connection.server).toBe(`${peer.url}/k8s/clusters/c-1`);
  });

  test('shares two TLS connections', async () => {
    // Like the real one it would rather speak HTTP/2, over one connection.
    const peer = await peerOf(ok, { ...certificate, ALPNProtocols: ['h2', 'http/1.1'] });
    const connection = await peer.connect({
      clusterFields: { 'certificate-authority-data': base64(certificate.cert) },
    });
    for (let round = 0; round < 4; round += 1) {
      await Promise.all([1, 2, 3, 4].map(() => connection.get('/version')));
    }
    expect(peer.requests).toHaveLength(16);
    expect(peer.connections).toBeLessThanOrEqual(2);
  });

  test('understands gzip', async () => {
    const peer = await peerOf((_, response) =>
      response.setHeader('content-encoding', 'gzip').end(gzipSync(page([1, 2, 3]))),
    );
    expect(await readAll(await peer.connect())).toEqual([1, 2, 3]);
  });
});

const failing = async (peer: Peer, options: Parameters<Peer['connect']>[0] = {}) =>
  (await peer.connect(options)).get('/version').then(
    () => undefined,
    (error: unknown) => error,
  );

describe('no way to the server', () => {
  test('refused: said at once', async () => {
    const server = `https://${await unusedAddress()}`;
    const peer = await peerOf(ok);
    const connection = await peer.connect({ clusterFields: { server } });
    await expect(connection.get('/version')).rejects.toMatchObject({
      reason: 'unreachable',
      message: `Cannot read from the Kubernetes API server ${server}: the connection was refused.`,
      exitCode: exit.runtime,
    });
    expect(connection.requests).toBe(1);
  });

  test('refused after it has answered before: tried again', async () => {
    const peer = await peerOf(ok);
    const connection = await peer.connect({ retry: { budgetMs: 10_000, firstWaitMs: 1 } });
    await connection.get('/version');
    await peer.pause();
    const reading = connection.get('/version');
    await vi.waitFor(() => expect(connection.requests).toBeGreaterThan(2));
    await peer.resume();
    expect(await reading).toEqual({ gitVersion: 'v1' });
  });

  test('a self-signed certificate', async () => {
    const peer = await peerOf(ok, certificate);
    expect(await failing(peer)).toMatchObject({
      reason: 'untrusted',
      message: expect.stringContaining('its certificate is self-signed'),
      hint: expect.stringContaining('certificate-authority-data'),
    });
    expect(await failing(peer, { clusterFields: { 'insecure-skip-tls-verify': true } })).toBeUndefined();
  });

  test('a certificate of another CA', async () => {
    const peer = await peerOf(ok, certificate);
    const error = await failing(peer, {
      clusterFields: { 'certificate-authority-data': base64(foreign.cert) },
    });
    expect(error).toMatchObject({ reason: 'untrusted' });
  });

  test('a certificate for another host name', async () => {
    const peer = await peerOf(ok, foreign);
    const clusterFields = { 'certificate-authority-data': base64(foreign.cert) };
    expect(await failing(peer, { clusterFields })).toMatchObject({
      reason: 'untrusted',
      message: expect.stringContaining('another host name'),
    });
    const named = { ...clusterFields, 'tls-server-name': 'elsewhere.example' };
    expect(await failing(peer, { clusterFields: named })).toBeUndefined();
  });

  test('no TLS where TLS is wanted', async () => {
    const peer = await peerOf(ok);
    const clusterFields = { server: peer.url.replace('http:', 'https:') };
    expect(await failing(peer, { clusterFields })).toMatchObject({ reason: 'protocol' });
  });

  test.each([
    ['SSH', 'SSH-2.0-Other\r\n'],
    ['TLS, with an alert', Buffer.from([0x15, 3, 1, 0, 2, 2, 70])],
    ['SMTP', '220 mail.example ESMTP\r\n'],
  ])('another protocol: %s', async (_, greeting) => {
    const other = createTcpServer((socket) => void socket.on('error', () => {}).write(greeting));
    const server = `http://${await listening(other)}`;
    const peer = await peerOf(ok);
    const connection = await peer.connect({ clusterFields: { server } });
    await expect(connection.get('/version')).rejects.toMatchObject({
      reason: 'protocol',
      message: `Cannot read from the Kubernetes API server ${server}: what answers there does not speak proper HTTP.`,
      hint: expect.stringMatching(/scheme .* and port/),
    });
    expect(connection.requests).toBe(1);
  });

  test('an unusable certificate in the kubeconfig', async () => {
    const peer = await peerOf(ok, certificate);
    const userFields = { 'client-certificate-data': base64('no PEM'), 'client-key-data': base64('no PEM') };
    const connecting = peer.connect({ userFields, clusterFields: { 'insecure-skip-tls-verify': true } });
    await expect(connecting).rejects.toMatchObject({
      message: expect.stringContaining('client-certificate-data'),
      exitCode: exit.usage,
    });
  });

  test('no kubeconfig at all', async () => {
    vi.stubEnv('HOME', '/nowhere');
    vi.stubEnv('KUBECONFIG', '');
    vi.stubEnv('KUBERNETES_SERVICE_HOST', '');
    await expect(connect()).rejects.toMatchObject({
      message: 'There is no kubeconfig, and this is not a Pod in a cluster.',
      exitCode: exit.usage,
    });
  });
});

const within = async (script: Script): Promise<unknown> => {
  const peer = await peerOf(script);
  const connection = await peer.connect({ requestTimeoutMs: 600 });
  const started = performance.now();
  const error = await readAll(connection).catch((caught: unknown) => caught);
  expect(performance.now() - started).toBeLessThan(3000);
  return error;
};

describe('deadlines', () => {
  test('a server that does not answer', async () => {
    expect(await within(() => {})).toMatchObject({
      reason: 'timeout',
      hint: expect.stringContaining('--request-timeout'),
    });
  });

  test('an answer that stops in the middle', async () => {
    expect(await within((_, response) => response.write('{"kind":'))).toMatchObject({ reason: 'timeout' });
  });

  test('an answer that trickles', async () => {
    const error = await within((_, response) => {
      const timer = setInterval(() => response.write(' '), 50);
      response.on('close', () => clearInterval(timer));
    });
    expect(error).toMatchObject({ reason: 'timeout' });
  });

  test('a stall that passes is not noticed', async () => {
    const peer = await peerOf((_, response, count) => {
      if (count > 1) response.end(page([1]));
    });
    expect(await readAll(await peer.connect({ requestTimeoutMs: 1500 }))).toEqual([1]);
  });
});

describe('credentials that are refused', () => {
  test('are read anew, once', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'passmuster-token-'));
    stops.push(async () => rmSync(folder, { recursive: true }));
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, 'old');
    const peer = await peerOf((request, response) => {
      if (request.headers.authorization === 'Bearer new') response.end(page([1]));
      else response.writeHead(401).end(status(401));
    });
    const connection = await peer.connect({ userFields: { tokenFile } });
    writeFileSync(tokenFile, 'new');
    expect(await Promise.all([readAll(connection), readAll(connection)])).toEqual([[1], [1]]);
    expect(await readAll(connection)).toEqual([1]);
    expect(peer.requests).toHaveLength(5);
  });

  test('are an error when they are still refused', async () => {
    const peer = await peerOf((_, response) => response.writeHead(401).end(status(401)));
    const connection = await peer.connect({ userFields: { token: 's3cr3t' } });
    const reading = connection.get('/version');
    await expect(reading).rejects.toMatchObject({
      reason: 'unauthorized',
      message: `The API server ${peer.url} does not accept the credentials of "me" (401).`,
      hint: expect.stringContaining('Sign in again'),
    });
    await expect(reading).rejects.not.toThrow(/s3cr3t/);
    expect(peer.requests).toHaveLength(2);
  });
});

test('what the server says against a request is shown', async () => {
  const peer = await peerOf((_, response) => response.writeHead(400).end(status(400)));
  expect(await failing(peer)).toMatchObject({
    reason: 'protocol',
    status: 400,
    message: `The API server ${peer.url} refuses the request (400): no, 400 (/version).`,
    hint: expect.stringContaining('kubectl get --raw /version'),
  });
});

test('closing ends what is under way', async () => {
  const peer = await peerOf(() => {});
  const connection = await peer.connect();
  const reading = readAll(connection);
  await vi.waitFor(() => expect(peer.requests).toHaveLength(1));
  await Promise.all([connection.close(), expect(reading).rejects.toMatchObject({ reason: 'closed' })]);
  expect(peer.requests).toHaveLength(1);
});

/** A proxy that takes tunnels, each with `accept`: by default it makes them. */
async function startProxy(
  accept: (socket: Duplex, open: () => void) => void = (_, open) => open(),
): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const proxy = createServer();
  proxy.on('connect', (request, socket) => {
    asked.push(`${request.url} ${request.headers['proxy-authorization'] ?? ''}`.trim());
    stops.push(async () => void socket.destroy());
    socket.on('error', () => {});
    accept(socket, () => {
      const [host, port] = (request.url ?? '').split(':');
      const upstream = connectSocket(Number(port), host, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        upstream.pipe(socket).pipe(upstream);
      });
      upstream.on('error', () => socket.destroy());
      socket.on('error', () => upstream.destroy());
    });
  });
  return { url: await listening(proxy), asked };
}

describe('through a proxy', () => {
  test('of the kubeconfig', async () => {
    const proxy = await startProxy();
    const peer = await peerOf(ok, certificate);
    const connection = await peer.connect({
      clusterFields: {
        'certificate-authority-data': base64(certificate.cert),
        'proxy-url': `http://user:pass@${proxy.url}`,
      },
    });
    expect(await connection.get('/version')).toEqual({ gitVersion: 'v1' });
    expect(proxy.asked).toEqual([`${peer.url.replace('https://', '')} Basic ${base64('user:pass')}`]);
  });

  test('to a server elsewhere: compressed', async () => {
    const peer = await peerOf(ok);
    const clusterFields = { server: 'http://api.example', 'proxy-url': peer.url };
    await (await peer.connect({ clusterFields })).get('/version');
    expect(peer.headers[0]?.headers).toMatchObject({ host: 'api.example', 'accept-encoding': 'gzip' });
  });

  test('that is not there: named, without its password', async () => {
    const address = await unusedAddress();
    const peer = await peerOf(ok, certificate);
    const connection = await peer.connect({
      clusterFields: { 'proxy-url': `http://user:s3cr3t@${address}` },
    });
    const reading = connection.get('/version');
    await expect(reading).rejects.toThrow(`through the proxy ${address}`);
    await expect(reading).rejects.not.toThrow(/s3cr3t/);
  });

  /** To a server behind TLS, which only a tunnel reaches. */
  const through = async (proxy: { url: string }, options: Parameters<Peer['connect']>[0] = {}) => {
    const peer = await peerOf(ok, certificate);
    const connection = await peer.connect({
      ...options,
      clusterFields: {
        'certificate-authority-data': base64(certificate.cert),
        'proxy-url': `http://user:s3cr3t@${proxy.url}`,
      },
    });
    return { peer, connection };
  };

  test('shares two tunnels', async () => {
    const proxy = await startProxy();
    const { peer, connection } = await through(proxy);
    await Promise.all(Array.from({ length: 16 }, () => connection.get('/version')));
    expect(peer.requests).toHaveLength(16);
    expect(proxy.asked.length).toBeLessThanOrEqual(2);
  });

  test('that does not answer: said when the time to connect is over', async () => {
    const proxy = await startProxy(() => {});
    const { peer, connection } = await through(proxy, { connectTimeoutMs: 50, requestTimeoutMs: 600_000 });
    await expect(connection.get('/version')).rejects.toMatchObject({
      reason: 'unreachable',
      message: `Cannot read from the Kubernetes API server ${peer.url} through the proxy ${proxy.url}: the proxy did not answer in time.`,
      hint: expect.stringContaining('proxy-url'),
    });
    expect(connection.requests).toBe(1);
  });

  test('that does not answer: the deadline of the request holds, and it is never sent', async () => {
    const answers = Promise.withResolvers<void>();
    const proxy = await startProxy((_, open) => void answers.promise.then(open));
    const { peer, connection } = await through(proxy, { connectTimeoutMs: 600_000, requestTimeoutMs: 200 });
    const given = ['/a', '/b', '/c', '/d'].map((path) => connection.get(path));
    for (const result of await Promise.allSettled(given)) {
      expect(result).toMatchObject({ reason: { reason: 'timeout' } });
    }
    await vi.waitFor(() => expect(proxy.asked).toHaveLength(2));
    answers.resolve();
    const late = async () => expect(await connection.get('/late')).toEqual({ gitVersion: 'v1' });
    await vi.waitFor(late, { timeout: 10_000 });
    expect(new Set(peer.requests)).toEqual(new Set(['/late']));
  });

  test('that does not answer: closing ends what waits for it', async () => {
    const proxy = await startProxy(() => {});
    const { connection } = await through(proxy, { connectTimeoutMs: 600_000, requestTimeoutMs: 600_000 });
    const reading = connection.get('/version');
    await vi.waitFor(() => expect(proxy.asked).toHaveLength(1));
    await Promise.all([connection.close(), expect(reading).rejects.toMatchObject({ reason: 'closed' })]);
  });

  test.each([
    [407, 'unauthorized', 'the proxy asks for a login, or does not take the one that it was given (407)'],
    [403, 'protocol', 'the proxy refuses the connection with HTTP status 403'],
    [301, 'protocol', 'the proxy refuses the connection with HTTP status 301'],
  ])('that answers %i: said at once', async (code, reason, text) => {
    const proxy = await startProxy((socket) => void socket.write(`HTTP/1.1 ${code} No\r\n\r\n`));
    const { connection } = await through(proxy);
    const reading = connection.get('/version');
    await expect(reading).rejects.toMatchObject({
      reason,
      message: expect.stringContaining(`through the proxy ${proxy.url}: ${text}.`),
      hint: expect.stringMatching(/proxy/),
    });
    await expect(reading).rejects.not.toThrow(/s3cr3t/);
    expect(proxy.asked).toHaveLength(1);
  });

  test('that answers 5xx: tried again', async () => {
    const answers = ['502 Bad Gateway', '503 Service Unavailable'];
    const proxy = await startProxy((socket, open) => {
      const answer = answers.pop();
      if (answer === undefined) open();
      else socket.write(`HTTP/1.1 ${answer}\r\n\r\n`);
    });
    const { connection } = await through(proxy, { retry: { budgetMs: 10_000, firstWaitMs: 1 } });
    expect(await connection.get('/version')).toEqual({ gitVersion: 'v1' });
    expect(proxy.asked).toHaveLength(3);
  });

  test('that answers 5xx: not for ever', async () => {
    const proxy = await startProxy((socket) => void socket.write('HTTP/1.1 502 Bad Gateway\r\n\r\n'));
    const { connection } = await through(proxy);
    await expect(connection.get('/version')).rejects.toMatchObject({
      reason: 'server',
      message: expect.stringContaining('the proxy answers with HTTP status 502'),
    });
  });

  test('that is none', async () => {
    const other = createTcpServer((socket) => void socket.on('error', () => {}).write('SSH-2.0-Other\r\n'));
    const { connection } = await through({ url: await listening(other) });
    await expect(connection.get('/version')).rejects.toMatchObject({ reason: 'protocol' });
  });
});
