import type { PodSecurityPolicy, Subject } from '../../model.ts';
import { once } from '../once.ts';
import {
  allowsEverything,
  audienceOf,
  grantAllows,
  grantsOf,
  standsFor,
  subjectTitle,
  type Grant,
  type Identity,
  type RbacHeld,
} from '../rbac.ts';
import { objectTitle } from '../titles.ts';

/** The plugin asks for a policy in the group that policies came from as well. */
const apiGroups = ['policy', 'extensions'];

/** Whether a grant lets its subject use a policy, where the grant holds. */
export const grantsUse = (grant: Grant, policy: string): boolean =>
  apiGroups.some((apiGroup) =>
    grantAllows(grant, {
      verb: 'use',
      apiGroup,
      resource: 'podsecuritypolicies',
      name: policy,
      ...(grant.namespace === undefined ? {} : { namespace: grant.namespace }),
    }),
  );

/** The grants that are about the use of policies at all: few of many. */
const useGrants = once((held: RbacHeld): Grant[] =>
  grantsOf(held).filter((grant) =>
    grantsUse({ ...grant, rules: grant.rules.map((rule) => ({ ...rule, resourceNames: [] })) }, ''),
  ),
);

/** Whose Pod it is: the service account it runs as and whoever creates it, either of whom may use the policy. */
export const mayUse = (
  held: RbacHeld,
  identities: readonly Identity[],
  namespace: string,
  { metadata }: PodSecurityPolicy,
): boolean =>
  identities.some(({ groups }) => groups.includes('system:masters')) ||
  useGrants(held).some(
    (grant) =>
      (grant.namespace === undefined || grant.namespace === namespace) &&
      identities.some((identity) => standsFor(grant.subject, identity)) &&
      grantsUse(grant, metadata.name),
  );

/** A way to a policy: a subject, the binding and the role. */
export interface PolicyUser {
  grant: Grant;
  /** Everyone, every service account of the cluster or of a namespace, or the one of Pods that name none. */
  isBroad: boolean;
  /** `Group system:authenticated`. */
  title: string;
  /** `ClusterRoleBinding use-open to ClusterRole use-open`. */
  by: string;
}

/**
 * Who may use a policy, broad groups first. Administrators of the whole cluster are left out: they need no policy to do
 * what it allows.
 */
export const usersOf = (held: RbacHeld, policy: string): PolicyUser[] =>
  usersOfAny(held).filter(({ grant }) => grantsUse(grant, policy));

/** The same for policies of any name. */
export const usersOfAny = once((held: RbacHeld): PolicyUser[] =>
  useGrants(held)
    .map(policyUser)
    .filter(({ grant, isBroad }) => isBroad || !isAdministrator(grant))
    .toSorted((a, b) => Number(b.isBroad) - Number(a.isBroad)),
);

const isAdministrator = ({ namespace, rules }: Grant): boolean =>
  namespace === undefined && rules.some(allowsEverything);

const isBroad = (subject: Subject): boolean =>
  audienceOf(subject) === 'everyone' || (subject.kind === 'ServiceAccount' && subject.name === 'default');

const policyUser = (grant: Grant): PolicyUser => ({
  grant,
  isBroad: isBroad(grant.subject),
  title: subjectTitle(grant.subject),
  by: `${objectTitle(grant.binding)} to ${grant.binding.roleRef.kind} ${grant.binding.roleRef.name}`,
});
