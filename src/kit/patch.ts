import type { Change, Field, Json } from '../model.ts';
import { jsonPointer } from './field.ts';

/** RFC 6902, as the API server takes it: a `test` for null passes only where the member is missing. */
export type JsonPatchOperation =
  { op: 'test' | 'add' | 'replace'; path: string; value: Json } | { op: 'remove'; path: string };
export type JsonPatch = JsonPatchOperation[];

/** Plain booleans of the API, left out when false: a written `false` reads back as absent. */
const leftOutWhenFalse = new Set(['hostIPC', 'hostPID', 'hostNetwork']);

/**
 * The patch that makes all changes to one object, and the patch that takes exactly these back. Both guard every
 * change with `test`s (what recognises each list element on the way, then the state to change), and a patch is made
 * whole or not at all: neither touches an object that is not as the audit, or the patch, left it. Only of a list element
 * that has gone is there nothing left to test.
 *
 * Fields go through list elements to change something in them or to take one out; a list that is to gain elements is
 * changed as a whole, and so is one that loses all. No change is of a member that recognises an element on its way.
 */
export function patchOf(changes: readonly Change[]): { patch: JsonPatch; inverse: JsonPatch } {
  const created = new Set<string>();
  const steps = inOrder(withWholeLists(onePerField(changes))).map((change) => stepOf(change, created));
  return {
    patch: withoutRepeatedTests(steps.flatMap(({ forward }) => forward)),
    inverse: withoutRepeatedTests(steps.toReversed().flatMap(({ backward }) => backward)),
  };
}

/** `created` holds the parents that earlier steps have added, and gains those that this one adds. */
function stepOf(change: Change, created: Set<string>): { forward: JsonPatch; backward: JsonPatch } {
  const { field, before, after, missingParents = 0 } = change;
  const path = jsonPointer(field);
  const missing = Array.from({ length: missingParents }, (_, i) =>
    jsonPointer(field, field.length - missingParents + i),
  );
  const parents = missing.filter((parent) => !created.has(parent));
  for (const parent of parents) created.add(parent);
  const tests = elementTests(field);

  // A parent that an earlier step added is known to have been absent, and the field with it.
  const absent = parents[0] ?? (missing.length === 0 ? path : undefined);
  const forward: JsonPatch = [
    ...tests,
    ...(before !== undefined ? [test(path, before)] : absent === undefined ? [] : [test(absent, null)]),
    ...parents.map((parent): JsonPatchOperation => ({ op: 'add', path: parent, value: {} })),
    edit(path, before, after),
  ];
  // After a list element has gone its index says nothing about it.
  const gone = typeof field.at(-1) === 'string' ? [test(path, null)] : [];
  const backward: JsonPatch = [
    ...tests,
    ...(after !== undefined ? [test(path, after)] : gone),
    edit(path, after, before),
    ...parents
      .toReversed()
      .flatMap((parent): JsonPatch => [test(parent, {}), { op: 'remove', path: parent }]),
  ];
  return { forward, backward };
}

const test = (path: string, value: Json): JsonPatchOperation => ({ op: 'test', path, value });

function edit(path: string, from: Json | undefined, to: Json | undefined): JsonPatchOperation {
  if (to === undefined) return { op: 'remove', path };
  return { op: from === undefined ? 'add' : 'replace', path, value: to };
}

/** That each list element which the field goes through is still the one it was. */
const elementTests = (field: Field): JsonPatch =>
  field.slice(0, -1).flatMap((step, i) => {
    if (typeof step === 'string') return [];
    const element = field.slice(0, i + 1);
    return Object.entries(step.where).map(([key, value]) => test(jsonPointer([...element, key]), value));
  });

/**
 * What several findings want of one object, one change per field: the same change counts once, changes of one list
 * are combined, and a new value settles more than the removal of the old one (with runAsUser 0 gone the image decides,
 * with 10001 nothing does). Of two values the first is written; the next audit shows what is left.
 */
function onePerField(changes: readonly Change[]): Change[] {
  const byPath = new Map<string, Change>();
  for (const change of changes) {
    const path = jsonPointer(change.field);
    const known = byPath.get(path);
    byPath.set(path, known === undefined ? change : combined(known, change));
  }
  return [...byPath.values()].map(asStored).filter(({ before, after }) => before !== after);
}

function combined(first: Change, second: Change): Change {
  const { before = [], after: left = [] } = first;
  const { after: right = [] } = second;
  if (!Array.isArray(before) || !Array.isArray(left) || !Array.isArray(right)) {
    return first.after === undefined ? second : first;
  }
  const kept = before.filter((item) => has(left, item) && has(right, item));
  const added = [...left, ...right.filter((item) => !has(left, item))].filter((item) => !has(before, item));
  return { ...first, after: [...kept, ...added] };
}

const has = (list: Json[], wanted: Json): boolean =>
  list.some((item) => JSON.stringify(item) === JSON.stringify(wanted));

/** Where changes take every element of a list, the list goes instead: its backout could not add to one that is not there. */
function withWholeLists(changes: Change[]): Change[] {
  const byList = Map.groupBy(changes.filter(takesElement), ({ field }) =>
    jsonPointer(field, field.length - 1),
  );
  const emptied = [...byList.values()].filter((taken) => taken[0]?.listLength === taken.length);
  const within = new Set(emptied.flat());
  return [...changes.filter((change) => !within.has(change)), ...emptied.map(removalOfAll)];
}

const removalOfAll = (elements: Change[]): Change => ({
  field: elements[0]?.field.slice(0, -1) ?? [],
  before: elements
    .toSorted((a, b) => byIndexes(a.field, b.field))
    .flatMap(({ before }) => (before === undefined ? [] : [before])),
});

/** The change as the API server will store it, which has no empty lists and not every false. */
function asStored(change: Change): Change {
  const { after, ...rest } = change;
  const member = change.field.at(-1);
  const vanishes =
    (after === false && typeof member === 'string' && leftOutWhenFalse.has(member)) ||
    (Array.isArray(after) && after.length === 0);
  return vanishes ? rest : change;
}

/** List elements go last and from the end, so that no index of a later change shifts; the inverse runs backwards. */
const inOrder = (changes: Change[]): Change[] => [
  ...changes.filter((change) => !takesElement(change)),
  ...changes.filter(takesElement).toSorted((a, b) => byIndexes(b.field, a.field)),
];

/** Whether a change takes an element out of a list. */
export const takesElement = ({ field, after }: Change): boolean =>
  after === undefined && typeof field.at(-1) !== 'string';

function byIndexes(a: Field, b: Field): number {
  const [left, right] = [indexes(a), indexes(b)];
  const differing = left.findIndex((index, i) => index !== right[i]);
  return differing === -1 ? 0 : (left[differing] ?? 0) - (right[differing] ?? -1);
}

const indexes = (field: Field): number[] =>
  field.filter((step) => typeof step !== 'string').map(({ index }) => index);

function withoutRepeatedTests(patch: JsonPatch): JsonPatch {
  const seen = new Set<string>();
  return patch.filter((operation) => {
    if (operation.op !== 'test') return true;
    const key = JSON.stringify(operation);
    return !seen.has(key) && seen.add(key);
  });
}
