/** The answer of `passmuster reach` as JSON. Stable: fields are added, never changed. */
import type { Policy } from '../kit/network.ts';
import type { ExplainedSide, Explanation } from '../kit/network/explain.ts';
import type { Answer } from '../reach/ask.ts';
import type { End } from '../reach/ends.ts';
import type { Surroundings } from '../reach/overview.ts';
import { printableJson } from '../text.ts';

export function json({ question, pod, connection, overview, unread, notes, notSeen }: Answer): string {
  const answer =
    connection === undefined
      ? {
          ...(overview === undefined ? {} : { ingress: directionOf(overview.ingress) }),
          ...(overview?.egress === undefined ? {} : { egress: directionOf(overview.egress) }),
        }
      : {
          connection: {
            from: endOf(connection.from),
            to: endOf(connection.to),
            ...explanationOf(connection),
          },
        };
  return `${printableJson({
    apiVersion: 'passmuster/v1',
    kind: 'Reach',
    request: question,
    complete: unread.length === 0,
    unread,
    notes,
    notSeen,
    pod: endOf(pod),
    ...answer,
  })}\n`;
}

function endOf({ ref, endpoint }: End) {
  if (endpoint.kind === 'address') return { ip: endpoint.ip };
  return { kind: ref?.kind, namespace: ref?.namespace, name: ref?.name, hostNetwork: endpoint.hostNetwork };
}

const policyOf = ({ namespace, source }: Policy) => ({ namespace, name: source.metadata.name });

const sideOf = ({ isolatedBy, allowedBy, ports }: ExplainedSide) => ({
  isolatedBy: isolatedBy.map(policyOf),
  allowedBy: allowedBy.map((rule) => ({ policy: policyOf(rule.policy), path: rule.path, ports: rule.ports })),
  ports,
});

const explanationOf = ({ verdict, ports, egress, ingress }: Explanation) => ({
  verdict,
  ports,
  egress: sideOf(egress),
  ingress: sideOf(ingress),
});

const directionOf = ({ isolatedBy, neighbours, outside }: Surroundings) => ({
  isolatedBy: isolatedBy.map(policyOf),
  workloads: neighbours.map(({ namespace, hostNetwork, workloads, explanation }) => ({
    namespace,
    hostNetwork,
    members: workloads.map(({ ref: { kind, name }, pods }) => ({ kind, name, pods })),
    ...explanationOf(explanation),
  })),
  outside: outside.map(({ block, ports, rule }) => ({
    ...(block === undefined ? {} : { block }),
    ports,
    ...(rule === undefined ? {} : { allowedBy: { policy: policyOf(rule.policy), path: rule.path } }),
  })),
});
