import type { LineCounter, ParsedNode } from 'yaml';
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
    if (problem) throw syntaxError(`${file}:${position(lines, problem.pos[0])}`, problem.message, text);
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
      throw syntaxError(locate([]), messageOf(error), text);
    }
    if (value === null || value === undefined) continue;
    for (const object of objectsIn(value, { file, text, locate })) found.push(object);
  }
  return found;
}

/** JSON is read by the YAML parser too (it knows the line of an error), but a large dump far faster by this one. */
function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
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
  if (!listed) return [{ raw, path, apiVersion, kind }];
  const inherited = listed[1] === '' ? {} : { apiVersion, kind: listed[1] };
  return (given['items'] as unknown[]).flatMap((item, index) =>
    unlisted(item, [...path, 'items', index], inherited),
  );
}
