/** Answers in protobuf, as a real server writes them for who asks. */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import table from '../../../scripts/protobuf/known-fields.json' with { type: 'json' };
import type { FieldEntry, FieldTable } from '../../../src/api/protobuf/messages.ts';

const knownFields: FieldTable = table;

type Raw = Record<string, unknown>;

/** The body with its envelope; undefined for a kind that has no protobuf, such as a custom resource. */
export function toProtobuf(body: object): Buffer | undefined {
  const { apiVersion, kind, ...fields } = body as { apiVersion?: string; kind?: string };
  const whole = knownFields.kinds[`${apiVersion}/${kind}`];
  const element = knownFields.kinds[`${apiVersion}/${kind?.replace(/List$/, '')}`];
  if (apiVersion === undefined || kind === undefined || element === undefined) return undefined;
  const entries = whole === undefined ? listOf(element) : fieldsOf(whole);
  const writer = new BinaryWriter();
  writer.raw(Buffer.from('k8s\0'));
  inside(writer, 1, () =>
    writer.tag(1, WireType.LengthDelimited).string(apiVersion).tag(2, WireType.LengthDelimited).string(kind),
  );
  inside(writer, 2, () => writeFields(writer, entries, fields));
  for (const number of [3, 4]) writer.tag(number, WireType.LengthDelimited).string('');
  return Buffer.from(writer.finish());
}

const listOf = (element: string): FieldEntry[] => [
  { number: 1, name: 'metadata', type: 'meta.v1.ListMeta' },
  { number: 2, name: 'items', type: element, repeated: true },
];

const fieldsOf = (message: string): readonly FieldEntry[] => knownFields.messages[message]?.fields ?? [];

function inside(writer: BinaryWriter, number: number, write: () => void): void {
  writer.tag(number, WireType.LengthDelimited).fork();
  write();
  writer.join();
}

function writeFields(writer: BinaryWriter, entries: readonly FieldEntry[], object: Raw): void {
  for (const entry of entries) {
    if (entry.name === '') {
      inside(writer, entry.number, () => writeFields(writer, fieldsOf(entry.type), object));
      continue;
    }
    // Go writes what is no pointer even where it is zero.
    const value = object[entry.name] ?? (entry.omitZero ? zeros[entry.type] : undefined);
    if (value === undefined || value === null) continue;
    if (entry.map) {
      for (const [key, member] of Object.entries(value as Raw)) {
        inside(writer, entry.number, () => {
          writer.tag(1, WireType.LengthDelimited).string(key);
          writeValue(writer, { number: 2, name: 'value', type: entry.type }, member);
        });
      }
    } else {
      for (const one of entry.repeated ? (value as unknown[]) : [value]) writeValue(writer, entry, one);
    }
  }
}

const zeros: Record<string, unknown> = { string: '', bool: false, int32: 0, int64: 0 };

function writeValue(writer: BinaryWriter, { number, type }: FieldEntry, value: unknown): void {
  switch (type) {
    case 'string':
      writer.tag(number, WireType.LengthDelimited).string(value as string);
      return;
    case 'bool':
      writer.tag(number, WireType.Varint).bool(value as boolean);
      return;
    case 'int32':
      writer.tag(number, WireType.Varint).int32(value as number);
      return;
    case 'int64':
      writer.tag(number, WireType.Varint).int64(BigInt(value as number));
      return;
    case 'util.intstr.IntOrString':
      inside(writer, number, () => {
        const isText = typeof value === 'string';
        writer.tag(1, WireType.Varint).int64(isText ? 1n : 0n);
        writer.tag(2, WireType.Varint).int32(isText ? 0 : (value as number));
        writer.tag(3, WireType.LengthDelimited).string(isText ? value : '');
      });
      return;
  }
  // Other types with JSON of their own (times, quantities, raw objects) are read by nobody and left out.
  if (type in knownFields.messages)
    inside(writer, number, () => writeFields(writer, fieldsOf(type), value as Raw));
}
