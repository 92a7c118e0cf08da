import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import table from '../../../scripts/protobuf/known-fields.json' with { type: 'json' };
import { decodeProtobuf, decodeProtobufListHead, isInProtobuf } from '../../../src/api/protobuf/decode.ts';
import fieldsRead from '../../../src/api/protobuf/fields.json' with { type: 'json' };
import type { FieldEntry, FieldTable } from '../../../src/api/protobuf/messages.ts';
import { sources } from '../../../src/collect/sources.ts';
import { seed } from '../../seed.ts';
import { toProtobuf } from '../../servers/api/protobuf.ts';

const knownFields: FieldTable = table;

type Raw = Record<string, unknown>;

const list = (apiVersion: string, kind: string, items: object[], metadata: object = {}): Buffer => {
  const body = toProtobuf({ apiVersion, kind: `${kind}List`, metadata, items });
  if (!body) throw new Error(`${kind} is not in the table`);
  return body;
};
const podList = (...specs: object[]): Buffer =>
  list(
    'v1',
    'Pod',
    specs.map((spec, i) => ({ metadata: { name: `pod-${i}` }, spec })),
  );
const itemsOf = (body: Buffer): unknown[] => (decodeProtobuf(body) as { items: unknown[] }).items;
const podSpecsOf = (body: Buffer) => itemsOf(body).map((item) => sources.pods.project(item).podSpec);

describe('what is read of a list in protobuf is what is read of it in JSON', () => {
  const texts = fc.oneof(fc.constantFrom('a', 'größer', '💥', 'x'.repeat(300)), fc.string());
  const scalars: Record<string, fc.Arbitrary<unknown>> = {
    string: texts,
    bool: fc.boolean(),
    int32: fc.integer(),
    int64: fc.oneof(fc.constantFrom(0, -1, 2 ** 31, 2 ** 53, -(2 ** 53), 2 ** 62), fc.maxSafeInteger()),
    'util.intstr.IntOrString': fc.oneof(fc.integer(), texts),
  };
  const canBeMade = ({ name, type }: FieldEntry): boolean =>
    name !== '' && (type in scalars || type in knownFields.messages);
  /** What projections insist on. */
  const needed = new Set(
    'metadata name roleRef apiVersion kind key operator cidr path driver min max containerPort'.split(' '),
  );

  /** An object of the message, with what a projection insists on, some of what is read, and one more field at most. */
  function messageOf(name: string): fc.Arbitrary<Raw> {
    const known = (knownFields.messages[name]?.fields ?? []).filter(canBeMade);
    const read = new Set((fieldsRead as FieldTable).messages[name]?.fields.map((field) => field.name));
    const others = known.filter((field) => !needed.has(field.name));
    const someOf = (fields: FieldEntry[], most: number) =>
      fc.subarray(fields, { maxLength: Math.min(most, fields.length) });
    const chosen = fc.tuple(
      someOf(
        others.filter((field) => read.has(field.name)),
        6,
      ),
      someOf(
        others.filter((field) => !read.has(field.name)),
        1,
      ),
    );
    const inlined = (knownFields.messages[name]?.fields ?? []).filter((field) => field.name === '');
    const own = chosen.chain((some) =>
      fc.record(
        Object.fromEntries(
          [...known.filter((field) => needed.has(field.name)), ...some.flat()].map((field) => [
            field.name,
            valueOf(field),
          ]),
        ),
      ),
    );
    return fc
      .tuple(own, ...inlined.map((field) => messageOf(field.type)))
      .map((parts) => Object.assign({}, ...parts) as Raw);
  }

  function valueOf({ type, repeated, map, omitZero }: FieldEntry): fc.Arbitrary<unknown> {
    const one = scalars[type] ?? messageOf(type);
    if (repeated) return fc.array(one, { minLength: 1, maxLength: 2 });
    const keys = fc.constantFrom('a', 'b/c', 'kubernetes.io/psp');
    if (map) return fc.dictionary(keys, one, { minKeys: 1, noNullPrototype: true });
    return omitZero ? one.filter(Boolean) : one;
  }

  const inProtobuf = Object.values(sources).filter(({ apiVersion, kind }) => isInProtobuf(apiVersion, kind));
  test.each(inProtobuf)('$resource', ({ apiVersion, kind, project }) => {
    const message = messageOf(knownFields.kinds[`${apiVersion}/${kind}`] as string);
    fc.assert(
      fc.property(message, (item) => {
        expect(itemsOf(list(apiVersion, kind, [item])).map(project)).toEqual([project(item)]);
      }),
      { numRuns: 100, seed },
    );
  });
});

/** True for an object or an error. */
function outcomeOf(body: Buffer): boolean {
  try {
    return typeof decodeProtobuf(body) === 'object';
  } catch (error) {
    return error instanceof Error;
  }
}

describe('a list in protobuf', () => {
  test('has its kind, its metadata, and items even where there are none', () => {
    expect(decodeProtobuf(list('v1', 'Pod', [], { continue: 'next', remainingItemCount: 7 }))).toEqual({
      apiVersion: 'v1',
      kind: 'PodList',
      metadata: { continue: 'next', remainingItemCount: 7 },
      items: [],
    });
  });

  test('tells its metadata as soon as they have arrived, wherever the first bytes end', () => {
    const body = list('v1', 'Pod', [{ metadata: { name: 'a' } }], { continue: 'next' });
    const end = body.indexOf('next') + 'next'.length;
    for (let length = 0; length <= body.length; length += 1) {
      const head = decodeProtobufListHead(body.subarray(0, length));
      expect(head?.continue, `${length} bytes of ${body.length}`).toBe(length < end ? undefined : 'next');
    }
  });

  test.each([
    podList({ containers: [{ name: 'a', image: 'b' }], hostPID: true }),
    // What comes last is read by nobody, and is missed all the same.
    list('v1', 'Namespace', [{ metadata: { name: 'a' }, status: { phase: 'Active' } }]),
  ])('that is cut short anywhere is an error, not a shorter list', (body) => {
    const whole = body.length - 4; // The envelope ends with two empty fields that say nothing.
    for (let length = 0; length < whole; length += 1) {
      expect(() => decodeProtobuf(Buffer.from(body.subarray(0, length)))).toThrow(Error);
    }
  });

  test('in which a field goes on behind its message is an error', () => {
    const body = podList({ containers: [{ name: 'a' }] }, {});
    const decoded = decodeProtobuf(body);
    // The length of the name, which is the last field of the metadata that is not empty.
    const at = body.indexOf('pod-0') - 1;
    expect(body[at]).toBe('pod-0'.length);
    for (const longer of [20, 40, 60]) {
      const damaged = Buffer.from(body);
      damaged[at] = longer;
      expect(() => decodeProtobuf(damaged)).toThrow(Error);
    }
    expect(decodeProtobuf(body)).toEqual(decoded);
  });

  test('that is damaged ends in an error or in an object, never in a loop', () => {
    const body = podList(
      { containers: [{ name: 'a', securityContext: { runAsUser: -1, capabilities: { add: ['X'] } } }] },
      { volumes: [{ name: 'a', projected: { sources: [{ configMap: { name: 'b' } }] } }] },
    );
    const damage = fc.tuple(fc.nat({ max: body.length - 1 }), fc.nat({ max: 255 }));
    fc.assert(
      fc.property(fc.array(damage, { minLength: 1, maxLength: 4 }), (places) => {
        const damaged = Buffer.from(body);
        for (const [at, value] of places) damaged[at] = value;
        expect(outcomeOf(damaged)).toBe(true);
      }),
      { numRuns: 5000, seed },
    );
  });

  test('of a kind that is not in the table says no more than that', () => {
    const writer = new BinaryWriter();
    writer.raw(Buffer.from('k8s\0')).tag(1, WireType.LengthDelimited).fork();
    writer
      .tag(1, WireType.LengthDelimited)
      .string('v1')
      .tag(2, WireType.LengthDelimited)
      .string('SecretList')
      .join();
    writer.tag(2, WireType.LengthDelimited).string('\n\0');
    expect(decodeProtobuf(Buffer.from(writer.finish()))).toEqual({ apiVersion: 'v1', kind: 'SecretList' });
  });
});

test('a volume of a type that nobody knows yet is no emptyDir', () => {
  const body = podList({
    volumes: [
      { name: 'a', emptyDir: {} },
      { name: 'b', image: { reference: 'c' } },
    ],
  });
  const tag = (number: number): Uint8Array =>
    new BinaryWriter().tag(number, WireType.LengthDelimited).finish();
  // The source `image` is field 30; there is no field 100.
  const at = body.indexOf(tag(30));
  expect(podSpecsOf(body)[0]?.volumes?.map(({ type }) => type)).toEqual(['emptyDir', 'image']);
  body.set(tag(100), at);
  expect(podSpecsOf(body)[0]?.volumes?.map(({ type }) => type)).toEqual(['emptyDir', 'field 100']);
});

test('false, zero and empty are told from absent where JSON tells them', () => {
  const [spec] = podSpecsOf(
    podList({
      automountServiceAccountToken: false,
      securityContext: { runAsUser: 0, runAsNonRoot: false },
      containers: [{ name: 'a', ports: [{ containerPort: 0 }] }],
    }),
  );
  expect(spec).toEqual({
    automountServiceAccountToken: false,
    securityContext: { runAsUser: 0, runAsNonRoot: false },
    containers: [{ name: 'a', ports: [{ containerPort: 0 }] }],
  });
});

test('neither a literal of a variable nor an argument but one leaves the bytes that it came in', () => {
  const secret = 'canary-5f0c';
  const body = podList({
    containers: [
      { name: 'a', env: [{ name: 'B', value: secret }], args: ['--enable-network-policy=true', secret] },
    ],
  });
  expect(body.includes(secret)).toBe(true);
  expect(JSON.stringify(podSpecsOf(body))).not.toContain(secret);
  expect(JSON.stringify(decodeProtobuf(body))).not.toContain(`"value":"${secret}`);
});
