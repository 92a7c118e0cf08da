import type { JsonObject } from '../../model.ts';
import type { Problem } from '../define-check.ts';
import type { Policy } from './policies.ts';

type ProblemFix = NonNullable<Problem['fix']>;

/** A NetworkPolicy that a fix makes. */
export interface NewPolicy {
  name: string;
  namespace: string;
  spec: JsonObject;
  note: string;
}

/**
 * The creation of a policy, marked as ours. Where its name is taken someone has made it their own, and backing out of a
 * creation deletes by name: then it is advice.
 */
export function creating(
  { name, namespace, spec, note }: NewPolicy,
  policies: readonly Policy[],
): ProblemFix {
  if (policies.some(({ source }) => source.metadata.name === name)) {
    return {
      action: 'none',
      risk: 'advice',
      note: `NetworkPolicy ${name} exists but no longer says what it was made for: someone has changed it. Decide with them, or give the default its own policy.`,
    };
  }
  return {
    action: 'create',
    risk: 'review',
    manifest: {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name, namespace, labels: { 'app.kubernetes.io/managed-by': 'passmuster' } },
      spec,
    },
    note,
  };
}

/** What closes the Pods of a namespace that no policy selects, and changes nothing for those that one does. */
export const denyIngress = (namespace: string, name = 'passmuster-default-deny-ingress'): NewPolicy => ({
  name,
  namespace,
  spec: { podSelector: {}, policyTypes: ['Ingress'] },
  note: 'Connections that no other policy allows stop at once: write those policies first.',
});
