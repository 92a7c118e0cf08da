import type { Held } from '../../model.ts';
import { objectTitle } from '../titles.ts';
import { effect, modeOfActions, type PolicyControl } from './control.ts';
import { least, matchReach, someIf } from './match.ts';
import { podSecurityOf } from './pod-security.ts';

/** What the API server itself holds Pods to. */

/** The Pod Security labels: each namespace for itself. `privileged` refuses nothing. */
export const podSecurity = (minor: number): PolicyControl => ({
  mechanism: 'Pod Security Admission',
  title: 'Pod Security Admission',
  effectIn(namespace) {
    const asked = podSecurityOf(namespace, minor);
    const mode = (['enforce', 'warn', 'audit'] as const).find((each) => asked[each].level !== 'privileged');
    return mode === undefined ? undefined : effect(mode, 'all');
  },
});

/**
 * Policies with their bindings: one without a binding does nothing. What both match is what is judged, by the actions of
 * the binding.
 */
export function validatingAdmissionPolicies({
  validatingAdmissionPolicies: policies,
  validatingAdmissionPolicyBindings: bindings,
}: Pick<Held, 'validatingAdmissionPolicies' | 'validatingAdmissionPolicyBindings'>): PolicyControl[] {
  const byName = new Map(policies.map((policy) => [policy.metadata.name, policy]));
  return bindings.flatMap((binding) => {
    const policy = byName.get(binding.spec.policyName ?? '');
    if (policy === undefined) return [];
    const { matchConstraints, matchConditions = [] } = policy.spec;
    const { matchResources = {}, validationActions = [], paramRef } = binding.spec;
    // Parameters that nobody has made are parameters that nothing is held to.
    const maySkip = matchConditions.length > 0 || paramRef?.parameterNotFoundAction === 'Allow';
    return [
      {
        mechanism: policy.kind,
        title: `${objectTitle(policy)} (binding ${binding.metadata.name})`,
        effectIn: (namespace) =>
          matchConstraints === undefined
            ? undefined
            : effect(
                modeOfActions(validationActions),
                least(
                  matchReach(matchConstraints, namespace),
                  matchReach(matchResources, namespace),
                  someIf(maySkip),
                ),
              ),
      },
    ];
  });
}

/** The last minor version that has PodSecurityPolicies. */
export const lastWithPolicies = 24;

/** PodSecurityPolicies, below 1.25. Whether the admission plugin that asks them is on cannot be read. */
export const podSecurityPolicies = (
  { podSecurityPolicies: [policy] }: Pick<Held, 'podSecurityPolicies'>,
  minor: number,
): PolicyControl[] =>
  policy === undefined || minor > lastWithPolicies
    ? []
    : [
        {
          mechanism: policy.kind,
          title: 'PodSecurityPolicies',
          effectIn: () => effect('enforce', 'some'),
        },
      ];

/** OpenShift admits a Pod only by one of its SecurityContextConstraints, but for namespaces of a run level. */
export const securityContextConstraints = ({
  securityContextConstraints: [constraints],
}: Pick<Held, 'securityContextConstraints'>): PolicyControl[] =>
  constraints === undefined
    ? []
    : [
        {
          mechanism: constraints.kind,
          title: 'SecurityContextConstraints',
          effectIn: ({ metadata }) =>
            ['0', '1'].includes(metadata.labels?.['openshift.io/run-level'] ?? '')
              ? undefined
              : effect('enforce', 'all'),
        },
      ];
