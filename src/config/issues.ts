import { isMap, isNode, isScalar, type Document, type LineCounter } from 'yaml';
import type * as z from 'zod';
import { closest } from '../text.ts';

/** One thing wrong with the configuration; `where` is file:line:column, or the name of a variable. */
export interface Problem {
  where: string;
  message: string;
}

export interface IssueContext {
  file: string | undefined;
  document: Document | undefined;
  lines: LineCounter;
  /** What was validated. */
  value: unknown;
  /** Which variable a setting came from, by dotted path. */
  origins: ReadonlyMap<string, string>;
  /** JSON Schema of the whole: what is allowed where. */
  schema: z.core.JSONSchema.BaseSchema;
}

type Path = readonly PropertyKey[];
type Issue = z.core.$ZodIssue;

/** What the schema found, in words, at the place where a person can change it. */
export const describeIssues = (issues: readonly Issue[], context: IssueContext): Problem[] =>
  issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      const allowed = Object.keys(schemaAt(context.schema, issue.path)?.properties ?? {});
      return issue.keys.map((key) => ({
        where: place([...issue.path, key], context, 'key'),
        message: `${settingName([...issue.path, key])}: ${unknownKey(key, allowed)}`,
      }));
    }
    const message = describe(issue, valueAt(context.value, issue.path));
    const name = issue.path.length === 0 ? '' : `${settingName(issue.path)}: `;
    return [{ where: place(issue.path, context, 'value'), message: `${name}${message}` }];
  });

/** `channels[0].host` */
export const settingName = (path: Path): string =>
  path
    .map((step, i) => (typeof step === 'number' ? `[${step}]` : `${i === 0 ? '' : '.'}${String(step)}`))
    .join('');

function unknownKey(key: string, allowed: readonly string[]): string {
  if (
    /password|secret|token/i.test(key) &&
    !allowed.includes(key) &&
    closest(key, ['passwordFile']) === undefined
  )
    return 'a secret does not belong in this file; use passwordFile, or the variable PASSMUSTER_SMTP_PASSWORD';
  const meant = closest(key, allowed);
  if (meant !== undefined) return `no such setting; did you mean ${meant}?`;
  return `no such setting; allowed are ${allowed.join(', ')}`;
}

const typeWords: Readonly<Record<string, string>> = {
  string: 'must be text',
  number: 'must be a number',
  int: 'must be a whole number',
  boolean: 'must be true or false',
  array: 'must be a list',
  object: 'must be a mapping (lines of "key: value")',
};

function describe(issue: Issue, value: unknown): string {
  if (value === undefined || value === null) {
    return issue.code === 'invalid_value' ? `is required: ${issue.values.join(', ')}` : 'is required';
  }
  switch (issue.code) {
    case 'invalid_type':
      return typeWords[issue.expected] ?? `must be of type ${issue.expected}`;
    case 'invalid_value': {
      const allowed = issue.values.map(String);
      const meant = typeof value === 'string' && allowed.length > 1 ? closest(value, allowed) : undefined;
      const question = meant === undefined ? '' : `; did you mean ${meant}?`;
      return `must be ${allowed.length > 1 ? 'one of ' : ''}${allowed.join(', ')}${question}`;
    }
    case 'too_small':
      return issue.origin === 'int' || issue.origin === 'number'
        ? `must be at least ${issue.minimum}`
        : issue.message;
    case 'too_big':
      return issue.origin === 'int' || issue.origin === 'number'
        ? `must be at most ${issue.maximum}`
        : issue.message;
    default:
      return issue.message;
  }
}

/** The variable a setting came from, else its line and column; of a setting that is not there, those of what should hold it. */
function place(path: Path, context: IssueContext, part: 'key' | 'value'): string {
  const { origins, document, lines, file } = context;
  const variable = origins.get(path.map(String).join('.'));
  if (variable !== undefined) return variable;
  if (file === undefined || document === undefined) return 'settings from variables';
  for (let length = path.length; length >= 0; length -= 1) {
    const offset = offsetAt(document, path.slice(0, length), length === path.length ? part : 'value');
    if (offset === undefined) continue;
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  }
  return `${file}:1:1`;
}

function offsetAt(document: Document, path: Path, part: 'key' | 'value'): number | undefined {
  if (part === 'key') {
    const parent = nodeAt(document, path.slice(0, -1));
    const pair = isMap(parent)
      ? parent.items.find(({ key }) => isScalar(key) && String(key.value) === path.at(-1))
      : undefined;
    return isScalar(pair?.key) ? pair.key.range?.[0] : undefined;
  }
  const node = nodeAt(document, path);
  return isNode(node) ? node.range?.[0] : undefined;
}

const nodeAt = (document: Document, path: Path): unknown =>
  path.length === 0 ? document.contents : document.getIn(path, true);

function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, step) => (value !== null && typeof value === 'object' ? Reflect.get(value, step) : undefined),
    root,
  );
}

function schemaAt(root: z.core.JSONSchema.BaseSchema, path: Path): z.core.JSONSchema.BaseSchema | undefined {
  return path.reduce<z.core.JSONSchema.BaseSchema | undefined>((schema, step) => {
    const next = typeof step === 'number' ? schema?.items : schema?.properties?.[String(step)];
    return typeof next === 'object' && !Array.isArray(next) ? next : undefined;
  }, root);
}
