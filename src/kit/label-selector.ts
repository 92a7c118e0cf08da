import type { LabelSelector } from '../model.ts';

type Labels = Readonly<Record<string, string>>;

/**
 * Whether a selector of the API selects an object with these labels. An empty one selects everything; what a missing one
 * does depends on the field that it is missing from. One that the API server would refuse selects nothing.
 */
export const selects = (
  { matchLabels = {}, matchExpressions = [] }: LabelSelector,
  labels: Labels = {},
): boolean =>
  Object.entries(matchLabels).every(([key, value]) => valueOf(labels, key) === value) &&
  matchExpressions.every(({ key, operator, values = [] }) =>
    (operators.get(operator) ?? never)(valueOf(labels, key), values),
  );

type Operator = (value: string | undefined, values: readonly string[]) => boolean;

const never: Operator = () => false;

/** In and NotIn need values; a label that is not there is not in any. */
const operators: ReadonlyMap<string, Operator> = new Map([
  ['In', (value, values) => value !== undefined && values.includes(value)],
  ['NotIn', (value, values) => values.length > 0 && (value === undefined || !values.includes(value))],
  ['Exists', (value) => value !== undefined],
  ['DoesNotExist', (value) => value === undefined],
]);

const valueOf = (labels: Labels, key: string): string | undefined =>
  Object.hasOwn(labels, key) ? labels[key] : undefined;
