import { podSpecCheck } from '../../kit/define-check.ts';
import { changeTo, fieldIdentity } from '../../kit/field.ts';
import { effective, walkContainers } from '../../kit/pods.ts';
import { linuxOr, linuxProblem, whose } from '../../kit/pss-problem.ts';
import { violations, type Violation } from '../../kit/pss.ts';
import { profileProblem, withProfiles } from '../../kit/seccomp.ts';
import type { PodSpec } from '../../model.ts';

/** From this minor version on, annotations set no profile any more. */
const fieldsAloneFrom = 27;

/**
 * The reading of CIS: what counts is the profile that each container ends up with. With `seccomp-unconfined`, which
 * wants no other value anywhere, it is what the restricted level asks. Not set counts as unconfined: whether the kubelet
 * has a default of its own, the API does not say.
 */
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
    const made = withProfiles(pod, context);
    // What the restricted level admits has one everywhere; it knows for whom, and from which version on.
    if (violations('seccompProfile_restricted', made, context).length === 0) return [];
    return withoutProfile(made).map((violation) =>
      violation.value === undefined
        ? linuxProblem(pod, violation, {
            message: `${whose(violation)} has no seccomp profile, and neither has the Pod.${hint}`,
            fix: {
              risk: 'safe',
              changes: [changeTo(pod, ['securityContext', 'seccompProfile', 'type'], 'RuntimeDefault')],
            },
          })
        : profileProblem(pod, context, violation, `.${hint}`),
    );
  },
});

/** A value of the Pod that no container gets is none; one that many get is one. */
function withoutProfile(pod: PodSpec): Violation[] {
  const found = walkContainers(pod).flatMap((container): Violation[] => {
    const { value, field } = effective(pod, container, 'seccompProfile', 'type');
    if (value === 'RuntimeDefault' || value === 'Localhost') return [];
    const isInherited = field[0] === 'securityContext';
    return [{ field, ...(value === undefined ? {} : { value }), ...(isInherited ? {} : { container }) }];
  });
  return [...new Map(found.map((each) => [fieldIdentity(each.field), each])).values()];
}
