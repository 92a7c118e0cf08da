import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type Connection, type ConnectionOptions } from '../../../src/api/connection.ts';

/** A server on 127.0.0.1 that answers as a test says, right or wrong, and a connection to it. */
export interface Peer {
  url: string;
  /** Path and query of each request so far. */
  requests: string[];
  headers: IncomingMessage[];
  readonly connections: number;
  connect(
    options?: ConnectionOptions & { clusterFields?: object; userFields?: object; path?: string },
  ): Promise<Connection>;
  /** Refuses connections until `resume`. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  stop(): Promise<void>;
}

export interface PeerTls {
  key: string;
  cert: string;
  ALPNProtocols?: string[];
}

export type Script = (request: IncomingMessage, response: ServerResponse, count: number) => void;

export async function startPeer(script: Script, tls?: PeerTls): Promise<Peer> {
  const requests: string[] = [];
  const headers: IncomingMessage[] = [];
  let connections = 0;
  const listener: RequestListener = (request, response) => {
    requests.push(request.url ?? '');
    headers.push(request);
    response.setHeader('content-type', 'application/json');
    script(request, response, requests.length);
  };
  const server = tls ? createTlsServer(tls, listener) : createServer(listener);
  server.on(tls ? 'secureConnection' : 'connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const url = `${tls ? 'https' : 'http'}://127.0.0.1:${port}`;
  const folder = mkdtempSync(join(tmpdir(), 'passmuster-peer-'));
  const opened: Connection[] = [];
  return {
    url,
    requests,
    headers,
    get connections() {
      return connections;
    },
    async connect({ clusterFields, userFields, path = '', ...options } = {}) {
      const kubeconfig = join(folder, 'kubeconfig');
      const config = {
        clusters: [{ name: 'peer', cluster: { server: url + path, ...clusterFields } }],
        users: [{ name: 'me', user: { token: 'token', ...userFields } }],
        contexts: [{ name: 'peer', context: { cluster: 'peer', user: 'me' } }],
        'current-context': 'peer',
      };
      writeFileSync(kubeconfig, JSON.stringify(config));
      const connection = await connect({
        kubeconfig,
        userAgent: 'passmuster/test',
        retry: { budgetMs: 400, firstWaitMs: 1 },
        requestTimeoutMs: 5000,
        ...options,
      });
      opened.push(connection);
      return connection;
    },
    async pause() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
    resume: () =>
      new Promise((resolve) => {
        server.listen(port, '127.0.0.1', resolve);
      }),
    async stop() {
      await Promise.all(opened.map((connection) => connection.close()));
      rmSync(folder, { recursive: true });
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

/** A page of a PodList: the items are plain numbers, which the transport does not look into. */
export const page = (items: unknown, next?: string, more: object = {}): string =>
  JSON.stringify({
    kind: 'PodList',
    apiVersion: 'v1',
    metadata: next ? { continue: next, ...more } : more,
    items,
  });

export const status = (code: number, more: object = {}): string =>
  JSON.stringify({
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    code,
    message: `no, ${code}`,
    ...more,
  });

export const tokenOf = (request: IncomingMessage): string | null =>
  new URL(request.url ?? '', 'http://peer').searchParams.get('continue');

export const limitOf = (request: IncomingMessage): number =>
  Number(new URL(request.url ?? '', 'http://peer').searchParams.get('limit'));

/** All events of a list: items of pages, and the types of the other events. */
export async function readAll(connection: Connection): Promise<unknown[]> {
  const seen: unknown[] = [];
  for await (const event of connection.list('/api/v1/pods', {
    apiVersion: 'v1',
    kind: 'Pod',
  })) {
    if (event.type === 'page') seen.push(...event.items);
    else seen.push(event.type);
  }
  return seen;
}
