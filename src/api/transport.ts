import { addAbortListener } from 'node:events';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Agent, Pool, ProxyAgent, type Dispatcher } from 'undici';
import type { Credentials } from './credentials.ts';
import { ApiError, connectionError, proxyError } from './errors.ts';

/** What one exchange needs to know about where it goes. */
export interface Route {
  /** Scheme, host, port and path prefix, without user and password. */
  server: URL;
  proxy: string | undefined;
  userAgent: string;
  gzip: boolean;
  connectTimeoutMs: number;
}

export interface Exchange {
  /** Path and query. */
  path: string;
  /** The media types that the answer may have. */
  accept: string;
  /** Deadline of the whole exchange. */
  timeoutMs: number;
  /** Bytes, after decompression, that the body may have. */
  maxBytes: number;
  signal?: AbortSignal;
  /** Given the body so far while it is short, and its content type; returns true when it has seen enough. */
  onHead?: (head: Buffer, contentType: string) => boolean;
}

export interface Answer {
  status: number;
  contentType: string;
  retryAfterMs?: number;
  body: Buffer;
}

export interface Transport {
  exchange(exchange: Exchange): Promise<Answer>;
  /** Ends the connections when what is under way is done. */
  retire(): void;
  /** Ends the connections; what is under way fails. */
  close(): Promise<void>;
}

const connections = 2;
const idleTimeoutMs = 30_000;
const headBytes = 64 * 1024;

/**
 * GET over at most two kept-alive HTTP/1.1 connections. Every exchange has deadlines for connecting, for the header,
 * between two pieces of the body, and for the whole; it ends with an ApiError or with the complete body.
 */
export function openTransport(route: Route, credentials: Credentials): Transport {
  const { server, gzip, userAgent } = route;
  const prefix = server.pathname.replace(/\/$/, '');
  const named =
    server.origin + (route.proxy === undefined ? '' : ` through the proxy ${new URL(route.proxy).host}`);
  const dispatcher = dispatcherFor(route, credentials, named);
  const headers = {
    ...credentials.headers,
    'user-agent': userAgent,
    ...(gzip ? { 'accept-encoding': 'gzip' } : {}),
  };
  return {
    async exchange({ path, accept, timeoutMs, maxBytes, signal, onHead }) {
      const deadline = AbortSignal.timeout(Math.ceil(timeoutMs));
      // A stall is noticed early enough for a second try within the deadline.
      const stalled = Math.max(1, Math.min(idleTimeoutMs, Math.ceil(timeoutMs / 2)));
      const ended = signal ? AbortSignal.any([signal, deadline]) : deadline;
      try {
        const request = dispatcher.request({
          origin: server.origin,
          path: prefix + path,
          method: 'GET',
          headers: { ...headers, accept },
          headersTimeout: stalled,
          bodyTimeout: stalled,
          signal: ended,
        });
        const response = await orEnded(request, ended);
        const { statusCode: status, headers: answered } = response;
        const contentType = String(answered['content-type'] ?? '');
        const peek = status === 200 && onHead ? (head: Buffer) => onHead(head, contentType) : undefined;
        const body = await read(unzipped(response.body, answered['content-encoding']), maxBytes, peek);
        const retryAfterMs = retryAfter(answered['retry-after']);
        return {
          status,
          contentType,
          ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
          body,
        };
      } catch (error) {
        throw connectionError(deadline.aborted ? deadline.reason : error, named);
      }
    },
    retire: () => void dispatcher.close(),
    close: () => dispatcher.destroy(),
  };
}

/** What comes, or the reason of the signal: a request that waits for its connection does not hear it by itself. */
export async function orEnded<T>(coming: Promise<T>, signal: AbortSignal): Promise<T> {
  const end = Promise.withResolvers<never>();
  const listening = addAbortListener(signal, () => end.reject(signal.reason));
  try {
    return await Promise.race([coming, end.promise]);
  } finally {
    listening[Symbol.dispose]();
  }
}

function dispatcherFor({ proxy, connectTimeoutMs }: Route, { tls }: Credentials, named: string): Dispatcher {
  const pool = { connections, pipelining: 1, allowH2: false, keepAliveTimeout: 60_000 };
  const connect = { ...tls, timeout: connectTimeoutMs, keepAlive: true, keepAliveInitialDelay: 30_000 };
  if (proxy === undefined) return new Agent({ ...pool, connect });
  return new ProxyAgent({
    ...pool,
    uri: proxy,
    requestTls: connect,
    connectTimeout: connectTimeoutMs,
    clientFactory: (origin, options) => tunnels(new Pool(origin, options), connectTimeoutMs, named),
  });
}

/** Asks a proxy for tunnels. By itself undici waits minutes for the answer, and tells it in words only. */
function tunnels(proxy: Pool, timeoutMs: number, named: string): Dispatcher {
  const ask = proxy.connect.bind(proxy);
  const connect = async (tunnel: Dispatcher.ConnectOptions): Promise<Dispatcher.ConnectData> => {
    const signal = AbortSignal.timeout(Math.ceil(timeoutMs));
    const answer = await ask({ ...tunnel, signal }).catch((error: unknown) => {
      throw signal.aborted ? proxyError(undefined, named) : error;
    });
    if (answer.statusCode === 200) return answer;
    answer.socket.on('error', () => {}).destroy();
    throw proxyError(answer.statusCode, named);
  };
  return Object.assign(proxy, { connect });
}

/** The whole body as one buffer, put together once. */
async function read(
  body: Readable,
  maxBytes: number,
  onHead: ((head: Buffer) => boolean) | undefined,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  let peek = onHead;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > maxBytes) {
      throw new ApiError('too-large', `An answer of the API server has more than ${maxBytes} bytes.`, {
        hint: 'An object in the cluster is unusually large; look for it with kubectl get -o json.',
      });
    }
    if (peek?.(chunks.length === 1 ? chunk : Buffer.concat(chunks)) || length > headBytes) peek = undefined;
  }
  return Buffer.concat(chunks, length);
}

function unzipped(body: Readable, encoding: unknown): Readable {
  if (encoding !== 'gzip') return body;
  // The error reaches the reader through the destroyed stream.
  return pipeline(body, createGunzip(), () => {});
}

/** Retry-After as milliseconds: seconds, or a date. */
function retryAfter(value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
