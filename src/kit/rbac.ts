import type { FieldStep, Held, HeldSource, KubeObject, PolicyRule, RoleBinding, Subject } from '../model.ts';
import { once } from './once.ts';

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
  rules: readonly PolicyRule[];
}

/** All bindings joined to their roles, in one order whatever the order of the lists. */
export const joinBindings = once((held: RbacHeld): JoinedBinding[] => {
  const clusterRoles = new Map(held.clusterRoles.map((role) => [role.metadata.name, role]));
  const roles = new Map(held.roles.map((role) => [nameOf(role), role]));
  return [...held.clusterRoleBindings, ...held.roleBindings]
    .map((binding) => {
      const { kind, name } = binding.roleRef;
      const role =
        kind === 'ClusterRole' ? clusterRoles.get(name) : roles.get(`${binding.metadata.namespace}/${name}`);
      return { binding, rules: role?.rules ?? [] };
    })
    .toSorted((a, b) => (objectTitle(a.binding) < objectTitle(b.binding) ? -1 : 1));
});

export interface ResourceRequest {
  verb: string;
  apiGroup: string;
  resource: string;
  name: string;
}

/** Whether a rule allows a request, as the API server's authorizer decides it. */
export const allows = (rule: PolicyRule, { verb, apiGroup, resource, name }: ResourceRequest): boolean =>
  includes(rule.verbs, verb) &&
  includes(rule.apiGroups, apiGroup) &&
  includes(rule.resources, resource) &&
  isForAllNames(rule, name);

/** Whether a rule allows every verb on every resource of every API group. */
export const allowsEverything = ({ verbs, apiGroups, resources, resourceNames = [] }: PolicyRule): boolean =>
  [verbs, apiGroups, resources].every((values) => values?.includes('*')) && resourceNames.length === 0;

const includes = (values: readonly string[] = [], wanted: string): boolean =>
  values.includes('*') || values.includes(wanted);

const isForAllNames = ({ resourceNames = [] }: PolicyRule, name: string): boolean =>
  resourceNames.length === 0 || resourceNames.includes(name);

/** The service account, where one is bound by the user name that it logs in with; else the subject. */
export function principalOf(subject: Subject): Subject {
  const login = subject.kind === 'User' ? /^system:serviceaccount:([^:]+):([^:]+)$/.exec(subject.name) : null;
  const [, namespace = '', name = ''] = login ?? [];
  return login === null ? subject : { kind: 'ServiceAccount', namespace, name };
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
  ['system:authenticated', 'system:unauthenticated', 'system:serviceaccounts'].includes(name) ||
  name.startsWith('system:serviceaccounts:');

/** The bindings of cluster-admin that a cluster is born with, and the group that each is for. */
const bootstrapAdmins: ReadonlyMap<string, string> = new Map([
  ['cluster-admin', 'system:masters'],
  ['kubeadm:cluster-admins', 'kubeadm:cluster-admins'],
]);

/**
 * True for a grant that a cluster is born with. Anyone may imitate the name, the label or the role, and add subjects
 * to the binding itself, so all of the grant must be as expected. kubeadm sets no label.
 */
export function isBootstrapAdmin({ kind, metadata, roleRef }: RoleBinding, subject: Subject): boolean {
  const isMarked =
    metadata.name !== 'cluster-admin' || metadata.labels?.['kubernetes.io/bootstrapping'] === 'rbac-defaults';
  return (
    isMarked &&
    kind === 'ClusterRoleBinding' &&
    roleRef.name === 'cluster-admin' &&
    subject.kind === 'Group' &&
    subject.name === bootstrapAdmins.get(metadata.name)
  );
}

/** The subject of a binding as an element of its list. */
export const subjectStep = (index: number, { kind, name, namespace }: Subject): FieldStep => ({
  index,
  where: { kind, name, ...(namespace === undefined ? {} : { namespace }) },
});

/** `ServiceAccount shop/deployer`, `Group system:authenticated`. */
export const subjectTitle = ({ kind, namespace, name }: Subject): string =>
  `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;

/** `RoleBinding shop/ops`, `ClusterRoleBinding ops`. */
export const objectTitle = (object: KubeObject): string => `${object.kind} ${nameOf(object)}`;

const nameOf = ({ metadata: { namespace, name } }: KubeObject): string =>
  namespace === undefined ? name : `${namespace}/${name}`;
