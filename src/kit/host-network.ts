import type { Change, PodSpec } from '../model.ts';
import { changeTo } from './field.ts';
import { isMirroredPort, portStep, walkContainers } from './pods.ts';

/** What gives a Pod a network of its own, and takes along what only followed from the node's. */
export const leaveHostNetwork = (pod: PodSpec): Change[] => [
  changeTo(pod, ['hostNetwork']),
  ...dnsChange(pod),
  ...portChanges(pod),
];

/** The policy that serves a Pod on the node's network; any other was chosen for a reason of its own. */
const dnsChange = (pod: PodSpec): Change[] =>
  pod.dnsPolicy === 'ClusterFirstWithHostNet' ? [changeTo(pod, ['dnsPolicy'], 'ClusterFirst')] : [];

/** Host ports that only followed from the host network would stay behind as real ones. */
const portChanges = (pod: PodSpec): Change[] =>
  walkContainers(pod).flatMap(({ container: { ports = [] }, field: container }) =>
    ports.flatMap((port, i) =>
      isMirroredPort(pod, port)
        ? [changeTo(pod, [...container, 'ports', portStep(i, port), 'hostPort'])]
        : [],
    ),
  );
