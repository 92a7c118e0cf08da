import { changeTo } from '../../kit/field.ts';
import { pspCheck } from '../../kit/psp/psp-check.ts';

const field = ['spec', 'readOnlyRootFilesystem'];

export const pspReadOnlyRootfs = pspCheck({
  id: 'psp-read-only-rootfs',
  title: 'PodSecurityPolicy demands a read-only root file system',
  severity: 'low',
  faults: (policy) =>
    policy.spec.readOnlyRootFilesystem === true
      ? []
      : [
          {
            field,
            what: 'readOnlyRootFilesystem is not true',
            changes: [changeTo(policy, field, true)],
          },
        ],
  note: 'Containers that do not say otherwise get a read-only root file system when they are next made, and fail where they write to it; those that ask for a writable one are refused.',
});
