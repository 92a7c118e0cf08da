import { podSpecCheck } from '../../kit/define-check.ts';
import { changeTo } from '../../kit/field.ts';
import { ephemeralFix, isWindows, walkContainers } from '../../kit/pods.ts';
import { isPlatformNamespace } from '../../kit/system-namespaces.ts';
import type { Field } from '../../model.ts';

export const privileged = podSpecCheck({
  id: 'privileged',
  title: 'No privileged containers',
  severity: 'critical',
  onNothing: 'not-applicable',
  applies: (pod) => !isWindows(pod),
  test: (pod, { namespace }) =>
    walkContainers(pod).flatMap(({ container, field: path, title, ephemeral }) => {
      if (container.securityContext?.privileged !== true) return [];
      const field: Field = [...path, 'securityContext', 'privileged'];
      return [
        {
          field,
          // The platform's node agents need it now and then; nobody else is expected to.
          ...(isPlatformNamespace(namespace) ? { severity: 'high' as const } : {}),
          message: `The ${title} is privileged: it has every capability, all devices of the node and no seccomp or AppArmor profile.`,
          fix: ephemeral
            ? ephemeralFix
            : {
                risk: 'review',
                changes: [changeTo(pod, field, false)],
                note: 'Find out first which capabilities or devices the container uses, and grant these alone.',
              },
        },
      ];
    }),
});
