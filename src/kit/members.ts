import type { Finding, Member, ObjectRef } from '../model.ts';

/** What a finding is about: one object, or the several that are alike in it. */
export const objectsOf = ({ object, members }: Finding): ObjectRef[] =>
  members?.map((member) => member.object) ?? [object];

/** The namespace that an object lies in, or is; undefined for anything else that is cluster-scoped. */
export const namespaceOf = ({ kind, namespace, name }: ObjectRef): string | undefined =>
  kind === 'Namespace' ? name : namespace;

/**
 * As much of a finding of several objects as is about these of its members; the first of them stands for it, and nothing
 * is said of those that are left out. Reports of earlier releases have no message by member: there the finding's stays.
 */
export function ofMembers(finding: Finding, members: readonly Member[]): Finding {
  if (members.length === finding.members?.length) return finding;
  const { path: _, ...common } = finding;
  return { ...common, ...members[0], members: [...members] };
}
