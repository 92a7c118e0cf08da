import { expect, test } from 'vitest';
import { aligned } from '../../../src/cli/columns.ts';

test('columns are as wide as their widest cell', () => {
  expect(
    aligned([
      ['NAME', 'KIND'],
      ['a', 'b'],
      ['longer', 'c'],
    ]),
  ).toBe('NAME     KIND\na        b\nlonger   c\n');
});

test('of however many rows', () => {
  const rows = Array.from({ length: 200_000 }, () => ['a', 'b']);
  expect(aligned([...rows, ['longer', 'c']])).toMatch(/^a {8}b\n/);
});
