import { podSpecCheck } from '../../kit/define-check.ts';
import { changeTo } from '../../kit/field.ts';
import { linuxOr, linuxProblem, runtimeDefault, shown, whose } from '../../kit/pss-problem.ts';
import { violations } from '../../kit/pss.ts';

/** From this minor version on, annotations set no profile any more. */
const fieldsAloneFrom = 27;

/** Not set counts as unconfined: whether the kubelet has a default of its own, the API does not say. */
export const seccompDefault = podSpecCheck({
  id: 'seccomp-default',
  title: 'Runtime default seccomp profile set',
  severity: 'medium',
  onNothing: 'not-applicable',
  applies: linuxOr('seccompProfile_restricted'),
  test(pod, context) {
    const isAnnotated = Object.keys(context.annotations).some((key) => key.includes('seccomp'));
    const hint =
      isAnnotated && context.minor >= fieldsAloneFrom
        ? ` The annotation that asks for a profile has had no effect since Kubernetes 1.${fieldsAloneFrom}.`
        : '';
    return violations('seccompProfile_restricted', pod, context).map((violation) =>
      linuxProblem(pod, violation, {
        message:
          violation.value === undefined
            ? `${whose(violation)} has no seccomp profile, and neither has the Pod.${hint}`
            : `${whose(violation)} asks for the seccomp profile ${shown(violation)}.${hint}`,
        fix: {
          risk: 'safe',
          changes: [
            violation.value === undefined
              ? changeTo(pod, ['securityContext', 'seccompProfile', 'type'], 'RuntimeDefault')
              : runtimeDefault(pod, context, violation),
          ],
        },
      }),
    );
  },
});
