import { clusterCheck } from '../../kit/define-check.ts';
import { grantProblems } from '../../kit/grant-problems.ts';
import { allowsRoot } from '../../kit/psp/id-faults.ts';
import { grantsUse, usersOfAny } from '../../kit/psp/use.ts';
import { rbacSources } from '../../kit/rbac.ts';
import type { PodSecurityPolicy } from '../../model.ts';

/** The use of a policy that does not hold Pods back is a finding for whoever has it. */
export const pspUseRbac = clusterCheck({
  id: 'psp-use-rbac',
  title: 'Permissive PodSecurityPolicies usable only where needed',
  severity: 'high',
  onNothing: 'not-applicable',
  needs: ['podSecurityPolicies', ...rbacSources],
  test(held) {
    const policies = held.podSecurityPolicies.toSorted((a, b) =>
      a.metadata.name < b.metadata.name ? -1 : 1,
    );
    const users = usersOfAny(held).filter(({ grant }) =>
      policies.some(({ metadata }) => grantsUse(grant, metadata.name)),
    );
    const faults = users.flatMap(({ grant }) => {
      const permissive = policies
        .filter(({ metadata }) => grantsUse(grant, metadata.name))
        .flatMap((policy) => permissions(policy) ?? []);
      return permissive.length === 0 ? [] : [{ grant, what: `use ${listed(permissive)}`, key: 'use' }];
    });
    return {
      evaluated: users.map(({ grant }) => grant.binding),
      problems: grantProblems(faults, 'high'),
    };
  },
});

/** The policy and what is permissive about it: `agents (hostPID, hostPath volumes)`. */
function permissions({ metadata, spec }: PodSecurityPolicy): string | undefined {
  const allowed = [
    ...(['privileged', 'hostIPC', 'hostPID', 'hostNetwork'] as const).filter(
      (member) => spec[member] === true,
    ),
    ...(spec.volumes?.some((type) => type === '*' || type === 'hostPath') ? ['hostPath volumes'] : []),
    ...(allowsRoot(spec.runAsUser) ? ['the user root'] : []),
  ];
  return allowed.length === 0 ? undefined : `${metadata.name} (${allowed.join(', ')})`;
}

const shown = 3;

function listed(policies: readonly string[]): string {
  const more = policies.length > shown ? `, and ${policies.length - shown} more` : '';
  const kind = policies.length === 1 ? 'PodSecurityPolicy' : 'PodSecurityPolicies';
  return `the ${kind} ${policies.slice(0, shown).join(', ')}${more}`;
}
