import { podSpecCheck, type Problem } from '../../kit/define-check.ts';
import {
  hasCapability,
  isWindows,
  listTo,
  spellingHint,
  unlessEphemeral,
  walkContainers,
  withoutPrefix,
  type WalkedContainer,
} from '../../kit/pods.ts';
import type { Field, PodSpec } from '../../model.ts';

/** The reading of CIS: runtimes give NET_RAW to every container that does not drop it. Names count as runtimes take them. */
export const capNetRaw = podSpecCheck({
  id: 'cap-net-raw',
  title: 'NET_RAW capability removed',
  severity: 'medium',
  onNothing: 'not-applicable',
  applies: (pod) => !isWindows(pod),
  test: (pod) => walkContainers(pod).flatMap((walked) => [...notDropped(pod, walked), ...added(pod, walked)]),
});

const list = ({ field }: WalkedContainer, member: 'add' | 'drop'): Field => [
  ...field,
  'securityContext',
  'capabilities',
  member,
];

function notDropped(pod: PodSpec, walked: WalkedContainer): Problem[] {
  const { drop = [] } = walked.container.securityContext?.capabilities ?? {};
  if (hasCapability(drop, 'ALL') || hasCapability(drop, 'NET_RAW')) return [];
  const field = list(walked, 'drop');
  return [
    {
      field,
      message: `The ${walked.title} does not drop NET_RAW, which most runtimes give to every container.${spellingHint(drop)}`,
      fix: unlessEphemeral(walked, { risk: 'safe', changes: [listTo(pod, field, [...drop, 'NET_RAW'])] }),
    },
  ];
}

function added(pod: PodSpec, walked: WalkedContainer): Problem[] {
  const { add = [] } = walked.container.securityContext?.capabilities ?? {};
  const left = add.filter((capability) => !hasCapability([withoutPrefix(capability)], 'NET_RAW'));
  if (left.length === add.length) return [];
  const field = list(walked, 'add');
  return [
    {
      field,
      message: `The ${walked.title} adds NET_RAW: it can read and forge the packets of the network it is on.`,
      fix: unlessEphemeral(walked, {
        risk: 'review',
        changes: [listTo(pod, field, left)],
        note: 'What needs raw sockets stops working: packet capture, some ways to ping, software load balancers.',
      }),
    },
  ];
}
