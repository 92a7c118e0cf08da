import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { changeTo, named, valueAt } from '../../../src/kit/field.ts';
import { patchOf } from '../../../src/kit/patch.ts';
import type { Change, Field, Json, JsonObject } from '../../../src/model.ts';
import { seed } from '../../seed.ts';
import { applyPatch } from './json-patch.ts';

// Objects of any shape, in which every list has elements that are recognised by their names.
const key = fc.constantFrom('alpha', 'beta', 'gamma/δ', 'a~b');
const scalar = fc.oneof(fc.boolean(), fc.integer(), fc.string());
const list = (element: fc.Arbitrary<Json>): fc.Arbitrary<Json[]> =>
  fc
    .array(element, { minLength: 2, maxLength: 4 })
    .map((items) => items.map((item, i) => ({ name: `n${i}`, content: item })));
const { tree } = fc.letrec<{ tree: Json }>((tie) => ({
  tree: fc.oneof({ maxDepth: 3 }, scalar, fc.dictionary(key, tie('tree')), list(tie('tree'))),
}));
const object = fc.dictionary(key, tree, { minKeys: 1 });

/** Everything in the value that a change could name, and some things that are not there. */
function fieldsOf(value: Json, field: Field = []): Field[] {
  const itself = field.length === 0 ? [] : [field];
  if (value === null || typeof value !== 'object') return itself;
  if (Array.isArray(value)) {
    return [...itself, ...value.flatMap((item, i) => fieldsOf(item, [...field, named(i, `n${i}`)]))];
  }
  const recognising = typeof field.at(-1) === 'object' ? 'name' : undefined;
  return [
    ...itself,
    ...Object.entries(value)
      .filter(([member]) => member !== recognising)
      .flatMap(([member, child]) => fieldsOf(child, [...field, member])),
    [...field, 'new'],
    [...field, 'parent', 'x'],
    [...field, 'parent', 'y', 'z'],
  ];
}

const within = (inner: Field, outer: Field): boolean =>
  outer.every((step, i) => JSON.stringify(step) === JSON.stringify(inner[i]));

type Wish = [field: Field, after: Json | undefined];

/** Wishes of which none lies in another, and that take list elements out but set none. */
const compatible = (wishes: Wish[]): Wish[] =>
  wishes.reduce<Wish[]>((chosen, [field, after]) => {
    const last = field.at(-1);
    const clashes = chosen.some(([other]) => within(field, other) || within(other, field));
    const setsElement = typeof last === 'object' && after !== undefined;
    return clashes || setsElement ? chosen : [...chosen, [field, after]];
  }, []);

const scenario = object.chain((root) => {
  const wish = fc.tuple(fc.constantFrom(...fieldsOf(root)), fc.option(scalar, { nil: undefined }));
  return fc.array(wish, { maxLength: 8 }).map((wishes) => ({ root, wishes: compatible(wishes) }));
});

const gone = Symbol('gone');

/** The object with the wishes granted by hand: no pointers, no order. */
function changedByHand(root: JsonObject, wishes: Wish[]): unknown {
  const copy = structuredClone(root) as Record<string | number, unknown>;
  for (const [field, after] of wishes) {
    if (after === undefined && valueAt(root, field) === undefined) continue;
    let at = copy;
    const keys = field.map((step) => (typeof step === 'string' ? step : step.index));
    for (const step of keys.slice(0, -1)) at = (at[step] ??= {}) as Record<string | number, unknown>;
    at[keys.at(-1) ?? ''] = after ?? gone;
  }
  return withoutGone(copy);
}

/** A list that loses its last element goes as well: the API server has no empty ones. */
function withoutGone(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => item !== gone).map(withoutGone);
  if (value === null || typeof value !== 'object') return value;
  const isGone = (child: unknown) =>
    child === gone || (Array.isArray(child) && child.every((item) => item === gone));
  const members = Object.entries(value).filter(([, child]) => !isGone(child));
  return Object.fromEntries(members.map(([member, child]) => [member, withoutGone(child)]));
}

test('the patch makes exactly the changes, and the inverse restores the object', () => {
  fc.assert(
    fc.property(scenario, ({ root, wishes }) => {
      const { patch, inverse } = patchOf(wishes.map(([field, after]) => changeTo(root, field, after)));
      const after = applyPatch(root, patch);
      expect(after).toEqual(changedByHand(root, wishes));
      expect(applyPatch(after, inverse)).toEqual(root);
    }),
    { numRuns: 1000, seed },
  );
});

/** The object after somebody else changed this field. */
function meddledWith(root: Json, field: Field): Json {
  const copy = structuredClone(root);
  const parent = valueAt(copy, field.slice(0, -1)) as Record<string | number, unknown>;
  const last = field.at(-1) ?? '';
  parent[typeof last === 'string' ? last : last.index] = { somebody: 'was here' };
  return copy;
}

test('the patch is refused when anything that it changes is no longer so', () => {
  fc.assert(
    fc.property(scenario, ({ root, wishes }) => {
      const changes = realChanges(root, wishes);
      const { patch } = patchOf(changes);
      for (const { field, missingParents = 0 } of changes) {
        const nearest = field.slice(0, field.length - missingParents);
        expect(() => applyPatch(meddledWith(root, nearest), patch)).toThrow('test failed');
      }
    }),
    { seed },
  );
});

test('the inverse is refused when anything that the patch made is no longer so', () => {
  fc.assert(
    fc.property(scenario, ({ root, wishes }) => {
      // Where list elements went the indexes are others now, and the elements themselves cannot be tested.
      const changes = realChanges(
        root,
        wishes.filter(([field]) => typeof field.at(-1) === 'string'),
      );
      const { patch, inverse } = patchOf(changes);
      const after = applyPatch(root, patch);
      for (const { field } of changes) {
        expect(() => applyPatch(meddledWith(after, field), inverse)).toThrow('test failed');
      }
    }),
    { seed },
  );
});

const realChanges = (root: JsonObject, wishes: Wish[]): Change[] =>
  wishes
    .map(([field, after]) => changeTo(root, field, after))
    .filter(({ before, after }) => before !== after);
