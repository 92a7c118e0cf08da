import type { IdRange, IdStrategy, PodSecurityPolicy } from '../../model.ts';
import { changeTo } from '../field.ts';
import type { PolicyFault } from './psp-check.ts';

/** Any group but root; a Pod may have none. */
export const otherGroups: IdStrategy = { rule: 'MayRunAs', ranges: [{ min: 1, max: 65535 }] };

/** Whether 0 is among the ids. */
export const allowsRoot = ({ rule, ranges = [] }: IdStrategy = {}): boolean =>
  rule === 'RunAsAny' || (rule !== 'MustRunAsNonRoot' && ranges.some(isWithRoot));

const isWithRoot = ({ min }: IdRange): boolean => min <= 0;

/** The fault of a policy that lets a Pod be root: its ranges go without 0, or another strategy takes its place. */
export function idFaults(
  policy: PodSecurityPolicy,
  member: 'runAsUser' | 'fsGroup' | 'supplementalGroups',
  instead: IdStrategy,
): PolicyFault[] {
  const strategy = policy.spec[member] ?? {};
  if (!allowsRoot(strategy)) return [];
  const isAny = strategy.rule === 'RunAsAny';
  const left = isAny ? [] : (strategy.ranges ?? []).filter(({ max }) => max > 0);
  const { rule, ranges } = left.length === 0 ? instead : { ...strategy, ranges: left };
  const at = (name: string) => ['spec', member, name];
  const changesRule = rule !== strategy.rule;
  const after = ranges?.map(({ min, max }) => ({ min: Math.max(min, 1), max }));
  const changesRanges = after !== undefined || strategy.ranges !== undefined;
  return [
    {
      field: at(isAny ? 'rule' : 'ranges'),
      what: isAny ? `${member}.rule is RunAsAny` : `${member}.ranges include 0`,
      changes: [
        ...(changesRule ? [changeTo(policy, at('rule'), rule)] : []),
        ...(changesRanges ? [changeTo(policy, at('ranges'), after)] : []),
      ],
    },
  ];
}
