import { podSpecCheck } from '../../kit/define-check.ts';
import { changeTo } from '../../kit/field.ts';
import { isWindows } from '../../kit/pods.ts';

const field = ['hostIPC'];

export const hostIpc = podSpecCheck({
  id: 'host-ipc',
  title: 'No host IPC namespace sharing',
  severity: 'high',
  onNothing: 'not-applicable',
  applies: (pod) => !isWindows(pod),
  test(pod) {
    if (pod.hostIPC !== true) return [];
    return [
      {
        field,
        message:
          'hostIPC is true: the containers share the shared memory, semaphores and message queues of the node.',
        fix: { risk: 'safe', changes: [changeTo(pod, field)] },
      },
    ];
  },
});
