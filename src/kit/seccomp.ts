import type { PodSpec } from '../model.ts';
import { asMade } from './admission/made.ts';
import type { PodContext, Problem } from './define-check.ts';
import { valueAt } from './field.ts';
import { linuxProblem, runtimeDefault, shown, whose } from './pss-problem.ts';
import type { Violation } from './pss.ts';
import { seccompOfContainer, seccompOfPod } from './psp/profiles.ts';

type Context = Pick<PodContext, 'annotations' | 'live' | 'minor'>;

/** The pod spec as its Pods have it: of a template, up to Kubernetes 1.26, with the profiles that its annotations set. */
export const withProfiles = (pod: PodSpec, { annotations, live, minor }: Context): PodSpec =>
  (live ? undefined : asMade({ podSpec: pod, podAnnotations: annotations }, minor).podSpec) ?? pod;

/** A profile that is not to be, replaced where it is set: in the field, or in the annotation that stands for it. */
export function profileProblem(
  pod: PodSpec,
  context: PodContext,
  violation: Violation,
  consequence: string,
): Problem {
  const key = annotationOf(pod, context, violation);
  const annotation: Violation = { field: ['annotations', key ?? ''], base: 'metadata' };
  return linuxProblem(pod, violation, {
    message: `${whose(violation)} asks for the seccomp profile ${shown(violation)}${key === undefined ? '' : ` by the annotation ${key}`}${consequence}`,
    fix: {
      risk: 'safe',
      ...(key === undefined
        ? { changes: [runtimeDefault(pod, context, violation)] }
        : { metadataChanges: [runtimeDefault(pod, context, annotation)] }),
    },
  });
}

/** Undefined where the pod spec itself has the field. */
function annotationOf(
  pod: PodSpec,
  { annotations }: Context,
  { field, base, container }: Violation,
): string | undefined {
  if (base !== undefined || valueAt(pod, field) !== undefined) return undefined;
  const key = container === undefined ? seccompOfPod : seccompOfContainer + container.container.name;
  return annotations[key] === undefined ? undefined : key;
}
