import { ApiError } from '../api/errors.ts';
import type { Connection } from '../api/connection.ts';
import type { Node, Platform } from '../model.ts';
import { anyKind, apiPath, type SourceDefinition } from './definition.ts';

/** What the API server says about itself. */
export interface Discovery {
  /** `gitVersion`, or `unknown`. */
  version: string;
  /** Every `group/version` served, the core `v1` left out; undefined when the server would not say. */
  groupVersions: ReadonlySet<string> | undefined;
  /**
   * The lists that a source is here, or why there are none: nobody can tell when discovery fails, which is no absence.
   * `doubtful` looks into the resource list of the group version too, after a list was refused or not found.
   * @throws ApiError when the kinds of a source of any kind cannot be told.
   */
  locate(
    definition: Pick<SourceDefinition<unknown>, 'apiVersion' | 'formerly' | 'resource' | 'kind'>,
    doubtful?: boolean,
  ): Promise<{ lists: ServedList[] } | { absent: string }>;
}

/** One list of the API. */
export interface ServedList {
  apiVersion: string;
  resource: string;
  kind: string;
}

/**
 * Asks for version and groups.
 * @throws ApiError when there is no way to the API server at all: nothing could be read after that either.
 */
export async function discover(connection: Connection): Promise<Discovery> {
  const [version, groups] = await Promise.all([
    connection.get('/version').catch(survivable),
    connection.get('/apis').catch(survivable),
  ]);
  if (version instanceof ApiError && groups instanceof ApiError && groups.reason !== 'forbidden')
    throw groups;
  const groupVersions = groups instanceof ApiError ? undefined : groupVersionsOf(groups);
  const resourceLists = new Map<string, Promise<readonly ApiResource[] | undefined>>();

  const resourcesOf = (apiVersion: string) => {
    const known = resourceLists.get(apiVersion) ?? connection.get(apiPath(apiVersion)).then(resourcesIn);
    resourceLists.set(apiVersion, known);
    return known;
  };

  return {
    version:
      version instanceof ApiError || typeof version['gitVersion'] !== 'string'
        ? 'unknown'
        : version['gitVersion'],
    groupVersions,
    async locate({ apiVersion, formerly = [], resource, kind }, doubtful = false) {
      const served = [apiVersion, ...formerly].filter((one) => groupVersions?.has(one) ?? one === apiVersion);
      if (!apiVersion.includes('/')) return { lists: [{ apiVersion, resource, kind }] };
      const [preferred] = served;
      if (preferred === undefined) return { absent: `the API server does not serve ${apiVersion}` };
      if (kind === anyKind) {
        const kinds = (groupVersions && (await resourcesOf(preferred))) ?? [];
        const lists = kinds.filter(({ name }) => !name.includes('/'));
        if (lists.length === 0) return { absent: `the API server does not serve any kind of ${apiVersion}` };
        return {
          lists: lists.map((each) => ({ apiVersion: preferred, resource: each.name, kind: each.kind })),
        };
      }
      if (!doubtful) return { lists: [{ apiVersion: preferred, resource, kind }] };
      for (const candidate of served) {
        const resources = await resourcesOf(candidate).catch(unknownIfFailed);
        if (!resources || resources.some(({ name }) => name === resource))
          return { lists: [{ apiVersion: candidate, resource, kind }] };
      }
      return { absent: `the API server does not serve ${resource} in ${served.join(' or ')}` };
    },
  };
}

/** Without these the list requests would fail the same way. */
const hopeless: ReadonlySet<string> = new Set(['unauthorized', 'unreachable', 'untrusted']);

function survivable(error: unknown): ApiError {
  if (error instanceof ApiError && !hopeless.has(error.reason)) return error;
  throw error;
}

function unknownIfFailed(error: unknown): undefined {
  if (error instanceof ApiError) return undefined;
  throw error;
}

interface GroupList {
  groups?: { versions?: { groupVersion?: string }[] }[];
}

function groupVersionsOf(list: GroupList): ReadonlySet<string> | undefined {
  if (!Array.isArray(list.groups)) return undefined;
  return new Set(
    list.groups.flatMap(({ versions }) => (versions ?? []).map(({ groupVersion }) => groupVersion ?? '')),
  );
}

interface ApiResource {
  name: string;
  kind: string;
}

function resourcesIn(list: { resources?: Partial<ApiResource>[] }): readonly ApiResource[] | undefined {
  if (!Array.isArray(list.resources)) return undefined;
  return list.resources.map(({ name = '', kind = '' }) => ({ name, kind }));
}

interface Traits {
  nodes: readonly Node[];
  discovery: Pick<Discovery, 'version' | 'groupVersions'>;
  server: string;
}

const hasGroup = ({ discovery }: Traits, suffix: string): boolean =>
  [...(discovery.groupVersions ?? [])].some((groupVersion) => groupVersion.split('/')[0]?.endsWith(suffix));

const hasNodeLabel = ({ nodes }: Traits, prefix: string): boolean =>
  nodes.some(({ metadata }) => Object.keys(metadata.labels ?? {}).some((label) => label.startsWith(prefix)));

/** The first whose signs are there; what runs on a cloud's machines without its managed control plane has none. */
const platforms: readonly { platform: Platform; is: (traits: Traits) => boolean }[] = [
  { platform: 'openshift', is: (traits) => hasGroup(traits, '.openshift.io') },
  {
    platform: 'gke',
    is: (traits) => /-gke\./.test(traits.discovery.version) || hasNodeLabel(traits, 'cloud.google.com/gke-'),
  },
  {
    platform: 'eks',
    is: (traits) =>
      /-eks-/.test(traits.discovery.version) ||
      hasNodeLabel(traits, 'eks.amazonaws.com/') ||
      /\.eks\.amazonaws\.com(\.cn)?(:\d+)?(\/|$)/.test(traits.server),
  },
  {
    platform: 'aks',
    is: (traits) =>
      hasNodeLabel(traits, 'kubernetes.azure.com/') ||
      /\.azmk8s\.(io|us|cn)(:\d+)?(\/|$)/.test(traits.server),
  },
];

/** Which managed platform this is, by its nodes, the groups it serves, its version and its address. */
export const platformOf = (traits: Traits): Platform =>
  platforms.find(({ is }) => is(traits))?.platform ?? 'kubernetes';
