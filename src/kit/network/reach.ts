import type { NetworkPolicyPeer } from '../../model.ts';
import { selects } from '../label-selector.ts';
import { covers } from './blocks.ts';
import type { Endpoint, PodEndpoint } from './endpoints.ts';
import type { Direction, Policy, Rule } from './policies.ts';
import { allPorts, intersection, portsOf, union, type PortSet } from './ports.ts';

/** What the policies of one end of a connection say to it. */
export interface Side {
  /** The policies that select the Pod in this direction. None: it is not isolated, and all is allowed. */
  isolatedBy: readonly Policy[];
  /** Those of them that allow something here, and what. */
  allowedBy: readonly { policy: Policy; ports: PortSet }[];
  /** What this side lets through. */
  ports: PortSet;
}

/** What may be opened from one endpoint to another: what both sides let through. */
export interface Reach {
  egress: Side;
  ingress: Side;
  ports: PortSet;
}

export type PoliciesByNamespace = ReadonlyMap<string, readonly Policy[]>;

/**
 * The effective policy from one endpoint to another. Policies are a union: each only adds to what is allowed, whatever
 * its name or how closely it selects. A side that no policy isolates allows all.
 *
 * Not modelled, as no policy decides it: a Pod always reaches itself, and a node the Pods on it.
 * @see https://kubernetes.io/docs/concepts/services-networking/network-policies/
 */
export function reach(policies: PoliciesByNamespace, from: Endpoint, to: Endpoint): Reach {
  const egress = sideOf(policies, 'egress', from, to, to);
  const ingress = sideOf(policies, 'ingress', to, from, to);
  return { egress, ingress, ports: intersection(egress.ports, ingress.ports) };
}

const open: Side = { isolatedBy: [], allowedBy: [], ports: allPorts };

/** Named ports are those of the end that is reached, whichever side asks. */
function sideOf(
  policies: PoliciesByNamespace,
  direction: Direction,
  own: Endpoint,
  other: Endpoint,
  target: Endpoint,
): Side {
  const isolatedBy = isolating(policies, direction, own);
  if (isolatedBy.length === 0) return open;
  const allowedBy = isolatedBy.flatMap((policy) => {
    const ports = union((policy[direction] ?? []).flatMap((rule) => allowed(rule, policy, other, target)));
    return ports.length === 0 ? [] : [{ policy, ports }];
  });
  return { isolatedBy, allowedBy, ports: union(allowedBy.flatMap(({ ports }) => ports)) };
}

/** The policies that select a Pod in a direction. What lies outside of the Pod network is nobody's to hold. */
export function isolating(policies: PoliciesByNamespace, direction: Direction, endpoint: Endpoint): Policy[] {
  if (endpoint.kind === 'address' || endpoint.hostNetwork) return [];
  return (policies.get(endpoint.namespace) ?? []).filter(
    (policy) => policy[direction] !== undefined && selects(policy.podSelector, endpoint.labels),
  );
}

function allowed({ peers, ports }: Rule, { namespace }: Policy, other: Endpoint, target: Endpoint): PortSet {
  const isPeer = peers === undefined || peers.some((peer) => matches(peer, namespace, other));
  return isPeer ? portsOf(ports, target.kind === 'pod' ? target.ports : []) : [];
}

/** Whether a peer of a policy in this namespace is the endpoint. */
export function matches(peer: NetworkPolicyPeer, namespace: string, endpoint: Endpoint): boolean {
  const { ipBlock } = peer;
  if (ipBlock !== undefined) return addressesOf(endpoint).some((address) => covers(ipBlock, address));
  return endpoint.kind === 'pod' && !endpoint.hostNetwork && selectsPod(peer, namespace, endpoint);
}

const selectsPod = (
  { podSelector, namespaceSelector }: NetworkPolicyPeer,
  policyNamespace: string,
  { namespace, namespaceLabels, labels }: PodEndpoint,
): boolean =>
  (namespaceSelector === undefined
    ? namespace === policyNamespace
    : selects(namespaceSelector, namespaceLabels)) &&
  (podSelector === undefined || selects(podSelector, labels));

const addressesOf = (endpoint: Endpoint): readonly string[] =>
  endpoint.kind === 'address' ? [endpoint.ip] : endpoint.ips;
