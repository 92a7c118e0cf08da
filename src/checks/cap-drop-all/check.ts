import { podSpecCheck, type Problem } from '../../kit/define-check.ts';
import { hasCapability, listTo, spellingHint, type WalkedContainer } from '../../kit/pods.ts';
import { linuxOr, linuxProblem, memberOf, whose, withoutCapabilities } from '../../kit/pss-problem.ts';
import { violations, type Violation } from '../../kit/pss.ts';
import type { Change, PodSpec } from '../../model.ts';

/** As the Pod Security Standards want it: `ALL` dropped, in upper case, and nothing added but NET_BIND_SERVICE. */
export const capDropAll = podSpecCheck({
  id: 'cap-drop-all',
  title: 'All capabilities dropped',
  severity: 'medium',
  onNothing: 'not-applicable',
  applies: linuxOr('capabilities_restricted'),
  test: (pod, context) =>
    violations('capabilities_restricted', pod, context).map((violation) =>
      memberOf(violation) === 'drop' ? notDropped(pod, violation) : added(pod, violation),
    ),
});

const bindLowPorts = 'NET_BIND_SERVICE';

function notDropped(pod: PodSpec, violation: Violation): Problem {
  const { drop } = violation.container?.container.securityContext?.capabilities ?? {};
  const dropped = hasCapability(drop, 'ALL')
    ? "drops all capabilities in a way that the API server's admission does not take"
    : 'does not drop all capabilities';
  return linuxProblem(pod, violation, {
    message: `${whose(violation)} ${dropped}.${spellingHint(drop)}`,
    fix: {
      risk: 'review',
      changes: [listTo(pod, violation.field, ['ALL']), ...lowPorts(pod, violation.container)],
      note: 'What starts as root and changes owners or users (CHOWN, SETUID, SETGID), as many images do, then fails: try it first.',
    },
  });
}

/** A port below 1024 takes a capability, where the runtime does not open these ports to everybody. */
function lowPorts(pod: PodSpec, walked: WalkedContainer | undefined): Change[] {
  const { ports = [], securityContext } = walked?.container ?? {};
  const { add = [] } = securityContext?.capabilities ?? {};
  if (walked === undefined || add.includes(bindLowPorts)) return [];
  if (!ports.some(({ containerPort }) => containerPort < 1024)) return [];
  return [listTo(pod, [...walked.field, 'securityContext', 'capabilities', 'add'], [...add, bindLowPorts])];
}

function added(pod: PodSpec, violation: Violation): Problem {
  const excess = violation.value as string[];
  return linuxProblem(pod, violation, {
    message: `${whose(violation)} adds ${excess.join(', ')}: where all capabilities are dropped, only ${bindLowPorts} may be added.`,
    fix: withoutCapabilities(pod, violation),
  });
}
