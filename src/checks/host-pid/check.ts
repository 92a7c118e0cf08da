import { podSpecCheck } from '../../kit/define-check.ts';
import { changeTo } from '../../kit/field.ts';
import { isWindows } from '../../kit/pods.ts';

const field = ['hostPID'];

export const hostPid = podSpecCheck({
  id: 'host-pid',
  title: 'No host PID namespace sharing',
  severity: 'high',
  onNothing: 'not-applicable',
  applies: (pod) => !isWindows(pod),
  test(pod) {
    if (pod.hostPID !== true) return [];
    return [
      {
        field,
        message: 'hostPID is true: the containers see every process of the node, and its environment.',
        fix: { risk: 'safe', changes: [changeTo(pod, field)] },
      },
    ];
  },
});
