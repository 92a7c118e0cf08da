import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { textOf } from './strings.ts';

/** A message as an object of its fields by their JSON names. */
export type Raw = Record<string, unknown>;

/** Reads the value that comes next into the object. */
export type Take = (wire: Wire, object: Raw) => void;

/** How a value is written: the low bits of its tag. */
export const varint: number = WireType.Varint;
export const lengthDelimited: number = WireType.LengthDelimited;

/** Bytes of the values that are always as long. */
const fixedLengths: Readonly<Record<number, number>> = { [WireType.Bit64]: 8, [WireType.Bit32]: 4 };

export interface Field {
  /** `varint` or `lengthDelimited`. */
  wireType: number;
  take: Take;
}

export interface Message {
  /** By their numbers. */
  fields: (Field | undefined)[];
  /** Which fields there are is asked for, so one that we do not know is told as well, by its number. */
  open: boolean;
}

/** A body in protobuf, read from its beginning to its end. Every method throws where the bytes end too soon. */
export class Wire extends BinaryReader {
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    super(bytes);
    this.#bytes = bytes;
  }

  /** Where what begins here with its length ends. */
  end(): number {
    const length = this.uint32();
    return this.pos + length;
  }

  text(): string {
    const end = this.end();
    if (end > this.#bytes.length) throw new RangeError('a string goes on behind the body');
    const text = textOf(this.#bytes, this.pos, end);
    this.pos = end;
    return text;
  }

  message(message: Message): Raw {
    const object: Raw = {};
    this.fields(message, object, this.end());
    return object;
  }

  /** Reads the fields of a message that ends at `end` into the object. */
  fields({ fields, open }: Message, object: Raw, end: number): void {
    while (this.pos < end) {
      const tag = this.uint32();
      const number = tag >>> 3;
      const wireType = tag & 7;
      const field = fields[number];
      if (field === undefined) {
        this.pass(wireType);
        if (open) object[`field ${number}`] = {};
      } else if (field.wireType === wireType) {
        field.take(this, object);
      } else {
        throw new TypeError(`field ${number} is of wire type ${wireType}`);
      }
    }
    if (this.pos !== end) throw new RangeError('a field goes on behind its message');
  }

  /** Goes past a value. `skip` does the same, and makes an array of what it passes. */
  pass(wireType: number): void {
    if (wireType === lengthDelimited) this.pos = this.end();
    else if (wireType === varint) this.uint32();
    else if (wireType in fixedLengths) this.pos += fixedLengths[wireType] as number;
    else throw new TypeError(`a field is of wire type ${wireType}`);
  }
}
