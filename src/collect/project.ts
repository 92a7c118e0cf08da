/**
 * Projections: small functions, put together by the shape of a model type, that take from a raw object exactly the
 * fields of that type. The compiler refuses one that forgets a field. `null` is absence, as in the Kubernetes API; empty
 * objects and lists stay, because a patch cares whether its parents exist.
 */

type Raw = Readonly<Record<string, unknown>>;

/** Takes a value (and the object around it, for what depends on more than the value). */
export type Projection<T> = (value: unknown, parent: Raw) => T;

/** A field whose value is not found under the field's own name. */
interface Elsewhere<T> {
  readonly path: readonly string[];
  readonly project: Projection<T>;
}

type FieldSource<T> = Projection<T> | Elsewhere<T>;

type OptionalKeys<T> = { [K in keyof T]-?: object extends Pick<T, K> ? K : never }[keyof T];

/** Where each field comes from: an optional one may turn out absent, a required one may not. */
export type Fields<T> = {
  [K in keyof T]-?: FieldSource<K extends OptionalKeys<T> ? T[K] | undefined : T[K]>;
};

/** A value of the wrong type. `path` grows from the inside out while the error passes through the projections. */
export class ProjectionError extends Error {
  readonly path: (string | number)[] = [];

  /** `spec.containers[0].image must be a string`. */
  describe(): string {
    const path = this.path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('');
    return `${path.replace(/^\./, '') || 'the object'} ${this.message}`;
  }
}

function prefixed(error: unknown, steps: readonly (string | number)[]): unknown {
  if (error instanceof ProjectionError) error.path.unshift(...steps);
  return error;
}

const isAbsent = (value: unknown): value is undefined | null => value === undefined || value === null;

function asObject(value: unknown): Raw {
  if (typeof value === 'object' && !Array.isArray(value)) return value as Raw;
  throw new ProjectionError('must be an object');
}

export function object<T>(fields: Fields<T>): Projection<T | undefined> {
  const steps = Object.entries<FieldSource<unknown>>(fields).map(([key, source]) =>
    typeof source === 'function' ? { key, path: [key], project: source } : { key, ...source },
  );
  return (value) => {
    if (isAbsent(value)) return undefined;
    const raw = asObject(value);
    const projected: Record<string, unknown> = {};
    for (const { key, path, project } of steps) {
      try {
        const field = project(valueAt(raw, path), raw);
        if (field !== undefined) projected[key] = field;
      } catch (error) {
        throw prefixed(error, path);
      }
    }
    return projected as T;
  };
}

function valueAt(raw: Raw, path: readonly string[]): unknown {
  let value = raw[path[0] as string];
  for (let depth = 1; depth < path.length; depth += 1) {
    if (isAbsent(value)) return undefined;
    value = asObject(value)[path[depth] as string];
  }
  return value;
}

/** The value at the end of a path into the object, instead of the one under the field's name. */
export const from = <T>(path: readonly string[], project: Projection<T>): Elsewhere<T> => ({ path, project });

export function list<T>(element: Projection<T | undefined>): Projection<T[] | undefined> {
  return (value, parent) => {
    if (isAbsent(value)) return undefined;
    if (!Array.isArray(value)) throw new ProjectionError('must be a list');
    return value.map((one: unknown, index) => {
      try {
        const projected = element(one, parent);
        if (projected === undefined) throw new ProjectionError('must not be null');
        return projected;
      } catch (error) {
        throw prefixed(error, [index]);
      }
    });
  };
}

function scalar<T>(is: (value: unknown) => value is T, name: string): Projection<T | undefined> {
  return (value) => {
    if (isAbsent(value)) return undefined;
    if (is(value)) return value;
    throw new ProjectionError(`must be ${name}`);
  };
}

export const string = scalar((value): value is string => typeof value === 'string', 'a string');
export const bool = scalar((value): value is boolean => typeof value === 'boolean', 'true or false');
export const int = scalar((value): value is number => Number.isInteger(value), 'a whole number');
export const strings = list(string);

/** Labels and the like. */
export const stringMap: Projection<Record<string, string> | undefined> = (value) => {
  if (isAbsent(value)) return undefined;
  const raw = asObject(value);
  for (const key of Object.keys(raw)) {
    if (typeof raw[key] !== 'string') throw prefixed(new ProjectionError('must be a string'), [key]);
  }
  return raw as Record<string, string>;
};

/** The annotations whose keys match; undefined where there are none. */
export const annotationsLike =
  (pattern: RegExp): Projection<Record<string, string> | undefined> =>
  (value, parent) => {
    const kept = Object.entries(stringMap(value, parent) ?? {}).filter(([key]) => pattern.test(key));
    return kept.length === 0 ? undefined : Object.fromEntries(kept);
  };

/** An absent object counts as one without fields: checks need not ask twice. */
export const orNothing =
  <T extends object>(project: Projection<T | undefined>): Projection<T> =>
  (value, parent) =>
    project(value, parent) ?? ({} as T);

export const constant =
  <T>(value: T): Projection<T> =>
  () =>
    value;

export const required =
  <T>(project: Projection<T | undefined>): Projection<T> =>
  (value, parent) => {
    const projected = project(value, parent);
    if (projected === undefined) throw new ProjectionError('is missing');
    return projected;
  };

export const orEmpty =
  <T>(project: Projection<T[] | undefined>): Projection<T[]> =>
  (value, parent) =>
    project(value, parent) ?? [];
