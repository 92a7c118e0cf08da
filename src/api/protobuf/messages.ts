/**
 * How the messages of the Kubernetes API are read into the objects that JSON would have given. The table beside this file
 * holds the fields that the projections of sources read; all others, most of a Pod, are passed over.
 */
import table from './fields.json' with { type: 'json' };
import { lengthDelimited, varint, type Field, type Message, type Raw, type Take, type Wire } from './wire.ts';

/** A field as the table has it. */
export interface FieldEntry {
  number: number;
  /** In JSON; empty where the fields of the message stand in the object around it. */
  name: string;
  /** A scalar, or the name of a message. */
  type: string;
  repeated?: boolean;
  /** From string to string. */
  map?: boolean;
  /** JSON leaves the field out where protobuf writes zero, false or an empty string. */
  omitZero?: boolean;
}

export interface FieldTable {
  /** Names of the messages of `apiVersion/kind`. */
  kinds: Record<string, string>;
  messages: Record<string, { fields: FieldEntry[]; open?: boolean }>;
}

const { kinds, messages }: FieldTable = table;

interface ValueType {
  wireType: number;
  read: (wire: Wire) => unknown;
}

const scalars: Record<string, ValueType> = {
  string: { wireType: lengthDelimited, read: (wire) => wire.text() },
  bool: { wireType: varint, read: (wire) => wire.bool() },
  int32: { wireType: varint, read: (wire) => wire.int32() },
  // As in JSON.parse, what no number can hold becomes the nearest that one can.
  int64: { wireType: varint, read: (wire) => Number(wire.int64()) },
  'util.intstr.IntOrString': { wireType: lengthDelimited, read: readIntOrString },
};

const compiled = new Map<string, Message>();
const mapEntry = messageOf([
  { number: 1, name: 'key', type: 'string' },
  { number: 2, name: 'value', type: 'string' },
]);
const intOrString = messageOf([
  { number: 1, name: 'type', type: 'int64' },
  { number: 2, name: 'int', type: 'int32' },
  { number: 3, name: 'string', type: 'string' },
]);

function readIntOrString(wire: Wire): unknown {
  const { type, int, string } = wire.message(intOrString);
  return type === 1 ? string : int;
}

/** The name of the message of a kind; undefined when the table has none. */
export function messageOfKind(apiVersion: string, kind: string): string | undefined {
  const key = `${apiVersion}/${kind}`;
  return Object.hasOwn(kinds, key) ? kinds[key] : undefined;
}

/** The message of that name, put together when it is first asked for. */
export function messageNamed(name: string): Message {
  const known = compiled.get(name);
  if (known) return known;
  const entry = messages[name];
  if (!entry) throw new Error(`There is no message ${name} in the table.`);
  const message = messageOf(entry.fields, entry.open);
  compiled.set(name, message);
  return message;
}

export function messageOf(entries: readonly FieldEntry[], open = false): Message {
  const fields: (Field | undefined)[] = [];
  for (const entry of entries) {
    while (fields.length < entry.number) fields.push(undefined);
    fields[entry.number] = fieldOf(entry);
  }
  return { fields, open };
}

function fieldOf({ name, type, repeated, map, omitZero }: FieldEntry): Field {
  if (map) return { wireType: lengthDelimited, take: takeEntry(name) };
  if (name === '') {
    const inlined = messageNamed(type);
    const take: Take = (wire, object) => wire.fields(inlined, object, wire.end());
    return { wireType: lengthDelimited, take };
  }
  const { wireType, read } = scalars[type] ?? valueOf(messageNamed(type));
  if (repeated) return { wireType, take: takeElement(name, read) };
  const take: Take = (wire, object) => {
    const value = read(wire);
    if (!omitZero || value) object[name] = value;
  };
  return { wireType, take };
}

const valueOf = (message: Message): ValueType => ({
  wireType: lengthDelimited,
  read: (wire) => wire.message(message),
});

const takeElement =
  (name: string, read: ValueType['read']): Take =>
  (wire, object) => {
    const list = (object[name] ??= []) as unknown[];
    list.push(read(wire));
  };

const takeEntry =
  (name: string): Take =>
  (wire, object) => {
    const map = (object[name] ??= {}) as Raw;
    const { key, value } = wire.message(mapEntry) as { key: string; value: string };
    map[key] = value;
  };
