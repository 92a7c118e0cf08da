import { describe, expect, test } from 'vitest';
import {
  bool,
  from,
  int,
  list,
  object,
  orEmpty,
  ProjectionError,
  required,
  string,
  stringMap,
} from '../../../src/collect/project.ts';

interface Inner {
  size?: number;
}
interface Outer {
  name: string;
  on?: boolean;
  inner?: Inner;
  tags: string[];
  labels?: Record<string, string>;
  deep?: string;
}

const outer = object<Outer>({
  name: required(string),
  on: bool,
  inner: object<Inner>({ size: int }),
  tags: orEmpty(list(string)),
  labels: stringMap,
  deep: from(['very', 'deep'], string),
});

const problemOf = (raw: unknown): string => {
  try {
    outer(raw, {});
  } catch (error) {
    if (error instanceof ProjectionError) return error.describe();
    throw error;
  }
  return 'none';
};

describe('a projection', () => {
  test('takes the fields of the type and nothing else', () => {
    const raw = {
      name: 'a',
      on: false,
      inner: { size: 0, weight: 1 },
      tags: ['t'],
      other: 'x',
      very: { deep: 'd' },
    };
    expect(outer(raw, {})).toStrictEqual({
      name: 'a',
      on: false,
      inner: { size: 0 },
      tags: ['t'],
      deep: 'd',
    });
  });

  test('takes null for absence, and keeps what is empty', () => {
    const raw = { name: 'a', on: null, inner: {}, tags: null, labels: {}, very: null };
    expect(outer(raw, {})).toStrictEqual({ name: 'a', inner: {}, tags: [], labels: {} });
    expect(outer(null, {})).toBeUndefined();
  });

  test.each([
    [{ tags: [] }, 'name is missing'],
    [{ name: 'a', on: 'yes' }, 'on must be true or false'],
    [{ name: 'a', inner: [] }, 'inner must be an object'],
    [{ name: 'a', inner: { size: '5' } }, 'inner.size must be a whole number'],
    [{ name: 'a', inner: { size: 1.5 } }, 'inner.size must be a whole number'],
    [{ name: 'a', tags: {} }, 'tags must be a list'],
    [{ name: 'a', tags: ['b', 7] }, 'tags[1] must be a string'],
    [{ name: 'a', tags: [null] }, 'tags[0] must not be null'],
    [{ name: 'a', labels: { version: 1 } }, 'labels.version must be a string'],
    [{ name: 'a', very: { deep: 1 } }, 'very.deep must be a string'],
    [{ name: 'a', very: 'x' }, 'very.deep must be an object'],
    [7, 'the object must be an object'],
  ])('%j: %s', (raw, problem) => {
    expect(problemOf(raw)).toBe(problem);
  });
});

// The type check is the test: none of these may compile.
// @ts-expect-error `size` is forgotten
object<Inner>({});
// @ts-expect-error `name` could be absent
object<{ name: string }>({ name: string });
// @ts-expect-error `size` is no string
object<Inner>({ size: string });
// @ts-expect-error there is no `weight`
object<Inner>({ size: int, weight: int });
