import type { Endpoint } from './endpoints.ts';
import type { Direction, Policy } from './policies.ts';
import { allPorts, intersection, portsOf, type PortSet } from './ports.ts';
import { matches, reach, type PoliciesByNamespace, type Side } from './reach.ts';

/** A rule that lets a connection through, and which of its peers does. */
export interface AllowingRule {
  policy: Policy;
  /** `spec.ingress[0].from[1]`; without the peer where the rule is for everyone. */
  path: string;
  ports: PortSet;
}

/** What one end of a connection says to it, and why. */
export interface ExplainedSide {
  /** None: it is not isolated, and all is allowed. */
  isolatedBy: readonly Policy[];
  allowedBy: readonly AllowingRule[];
  ports: PortSet;
}

/** Whether a connection can be opened, by both ends. */
export interface Explanation {
  /** `partial`: only some of the ports. */
  verdict: 'allowed' | 'partial' | 'denied';
  /** Of the ports asked for those that are open. */
  ports: PortSet;
  egress: ExplainedSide;
  ingress: ExplainedSide;
}

/** Whether one endpoint can reach another on these ports, with the rules that allow it. */
export function explain(
  policies: PoliciesByNamespace,
  { from, to, asked = allPorts }: { from: Endpoint; to: Endpoint; asked?: PortSet },
): Explanation {
  const { egress, ingress, ports } = reach(policies, from, to);
  const open = intersection(ports, asked);
  const explained = (side: Side, direction: Direction, other: Endpoint): ExplainedSide => ({
    isolatedBy: side.isolatedBy,
    allowedBy: allowingRules(side, direction, { other, target: to, asked }),
    ports: intersection(side.ports, asked),
  });
  return {
    verdict: open.length === 0 ? 'denied' : isSame(open, asked) ? 'allowed' : 'partial',
    ports: open,
    egress: explained(egress, 'egress', to),
    ingress: explained(ingress, 'ingress', from),
  };
}

function allowingRules(
  { allowedBy }: Side,
  direction: Direction,
  { other, target, asked }: { other: Endpoint; target: Endpoint; asked: PortSet },
): AllowingRule[] {
  const named = target.kind === 'pod' ? target.ports : [];
  return allowedBy.flatMap(({ policy }) =>
    (policy[direction] ?? []).flatMap((rule, index) => {
      const ports = intersection(portsOf(rule.ports, named), asked);
      const path = `spec.${direction}[${index}]`;
      if (ports.length === 0) return [];
      if (rule.peers === undefined) return [{ policy, path, ports }];
      const peer = rule.peers.findIndex((one) => matches(one, policy.namespace, other));
      return peer === -1 ? [] : [{ policy, path: `${path}.${peersOf[direction]}[${peer}]`, ports }];
    }),
  );
}

/** What the API calls the peers of a rule. */
export const peersOf: Readonly<Record<Direction, string>> = { ingress: 'from', egress: 'to' };

const isSame = (a: PortSet, b: PortSet): boolean => JSON.stringify(a) === JSON.stringify(b);
