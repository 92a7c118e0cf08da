import type { Held, HeldSource, PolicyRule, Role, RoleBinding, Subject } from '../../model.ts';
import { selects } from '../label-selector.ts';
import { once } from '../once.ts';
import { objectTitle, qualifiedName } from '../titles.ts';
import { ruleAllows, type Request } from './rules.ts';
import { principalOf, standsFor, type Identity } from './subjects.ts';

/** What must be read to know who may do what: half of it gives false verdicts. */
export const rbacSources = [
  'roles',
  'clusterRoles',
  'roleBindings',
  'clusterRoleBindings',
] as const satisfies readonly HeldSource[];
export type RbacHeld = Pick<Held, (typeof rbacSources)[number]>;

/** A binding and the rules of its role: none where the role does not exist. */
export interface JoinedBinding {
  binding: RoleBinding;
  role?: Role;
  rules: readonly PolicyRule[];
}

/** One subject of one binding, and what its role lets it do. */
export interface Grant {
  binding: RoleBinding;
  /** Its place in the subjects of the binding: the first, where it has several. */
  index: number;
  /** All of them: a binding may name a subject again, and a service account by its user name as well. */
  places: readonly number[];
  /** A service account also where it is bound by its user name, and always with its namespace. */
  subject: Subject;
  rules: readonly PolicyRule[];
  /** Missing where the binding names a role that does not exist. */
  role?: Role;
  /** Where it holds; missing: in the whole cluster. */
  namespace?: string;
}

/** All bindings joined to their roles, in one order whatever the order of the lists. */
export const joinBindings = once((held: RbacHeld): JoinedBinding[] => {
  const clusterRoles = new Map(held.clusterRoles.map((role) => [role.metadata.name, role]));
  const roles = new Map(held.roles.map((role) => [qualifiedName(role), role]));
  const rulesOf = aggregator(held.clusterRoles);
  return [...held.clusterRoleBindings, ...held.roleBindings]
    .map((binding) => {
      const { kind, name } = binding.roleRef;
      const role =
        kind === 'ClusterRole' ? clusterRoles.get(name) : roles.get(`${binding.metadata.namespace}/${name}`);
      return role === undefined ? { binding, rules: [] } : { binding, role, rules: rulesOf(role) };
    })
    .toSorted((a, b) => (objectTitle(a.binding) < objectTitle(b.binding) ? -1 : 1));
});

/**
 * The rules of a role. A live one holds those that a controller gathered for it. In a manifest there are none yet: there
 * they are gathered from the ClusterRoles that are at hand, through those that gather from others themselves.
 */
function aggregator(clusterRoles: readonly Role[]): (role: Role) => readonly PolicyRule[] {
  const sourcesOf = once((role: Role): Role[] =>
    clusterRoles.filter(({ metadata }) =>
      role.aggregationRule?.clusterRoleSelectors?.some((selector) => selects(selector, metadata.labels)),
    ),
  );
  return once((role: Role) => {
    const reached = new Set([role]);
    // A set gives what is added to it while it is walked through.
    for (const each of reached)
      if (isToBeFilled(each)) for (const source of sourcesOf(each)) reached.add(source);
    return [...reached].flatMap(({ rules }) => rules);
  });
}

const isToBeFilled = ({ rules, metadata, aggregationRule }: Role): boolean =>
  aggregationRule !== undefined && rules.length === 0 && metadata.uid === undefined;

/** Every subject of every binding, each once, in the order of `joinBindings`. */
export const grantsOf = once((held: RbacHeld): Grant[] =>
  joinBindings(held).flatMap((joined) => {
    const { namespace } = joined.binding.metadata;
    return namedIn(joined.binding).map((named) => ({
      ...joined,
      ...named,
      ...(namespace === undefined ? {} : { namespace }),
    }));
  }),
);

/** Whom a binding names, and where. */
function namedIn(binding: RoleBinding): Pick<Grant, 'subject' | 'index' | 'places'>[] {
  const found = new Map<string, { subject: Subject; index: number; places: number[] }>();
  for (const [index, written] of binding.subjects.entries()) {
    const subject = principalIn(binding, written);
    const key = JSON.stringify([subject.kind, subject.namespace, subject.name]);
    const known = found.get(key);
    if (known === undefined) found.set(key, { subject, index, places: [index] });
    else known.places.push(index);
  }
  return [...found.values()];
}

/** Who a subject of a binding is. A RoleBinding that names a service account without its namespace means its own. */
export function principalIn({ metadata: { namespace } }: RoleBinding, subject: Subject): Subject {
  const principal = principalOf(subject);
  const isLocal = principal.kind === 'ServiceAccount' && namespace !== undefined && !principal.namespace;
  return isLocal ? { ...principal, namespace } : principal;
}

/** The grants that allow a request: cluster-wide ones, and those of its namespace if it has one. */
export const whoCan = (held: RbacHeld, request: Request): Grant[] =>
  grantsOf(held).filter((grant) => grantAllows(grant, request));

/** Whether a grant allows its subject a request. */
export const grantAllows = ({ namespace, rules }: Grant, request: Request): boolean =>
  (namespace === undefined || ('resource' in request && request.namespace === namespace)) &&
  rules.some((rule) => ruleAllows(rule, request));

/** Whether RBAC allows someone a request. The group system:masters may do anything before RBAC is asked. */
export const can = (held: RbacHeld, identity: Identity, request: Request): boolean =>
  identity.groups.includes('system:masters') ||
  grantsOf(held).some((grant) => standsFor(grant.subject, identity) && grantAllows(grant, request));
