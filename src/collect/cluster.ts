import { createHash } from 'node:crypto';
import pLimit from 'p-limit';
import type { Connection } from '../api/connection.ts';
import { ApiError } from '../api/errors.ts';
import type { Collection, Held, HeldSource, Namespace, ObjectsBySource, SourceOutcome } from '../model.ts';
import { discover, platformOf } from './discovery.ts';
import { noSuchNamespace } from './namespaces.ts';
import { readSource, type Progress, type Reader } from './read.ts';
import { listPath } from './definition.ts';
import { sourceNames, sources } from './sources.ts';

export type { Progress } from './read.ts';

export interface ClusterOptions {
  /** Audit only these; absent means all. */
  namespaces?: readonly string[];
  /** What people read, in place of the kubeconfig's name. */
  clusterName?: string;
  onProgress?: (progress: Progress) => void;
}

/** As many lists at a time as there are connections. */
const concurrency = 2;

const heldSources = sourceNames.filter((name): name is HeldSource => name !== 'pods');

/**
 * Reads discovery and every source but the pods, which the collection streams when asked to. A list that fails is an
 * outcome, not an error.
 * @throws ApiError when the API server cannot be reached or refuses the credentials; UserError for a namespace that
 * does not exist.
 */
export async function collectCluster(
  connection: Connection,
  options: ClusterOptions = {},
): Promise<Collection> {
  const namespaces = options.namespaces === undefined ? undefined : [...new Set(options.namespaces)];
  const discovery = await discover(connection);
  const reads = new Map<HeldSource, Promise<HeldRead>>();
  const reader: Reader = {
    connection,
    discovery,
    namespaces,
    visibleNamespaces: async () => {
      const { objects, outcome } = (await reads.get('namespaces')) as HeldRead;
      return outcome.state === 'ok' ? objects.map(({ metadata }) => metadata.name) : undefined;
    },
    onProgress: options.onProgress ?? (() => {}),
  };
  const limit = pLimit(concurrency);
  for (const source of heldSources)
    reads.set(
      source,
      limit(() => readHeld(reader, source)),
    );

  const read = await Promise.all(
    [...reads].map(async ([source, reading]) => ({ source, ...(await reading) })),
  );
  const complete = {
    held: Object.fromEntries(read.map(({ source, objects }) => [source, objects])) as unknown as Held,
    outcomes: Object.fromEntries(read.map(({ source, outcome }) => [source, outcome])) as Record<
      HeldSource,
      SourceOutcome
    >,
  };
  if (namespaces) requireNamespaces(namespaces, complete);

  const { server } = connection;
  return {
    scope: { kind: 'cluster', ...(namespaces ? { namespaces } : {}) },
    cluster: {
      id: (await kubeSystemUid(connection, complete.held.namespaces)) ?? hashOf(server),
      name: options.clusterName ?? connection.clusterName,
      server,
      version: discovery.version,
      platform: platformOf({ nodes: complete.held.nodes, discovery, server }),
    },
    ...complete,
    streamPods: (sink) => readSource(reader, 'pods', sink),
  };
}

export interface HeldRead {
  objects: ObjectsBySource[HeldSource][];
  outcome: SourceOutcome;
}

export async function readHeld(reader: Reader, source: HeldSource): Promise<HeldRead> {
  let objects: ObjectsBySource[HeldSource][] = [];
  const outcome = await readSource(reader, source, {
    page: (page) => {
      for (const object of page) objects.push(object);
    },
    restart: () => {
      objects = [];
    },
  });
  return { objects, outcome };
}

/** A misspelt namespace would be an empty one, in which everything passes. */
function requireNamespaces(
  wanted: readonly string[],
  { held, outcomes }: Pick<Collection, 'held' | 'outcomes'>,
): void {
  if (outcomes.namespaces.state !== 'ok') return;
  const there = new Set(held.namespaces.map(({ metadata }) => metadata.name));
  const missing = wanted.filter((name) => !there.has(name));
  if (missing.length === 0) return;
  throw noSuchNamespace(...missing);
}

const isKubeSystem = ({ metadata }: Namespace): boolean => metadata.name === 'kube-system';

/** The uid by which a cluster is recognised; it is asked for when the scope leaves the namespace out. */
async function kubeSystemUid(
  connection: Connection,
  namespaces: readonly Namespace[],
): Promise<string | undefined> {
  const listed = namespaces.find(isKubeSystem);
  if (listed) return listed.metadata.uid;
  const { apiVersion, kind } = sources.namespaces;
  const query = { apiVersion, kind, fieldSelector: 'metadata.name=kube-system' };
  try {
    for await (const event of connection.list(listPath(sources.namespaces), query)) {
      if (event.type === 'page')
        return event.items.map(sources.namespaces.project).find(isKubeSystem)?.metadata.uid;
    }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
  }
  return undefined;
}

/** What a cluster is recognised by where the uid cannot be read. */
export const hashOf = (server: string): string =>
  createHash('sha256').update(server).digest('hex').slice(0, 32);
