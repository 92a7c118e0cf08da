import type { Platform } from '../../model.ts';
import type { Problem } from '../define-check.ts';
import { someOf } from '../titles.ts';
import { titlesOf } from './by-namespace.ts';
import type { PodClass } from './classes.ts';
import { dnsRule, type MayAsk } from './dns.ts';
import type { Policy } from './policies.ts';
import { creating } from './policy-fix.ts';
import { isolating, type PoliciesByNamespace } from './reach.ts';

/** What is known of the Pods of a namespace. */
export interface EgressState {
  /** A Pod that no policy isolates for egress. */
  hasOpen: boolean;
  /** The Pods that are isolated and may not ask cluster DNS. */
  mute: PodClass[];
  /** Those, and the ones that may ask it only by one of UDP and TCP: a policy that allows DNS would widen them. */
  narrow: PodClass[];
}

export function egressState(
  classes: readonly PodClass[],
  policies: PoliciesByNamespace,
  mayAsk: MayAsk,
): EgressState {
  const isolated = classes.filter(({ endpoint }) => isolating(policies, 'egress', endpoint).length > 0);
  return {
    hasOpen: isolated.length < classes.length,
    mute: isolated.filter(({ endpoint }) => !mayAsk(endpoint, 'UDP')),
    narrow: isolated.filter(({ endpoint }) => !mayAsk(endpoint, 'UDP') || !mayAsk(endpoint, 'TCP')),
  };
}

/** What the policy is called says which check it is of: two checks may each have their fix made, and taken back. */
const shapes = {
  'default-deny-egress': ['Egress'],
  'isolate-egress': ['Egress'],
  isolate: ['Ingress', 'Egress'],
};

/**
 * A default deny for egress, or for both directions, that lets every Pod go on asking cluster DNS: one policy, so that
 * neither half is ever there alone. Allowing DNS for all Pods would widen those that were shut off from it: where there
 * are such Pods it allows nothing, and where that would take DNS from others it is for a person to decide.
 */
export function denyEgressFix(
  kind: keyof typeof shapes,
  namespace: string,
  { hasOpen, narrow }: EgressState,
  policies: readonly Policy[],
  platform: Platform,
): NonNullable<Problem['fix']> {
  if (narrow.length > 0 && hasOpen) return { action: 'none', risk: 'advice', note: undecided(narrow) };
  const egress = narrow.length > 0 ? {} : { egress: [dnsRule(platform)] };
  const note = narrow.length > 0 ? withoutDns : withDns;
  return creating(
    {
      name: `passmuster-${kind}`,
      namespace,
      spec: { podSelector: {}, policyTypes: shapes[kind], ...egress },
      note,
    },
    policies,
  );
}

const withDns =
  'Connections that no other policy allows stop at once, all but DNS: write those policies first.';
const withoutDns =
  'It does not allow DNS: every Pod here is isolated for egress already, and some may not ask cluster DNS (by UDP and TCP both), which a policy for all Pods would let them.';

const undecided = (narrow: readonly PodClass[]): string =>
  `${someOf(titlesOf(narrow))} may not ask cluster DNS now, by UDP and TCP both. A default deny that allows DNS would let them, and one that does not would take DNS from the other Pods: decide about these first.`;
