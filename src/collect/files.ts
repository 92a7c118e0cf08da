import type { Dirent } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { exit, messageOf, UserError } from '../errors.ts';
import type {
  Collection,
  Held,
  HeldSource,
  ObjectsBySource,
  SourceName,
  SourceOutcome,
  Workload,
} from '../model.ts';
import { plural } from '../text.ts';
import { hashOf } from './cluster.ts';
import { anyKind } from './definition.ts';
import { readManifests, type ManifestObject } from './manifests.ts';
import { dotted, misplacedFields } from './misplaced.ts';
import { ProjectionError } from './project.ts';
import { definitionOf, sourceNames } from './sources.ts';

export interface FilesOptions {
  /** Audit only these; absent means all. */
  namespaces?: readonly string[];
  /** What `-` reads. */
  stdin?: AsyncIterable<string | Uint8Array>;
}

/** What the files hold, and how many objects of kinds that no check reads. */
export interface FileCollection extends Collection {
  ignored: number;
}

/** An object of a source. */
export interface Projected {
  source: SourceName;
  object: ObjectsBySource[SourceName];
}

const podPageSize = 500;

/**
 * Reads manifests: files, directories with all below them (`.yaml`, `.yml`, `.json`, hidden ones left out), and `-` for
 * standard input.
 * @throws UserError (usage) with file and line for what is missing, malformed, or holds nothing to audit.
 */
export async function collectFiles(
  paths: readonly string[],
  options: FilesOptions = {},
): Promise<FileCollection> {
  const { namespaces } = options;
  const files = (await Promise.all(paths.map((path) => filesIn(path)))).flat();
  // Of two with the same name the later wins, as if applied in this order.
  const found = new Map<string, Projected>();
  const warnings: string[] = [];
  let ignored = 0;
  for (const file of files) {
    for (const manifest of await readManifests(nameOf(file), await contentOf(file, options))) {
      const projected = tryProject(manifest);
      if (projected === undefined) ignored += 1;
      else {
        found.set(keyOf(projected, found.size), projected);
        if (!isInScope(projected, namespaces)) continue;
        for (const warning of warningsAbout(manifest, projected)) warnings.push(warning);
      }
    }
  }
  if (found.size === 0) {
    throw new UserError(`There is nothing to audit in ${paths.join(', ')}.`, {
      hint: `Give manifests of Pods, workloads, RBAC or NetworkPolicies${ignored === 0 ? '' : `; ${plural(ignored, 'object')} of other kinds ${ignored === 1 ? 'was' : 'were'} found`}.`,
      exitCode: exit.usage,
    });
  }
  const bySource = new Map(sourceNames.map((name) => [name, inScope(name, found, namespaces)]));
  const pods = (bySource.get('pods') ?? []) as Workload[];
  const held = sourceNames.filter((name): name is HeldSource => name !== 'pods');
  return {
    scope: {
      kind: 'files',
      files: files.map(nameOf),
      ...(namespaces ? { namespaces: [...namespaces] } : {}),
    },
    cluster: {
      id: hashOf(files.join('\n')),
      name: 'this set of manifests',
      server: 'files',
      version: 'unknown',
      platform: 'kubernetes',
    },
    held: Object.fromEntries(held.map((name) => [name, bySource.get(name)])) as unknown as Held,
    outcomes: Object.fromEntries(held.map((name) => [name, outcomeOf(name, bySource, namespaces)])) as Record<
      HeldSource,
      SourceOutcome
    >,
    ...(warnings.length === 0 ? {} : { warnings }),
    ignored,
    async streamPods(sink) {
      for (let at = 0; at < pods.length; at += podPageSize) {
        await sink.page(pods.slice(at, at + podPageSize));
      }
      return outcomeOf('pods', bySource, namespaces);
    },
  };
}

/**
 * Projects an object as it stands in a manifest; undefined for a kind that is not read. Objects of namespaced kinds
 * are in `default` unless they say otherwise.
 * @throws ProjectionError for a field of the wrong type.
 */
export function projectObject(raw: Record<string, unknown>): Projected | undefined {
  const source = sourceOf(String(raw['apiVersion']), String(raw['kind']));
  if (source === undefined) return undefined;
  const { namespaced, project } = definitionOf(source);
  const object = project(raw);
  if (namespaced) object.metadata.namespace ??= 'default';
  else delete object.metadata.namespace;
  return { source, object };
}

const sourceOf = (apiVersion: string, kind: string): SourceName | undefined =>
  sourceNames.find((name) => {
    const definition = definitionOf(name);
    if (definition.kind !== kind && definition.kind !== anyKind) return false;
    return definition.apiVersion === apiVersion || definition.formerly?.includes(apiVersion);
  });

function tryProject({ raw, apiVersion, kind, wrong }: ManifestObject): Projected | undefined {
  try {
    return projectObject({ ...raw, apiVersion, kind });
  } catch (error) {
    throw error instanceof ProjectionError ? wrong(error) : error;
  }
}

const warningsAbout = (
  { raw, kind, placeOf }: ManifestObject,
  { object: { metadata } }: Projected,
): string[] =>
  misplacedFields(raw, kind).map(
    ({ path, what }) =>
      `${placeOf(path)}: ${kind} ${metadata.namespace ?? ''}/${metadata.name}: ${dotted(path)} ${what}`,
  );

/** Objects whose names the API server makes up are all different. */
function keyOf({ source, object: { metadata } }: Projected, index: number): string {
  const unnamed = metadata.generateName === metadata.name;
  return [source, metadata.namespace ?? '', metadata.name, unnamed ? index : ''].join('/');
}

const inScope = (
  source: SourceName,
  found: ReadonlyMap<string, Projected>,
  namespaces: readonly string[] | undefined,
) =>
  [...found.values()]
    .filter((each) => each.source === source && isInScope(each, namespaces))
    .map(({ object }) => object);

function isInScope(
  { source, object: { metadata } }: Projected,
  namespaces: readonly string[] | undefined,
): boolean {
  if (!namespaces) return true;
  return namespaces.includes(source === 'namespaces' ? metadata.name : (metadata.namespace ?? ''));
}

function outcomeOf(
  source: SourceName,
  bySource: ReadonlyMap<SourceName, readonly unknown[]>,
  namespaces: readonly string[] | undefined,
): SourceOutcome {
  const count = bySource.get(source)?.length ?? 0;
  if (count > 0) return { state: 'ok', count };
  const where = namespaces ? ` in ${namespaces.join(', ')}` : '';
  return {
    state: 'not-requested',
    count,
    reason: `the given files hold no ${nameOfKind(source)}${where}`,
  };
}

function nameOfKind(source: SourceName): string {
  const { kind, apiVersion } = definitionOf(source);
  return kind === anyKind ? `object of ${apiVersion}` : kind;
}

const nameOf = (file: string): string => (file === '-' ? 'stdin' : file);

async function contentOf(file: string, { stdin = process.stdin }: FilesOptions): Promise<string> {
  if (file === '-') return textOf(stdin as NodeJS.ReadableStream);
  return readFile(file, 'utf8').catch((error: unknown) => unreadable(file, error));
}

/** The file, or the manifests in the directory. Links are followed to files, not to directories. */
async function filesIn(path: string): Promise<string[]> {
  if (path === '-') return [path];
  const is = await stat(path).catch((error: unknown) => unreadable(path, error));
  return is.isDirectory() ? manifestsBelow(path) : [path];
}

async function manifestsBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((error: unknown) =>
    unreadable(directory, error),
  );
  const shown = entries.filter(({ name }) => !name.startsWith('.'));
  const below = await Promise.all(
    shown
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map(async (entry) => {
        const path = join(directory, entry.name);
        if (entry.isDirectory()) return manifestsBelow(path);
        if (!/\.(ya?ml|json)$/.test(entry.name)) return [];
        const is = await stat(path).catch((error: unknown) => unreadable(path, error, entry));
        return is.isFile() ? [path] : [];
      }),
  );
  return below.flat();
}

function unreadable(path: string, error: unknown, entry?: Dirent): never {
  const missing = (error as { code?: unknown }).code === 'ENOENT';
  const gone = entry?.isSymbolicLink() ? 'is a link to what does not exist' : 'does not exist';
  throw new UserError(missing ? `${path} ${gone}.` : `Cannot read ${path}: ${messageOf(error)}.`, {
    hint: 'Give files, directories, or - for standard input with --filename.',
    exitCode: exit.usage,
  });
}
