import { podSpecCheck } from '../../kit/define-check.ts';
import { leaveHostNetwork } from '../../kit/host-network.ts';
import { violations } from '../../kit/pss.ts';

export const hostNetwork = podSpecCheck({
  id: 'host-network',
  title: 'No host network namespace sharing',
  severity: 'high',
  onNothing: 'not-applicable',
  // A HostProcess Pod must be on the node's network: one cause, reported by windows-host-process.
  applies: (pod, context) => violations('windowsHostProcess', pod, context).length === 0,
  test(pod) {
    if (pod.hostNetwork !== true) return [];
    return [
      {
        field: ['hostNetwork'],
        message:
          "hostNetwork is true: the Pod uses the node's network interfaces, and most network plugins apply no NetworkPolicy to it.",
        fix: {
          risk: 'review',
          changes: leaveHostNetwork(pod),
          note: "The Pod gets an address of its own: what reaches it at the node's address needs a Service first.",
        },
      },
    ];
  },
});
