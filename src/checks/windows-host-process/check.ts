import { podSpecCheck } from '../../kit/define-check.ts';
import { changeTo } from '../../kit/field.ts';
import { leaveHostNetwork } from '../../kit/host-network.ts';
import { ephemeralFix } from '../../kit/pods.ts';
import { violations } from '../../kit/pss.ts';

export const windowsHostProcess = podSpecCheck({
  id: 'windows-host-process',
  title: 'No Windows HostProcess containers',
  severity: 'high',
  onNothing: 'not-applicable',
  test(pod, context) {
    const found = violations('windowsHostProcess', pod, context);
    // The API takes only Pods whose containers agree, so each finding changes them all.
    const changes = found
      .filter(({ container }) => container?.ephemeral !== true)
      .map(({ field }) => changeTo(pod, field));
    return found.map(({ field, container }) => ({
      field,
      message: `hostProcess is true for ${container === undefined ? 'every container of the Pod' : `the ${container.title}`}: it runs as a process of the Windows node, not in a container.`,
      fix: container?.ephemeral
        ? ephemeralFix
        : {
            risk: 'review',
            changes: [...changes, ...(pod.hostNetwork === true ? leaveHostNetwork(pod) : [])],
            note: 'The application then sees neither the files nor the network of the node, and a runAsUserName of the node means nothing to it.',
          },
    }));
  },
});
