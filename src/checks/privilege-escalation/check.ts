import { podSpecCheck, type Problem } from '../../kit/define-check.ts';
import { changeTo } from '../../kit/field.ts';
import { listTo } from '../../kit/pods.ts';
import { linuxOr, linuxProblem, whose } from '../../kit/pss-problem.ts';
import { violations, type Violation } from '../../kit/pss.ts';
import type { Field, PodSpec } from '../../model.ts';

/** Absent means allowed, and counts less than asking for it. There is no such field for the Pod as a whole. */
export const privilegeEscalation = podSpecCheck({
  id: 'privilege-escalation',
  title: 'allowPrivilegeEscalation off',
  severity: 'medium',
  onNothing: 'not-applicable',
  applies: linuxOr('allowPrivilegeEscalation'),
  test: (pod, context) =>
    violations('allowPrivilegeEscalation', pod, context).map((violation) =>
      linuxProblem(pod, violation, {
        severity: violation.value === true ? 'medium' : 'low',
        message: `${whose(violation)} may gain rights that it was not started with: allowPrivilegeEscalation is ${
          violation.value === true ? 'true' : 'not set, which means true'
        }.`,
        fix: escalationFix(pod, violation),
      }),
    ),
});

/** The capability by the one name under which the API server refuses it next to allowPrivilegeEscalation: false. */
const refused = 'CAP_SYS_ADMIN';

function escalationFix(pod: PodSpec, { field, container }: Violation): NonNullable<Problem['fix']> {
  const { privileged, capabilities } = container?.container.securityContext ?? {};
  const { add = [] } = capabilities ?? {};
  const left = add.filter((capability) => capability !== refused);
  const securityContext: Field = field.slice(0, -1);
  const inTheWay = [
    ...(privileged === true ? [changeTo(pod, [...securityContext, 'privileged'], false)] : []),
    ...(left.length < add.length ? [listTo(pod, [...securityContext, 'capabilities', 'add'], left)] : []),
  ];
  const off = changeTo(pod, field, false);
  if (inTheWay.length === 0) {
    return {
      risk: 'safe',
      changes: [off],
      note: 'Programs with the setuid bit, such as sudo, su and ping in some images, then keep the rights of their caller.',
    };
  }
  return {
    risk: 'review',
    changes: [...inTheWay, off],
    note: `The API server refuses it next to ${privileged === true ? 'privileged: true' : refused}, so that goes in the same change: find out first what the container uses it for.`,
  };
}
