import type { ResourceRequest } from './rules.ts';

/**
 * Resources whose requests have no namespace, so that no RoleBinding ever allows one: those that checks ask about.
 * `namespaces` is none of them, for a request for one counts as made in it; nor are policies that a Pod may use.
 */
const clusterScoped: ReadonlySet<string> = new Set([
  'apiservices',
  'certificatesigningrequests',
  'clusterrolebindings',
  'clusterroles',
  'customresourcedefinitions',
  'groups',
  'mutatingadmissionpolicies',
  'mutatingadmissionpolicybindings',
  'mutatingwebhookconfigurations',
  'nodes',
  'persistentvolumes',
  'signers',
  'storageclasses',
  'uids',
  'userextras',
  'users',
  'validatingadmissionpolicies',
  'validatingadmissionpolicybindings',
  'validatingwebhookconfigurations',
]);

/** Whether a RoleBinding can allow it. */
export const isForNamespaces = (request: ResourceRequest): boolean =>
  !clusterScoped.has(request.resource) || isAskedInNamespaces(request);

/**
 * Whether a verb on a cluster-scoped resource is asked about in a namespace all the same: `bind` in that of the binding
 * which names the ClusterRole, `use` in that of the Pod.
 */
export const isAskedInNamespaces = ({ verb, resource }: ResourceRequest): boolean =>
  (verb === 'bind' && resource === 'clusterroles') ||
  (verb === 'use' && ['podsecuritypolicies', 'securitycontextconstraints'].includes(resource));
