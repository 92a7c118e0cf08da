import { podSpecCheck } from '../../kit/define-check.ts';
import { changeTo } from '../../kit/field.ts';
import { isWindows, unlessEphemeral, walkContainers } from '../../kit/pods.ts';
import type { Field } from '../../model.ts';

/** There is no such field for the Pod as a whole. */
export const readOnlyRootfs = podSpecCheck({
  id: 'read-only-rootfs',
  title: 'Root filesystem read-only',
  severity: 'low',
  onNothing: 'not-applicable',
  applies: (pod) => !isWindows(pod),
  test: (pod) =>
    walkContainers(pod).flatMap((walked) => {
      const value = walked.container.securityContext?.readOnlyRootFilesystem;
      if (value === true) return [];
      const field: Field = [...walked.field, 'securityContext', 'readOnlyRootFilesystem'];
      return [
        {
          field,
          message: `The ${walked.title} can write to its root filesystem: readOnlyRootFilesystem is ${value ?? 'not set'}.`,
          fix: unlessEphemeral(walked, {
            risk: 'review',
            changes: [changeTo(pod, field, true)],
            note: 'What the application writes needs a volume first, most often an emptyDir at /tmp: it fails at run time and not when it is applied.',
          }),
        },
      ];
    }),
});
