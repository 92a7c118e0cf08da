import { objectCheck, type Problem } from '../../kit/define-check.ts';
import { deniesAll, policiesByNamespace } from '../../kit/network.ts';

const policyName = 'passmuster-default-deny-ingress';

export const defaultDenyIngress = objectCheck({
  id: 'default-deny-ingress',
  title: 'Namespace denies ingress by default',
  severity: 'medium',
  onNothing: 'not-applicable',
  source: 'namespaces',
  needs: ['networkPolicies'],
  test({ metadata: { name } }, { networkPolicies }) {
    const policies = policiesByNamespace(networkPolicies).get(name) ?? [];
    if (policies.some((policy) => deniesAll(policy, 'ingress'))) return [];
    const isTaken = policies.some(({ source }) => source.metadata.name === policyName);
    return [
      {
        field: [],
        message:
          'No NetworkPolicy denies ingress by default: a Pod that no policy selects accepts connections from everywhere.',
        fix: isTaken ? changedFix : creationFix(name),
      },
    ];
  },
});

const creationFix = (namespace: string): NonNullable<Problem['fix']> => ({
  action: 'create',
  risk: 'review',
  manifest: {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: policyName, namespace, labels: { 'app.kubernetes.io/managed-by': 'passmuster' } },
    spec: { podSelector: {}, policyTypes: ['Ingress'] },
  },
  note:
    namespace === 'kube-system'
      ? 'This is the namespace of cluster DNS and often of admission webhooks: allow what they serve first, or the whole cluster stops.'
      : 'Connections that no other policy allows stop at once: write those policies first.',
});

/** Backing out of a creation deletes by name, which must not meet a policy that someone made their own. */
const changedFix: NonNullable<Problem['fix']> = {
  action: 'none',
  risk: 'advice',
  note: `NetworkPolicy ${policyName} exists but no longer denies by default: someone has changed it. Decide with them, or give the default its own policy.`,
};
