import type { Connection } from '../api/connection.ts';
import { ApiError } from '../api/errors.ts';
import { rbacSources, type RbacHeld } from '../kit/rbac.ts';
import type { SourceOutcome } from '../model.ts';
import { noSuchNamespace } from './namespaces.ts';
import { definitionOf } from './sources.ts';
import { subsetReader } from './subset.ts';

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
  const reader = await subsetReader(connection);
  const inNamespaces = scope === 'cluster' ? [] : rbacSources.filter(isNamespaced);
  const [everywhere, inScope] = await Promise.all([
    reader.read(rbacSources.filter((source) => !isNamespaced(source))),
    reader.read(inNamespaces, typeof scope === 'object' ? [scope.namespace] : undefined),
  ]);
  const nothing: RbacHeld = { roles: [], clusterRoles: [], roleBindings: [], clusterRoleBindings: [] };
  return {
    held: { ...nothing, ...everywhere.held, ...inScope.held },
    outcomes: { ...everywhere.outcomes, ...inScope.outcomes },
  };
}

const isNamespaced = (source: RbacSource): boolean => definitionOf(source).namespaced;

/** In a misspelt namespace nobody would be found. Who may not look at namespaces has to spell well. */
async function requireNamespace(connection: Connection, namespace: string): Promise<void> {
  try {
    await connection.get(`/api/v1/namespaces/${encodeURIComponent(namespace)}`);
  } catch (error) {
    if (!(error instanceof ApiError) || !['not-found', 'forbidden'].includes(error.reason)) throw error;
    if (error.reason === 'forbidden') return;
    throw noSuchNamespace(namespace);
  }
}
