import { podSpecCheck, type PodContext, type Problem } from '../../kit/define-check.ts';
import { fieldIdentity, valueAt } from '../../kit/field.ts';
import { unlessEphemeral } from '../../kit/pods.ts';
import { linuxOr, memberOf, runtimeDefault, shown, whose } from '../../kit/pss-problem.ts';
import { violations, type Violation } from '../../kit/pss.ts';
import type { Field, PodSpec } from '../../model.ts';

/**
 * Not set is no fault: the runtime has a default. The annotation of a container stands for its field, and the API
 * server copies the one to the other when it makes a Pod; both are one finding, since the template has but one of them.
 */
export const apparmorProfile = podSpecCheck({
  id: 'apparmor-profile',
  title: 'AppArmor profile not disabled',
  severity: 'low',
  onNothing: 'not-applicable',
  applies: linuxOr('appArmorProfile'),
  test(pod, context) {
    const found = violations('appArmorProfile', pod, context);
    const ofPod = found.find(({ base, container }) => base === undefined && container === undefined);
    const byPlace = Map.groupBy(found, (violation) => fieldIdentity(placeOf(pod, violation, ofPod)));
    return [...byPlace.values()].flatMap(([first, ...rest]) =>
      first === undefined ? [] : [problem(pod, context, placeOf(pod, first, ofPod), [first, ...rest])],
    );
  },
});

/** The field itself, or the one that the annotation stands for: the container's, or the Pod's where that is as bad. */
function placeOf(pod: PodSpec, { field, base, container }: Violation, ofPod: Violation | undefined): Field {
  if (base === undefined || container === undefined) return field;
  const own: Field = [...container.field, 'securityContext', 'appArmorProfile', 'type'];
  return ofPod !== undefined && valueAt(pod, own) === undefined ? ofPod.field : own;
}

/** `group` has the field first, if it is set, and then the annotations that say the same. */
function problem(
  pod: PodSpec,
  context: PodContext,
  field: Field,
  group: readonly [Violation, ...Violation[]],
): Problem {
  const [first] = group;
  const { base, container } = first;
  const source = base === undefined ? '' : `, set by the annotation ${memberOf(first)}`;
  const changes = (where: Violation['base']) =>
    group.filter((each) => each.base === where).map((each) => runtimeDefault(pod, context, each));
  return {
    field,
    ...(container === undefined && base !== undefined ? { base } : {}),
    message: `${whose(first)} has the AppArmor profile ${shown(first)}${source}.`,
    fix: unlessEphemeral(container, {
      // A kubelet without AppArmor refuses a Pod that names a profile, even the default one.
      risk: 'review',
      changes: changes(undefined),
      metadataChanges: changes('metadata'),
    }),
  };
}
