import type { FieldStep, Subject } from '../../model.ts';

/** The service account, where one is bound by the user name that it logs in with; else the subject. */
export function principalOf(subject: Subject): Subject {
  const login = subject.kind === 'User' ? /^system:serviceaccount:([^:]+):([^:]+)$/.exec(subject.name) : null;
  const [, namespace = '', name = ''] = login ?? [];
  return login === null ? subject : { kind: 'ServiceAccount', namespace, name };
}

/** Who asks: what authentication found out about the caller. */
export interface Identity {
  user: string;
  groups: readonly string[];
}

/** Who a subject is at least, whatever other groups it may be in; nobody where it is a group without members to name. */
export function identityOf({ kind, namespace = '', name }: Subject): Identity {
  if (kind === 'Group') return { user: '', groups: [name, ...impliedBy(name)] };
  if (kind === 'User') {
    return { user: name, groups: [name === 'system:anonymous' ? unauthenticated : authenticated] };
  }
  const own = `${serviceAccounts}:${namespace}`;
  return { user: loginOf(namespace, name), groups: [own, ...impliedBy(own)] };
}

const authenticated = 'system:authenticated';
const unauthenticated = 'system:unauthenticated';
const serviceAccounts = 'system:serviceaccounts';

/** Whoever is in a group is also in these. */
function impliedBy(group: string): string[] {
  if (group === unauthenticated || group === authenticated) return [];
  return group.startsWith(`${serviceAccounts}:`) ? [serviceAccounts, authenticated] : [authenticated];
}

const loginOf = (namespace: string, name: string): string => `system:serviceaccount:${namespace}:${name}`;

/** Whether a subject of a binding stands for this identity, by the API server's comparison of names. */
export function standsFor({ kind, namespace = '', name }: Subject, { user, groups }: Identity): boolean {
  if (kind === 'Group') return groups.includes(name);
  if (kind === 'User') return user === name;
  return kind === 'ServiceAccount' && namespace !== '' && user === loginOf(namespace, name);
}

/** How many a subject stands for: everyone who gets as far as the API server, one program, or those it names. */
export type Audience = 'everyone' | 'service-account' | 'named';

export function audienceOf({ kind, name }: Subject): Audience {
  if (kind === 'ServiceAccount') return 'service-account';
  if (kind === 'User') return name === 'system:anonymous' ? 'everyone' : 'named';
  return isBroadGroup(name) ? 'everyone' : 'named';
}

/** Groups that nobody is put into: all users, or all service accounts of the cluster or of a namespace. */
const isBroadGroup = (name: string): boolean =>
  [authenticated, unauthenticated, serviceAccounts].includes(name) || name.startsWith(`${serviceAccounts}:`);

/** The subject of a binding as an element of its list. */
export const subjectStep = (index: number, { kind, name, namespace }: Subject): FieldStep => ({
  index,
  where: { kind, name, ...(namespace === undefined ? {} : { namespace }) },
});

/** `ServiceAccount shop/deployer`, `Group system:authenticated`. */
export const subjectTitle = ({ kind, namespace, name }: Subject): string =>
  `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
