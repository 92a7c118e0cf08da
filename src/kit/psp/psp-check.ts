import type { Change, Field, PodSecurityPolicy, Severity } from '../../model.ts';
import { objectCheck, type Check } from '../define-check.ts';
import { rbacSources } from '../rbac.ts';
import { usersOf } from './use.ts';

/** Something that a policy allows and should not, or does not ask for and should. */
export interface PolicyFault {
  field: Field;
  /** A clause: `hostIPC is true`. */
  what: string;
  /** Where it differs from the check's. */
  severity?: Severity;
  changes: Change[];
}

export interface PspCheck {
  id: string;
  title: string;
  severity: Severity;
  faults: (policy: PodSecurityPolicy) => PolicyFault[];
  /** What becomes of Pods that are not as the policy asks from then on. */
  note?: string;
}

/**
 * A check over what policies allow. A policy counts by who may use it: a permissive one does no harm unused, and a strict
 * one no good beside it.
 */
export const pspCheck = ({ faults, note = refused, ...check }: PspCheck): Check =>
  objectCheck({
    ...check,
    onNothing: 'not-applicable',
    source: 'podSecurityPolicies',
    needs: rbacSources,
    test(policy, held) {
      const found = faults(policy);
      const users = found.length === 0 ? [] : usersOf(held, policy.metadata.name);
      const [first] = users;
      if (first === undefined) return [];
      const others = users.length === 1 ? '' : `, and ${users.length - 1} more may`;
      return found.map(({ field, what, severity = check.severity, changes }) => ({
        field,
        severity,
        message: `${what}, and ${first.title} may use the policy by ${first.by}${others}.`,
        verdict: first.isBroad ? 'fail' : 'review',
        fix: { risk: 'advice', changes, note },
      }));
    },
  });

const refused =
  'Pods that need it are refused when they are next made: give their service accounts a policy of their own first.';
