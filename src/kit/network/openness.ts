import type { IPBlock, NetworkPolicyPeer } from '../../model.ts';
import { selects } from '../label-selector.ts';
import { covers } from './blocks.ts';
import type { PodClass } from './classes.ts';
import type { Policy, Rule } from './policies.ts';

/** Whom a rule lets in from other namespaces, as words after `lets in`; `review` where a person must judge. */
export interface Opening {
  verdict: 'fail' | 'review';
  who: string;
}

/** No namespace has this name, nor a selector its value: what selects it selects whatever anybody makes. */
const anyNamespace = { 'kubernetes.io/metadata.name': '*' };

/**
 * How a rule for ingress opens a Pod to all namespaces; undefined where its peers are of its own or of labelled ones. The
 * worst of its peers decides.
 */
export function openingOf(
  { peers }: Rule,
  { namespace }: Policy,
  pods: readonly PodClass[],
): Opening | undefined {
  if (peers === undefined) return { verdict: 'fail', who: 'everyone, for it names no peer' };
  const openings = peers.flatMap((peer) => peerOpening(peer, namespace, pods) ?? []);
  return openings.find(({ verdict }) => verdict === 'fail') ?? openings[0];
}

function peerOpening(
  peer: NetworkPolicyPeer,
  namespace: string,
  pods: readonly PodClass[],
): Opening | undefined {
  const { ipBlock, namespaceSelector, podSelector } = peer;
  if (ipBlock !== undefined) return blockOpening(ipBlock, namespace, pods);
  if (namespaceSelector === undefined || !selects(namespaceSelector, anyNamespace)) return undefined;
  if (podSelector === undefined || selects(podSelector, {}))
    return { verdict: 'fail', who: 'Pods of every namespace' };
  return { verdict: 'review', who: 'Pods of every namespace that give themselves the labels it names' };
}

/** Blocks are meant for addresses outside; whether Pods have some of them is seen in those that live. */
function blockOpening(block: IPBlock, namespace: string, pods: readonly PodClass[]): Opening | undefined {
  const { cidr, except = [] } = block;
  const others = pods.filter(
    ({ endpoint }) => !endpoint.hostNetwork && endpoint.ips.length > 0 && endpoint.namespace !== namespace,
  );
  if (others.length === 0) {
    if (cidr.endsWith('/0') && except.length === 0)
      return { verdict: 'fail', who: `every address (${cidr})` };
    return {
      verdict: 'review',
      who: `the addresses ${cidr}, and whether Pods have such addresses depends on the address range of the Pods`,
    };
  }
  const covered = others.filter(({ endpoint }) => endpoint.ips.some((ip) => covers(block, ip)));
  if (covered.length === 0) return undefined;
  if (covered.length === others.length) {
    return { verdict: 'fail', who: `the addresses ${cidr}, which all Pods of other namespaces have` };
  }
  const where = [...new Set(covered.map(({ endpoint }) => endpoint.namespace))].toSorted();
  return {
    verdict: 'review',
    who: `the addresses ${cidr}, which Pods of ${where.slice(0, 3).join(', ')} have`,
  };
}
