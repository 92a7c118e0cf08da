import { podSpecCheck } from '../../kit/define-check.ts';
import { hostPathsOf } from '../../kit/host-paths.ts';

export const hostPath = podSpecCheck({
  id: 'host-path',
  title: 'No hostPath volumes',
  severity: 'medium',
  onNothing: 'not-applicable',
  test: (pod, context) =>
    hostPathsOf(pod, context).flatMap(({ field, volume, path, writers, hasRuntimeSocket, isSensitive }) => {
      // What holds the socket of a container runtime is reported by runtime-socket-mount.
      if (hasRuntimeSocket) return [];
      const writable = writers.length === 0 ? '' : `, writable for the ${writers.join(' and the ')}`;
      return [
        {
          field,
          message: `The volume ${volume} is ${path} of the node${writable}.`,
          severity: writers.length > 0 || isSensitive ? 'high' : 'medium',
          fix: {
            action: 'none',
            risk: 'advice',
            note: 'The application needs another volume first, such as a claim or an emptyDir; then take this one and its mounts away together.',
          },
        },
      ];
    }),
});
