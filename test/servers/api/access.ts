/** Who asks, and what the served Roles and bindings let them do. */
import type { IncomingHttpHeaders } from 'node:http';
import type { PolicyRule, RoleBinding, Subject } from '../../../src/model.ts';
import { forbidden, unauthorized } from './status.ts';
import type { Store } from './store.ts';

export interface User {
  name: string;
  groups: string[];
}

/** What a request does, in the terms of RBAC; `path` instead of a resource for everything that is not one. */
export interface Attributes {
  verb: string;
  group: string;
  resource: string;
  namespace?: string;
  name?: string;
  path?: string;
}

const publicPaths = ['/healthz', '/livez', '/readyz', '/version', '/version/'];
const discoveryPaths = ['/api', '/api/*', '/apis', '/apis/*', '/openapi', '/openapi/*', ...publicPaths];

/** The user as the server completes it: everybody's groups, and those that a service account belongs to. */
export function completeUser(name: string, groups: readonly string[] = []): User {
  const [, namespace] = /^system:serviceaccount:([^:]+):[^:]+$/.exec(name) ?? [];
  const own =
    namespace === undefined ? [] : ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];
  return { name, groups: [...new Set([...groups, ...own, 'system:authenticated'])] };
}

const anonymous: User = { name: 'system:anonymous', groups: ['system:unauthenticated'] };

/** The user of the bearer token, or the one they impersonate if they may. */
export function authenticate(headers: IncomingHttpHeaders, tokens: Map<string, User>, store: Store): User {
  const [, token] = /^Bearer (.*)$/.exec(headers.authorization ?? '') ?? [];
  const user = token === undefined ? anonymous : tokens.get(token);
  if (user === undefined) throw unauthorized();

  const name = headers['impersonate-user'];
  if (typeof name !== 'string') return user;
  const groups = [headers['impersonate-group'] ?? []].flat().flatMap((value) => value.split(/, ?/));
  const wanted = [
    { resource: 'users', name },
    ...groups.map((group) => ({ resource: 'groups', name: group })),
  ].map((target) => ({ verb: 'impersonate', group: '', ...target }));
  for (const attributes of wanted) {
    if (!isAllowed(store, user, attributes)) throw forbidden(user.name, attributes);
  }
  return completeUser(name, groups);
}

/** RBAC over what is served, plus the two grants that every cluster is born with: discovery, and system:masters. */
export function isAllowed(store: Store, user: User, attributes: Attributes): boolean {
  if (user.groups.includes('system:masters')) return true;
  const paths = user.groups.includes('system:authenticated') ? discoveryPaths : publicPaths;
  if (attributes.verb === 'get' && covers(paths, attributes.path ?? '')) return true;

  const { namespace } = attributes;
  const bindings = [
    ...store.all('ClusterRoleBinding'),
    ...store.all('RoleBinding').filter(({ metadata }) => metadata.namespace === namespace),
  ] as unknown as RoleBinding[];
  return bindings
    .filter(({ subjects, metadata }) =>
      (subjects ?? []).some((each) => isSubject(user, each, metadata.namespace)),
    )
    .flatMap(({ roleRef, metadata }) => {
      const key = roleRef.kind === 'Role' ? `${metadata.namespace}/${roleRef.name}` : roleRef.name;
      return (store.get(roleRef.kind, key)?.['rules'] as PolicyRule[] | undefined) ?? [];
    })
    .some((rule) => allows(rule, attributes));
}

function isSubject(user: User, subject: Subject, bindingNamespace?: string): boolean {
  if (subject.kind === 'Group') return user.groups.includes(subject.name);
  if (subject.kind === 'User') return user.name === subject.name;
  return user.name === `system:serviceaccount:${subject.namespace ?? bindingNamespace}:${subject.name}`;
}

const has = (list: string[] | undefined, value: string): boolean =>
  list?.includes('*') === true || list?.includes(value) === true;

function allows(rule: PolicyRule, { verb, group, resource, name, path }: Attributes): boolean {
  if (!has(rule.verbs, verb)) return false;
  if (path !== undefined) return covers(rule.nonResourceURLs ?? [], path);
  const names = rule.resourceNames ?? [];
  return (
    has(rule.apiGroups, group) &&
    has(rule.resources, resource) &&
    (names.length === 0 || (name !== undefined && names.includes(name)))
  );
}

const covers = (patterns: string[], path: string): boolean =>
  patterns.some((pattern) =>
    pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern,
  );
