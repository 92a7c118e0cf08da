import { podSpecCheck, type Problem } from '../../kit/define-check.ts';
import { changeTo, fieldIdentity } from '../../kit/field.ts';
import { isMirroredPort, portStep, walkContainers, type WalkedContainer } from '../../kit/pods.ts';
import type { ContainerPort, Field, PodSpec } from '../../model.ts';

export const hostPorts = podSpecCheck({
  id: 'host-ports',
  title: 'No host ports',
  severity: 'medium',
  onNothing: 'not-applicable',
  test: (pod) => walkContainers(pod).flatMap((walked) => problemsOf(pod, walked)),
});

interface HostPort {
  port: ContainerPort;
  field: Field;
}

function problemsOf(pod: PodSpec, { container, field, title }: WalkedContainer): Problem[] {
  const taken: HostPort[] = (container.ports ?? []).flatMap((port, i) =>
    (port.hostPort ?? 0) === 0 || isMirroredPort(pod, port)
      ? []
      : [{ port, field: [...field, 'ports', portStep(i, port), 'hostPort'] }],
  );
  // One container port may be reached at several ports of the node: one finding, since nothing else tells them apart.
  const byContainerPort = Map.groupBy(taken, ({ field: of }) => fieldIdentity(of));
  return [...byContainerPort.values()].map((group) => problem(pod, title, group));
}

function problem(pod: PodSpec, title: string, ports: readonly HostPort[]): Problem {
  const numbers = ports.map(({ port: { hostPort, protocol } }) => `${hostPort}/${protocol ?? 'TCP'}`);
  return {
    field: ports[0]?.field ?? [],
    message: `The ${title} takes port ${numbers.join(', ')} of the node it runs on.`,
    fix: {
      risk: 'review',
      changes: ports.map(({ field }) => changeTo(pod, field)),
      note: 'What reaches the Pod through this port of the node needs a Service first; without the port several of its Pods may share a node.',
    },
  };
}
