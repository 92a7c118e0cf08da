import type { Change, Field, FieldStep, Json } from '../model.ts';

/** `spec.containers[0].securityContext.privileged`, as kubectl writes paths. */
export function formatField(field: Field): string {
  let path = '';
  for (const step of field) {
    if (typeof step === 'string') path += path === '' ? step : `.${step}`;
    else path += `[${step.index}]`;
  }
  return path;
}

const containerLists: ReadonlySet<string> = new Set(['containers', 'initContainers', 'ephemeralContainers']);

/** The same without indexes: list elements by what recognises them, so that a reordering changes nothing. */
export function fieldIdentity(field: Field): string {
  let identity = '';
  for (const step of field)
    identity += typeof step === 'string' ? `.${step}` : `[${whereIdentity(step.where)}]`;
  return identity;
}

const whereIdentity = (where: Exclude<FieldStep, string>['where']): string =>
  Object.keys(where)
    .toSorted()
    .map((key) => `${key}=${where[key]}`)
    .join(',');

/** The name of the container that the field lies in, if it lies in one. */
export function containerOf(field: Field): string | undefined {
  const list = field.findIndex((step) => typeof step === 'string' && containerLists.has(step));
  const element = list === -1 ? undefined : field[list + 1];
  if (element === undefined || typeof element === 'string') return undefined;
  return String(element.where['name']);
}

/** A list element, recognised by its name: the usual case. */
export const named = (index: number, name: string): FieldStep => ({ index, where: { name } });

/** RFC 6901 pointer of the field, or of its first `length` steps. */
export function jsonPointer(field: Field, length = field.length): string {
  return field
    .slice(0, length)
    .map((step) => (typeof step === 'string' ? step : String(step.index)))
    .map((token) => `/${token.replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('');
}

/** The value at the field, or undefined where it or a parent is absent. */
export function valueAt(root: unknown, field: Field): Json | undefined {
  let value: unknown = root;
  for (const step of field) {
    if (value === null || typeof value !== 'object') return undefined;
    value = (value as Record<string, unknown>)[typeof step === 'string' ? step : step.index];
  }
  return value as Json | undefined;
}

/**
 * The change of one field of `root` to `after` (undefined: remove it), with what is needed to undo it exactly.
 * Pass the object as it is now; the change records the value and how many of the nearest parents are absent.
 */
export function changeTo(root: unknown, field: Field, after?: Json): Change {
  let missingParents = 0;
  for (let length = field.length - 1; length > 0; length -= 1) {
    if (valueAt(root, field.slice(0, length)) !== undefined) break;
    missingParents += 1;
  }
  const before = valueAt(root, field);
  const isElement = typeof field.at(-1) === 'object';
  const list = isElement && after === undefined ? valueAt(root, field.slice(0, -1)) : undefined;
  return {
    field,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
    ...(missingParents === 0 ? {} : { missingParents }),
    ...(Array.isArray(list) ? { listLength: list.length } : {}),
  };
}
