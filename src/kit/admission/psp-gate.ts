import type { Admission, Held, HeldSource, SourceOutcome, Workload } from '../../model.ts';
import { pspSources, pspVerdict } from '../psp.ts';
import { lastWithPolicies } from './built-in.ts';

/**
 * What PodSecurityPolicies have against Pods that are made again; undefined where they have nothing against them. Whether
 * the admission plugin that asks the policies is on cannot be read, but a live Pod that one of them admitted shows it.
 */
export function pspGate(
  held: Held,
  minor: number,
  outcomes: Record<HeldSource, SourceOutcome>,
): (workload: Workload) => Admission | undefined {
  if (minor > lastWithPolicies || held.podSecurityPolicies.length === 0) return () => undefined;
  const unread = pspSources.find((source) => outcomes[source].state !== 'ok');
  if (unread !== undefined) {
    const reason = `which PodSecurityPolicies it may use is not known: ${unread} were not read`;
    return () => ({ verdict: 'unknown', reason });
  }
  return (workload) => {
    if (workload.podSpec === undefined || pspVerdict(held, workload).admitted.length > 0) return undefined;
    const reason = 'no PodSecurityPolicy that its service account may use admits it';
    return workload.admittedBy === undefined
      ? { verdict: 'unknown', reason: `${reason}, if the plugin that asks them is on` }
      : { verdict: 'refused', reason };
  };
}
