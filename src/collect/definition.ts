/** What a source is: a kind of the API, where its list is, and what is taken from its objects. */
import { podSpecPath, type KubeObject, type Workload } from '../model.ts';
import { controllerOf, metadata } from './metadata.ts';
import { podAnnotations, podSpec } from './pod-spec.ts';
import {
  constant,
  from,
  int,
  list,
  object,
  required,
  string,
  stringMap,
  type Fields,
  type Projection,
} from './project.ts';

/** Stands for kind and resource of a source that reads every kind of its API group. */
export const anyKind = '*';

/** One kind that is read. */
export interface SourceDefinition<T> {
  readonly apiVersion: string;
  readonly kind: string;
  /** The plural in the path of the API and in RBAC rules; `*` for whatever kinds the group has (`kind` is `*` too). */
  readonly resource: string;
  readonly namespaced: boolean;
  /**
   * Older apiVersions with the same fields, as far as they are read: they stand in manifests, and a server that does not
   * serve the newer one is asked for the first of these that it serves.
   */
  readonly formerly?: readonly string[];
  /** @throws ProjectionError when a field has the wrong type. */
  readonly project: (raw: unknown) => T;
}

export type Definition<T> = Omit<SourceDefinition<T>, 'project'>;

/** A source whose objects have `fields` besides apiVersion, kind and metadata. */
export function source<T extends KubeObject>(
  definition: Definition<T>,
  fields: Omit<Fields<T>, keyof KubeObject>,
): SourceDefinition<T> {
  const { apiVersion, kind } = definition;
  const all = {
    apiVersion: constant(apiVersion),
    kind: kind === anyKind ? required(string) : constant(kind),
    metadata,
    ...fields,
  } as unknown as Fields<T>;
  const project = required(object<T>(all));
  return { ...definition, project: (raw) => project(raw, {}) };
}

const podIPList = list(object<{ ip?: string }>({ ip: string }));
const podIPs: Projection<string[] | undefined> = (value, parent) =>
  podIPList(value, parent)?.flatMap(({ ip }) => ip ?? []);

/** `templateOf`: API group and kind of the controller whose own template is read instead. */
export function workload(definition: Definition<Workload>, templateOf?: { group: string; kind: string }) {
  const path = podSpecPath[definition.kind] ?? [];
  return source<Workload>(definition, {
    podSpec: from(path, (value, raw) => {
      if (templateOf && isControlledBy(raw, templateOf)) return undefined;
      return podSpec(value, raw);
    }),
    podAnnotations: from([...path.slice(0, -1), 'metadata', 'annotations'], podAnnotations),
    podLabels: from([...path.slice(0, -1), 'metadata', 'labels'], stringMap),
    podIPs: from(['status', 'podIPs'], podIPs),
    replicas: from(['spec', 'replicas'], int),
    scheduled: from(['status', 'desiredNumberScheduled'], int),
    ready: from(['status', 'numberReady'], int),
    phase: from(['status', 'phase'], string),
    admittedBy: from(['metadata', 'annotations', 'kubernetes.io/psp'], string),
  });
}

function isControlledBy(
  raw: Readonly<Record<string, unknown>>,
  { group, kind }: { group: string; kind: string },
) {
  const { ownerReferences } = (raw['metadata'] ?? {}) as { ownerReferences?: unknown };
  const controller = controllerOf(ownerReferences, raw);
  return controller?.kind === kind && controller.apiVersion.startsWith(`${group}/`);
}

/** Path of the list in the API, of one namespace or of all. */
export function listPath(
  { apiVersion, resource }: Pick<SourceDefinition<unknown>, 'apiVersion' | 'resource'>,
  namespace?: string,
): string {
  const scope = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${apiPath(apiVersion)}${scope}/${resource}`;
}

/** Path of a group version: of its resource list, and of what is in it. */
export const apiPath = (apiVersion: string): string =>
  apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
