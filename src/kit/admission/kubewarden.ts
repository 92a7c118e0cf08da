import type { Held } from '../../model.ts';
import { objectTitle } from '../titles.ts';
import { effect, type PolicyControl } from './control.ts';
import { inNamespace, least, ofPods, rulesReach, someIf } from './match.ts';

/** The policies of Kubewarden. One that is not `active` has no webhook yet; `monitor` only writes down what it would do. */
export const kubewardenPolicies = (
  held: Pick<Held, 'kubewardenClusterAdmissionPolicies' | 'kubewardenAdmissionPolicies'>,
): PolicyControl[] =>
  [...held.kubewardenClusterAdmissionPolicies, ...held.kubewardenAdmissionPolicies].map((policy) => {
    const { mode = 'protect', rules, namespaceSelector, objectSelector, matchConditions = [] } = policy.spec;
    const isActive = policy.status?.policyStatus === 'active';
    const own = policy.metadata.namespace;
    return {
      mechanism: 'Kubewarden',
      title: objectTitle(policy),
      effectIn: (namespace) =>
        own !== undefined && own !== namespace.metadata.name
          ? undefined
          : effect(
              !isActive ? 'off' : mode === 'protect' ? 'enforce' : 'audit',
              least(
                rulesReach(rules),
                inNamespace(namespaceSelector, namespace),
                ofPods(objectSelector),
                someIf(matchConditions.length > 0),
              ),
            ),
    };
  });
