import { changeTo } from '../../kit/field.ts';
import { pspCheck } from '../../kit/psp/psp-check.ts';
import type { IdRange } from '../../model.ts';

const field = ['spec', 'hostPorts'];

export const pspHostPorts = pspCheck({
  id: 'psp-host-ports',
  title: 'PodSecurityPolicy allows no host ports',
  severity: 'medium',
  faults(policy) {
    // Port 0 is none.
    const ranges = (policy.spec.hostPorts ?? []).filter(({ max }) => max > 0);
    if (ranges.length === 0) return [];
    const what = `hostPorts allows ${ranges.map(wordsOf).join(', ')}`;
    return [{ field, what, changes: [changeTo(policy, field)] }];
  },
});

const wordsOf = ({ min, max }: IdRange): string => (min === max ? String(min) : `${min} to ${max}`);
