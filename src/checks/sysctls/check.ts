import { podSpecCheck, type PodContext, type Problem } from '../../kit/define-check.ts';
import { changeTo } from '../../kit/field.ts';
import { violations } from '../../kit/pss.ts';
import type { Field, PodSpec } from '../../model.ts';

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
      return { field, ...problem(pod, context, at) };
    }),
});

function problem(pod: PodSpec, context: PodContext, at: number): Pick<Problem, 'message' | 'fix'> {
  const all = (pod.securityContext?.sysctls ?? []).map((sysctl) => ({ ...sysctl }));
  const written = all[at]?.name ?? '';
  const name = dotted(written);
  if (name !== written && isSafe(name, context)) {
    return {
      message: `The Pod sets the kernel parameter ${name}, which is safe, but writes it as ${written}: admission knows it with dots only.`,
      fix: {
        risk: 'safe',
        changes: [changeTo(pod, list, all.with(at, { ...all[at], name }))],
      },
    };
  }
  const left = all.filter((_, i) => i !== at);
  return {
    message: `The Pod sets the kernel parameter ${name === written ? name : `${name} (written as ${written})`}, which is not on the list of safe ones of Kubernetes 1.${context.minor}.`,
    fix: {
      risk: 'review',
      changes: [changeTo(pod, list, left.length === 0 ? undefined : left)],
      note: 'What needs the parameter runs with the default of the node afterwards: set it on the node where it must stay.',
    },
  };
}

const isSafe = (name: string, context: PodContext): boolean =>
  violations('sysctls', { containers: [], securityContext: { sysctls: [{ name }] } }, context).length === 0;

/** The kubelet takes slashes for dots, and dots for slashes where a slash comes first. */
function dotted(written: string): string {
  const separator = /[./]/.exec(written)?.[0];
  if (separator !== '/') return written;
  return written.replaceAll(/[./]/g, (each) => (each === '/' ? '.' : '/'));
}
