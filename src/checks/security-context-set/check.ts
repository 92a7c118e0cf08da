import { podSpecCheck } from '../../kit/define-check.ts';
import { walkContainers } from '../../kit/pods.ts';

/** Whether anybody thought of it at all; what a security context should hold is for the other checks to say. */
export const securityContextSet = podSpecCheck({
  id: 'security-context-set',
  title: 'Security contexts are set',
  severity: 'low',
  onNothing: 'not-applicable',
  test: (pod) =>
    isSet(pod.securityContext)
      ? []
      : walkContainers(pod)
          .filter(({ container }) => !isSet(container.securityContext))
          .map(({ field, title }) => ({
            field: [...field, 'securityContext'],
            message: `Neither the ${title} nor its Pod has a security context.`,
            fix: {
              action: 'none',
              risk: 'advice',
              note: 'What it should hold, the findings of the other checks on this object say; with their changes this finding goes too.',
            },
          })),
});

/** The API server gives every Pod an empty one. */
const isSet = (context: object | undefined): boolean => Object.keys(context ?? {}).length > 0;
