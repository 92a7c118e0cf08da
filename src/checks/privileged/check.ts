import { podSpecCheck } from '../../kit/define-check.ts';
import { changeTo } from '../../kit/field.ts';
import { ephemeralFix, isWindows, walkContainers } from '../../kit/pods.ts';
import { isPlatformNamespace } from '../../kit/system-namespaces.ts';
import type { Field } from '../../model.ts';

export const privileged = podSpecCheck({
  id: 'privileged',
  title: 'No privileged containers',
  severity: 'high',
  onNothing: 'not-applicable',
  applies: (pod) => !isWindows(pod),
  test: (pod, { namespace }) =>
    walkContainers(pod).flatMap(({ container, field: path, title, ephemeral }) => {
      if (container.securityContext?.privileged !== true) return [];
      const field: Field = [...path, 'securityContext', 'privileged'];
      return [
        {
          field,
          // Where the platform runs its node agents it is bad; anywhere else nobody expects it.
          ...(isPlatformNamespace(namespace) ? {} : { severity: 'critical' as const }),
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
