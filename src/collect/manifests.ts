import type { LineCounter, ParsedNode } from 'yaml';
import { endOfNested } from '../api/json.ts';
import { exit, messageOf, UserError } from '../errors.ts';
import { visible } from '../text.ts';
import type { ProjectionError } from './project.ts';

/** One object as written in a manifest. */
export interface ManifestObject {
  raw: Record<string, unknown>;
  /** What kubectl would take for its apiVersion and kind; items of a `PodList` may leave them out. */
  apiVersion: string;
  kind: string;
  /** The error to show when a field of the object is wrong: file, line and path. */
  wrong: (error: ProjectionError) => UserError;
  /** Where a field of the object stands: the file, with line and column where they are known. */
  placeOf: (path: readonly (string | number)[]) => string;
}

/** Turns a path in a document into a place in the file. */
type Locate = (path: readonly (string | number)[]) => string;

/**
 * The objects of one file: JSON, or YAML with any number of documents; lists are taken apart.
 * @throws UserError (usage) with file, line and column for what cannot be read.
 */
export async function readManifests(file: string, text: string): Promise<ManifestObject[]> {
  const json = /^\s*[{[]/.test(text) ? parsedJson(text) : undefined;
  if (json !== undefined) return objectsIn(json, { file, text, locate: () => file });
  const values = jsonValues(file, text);
  if (values.length > 0)
    return values.flatMap(({ value, where }) => objectsIn(value, { file, text, locate: () => where }));

  const { LineCounter: Lines, parseAllDocuments } = await import('yaml');
  const lines = new Lines();
  const documents = parseAllDocuments(text, {
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'error',
    merge: true,
  });
  const found: ManifestObject[] = [];
  for (const document of Array.isArray(documents) ? documents : []) {
    const [problem] = document.errors;
    if (problem) {
      const message = problem.code === 'RESOURCE_EXHAUSTION' ? tooDeep : problem.message;
      throw syntaxError(`${file}:${position(lines, problem.pos[0])}`, message, text);
    }
    const locate: Locate = (path) => {
      const nodes = [...path.keys(), path.length].map((length) =>
        document.getIn(path.slice(0, length), true),
      );
      const range = (nodes.findLast((node) => hasRange(node)) as ParsedNode | undefined)?.range;
      return range ? `${file}:${position(lines, range[0])}` : file;
    };
    let value: unknown;
    try {
      value = document.toJS();
    } catch (error) {
      throw syntaxError(locate([]), error instanceof RangeError ? tooDeep : messageOf(error), text);
    }
    if (value === null || value === undefined) continue;
    for (const object of objectsIn(value, { file, text, locate })) found.push(object);
  }
  return found;
}

const tooDeep = 'this is nested too deeply to be read';
/** How many lists may be in one another: more than anybody means. On the path, each is `items` and an index. */
const deepestList = 50;
const stepsToDeepest = 2 * deepestList;

/** JSON is read by the YAML parser too (it knows the line of an error), but a large dump far faster by this one. */
function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

interface JsonValue {
  value: unknown;
  /** The file, and the line on which the value begins. */
  where: string;
}

const newline = 0x0a;
const space = 0x20;
const openingBrace = 0x7b;

/**
 * JSON objects one after the other, as `jq -c '.items[]'` writes them; none where the text does not begin with two of
 * them, which YAML could not be. Takes time that grows with the text, however many they are.
 */
function jsonValues(file: string, text: string): JsonValue[] {
  if (!/^\s*\{\s*["}]/.test(text)) return [];
  const bytes = Buffer.from(text.replace(/^\ufeff/, ''));
  const values: JsonValue[] = [];
  let line = 1;
  let end = 0;
  for (;;) {
    const start = behindSpace(bytes, end);
    line += newlinesIn(bytes.subarray(end, start));
    if (start === bytes.length) return values;
    end = bytes[start] === openingBrace ? endOfNested(bytes, start + 1) : -1;
    if (values.length === 0 && (end === -1 || bytes[behindSpace(bytes, end)] !== openingBrace)) return [];
    if (end === -1) end = bytes.length;
    const source = bytes.toString('utf8', start, end);
    try {
      values.push({ value: JSON.parse(source), where: `${file}:${line}` });
    } catch (error) {
      // Not every message has a position, and it counts from the beginning of the value.
      const [said = '', offset = ''] = messageOf(error).split(' at position ');
      const before = newlinesIn(Buffer.from(source.slice(0, Number.parseInt(offset, 10) || 0)));
      throw syntaxError(`${file}:${line + before}`, said, text);
    }
    line += newlinesIn(bytes.subarray(start, end));
  }
}

function behindSpace(bytes: Buffer, start: number): number {
  let at = start;
  while (at < bytes.length && (bytes[at] as number) <= space) at += 1;
  return at;
}

function newlinesIn(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(newline); at !== -1; at = bytes.indexOf(newline, at + 1)) count += 1;
  return count;
}

const hasRange = (node: unknown): boolean =>
  node !== null && typeof node === 'object' && Array.isArray((node as { range?: unknown }).range);

function position(lines: LineCounter, offset: number): string {
  const { line, col } = lines.linePos(offset);
  return `${line}:${col}`;
}

const syntaxError = (where: string, message: string, text: string): UserError =>
  new UserError(`${where}: ${visible(message)}`, {
    hint: hintFor(text, 'Correct the syntax there; to check: kubectl create --dry-run=client -f FILE.'),
    exitCode: exit.usage,
  });

const hintFor = (text: string, hint: string): string =>
  /\{\{.*\}\}/.test(text)
    ? 'It looks like a template: render it first, for example helm template … | passmuster scan -f -'
    : hint;

const isObject = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/** The object, or the objects in the list that it is. */
function objectsIn(
  value: unknown,
  { file, text, locate }: { file: string; text: string; locate: Locate },
): ManifestObject[] {
  return unlisted(value, [], {}).map(({ raw, path, apiVersion, kind }) => {
    if (path.length > stepsToDeepest) {
      throw new UserError(
        `${locate(path)}: more than ${deepestList} lists are in one another (${visible(path.join('.'), 80)}).`,
        {
          hint: 'Give the objects themselves, or one list of them.',
          exitCode: exit.usage,
        },
      );
    }
    if (!isObject(raw) || typeof apiVersion !== 'string' || typeof kind !== 'string') {
      throw new UserError(
        `${locate(path)}: this is not a Kubernetes object: it has no apiVersion and kind.`,
        {
          hint: hintFor(text, 'Give manifests as for kubectl apply -f.'),
          exitCode: exit.usage,
        },
      );
    }
    const placeOf: Locate = (field) => locate([...path, ...field]);
    const wrong = (error: ProjectionError): UserError => {
      const where = placeOf(error.path);
      const within = path.length === 0 ? '' : ` (${path.join('.')} of ${file})`;
      return new UserError(`${where}: ${visible(kind)}${within}: ${visible(error.describe())}.`, {
        hint: `See what the field may hold: kubectl explain ${visible(kind.toLowerCase())}.`,
        exitCode: exit.usage,
      });
    };
    return { raw, apiVersion, kind, wrong, placeOf };
  });
}

interface Placed {
  raw: unknown;
  path: (string | number)[];
  apiVersion: unknown;
  kind: unknown;
}

/** `List` holds objects of any kind, `PodList` Pods of its own apiVersion. */
function unlisted(
  raw: unknown,
  path: (string | number)[],
  implied: { apiVersion?: unknown; kind?: unknown },
): Placed[] {
  const given = isObject(raw) ? raw : {};
  const { apiVersion = implied.apiVersion, kind = implied.kind } = given;
  const listed = typeof kind === 'string' && Array.isArray(given['items']) ? /^(.*)List$/.exec(kind) : null;
  if (!listed || path.length > stepsToDeepest) return [{ raw, path, apiVersion, kind }];
  const inherited = listed[1] === '' ? {} : { apiVersion, kind: listed[1] };
  return (given['items'] as unknown[]).flatMap((item, index) =>
    unlisted(item, [...path, 'items', index], inherited),
  );
}
