import type { RoleBinding, Subject } from '../../model.ts';
import { objectTitle } from '../titles.ts';
import { apiServerBindings, kubeadmBindings, type ExpectedBinding } from './bootstrap.ts';
import type { Grant } from './grants.ts';
import { principalOf, subjectTitle } from './subjects.ts';

const byName = (bindings: readonly ExpectedBinding[]) =>
  new Map(bindings.map(([binding, role, ...subjects]) => [binding, { role, subjects }]));

const labelled = byName(apiServerBindings);
const unlabelled = byName(kubeadmBindings);

/**
 * Whether the cluster itself makes this grant. Anyone may imitate the name, the label or the role, and add subjects to
 * the binding itself, so all of the grant must be as expected. What the rules of the role say is not looked at.
 */
export const isBuiltIn = ({ binding, subject }: Pick<Grant, 'binding' | 'subject'>): boolean =>
  isExpected(labelled, binding, subject)
    ? binding.metadata.labels?.['kubernetes.io/bootstrapping'] === 'rbac-defaults'
    : isExpected(unlabelled, binding, subject);

/** True for a grant of cluster-admin that a cluster is born with. */
export const isBootstrapAdmin = (binding: RoleBinding, subject: Subject): boolean =>
  binding.roleRef.name === 'cluster-admin' && isBuiltIn({ binding, subject: principalOf(subject) });

function isExpected(bindings: ReturnType<typeof byName>, binding: RoleBinding, subject: Subject): boolean {
  const expected = bindings.get(objectTitle(binding));
  const role = `${binding.roleRef.kind} ${binding.roleRef.name}`;
  return expected?.role === role && expected.subjects.includes(subjectTitle(subject));
}
