import type { FieldEntry, FieldTable } from '../../src/api/protobuf/messages.ts';
import { ProjectionError } from '../../src/collect/project.ts';
import { sources } from '../../src/collect/sources.ts';
import table from './known-fields.json' with { type: 'json' };

/** Everything that the API server may write in protobuf. */
const knownFields: FieldTable = table;

/** What is read of an answer besides its objects: see src/api/list.ts and src/api/errors.ts. */
const readOfAnswers = [
  'meta.v1.ListMeta continue',
  'meta.v1.ListMeta remainingItemCount',
  'meta.v1.Status metadata',
  'meta.v1.Status message',
];

/** One of each type that a field may have. What is of another type cannot be decoded either. */
const samples: Readonly<Record<string, unknown>> = {
  string: 'x',
  bool: true,
  int32: 1,
  int64: 1,
  'util.intstr.IntOrString': 1,
};

/**
 * Those of the known fields that the projections of sources read. They are found out by giving each projection an object
 * that has every field and watching what it asks for, then the same with each of these fields missing, since some look
 * elsewhere then.
 */
export function fieldsRead(): FieldTable {
  const { messages } = knownFields;
  const read = new Set(readOfAnswers);
  const open = new Set<string>();
  const unknown = new Set<string>();

  const project = (missing?: string): void => {
    for (const { apiVersion, kind, project: take } of Object.values(sources)) {
      const message = knownFields.kinds[`${apiVersion}/${kind}`];
      if (message === undefined) continue;
      try {
        take(watched(message, { read, open, missing, unknown }));
      } catch (error) {
        if (missing === undefined || !(error instanceof ProjectionError)) throw error;
      }
    }
  };

  project();
  // A set that grows while it is walked: what is added on the way comes up too.
  for (const id of read) project(id);
  refuseUnknown([...unknown], read);

  const isRead = (message: string, { name, type }: FieldEntry): boolean =>
    name === ''
      ? (messages[type]?.fields ?? []).some((field) => isRead(type, field))
      : read.has(`${message} ${name}`);
  const kept = (message: string) => ({
    ...(open.has(message) ? { open: true } : {}),
    fields: (messages[message]?.fields ?? []).filter((field) => isRead(message, field)),
  });

  const reached = new Set([...Object.values(knownFields.kinds), 'meta.v1.ListMeta']);
  for (const name of reached) {
    for (const { type, map } of kept(name).fields) {
      if (type in messages) reached.add(type);
      else if (!(type in samples))
        throw new Error(`${name} has a ${type}, which src/api/protobuf cannot decode.`);
      if (map && type !== 'string')
        throw new Error(`${name} has a map of ${type}, which src/api/protobuf cannot decode.`);
    }
  }
  return {
    kinds: knownFields.kinds,
    messages: Object.fromEntries([...reached].map((name) => [name, kept(name)])),
  };
}

/** Worked out from other fields. */
const ours = ['managedBy'];

/**
 * Kinds share projections, so a field may be asked for where it is not. One that is nowhere would be read of manifests
 * alone, and a check that rests on it could not fail on a live cluster.
 */
function refuseUnknown(names: readonly string[], read: ReadonlySet<string>): void {
  const known = new Set([...read].map((id) => id.split(' ')[1]));
  const nowhere = names.filter((name) => !known.has(name) && !ours.includes(name));
  if (nowhere.length === 0) return;
  throw new Error(
    `No kind has these fields: ${nowhere.join(', ')}. Where the API server got them lately, update its Go modules and run npm run protobuf.`,
  );
}

interface Watch {
  /** `message field` of what was asked for. */
  read: Set<string>;
  /** The messages of which it was asked what fields they have. */
  open: Set<string>;
  /** The field that the object lacks. */
  missing: string | undefined;
  /** Names that were asked for of a message without such a field. */
  unknown: Set<string>;
}

/** An object with every field of the message, that notes what it is asked for. */
function watched(message: string, watch: Watch): object {
  const fields = new Map(jsonFields(message).map((field) => [field.name, field]));
  const valueOf = (key: string | symbol): unknown => {
    const field = fields.get(String(key));
    if (!field) {
      watch.unknown.add(String(key));
      return undefined;
    }
    const id = `${field.message} ${field.name}`;
    watch.read.add(id);
    return id === watch.missing ? undefined : sampleOf(field, watch);
  };
  return new Proxy(
    {},
    {
      get: (_, key) => valueOf(key),
      ownKeys() {
        for (const field of fields.values()) watch.open.add(field.message);
        return [...fields.keys()];
      },
      getOwnPropertyDescriptor: (_, key) => ({ enumerable: true, configurable: true, value: valueOf(key) }),
    },
  );
}

function sampleOf({ type, repeated, map }: FieldEntry, watch: Watch): unknown {
  const value = type in knownFields.messages ? watched(type, watch) : samples[type];
  if (repeated) return [value];
  return map ? { x: value } : value;
}

/** The fields that stand in the JSON object of a message, each with the message that it is of. */
function jsonFields(message: string): (FieldEntry & { message: string })[] {
  const { fields } = knownFields.messages[message] ?? { fields: [] };
  return fields.flatMap((field) => (field.name === '' ? jsonFields(field.type) : [{ ...field, message }]));
}
