import { clusterCheck, type Problem } from '../../kit/define-check.ts';
import { changeTo } from '../../kit/field.ts';
import {
  allowsEverything,
  audienceOf,
  isBootstrapAdmin,
  joinBindings,
  objectTitle,
  principalOf,
  rbacSources,
  subjectStep,
  subjectTitle,
  type Audience,
  type JoinedBinding,
} from '../../kit/rbac.ts';
import type { Field, RoleBinding, Severity, Subject } from '../../model.ts';

const severityOf = {
  everyone: 'critical',
  'service-account': 'high',
  named: 'medium',
} as const satisfies Record<Audience, Severity>;

export const clusterAdminUsage = clusterCheck({
  id: 'cluster-admin-usage',
  title: 'cluster-admin bound only where needed',
  severity: 'high',
  onNothing: 'pass',
  needs: rbacSources,
  test(held) {
    const bindings = joinBindings(held);
    const reported = new Set<string>();
    const problems = bindings.filter(isAdmin).flatMap(({ binding }) =>
      problemsOf(binding).map((problem) => {
        const identity = JSON.stringify(problem.identity);
        // The same grant by a second binding is a finding of its own: removing the first alone takes nothing away.
        const again = reported.has(identity) ? [binding.metadata.name, String(problem.index)] : [];
        reported.add(identity);
        return { ...problem, object: binding, identity: [...problem.identity, ...again] };
      }),
    );
    return { evaluated: bindings.map(({ binding }) => binding), problems };
  },
});

/** By name, for cluster-admin is what it is whatever the audit may read of it; any other role by its rules. */
const isAdmin = ({ binding: { roleRef }, rules }: JoinedBinding): boolean =>
  (roleRef.kind === 'ClusterRole' && roleRef.name === 'cluster-admin') || rules.some(allowsEverything);

function problemsOf(binding: RoleBinding) {
  const judged = binding.subjects
    .map((subject, index) => ({ subject, index }))
    .filter(({ subject }) => !isBootstrapAdmin(binding, subject));
  const isAll = judged.length === binding.subjects.length;
  return judged.map(({ subject, index }) => {
    const principal = principalOf(subject);
    const audience = audienceOf(principal);
    const field: Field = ['subjects', subjectStep(index, subject)];
    return {
      index,
      field,
      message: messageOf(binding, principal),
      severity: severityOf[audience],
      verdict: isUnfit(principal, audience) ? ('fail' as const) : ('review' as const),
      identity: identityOf(binding, principal),
      fix: removalFix(binding, field, isAll),
    };
  });
}

/** Every Pod that names no account runs as `default`: a right for it is a right for whatever is deployed there. */
const isUnfit = ({ kind, name }: Subject, audience: Audience): boolean =>
  audience === 'everyone' || (kind === 'ServiceAccount' && name === 'default');

function messageOf(binding: RoleBinding, principal: Subject): string {
  const { roleRef, metadata } = binding;
  const scope = metadata.namespace === undefined ? 'the cluster' : `namespace ${metadata.namespace}`;
  return `${subjectTitle(principal)} may do anything in ${scope}: ${objectTitle(binding)} grants it ${roleRef.kind} ${roleRef.name}.`;
}

/** Who holds what where, whatever the binding is called. */
const identityOf = ({ roleRef, metadata }: RoleBinding, { kind, namespace, name }: Subject): string[] => [
  kind,
  namespace ?? '',
  name,
  roleRef.kind,
  roleRef.name,
  metadata.namespace ?? '',
];

/** A binding of which nothing would be left goes as a whole. */
const removalFix = (binding: RoleBinding, field: Field, isAll: boolean): NonNullable<Problem['fix']> => ({
  risk: 'advice',
  ...(isAll ? { action: 'delete' } : { action: 'patch', changes: [changeTo(binding, field)] }),
  note: 'Bind a role with just the rights that are needed first: the role of a binding cannot be changed.',
});
