import { podSpecCheck } from '../../kit/define-check.ts';
import { changeTo } from '../../kit/field.ts';
import { violations } from '../../kit/pss.ts';
import type { Field } from '../../model.ts';

const list: Field = ['securityContext', 'sysctls'];

export const sysctls = podSpecCheck({
  id: 'sysctls',
  title: 'Only safe sysctls',
  severity: 'medium',
  onNothing: 'not-applicable',
  test: (pod, context) =>
    violations('sysctls', pod, context).map(({ field }) => {
      const step = field[list.length];
      const at = typeof step === 'object' ? step.index : -1;
      const all = pod.securityContext?.sysctls ?? [];
      const left = all.filter((_, i) => i !== at).map((sysctl) => ({ ...sysctl }));
      return {
        field,
        message: `The Pod sets the kernel parameter ${nameOf(all[at]?.name ?? '')}, which is not on the list of safe ones of Kubernetes 1.${context.minor}.`,
        fix: {
          risk: 'review',
          changes: [changeTo(pod, list, left.length === 0 ? undefined : left)],
          note: 'What needs the parameter runs with the default of the node afterwards: set it on the node where it must stay.',
        },
      };
    }),
});

/** The kubelet takes slashes for dots; the list of safe ones knows names with dots only. */
function nameOf(written: string): string {
  const separator = /[./]/.exec(written)?.[0];
  if (separator !== '/') return written;
  const dotted = written.replaceAll(/[./]/g, (each) => (each === '/' ? '.' : '/'));
  return `${dotted} (written as ${written})`;
}
