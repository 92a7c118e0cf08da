import { podSpecCheck } from '../../kit/define-check.ts';
import { hostPathsOf } from '../../kit/host-paths.ts';

/** A socket takes requests through a read-only mount as well, and through any folder above it. */
export const runtimeSocketMount = podSpecCheck({
  id: 'runtime-socket-mount',
  title: 'Container runtime socket not mounted',
  severity: 'high',
  onNothing: 'not-applicable',
  test: (pod, context) =>
    hostPathsOf(pod, context).flatMap(({ field, volume, path, hasRuntimeSocket }) => {
      if (!hasRuntimeSocket) return [];
      return [
        {
          field,
          message: `The volume ${volume} is ${path} of the node, which is or holds the socket of a container runtime: whoever reaches it controls every container of the node.`,
          fix: {
            action: 'none',
            risk: 'advice',
            note: 'The application has to do without the runtime first: builds without a daemon, logs and metrics from the kubelet. Then take the volume and its mounts away together.',
          },
        },
      ];
    }),
});
