import type { Connection } from '../api/connection.ts';
import { ApiError } from '../api/errors.ts';
import { exit, UserError } from '../errors.ts';
import { rbacSources, type RbacHeld } from '../kit/rbac.ts';
import type { HeldSource, SourceOutcome } from '../model.ts';
import { visible } from '../text.ts';
import { readHeld } from './cluster.ts';
import { discover } from './discovery.ts';
import type { Reader } from './read.ts';
import { definitionOf } from './sources.ts';

type RbacSource = (typeof rbacSources)[number];

/** Roles and bindings, and how reading each kind of them ended. */
export interface RbacCollection {
  held: RbacHeld;
  outcomes: Partial<Record<RbacSource, SourceOutcome>>;
}

/**
 * Reads roles and bindings, and nothing else: of one namespace, of all, or (`scope: 'cluster'`) only those for the whole
 * cluster. A list that fails is an outcome, not an error.
 * @throws ApiError when the API server cannot be reached; UserError (usage) for a namespace that does not exist.
 */
export async function collectRbac(
  connection: Connection,
  scope: 'cluster' | 'everywhere' | { namespace: string },
): Promise<RbacCollection> {
  if (typeof scope === 'object') await requireNamespace(connection, scope.namespace);
  const discovery = await discover(connection);
  const reader: Reader = {
    connection,
    discovery,
    namespaces: undefined,
    visibleNamespaces: async () => {
      const { objects, outcome } = await readHeld(reader, 'namespaces');
      return outcome.state === 'ok' ? objects.map(({ metadata }) => metadata.name) : undefined;
    },
    onProgress: () => {},
  };
  const inScope = (source: HeldSource): Reader =>
    typeof scope === 'object' && definitionOf(source).namespaced
      ? { ...reader, namespaces: [scope.namespace] }
      : reader;
  const wanted = rbacSources.filter((source) => scope !== 'cluster' || !definitionOf(source).namespaced);
  const read = await Promise.all(
    wanted.map(async (source) => ({ source, ...(await readHeld(inScope(source), source)) })),
  );
  const nothing: RbacHeld = { roles: [], clusterRoles: [], roleBindings: [], clusterRoleBindings: [] };
  return {
    held: { ...nothing, ...Object.fromEntries(read.map(({ source, objects }) => [source, objects])) },
    outcomes: Object.fromEntries(read.map(({ source, outcome }) => [source, outcome])),
  };
}

/** In a misspelt namespace nobody would be found. Who may not look at namespaces has to spell well. */
async function requireNamespace(connection: Connection, namespace: string): Promise<void> {
  try {
    await connection.get(`/api/v1/namespaces/${encodeURIComponent(namespace)}`);
  } catch (error) {
    if (!(error instanceof ApiError) || !['not-found', 'forbidden'].includes(error.reason)) throw error;
    if (error.reason === 'forbidden') return;
    throw new UserError(`The cluster has no namespace "${visible(namespace)}".`, {
      hint: 'See which there are: kubectl get namespaces.',
      exitCode: exit.usage,
    });
  }
}
