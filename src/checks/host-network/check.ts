import { podSpecCheck } from '../../kit/define-check.ts';
import { changeTo } from '../../kit/field.ts';
import { isMirroredPort, isWindows, portStep, walkContainers } from '../../kit/pods.ts';
import type { Change, PodSpec } from '../../model.ts';

const field = ['hostNetwork'];

export const hostNetwork = podSpecCheck({
  id: 'host-network',
  title: 'No host network namespace sharing',
  severity: 'high',
  onNothing: 'not-applicable',
  applies: (pod) => !isWindows(pod),
  test(pod) {
    if (pod.hostNetwork !== true) return [];
    return [
      {
        field,
        message:
          "hostNetwork is true: the Pod uses the node's network interfaces, and most network plugins apply no NetworkPolicy to it.",
        fix: {
          risk: 'review',
          changes: [changeTo(pod, field), ...dnsChange(pod), ...portChanges(pod)],
          note: "The Pod gets an address of its own: what reaches it at the node's address needs a Service first.",
        },
      },
    ];
  },
});

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
