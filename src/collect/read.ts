import type { Connection } from '../api/connection.ts';
import { ApiError } from '../api/errors.ts';
import type { KubeObject, ObjectsBySource, SourceName, SourceOutcome } from '../model.ts';
import { plural, visible } from '../text.ts';
import { anyKind, listPath } from './definition.ts';
import type { Discovery, ServedList } from './discovery.ts';
import { ProjectionError } from './project.ts';
import { definitionOf } from './sources.ts';

export interface Progress {
  source: SourceName;
  /** Objects read so far. */
  count: number;
  /** Objects still to come, where the API server tells. */
  remaining?: number;
}

/** What reading a source needs to know. */
export interface Reader {
  connection: Connection;
  discovery: Discovery;
  /** The namespaces asked for; undefined means all. */
  namespaces: readonly string[] | undefined;
  /** All namespaces that can be seen; undefined when they cannot be listed. */
  visibleNamespaces: () => Promise<readonly string[] | undefined>;
  onProgress: (progress: Progress) => void;
}

/** Takes the objects of one source, page by page; `restart` means that they come again from the first. */
export interface Target<T> {
  /** A promise asks to wait with the next. */
  page(objects: T[]): void | Promise<void>;
  restart(): void;
}

/** How one list ended. */
interface Ended {
  error?: ApiError | ProjectionError;
  /** What is to be said about a list that was read to its end. */
  note?: string;
}

/**
 * Reads all objects of a source that are in scope, each once, and says how that ended. What a list can suffer becomes
 * the outcome; only an error of the target is thrown.
 */
export async function readSource<S extends SourceName>(
  reader: Reader,
  source: S,
  target: Target<ObjectsBySource[S]>,
): Promise<SourceOutcome> {
  const definition = definitionOf(source);
  const { namespaces, discovery } = reader;
  if (namespaces && !definition.namespaced && source !== 'namespaces') {
    return {
      state: 'not-requested',
      count: 0,
      reason: 'it belongs to no namespace, and only some namespaces were asked for',
    };
  }
  const seen = new Set<string>();
  try {
    const found = await discovery.locate(definition);
    if ('absent' in found) return { state: 'absent', count: 0, reason: found.absent };
    if (definition.kind === anyKind) return await readKinds(reader, source, found.lists, target, seen);
    return await readKind(reader, source, found.lists[0] as ServedList, target, seen);
  } catch (error) {
    if (error instanceof ApiError) return outcomeOf({ error }, seen.size);
    throw error;
  }
}

/** Reads every kind of a group, one list after the other. */
async function readKinds<S extends SourceName>(
  reader: Reader,
  source: S,
  lists: readonly ServedList[],
  target: Target<ObjectsBySource[S]>,
  seen: Set<string>,
): Promise<SourceOutcome> {
  let worst: Ended = {};
  for (const served of lists) {
    const ended = await readList(reader, source, served, {}, lasting(target), seen);
    if (ended.error && !worst.error) worst = ended;
  }
  return outcomeOf(worst, seen.size);
}

async function readKind<S extends SourceName>(
  reader: Reader,
  source: S,
  preferred: ServedList,
  target: Target<ObjectsBySource[S]>,
  seen: Set<string>,
): Promise<SourceOutcome> {
  const definition = definitionOf(source);
  const { namespaces, discovery } = reader;
  if (namespaces) return readEach(reader, source, preferred, namespaces, target, seen);
  const startingAnew: Target<ObjectsBySource[S]> = {
    page: (objects) => target.page(objects),
    restart: () => {
      seen.clear();
      target.restart();
    },
  };
  let served = preferred;
  let ended = await readList(reader, source, served, {}, startingAnew, seen);
  if (ended.error instanceof ApiError && (ended.error.status === 403 || ended.error.status === 404)) {
    const found = await discovery.locate(definition, true);
    if ('absent' in found) return { state: 'absent', count: 0, reason: found.absent };
    const [older] = found.lists;
    if (older && older.apiVersion !== served.apiVersion) {
      served = older;
      ended = await readList(reader, source, served, {}, startingAnew, seen);
    }
  }
  if (!isForbidden(ended.error) || !definition.namespaced) return outcomeOf(ended, seen.size);
  const visibleOnes = await reader.visibleNamespaces();
  if (!visibleOnes || visibleOnes.length === 0) {
    const reason = `${reasonOf(ended.error)}; which namespaces there are cannot be seen either, name them with -n`;
    return { state: 'forbidden', count: 0, reason };
  }
  return readEach(reader, source, served, visibleOnes, target, seen);
}

/** For lists that follow on each other: one that starts anew gives its objects again, those already seen are left out. */
const lasting = <T>(target: Target<T>): Target<T> => ({
  page: (objects) => target.page(objects),
  restart: () => {},
});

/** Reads namespace by namespace. */
async function readEach<S extends SourceName>(
  reader: Reader,
  source: S,
  served: ServedList,
  namespaces: readonly string[],
  target: Target<ObjectsBySource[S]>,
  seen: Set<string>,
): Promise<SourceOutcome> {
  const { namespaced } = definitionOf(source);
  const unread: { namespace: string; error: ApiError | ProjectionError }[] = [];
  let note: string | undefined;
  for (const namespace of namespaces) {
    const scope = namespaced ? { namespace } : { fieldSelector: `metadata.name=${namespace}` };
    const ended = await readList(reader, source, served, scope, lasting(target), seen);
    if (ended.error) unread.push({ namespace, error: ended.error });
    note ??= ended.note;
  }
  const [first] = unread;
  if (!first) return outcomeOf(note === undefined ? {} : { note }, seen.size);
  const unreadNamespaces = unread.map(({ namespace }) => namespace);
  const reason = `${plural(unread.length, 'namespace')} of ${namespaces.length} could not be read: ${reasonOf(first.error)}`;
  if (unread.length < namespaces.length || seen.size > 0) {
    return { state: 'partial', count: seen.size, reason, unreadNamespaces };
  }
  const state = unread.every(({ error }) => isForbidden(error)) ? 'forbidden' : 'failed';
  return { state, count: 0, reason, unreadNamespaces };
}

/** Reads one list into the target; `seen` holds the keys of the objects that it was given. */
async function readList<S extends SourceName>(
  { connection, onProgress }: Reader,
  source: S,
  served: ServedList,
  { namespace, ...selector }: { namespace?: string; fieldSelector?: string },
  target: Target<ObjectsBySource[S]>,
  seen: Set<string>,
): Promise<Ended> {
  const { project } = definitionOf(source);
  const path = listPath(served, namespace);
  let note: string | undefined;
  try {
    const { apiVersion, kind } = served;
    for await (const event of connection.list(path, { apiVersion, kind, ...selector })) {
      if (event.type === 'restart') {
        target.restart();
      } else if (event.type === 'inconsistent') {
        note = event.reason;
      } else {
        const objects = event.items.map(project) as ObjectsBySource[S][];
        await target.page(objects.filter((object) => isNew(object, seen)));
        onProgress({
          source,
          count: seen.size,
          ...(event.remaining === undefined ? {} : { remaining: event.remaining }),
        });
      }
    }
  } catch (error) {
    if (error instanceof ApiError || error instanceof ProjectionError) return { error };
    throw error;
  }
  return note === undefined ? {} : { note };
}

/** An object that changes while its list is read may come twice. */
function isNew({ metadata: { uid, namespace, name } }: KubeObject, seen: Set<string>): boolean {
  const key = uid ?? `${namespace ?? ''}/${name}`;
  if (seen.has(key)) return false;
  seen.add(key);
  return true;
}

function outcomeOf({ error, note }: Ended, count: number): SourceOutcome {
  if (!error) return { state: 'ok', count, ...(note === undefined ? {} : { reason: note }) };
  const reason = reasonOf(error);
  if (count > 0) return { state: 'partial', count, reason };
  return { state: isForbidden(error) ? 'forbidden' : 'failed', count, reason };
}

const isForbidden = (error: unknown): error is ApiError =>
  error instanceof ApiError && error.reason === 'forbidden';

const reasonOf = (error: ApiError | ProjectionError): string =>
  error instanceof ApiError
    ? error.message.replace(/\.$/, '')
    : `the API server sent an object that is none: ${visible(error.describe())}`;
