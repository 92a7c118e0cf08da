import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeJson, decodeJsonListHead } from '../../../src/api/json.ts';
import { seed } from '../../seed.ts';

const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

/** The plain way to the same result. */
function pruned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(pruned);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, member]) => !(key === 'managedFields' && Array.isArray(member)))
      .map(([key, member]) => [key, pruned(member)]),
  );
}

const hostileStrings = fc.oneof(
  fc.string(),
  fc.constantFrom(
    '"managedFields":[',
    'managedFields',
    '\\',
    '\\"',
    ']}',
    '"items":[',
    '{"[',
    '💥',
    '\u0000',
  ),
);
// A key with a backslash is left out: JSON.parse of Node 26.10 takes {"\\u0000":0} for {"\\\\":0} when it has just seen the latter.
const keys = fc
  .oneof(fc.constantFrom('managedFields', 'a', 'metadata'), hostileStrings)
  .filter((key) => !key.includes('\\'));
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    hostileStrings,
    fc.integer(),
    fc.constant(null),
    fc.boolean(),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(keys, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;

describe('decodeJson', () => {
  test('gives what JSON.parse gives, without managedFields', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(decodeJson(bytes(value))).toEqual(pruned(JSON.parse(JSON.stringify(value))));
      }),
      { numRuns: 2000, seed },
    );
  });

  test('cuts them wherever they stand in the object', () => {
    const fields = [{ manager: 'a', fieldsV1: { 'k:{"name":"]"}': { '\\': {} } } }];
    for (const object of [
      { managedFields: fields },
      { managedFields: fields, b: 1 },
      { a: 1, managedFields: fields },
      { a: 1, managedFields: fields, b: [{ managedFields: [] }, 2] },
    ]) {
      expect(decodeJson(bytes(object))).toEqual(pruned(object));
    }
  });

  test('cuts exactly them, whatever stands around them', () => {
    const fields = [{ manager: 'kubelet', fieldsV1: { 'f:spec': { 'k:{"name":"}]},\\"spec\\":{"}': {} } } }];
    const owners = [{ name: 'a' }];
    const spec = { containers: [{ name: 'a' }], hostIPC: true };
    for (const items of [
      [{ metadata: { name: 'a', managedFields: fields }, spec, status: {} }],
      [
        { metadata: { name: 'a', managedFields: fields }, spec },
        { metadata: { name: 'b', managedFields: fields }, spec },
      ],
      // Other orders and empty lists, in which the end of another list must not be taken for theirs.
      [{ metadata: { managedFields: fields, name: 'a', ownerReferences: owners }, spec }],
      [
        { metadata: { name: 'a', managedFields: [] }, spec },
        { metadata: { name: 'b', ownerReferences: owners }, spec },
      ],
      [
        { metadata: { name: 'a', managedFields: fields } },
        { metadata: { name: 'b', ownerReferences: owners }, spec },
      ],
      [
        { metadata: { name: 'a', managedFields: fields }, rules: [{}] },
        { metadata: { managedFields: fields }, spec },
      ],
      [{ metadata: { managedFields: fields, annotations: { a: ']' }, ownerReferences: owners }, spec }],
    ]) {
      expect(decodeJson(bytes({ items }))).toEqual({ items: pruned(items) });
    }
  });

  test('refuses every text that is cut short', () => {
    const whole = bytes({ items: [{ metadata: { managedFields: [{ a: '"' }], name: 'x' } }, { b: 2 }] });
    for (let length = 0; length < whole.length; length += 1) {
      expect(() => decodeJson(Buffer.from(whole.subarray(0, length)))).toThrow(SyntaxError);
    }
  });

  test('leaves a managedFields that is no list alone', () => {
    expect(decodeJson(bytes({ managedFields: { a: 1 } }))).toEqual({ managedFields: { a: 1 } });
  });
});

describe('decodeJsonListHead', () => {
  const list = { kind: 'PodList', metadata: { continue: 'next', remainingItemCount: 7 }, items: [{ a: 1 }] };

  test('knows the metadata once the items have begun, and not before', () => {
    const whole = bytes(list);
    const start = whole.indexOf('"items":[') + '"items":['.length;
    for (let length = 0; length <= whole.length; length += 1) {
      const head = decodeJsonListHead(whole.subarray(0, length));
      expect(head).toEqual(length < start ? undefined : list.metadata);
    }
  });

  test('knows nothing when the items come first', () => {
    expect(decodeJsonListHead(bytes({ items: [1], metadata: { continue: 'next' } }))).toBeUndefined();
  });

  test('does not change the bytes', () => {
    const whole = bytes(list);
    decodeJsonListHead(whole);
    expect(whole.equals(bytes(list))).toBe(true);
  });
});
