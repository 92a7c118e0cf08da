import { objectCheck } from '../../kit/define-check.ts';
import { changeTo } from '../../kit/field.ts';
import {
  allows,
  audienceOf,
  isBootstrapAdmin,
  joinBindings,
  objectTitle,
  principalOf,
  rbacSources,
  subjectTitle,
  type JoinedBinding,
  type RbacHeld,
} from '../../kit/rbac.ts';

const members = ['hostIPC', 'hostPID', 'hostNetwork'] as const;

/** A policy counts by who may use it: a permissive one does no harm unused, and a strict one no good beside it. */
export const pspHostNamespaces = objectCheck({
  id: 'psp-host-namespaces',
  title: 'PodSecurityPolicy forbids host namespaces',
  severity: 'high',
  onNothing: 'not-applicable',
  source: 'podSecurityPolicies',
  needs: rbacSources,
  test(policy, held) {
    const allowed = members.filter((member) => policy.spec[member] === true);
    if (allowed.length === 0) return [];
    const users = usersOf(policy.metadata.name, held);
    const [first] = users;
    if (first === undefined) return [];
    const others = users.length === 1 ? '' : `, and ${users.length - 1} more may`;
    return allowed.map((member) => {
      const field = ['spec', member];
      return {
        field,
        message: `${member} is true, and ${first.title} may use the policy by ${first.grant}${others}.`,
        verdict: first.isEveryone ? 'fail' : 'review',
        fix: {
          risk: 'advice',
          changes: [changeTo(policy, field)],
          note: 'Pods that need it are refused when they are next made: give their service accounts a policy of their own first.',
        },
      };
    });
  },
});

/** Who may use the policy, broad groups first, without the administrators that a cluster is born with. */
function usersOf(policy: string, held: RbacHeld) {
  const request = { verb: 'use', resource: 'podsecuritypolicies', name: policy };
  const isGrant = ({ rules }: JoinedBinding) =>
    // The admission plugin asks for the policy in the group that it came from as well.
    ['policy', 'extensions'].some((apiGroup) => rules.some((rule) => allows(rule, { ...request, apiGroup })));
  return joinBindings(held)
    .filter(isGrant)
    .flatMap(({ binding }) =>
      binding.subjects
        .filter((subject) => !isBootstrapAdmin(binding, subject))
        .map((subject) => {
          const principal = principalOf(subject);
          return {
            isEveryone: audienceOf(principal) === 'everyone',
            title: subjectTitle(principal),
            grant: `${objectTitle(binding)} to ${binding.roleRef.kind} ${binding.roleRef.name}`,
          };
        }),
    )
    .toSorted((a, b) => Number(b.isEveryone) - Number(a.isEveryone));
}
