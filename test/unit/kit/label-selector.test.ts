import { expect, test } from 'vitest';
import { selects } from '../../../src/kit/label-selector.ts';
import type { LabelSelector } from '../../../src/model.ts';

const expression = (operator: string, ...values: string[]): LabelSelector => ({
  matchExpressions: [{ key: 'tier', operator, ...(values.length === 0 ? {} : { values }) }],
});

test.each<[LabelSelector, Record<string, string> | undefined, boolean]>([
  [{}, undefined, true],
  [{}, { tier: 'web' }, true],
  [{ matchLabels: { tier: 'web' } }, { tier: 'web', team: 'a' }, true],
  [{ matchLabels: { tier: 'web' } }, { tier: 'db' }, false],
  [{ matchLabels: { tier: 'web' } }, undefined, false],
  [{ matchLabels: { tier: 'web', team: 'a' } }, { tier: 'web' }, false],
  [expression('In', 'web', 'db'), { tier: 'db' }, true],
  [expression('In', 'web'), { tier: 'db' }, false],
  [expression('In', 'web'), {}, false],
  [expression('NotIn', 'web'), { tier: 'db' }, true],
  [expression('NotIn', 'web'), { tier: 'web' }, false],
  [expression('NotIn', 'web'), {}, true],
  [expression('Exists'), { tier: '' }, true],
  [expression('Exists'), {}, false],
  [expression('DoesNotExist'), {}, true],
  [expression('DoesNotExist'), { tier: '' }, false],
  // The API server refuses these.
  [expression('NotIn'), { tier: 'web' }, false],
  [expression('Equals', 'web'), { tier: 'web' }, false],
  [expression('constructor', 'web'), { tier: 'web' }, false],
  [{ matchLabels: { tier: 'web' }, ...expression('NotIn', 'web') }, { tier: 'web' }, false],
  [{ matchLabels: { constructor: 'x' } }, {}, false],
])('%o and %o', (selector, labels, selected) => {
  expect(selects(selector, labels)).toBe(selected);
});
