import { podSpecCheck } from '../../kit/define-check.ts';
import { changeTo } from '../../kit/field.ts';
import { linuxOr, linuxProblem, memberOf, shown, whose } from '../../kit/pss-problem.ts';
import { violations } from '../../kit/pss.ts';

/** `level` is free: it keeps the Pods of a node apart. */
export const selinuxOptions = podSpecCheck({
  id: 'selinux-options',
  title: 'SELinux options not overridden',
  severity: 'medium',
  onNothing: 'not-applicable',
  applies: linuxOr('seLinuxOptions'),
  test: (pod, context) =>
    violations('seLinuxOptions', pod, context).map((violation) => {
      const member = memberOf(violation);
      return linuxProblem(pod, violation, {
        message: `${whose(violation)} sets the SELinux ${member} ${shown(violation)}, which is not one that confines containers.`,
        fix: {
          risk: 'review',
          changes: [changeTo(pod, violation.field, member === 'type' ? 'container_t' : undefined)],
          note: 'On nodes that enforce SELinux the container loses the files and devices that its own label opened to it.',
        },
      });
    }),
});
