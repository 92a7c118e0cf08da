import type { Admission, Held, HeldSource, SourceOutcome, Workload } from '../../model.ts';
import { pspSources, pspVerdict } from '../psp.ts';
import { lastWithPolicies } from './built-in.ts';

/** What PodSecurityPolicies say to a Pod that is made again. */
export interface PspAnswer {
  /** Why it is not admitted, or why nobody can tell. */
  objection?: Admission;
  /** The policies that admit it, in the API server's order of choice. */
  admitting: readonly string[];
}

const nothing: PspAnswer = { admitting: [] };

/**
 * Whether the admission plugin that asks the policies is on cannot be read, but a live Pod that one of them admitted shows
 * it.
 */
export function pspGate(
  held: Held,
  minor: number,
  outcomes: Record<HeldSource, SourceOutcome>,
): (workload: Workload) => PspAnswer {
  if (minor > lastWithPolicies || held.podSecurityPolicies.length === 0) return () => nothing;
  const unread = pspSources.find((source) => outcomes[source].state !== 'ok');
  if (unread !== undefined) {
    const reason = `which PodSecurityPolicies it may use is not known: ${unread} were not read`;
    return () => ({ objection: { verdict: 'unknown', reason }, admitting: [] });
  }
  return (workload) => {
    if (workload.podSpec === undefined) return nothing;
    const { admitted } = pspVerdict(held, workload);
    if (admitted.length > 0) return { admitting: admitted };
    const reason = 'no PodSecurityPolicy that its service account may use admits it';
    const objection: Admission =
      workload.admittedBy === undefined
        ? { verdict: 'unknown', reason: `${reason}, if the plugin that asks them is on` }
        : { verdict: 'refused', reason };
    return { objection, admitting: [] };
  };
}
