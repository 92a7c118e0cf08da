/** The objects, with as much history as a paged list needs to show one state of the cluster from its first page to its last. */
import { createHash } from 'node:crypto';
import type { Resource } from './resources.ts';
import { badRequest, expired } from './status.ts';

export interface RawMeta {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  creationTimestamp?: string;
  labels?: Record<string, string>;
  [field: string]: unknown;
}

/** An object as it is written in a manifest. */
export interface RawObject {
  apiVersion: string;
  kind: string;
  metadata: RawMeta;
  [field: string]: unknown;
}

export interface ListQuery {
  namespace?: string;
  limit?: number;
  continue?: string;
  fieldSelector?: string;
  /** `0`: whatever is at hand, which makes `limit` void. */
  resourceVersion?: string;
}

export interface ListPage {
  metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number };
  items: RawObject[];
}

/** An object and the revisions between which it existed. */
interface Entry {
  /** `namespace/name`, or `name`: lists are in the order of these. */
  key: string;
  object: RawObject;
  created: number;
  removed: number;
}

export interface Store {
  /** Creates the object, or replaces the one of its kind, namespace and name. */
  add(object: RawObject): void;
  remove(object: { kind: string; metadata: { name: string; namespace?: string } }): void;
  get(kind: string, key: string): RawObject | undefined;
  list(resource: Resource, query?: ListQuery): ListPage;
  all(kind: string): RawObject[];
  /** Every kind of which there has been an object, as `apiVersion kind`. */
  kinds(): ReadonlySet<string>;
  /** Forgets all history: continue tokens given so far answer 410. */
  compact(): void;
}

/** A uid that is the same in every run. */
export function uidFor(...parts: (string | number)[]): string {
  const hex = createHash('sha256').update(parts.join('\u0000')).digest('hex');
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-4$3-a$4-$5');
}

const keyOf = ({ name, namespace }: RawMeta): string =>
  namespace === undefined ? name : `${namespace}/${name}`;

export function createStore(): Store {
  const kinds = new Map<string, Entry[]>();
  const seen = new Set<string>();
  const living = new Map<string, Entry>();
  const unsorted = new Set<string>();
  let revision = 1000;
  let compacted = 0;

  const entries = (kind: string): Entry[] => {
    const found = kinds.get(kind) ?? [];
    if (unsorted.delete(kind)) found.sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)));
    return found;
  };

  return {
    get: (kind, key) => living.get(`${kind} ${key}`)?.object,
    add(object) {
      const key = keyOf(object.metadata);
      const before = living.get(`${object.kind} ${key}`);
      revision += 1;
      if (before !== undefined) before.removed = revision;
      const { uid = before?.object.metadata.uid ?? uidFor(object.kind, key), ...metadata } = object.metadata;
      const created: RawObject = {
        ...object,
        metadata: {
          ...metadata,
          uid,
          resourceVersion: String(revision),
          creationTimestamp: metadata.creationTimestamp ?? '2026-01-05T08:00:00Z',
        },
      };
      seen.add(`${object.apiVersion} ${object.kind}`);
      const list = kinds.get(object.kind) ?? [];
      kinds.set(object.kind, list);
      const entry = { key, object: created, created: revision, removed: Infinity };
      list.push(entry);
      living.set(`${object.kind} ${key}`, entry);
      unsorted.add(object.kind);
    },
    remove({ kind, metadata }) {
      revision += 1;
      const id = `${kind} ${keyOf(metadata)}`;
      const entry = living.get(id);
      if (entry === undefined) throw new Error(`no ${id} to remove`);
      entry.removed = revision;
      living.delete(id);
    },
    kinds: () => seen,
    all: (kind) => entries(kind).flatMap(({ object, removed }) => (removed === Infinity ? [object] : [])),
    compact() {
      revision += 1;
      compacted = revision;
    },
    list(resource, query = {}) {
      const prefix = query.namespace === undefined ? '' : `${query.namespace}/`;
      const token = query.continue === undefined ? undefined : decodeToken(query.continue);
      if (token !== undefined && query.resourceVersion !== undefined) {
        throw badRequest('specifying resource version is not allowed when using continue');
      }
      const at = token === undefined || token.rv === -1 ? revision : token.rv;
      if (at < compacted) throw expired(encodeToken(-1, token?.start ?? ''));

      const start = prefix + (token?.start ?? '');
      const selects = fieldSelector(query.fieldSelector);
      const selected = entries(resource.kind).filter(
        ({ key, object, created, removed }) =>
          key.startsWith(prefix) && key >= start && created <= at && at < removed && selects(object),
      );
      const limit = query.resourceVersion === '0' ? 0 : (query.limit ?? 0);
      const page = limit > 0 ? selected.slice(0, limit) : selected;
      const remaining = selected.length - page.length;
      const last = page.at(-1);
      return {
        metadata: {
          resourceVersion: String(at),
          ...(remaining === 0 || last === undefined
            ? {}
            : { continue: encodeToken(at, `${last.key.slice(prefix.length)}\u0000`) }),
          ...(remaining === 0 || query.fieldSelector !== undefined ? {} : { remainingItemCount: remaining }),
        },
        items: page.map(({ object }) => object),
      };
    },
  };
}

const encodeToken = (rv: number, start: string): string =>
  Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv, start })).toString('base64url');

function decodeToken(token: string): { rv: number; start: string } {
  try {
    const { v, rv, start } = JSON.parse(Buffer.from(token, 'base64url').toString()) as Record<
      string,
      unknown
    >;
    if (v === 'meta.k8s.io/v1' && typeof rv === 'number' && typeof start === 'string') return { rv, start };
  } catch {
    // Not one of ours: the same answer as for one of a wrong version.
  }
  throw badRequest('invalid continue token: continue key is not valid');
}

const selectable: Record<string, (object: RawObject) => unknown> = {
  'metadata.name': ({ metadata }) => metadata.name,
  'metadata.namespace': ({ metadata }) => metadata.namespace,
};

/** `metadata.name=a,metadata.namespace!=b`: the two fields that every kind has. */
function fieldSelector(text = ''): (object: RawObject) => boolean {
  const terms = text
    .split(',')
    .filter((term) => term !== '')
    .map((term) => {
      const [, field = '', operator = '', value = ''] = /^([^=!]+)(==|!=|=)(.*)$/.exec(term) ?? [];
      const read = selectable[field];
      if (read === undefined) {
        throw badRequest(`field label not supported: ${field}`);
      }
      return (object: RawObject) => (read(object) === value) === (operator !== '!=');
    });
  return (object) => terms.every((matches) => matches(object));
}
