import type { Namespace } from '../../model.ts';
import type { Reach } from './match.ts';

/** What becomes of a Pod that breaks the policy: refused, noted, its author told, nothing. */
export type Mode = 'enforce' | 'audit' | 'warn' | 'off';

/** What a policy does in one namespace. */
export interface Effect {
  mode: Mode;
  /** Of the Pods that are created there. */
  reach: Exclude<Reach, 'none'>;
}

/** One policy that the API server, or an engine behind a webhook, holds new Pods to. What it asks of them is not read. */
export interface PolicyControl {
  /** `Kyverno`, `ValidatingAdmissionPolicy`; the kind of thing that does the work. */
  mechanism: string;
  /** How a sentence names it: `ClusterPolicy disallow-privileged`. */
  title: string;
  /** True where it is about images alone: where they come from, who signed them. */
  imagesOnly?: boolean;
  /** Undefined where no Pod of the namespace is its business. */
  effectIn(namespace: Namespace): Effect | undefined;
}

export const effect = (mode: Mode, reach: Reach): Effect | undefined =>
  reach === 'none' ? undefined : { mode, reach };

const byStrength: readonly Mode[] = ['enforce', 'warn', 'audit', 'off'];

/** Of several effects the strongest, and where several are as strong the one that reaches most. */
export const strongest = (effects: readonly (Effect | undefined)[]): Effect | undefined =>
  effects
    .filter((each) => each !== undefined)
    .toSorted(
      (a, b) =>
        byStrength.indexOf(a.mode) - byStrength.indexOf(b.mode) ||
        Number(b.reach === 'all') - Number(a.reach === 'all'),
    )[0];

/** The mode of a list of validation actions. */
export function modeOfActions(actions: readonly string[]): Mode {
  if (actions.includes('Deny')) return 'enforce';
  if (actions.includes('Warn')) return 'warn';
  return actions.includes('Audit') ? 'audit' : 'off';
}
