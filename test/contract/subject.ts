/** What the contract cases are given, and the words they share. */
import type { RawObject } from '../servers/api-server.ts';
import type { Client, RequestOptions } from './client.ts';

/** A server with the objects of seed.ts, and what its clients cannot do to it. */
export interface ContractServer {
  server: string;
  ca: string;
  /** `admin` is in system:masters, `reader` has what seed.ts binds. */
  tokens: Record<'admin' | 'reader', string>;
  /** Minor version of Kubernetes 1. */
  minor: number;
  add(object: RawObject): Promise<void>;
  remove(object: RawObject): Promise<void>;
  /** Makes continue tokens expire. */
  expire(): Promise<void>;
  stop(): Promise<void>;
}

/** A reply that holds JSON, most of all a `Status`. */
export interface Outcome {
  code: number;
  body: Record<string, unknown>;
}

export interface Subject extends ContractServer, Client {
  status(path: string, options?: RequestOptions): Promise<Outcome>;
}

export interface List {
  kind: string;
  apiVersion: string;
  metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number };
  items: RawObject[];
}

export const pods = '/api/v1/pods';

export const keys = ({ items }: List): string[] =>
  items.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);

/** The whole `Status` that a refused request gets. */
export const failure = (code: number, reason: string, message: string, more: object = {}): Outcome => ({
  code,
  body: {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    code,
    ...more,
  },
});

export const noSuchResource = failure(404, 'NotFound', 'the server could not find the requested resource', {
  details: {},
});
