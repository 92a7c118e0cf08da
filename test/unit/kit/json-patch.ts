import type { Json } from '../../../src/model.ts';
import type { JsonPatch } from '../../../src/kit/patch.ts';

/** Applies an RFC 6902 patch as the API server does, where a `test` for null passes if the member is missing. */
export function applyPatch(document: Json, patch: JsonPatch): Json {
  const root = structuredClone(document);
  for (const operation of patch) applyOne(root, operation);
  return root;
}

function applyOne(root: Json, operation: JsonPatch[number]): void {
  const tokens = operation.path
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
  const last = tokens.pop() ?? '';
  const fail = (why: string) => new Error(`${JSON.stringify(operation)}: ${why}`);
  let parent: unknown = root;
  for (const token of tokens) parent = (parent as Record<string, unknown> | undefined)?.[token];
  if (parent === null || typeof parent !== 'object') throw fail('the parent is missing');

  if (Array.isArray(parent)) {
    const index = Number(last);
    const limit = operation.op === 'add' ? parent.length : parent.length - 1;
    if (!(index >= 0 && index <= limit)) throw fail('no such element');
    if (operation.op === 'test') expectEqual(parent[index]);
    else if (operation.op === 'remove') parent.splice(index, 1);
    else parent.splice(index, operation.op === 'add' ? 0 : 1, operation.value);
    return;
  }
  const object = parent as Record<string, unknown>;
  if (operation.op === 'test') return expectEqual(object[last] ?? null);
  if (operation.op !== 'add' && !(last in object)) throw fail('the member is missing');
  if (operation.op === 'remove') delete object[last];
  else object[last] = operation.value;

  function expectEqual(found: unknown): void {
    if (sorted(found) !== sorted('value' in operation ? operation.value : undefined))
      throw fail('test failed');
  }
}

/** JSON with its members in one order. */
const sorted = (value: unknown): string =>
  JSON.stringify(value, (_key, member: unknown) =>
    member !== null && typeof member === 'object' && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
