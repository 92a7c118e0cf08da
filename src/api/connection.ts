import type { JsonObject } from '../model.ts';
import { accept } from './decode.ts';
import { addressOf, findTarget, openClient, type ClientOptions } from './client.ts';
import { listPages, type ListEvent, type ListQuery } from './list.ts';
import { defaultRetryPolicy, retryBudget, withRetries, type RetryPolicy } from './retry.ts';

export type { ListEvent, ListQuery } from './list.ts';

export interface ConnectionOptions extends Partial<ClientOptions> {
  /** kubectl's --request-timeout: what one page or object may take, its tries together. */
  requestTimeoutMs?: number;
  /** Bytes that one answer may have; a page that has more is asked for in smaller ones. */
  maxResponseBytes?: number;
  retry?: RetryPolicy;
}

/** A connection to one API server. Every error of its methods is an ApiError. */
export interface Connection {
  /** Address of the API server, without user and password. */
  readonly server: string;
  /** Name of the cluster in the kubeconfig; in a cluster, which has none, the address of its API server. */
  readonly clusterName: string;
  /** Requests sent so far. */
  readonly requests: number;
  /** One object: discovery, never the objects of a list one by one. */
  get(path: string): Promise<JsonObject>;
  /** A list, page by page. */
  list(path: string, query: ListQuery): AsyncIterable<ListEvent>;
  /** Ends the connections; what is under way fails. */
  close(): Promise<void>;
}

/**
 * Name and address of the cluster that `connect` connects to, without signing in.
 * @throws UserError when there is none, or the kubeconfig cannot be read.
 */
export async function locate(
  options: ConnectionOptions,
): Promise<Pick<Connection, 'server' | 'clusterName'>> {
  const target = await findTarget(options);
  return { server: addressOf(target), clusterName: target.clusterName };
}

const defaultTimeoutMs = 60_000;
const connectTimeoutMs = 10_000;
const maxResponseBytes = 48 * 1024 * 1024;

/**
 * Connects as kubectl would: by the kubeconfig, or as the service account of the Pod we run in. Nothing is sent yet.
 * @throws UserError when there are no credentials, or they cannot be read.
 */
export async function connect(options: ConnectionOptions = {}): Promise<Connection> {
  const timeoutMs = options.requestTimeoutMs || defaultTimeoutMs;
  const client = await openClient({
    ...options,
    userAgent: options.userAgent ?? `passmuster/${(await import('../assets.ts')).version}`,
    connectTimeoutMs: options.connectTimeoutMs ?? Math.min(connectTimeoutMs, timeoutMs),
  });
  const retry = options.retry ?? defaultRetryPolicy;
  const maxBytes = options.maxResponseBytes ?? maxResponseBytes;
  return {
    server: client.server,
    clusterName: client.clusterName,
    get requests() {
      return client.requests;
    },
    get: (path) =>
      withRetries((left) => client.fetch({ path, accept: accept(), timeoutMs: left, maxBytes }), {
        timeoutMs,
        budget: retryBudget(retry),
        alsoRetry: ({ reason }) => reason === 'unreachable' && client.answered,
      }),
    list: (path, query) => listPages(client, path, query, { timeoutMs, maxBytes, retry }),
    close: () => client.close(),
  };
}
