import type { Json, JsonObject, LabelSelector, NetworkPolicy, NetworkPolicyPeer } from '../../model.ts';
import type { Problem } from '../define-check.ts';
import { changeTo } from '../field.ts';
import { covers } from './blocks.ts';
import type { MetadataService } from './metadata.ts';
import type { Policy } from './policies.ts';
import { creating } from './policy-fix.ts';
import { hasPort, portsOf } from './ports.ts';

type Fix = NonNullable<Problem['fix']>;
type Rule = NonNullable<NetworkPolicy['spec']['egress']>[number];
type Services = readonly MetadataService[];

const advice = (note: string): Fix => ({ action: 'none', risk: 'advice', note });

/** A policy that shuts those Pods of a namespace off from the metadata that no policy isolates for egress, and no others. */
export function closingFix(namespace: string, policies: readonly Policy[], services: Services): Fix {
  const podSelector = unisolated(policies);
  if (podSelector === undefined) {
    return advice(
      'Some Pods of this namespace are isolated for egress already, and a policy for all would let these out: write one with a selector of just the others.',
    );
  }
  const fix = creating(
    {
      name: 'passmuster-deny-metadata',
      namespace,
      spec: {
        podSelector: podSelector as unknown as JsonObject,
        policyTypes: ['Egress'],
        egress: [{ to: othersThan(services) }, ...dnsRules(services)] as unknown as Json[],
      },
      note: 'It allows everything but the metadata, and what policies allow adds up: delete it on the day these Pods get egress policies of their own. What relies on the identity of the node stops: give it one of its own first.',
    },
    policies,
  );
  return { ...fix, target: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } } };
}

/** A change that takes the metadata out of what a policy lets out, and nothing else. */
export function narrowingFix({ source }: Policy, services: Services): Fix {
  const rules = source.spec.egress ?? [];
  const narrowed = rules.map((rule) => withoutMetadata(rule, services));
  if (narrowed.includes(undefined)) {
    return {
      ...advice(
        'One of its blocks is just the metadata address, so somebody meant it: ask them. Take the whole rule out when it has no other peer, for a rule without peers is for everyone.',
      ),
      target: source,
    };
  }
  const lost = services.filter((service) => service.dns && rules.some((rule) => losesDns(rule, service)));
  return {
    target: source,
    risk: 'review',
    changes: [changeTo(source, ['spec', 'egress'], [...narrowed, ...dnsRules(lost)] as unknown as Json)],
    note: 'It holds for every Pod that the policy selects. What relies on the identity of the node stops: give it one of its own first.',
  };
}

/** Every Pod, every address of the network and beyond but these. Some network plugins do not match blocks against Pods. */
const othersThan = (services: Services): NetworkPolicyPeer[] => [
  { namespaceSelector: {} },
  ...['0.0.0.0/0', '::/0'].map((cidr) => {
    const except = services.filter(({ address }) => covers({ cidr }, address)).map(blockOf);
    return { ipBlock: { cidr, ...(except.length === 0 ? {} : { except }) } };
  }),
];

const blockOf = ({ address }: MetadataService): string => `${address}/${address.includes(':') ? 128 : 32}`;

/** What keeps names to be found where name servers share the address. */
const dnsRules = (services: Services): Rule[] => {
  const to = services.filter(({ dns }) => dns).map((service) => ({ ipBlock: { cidr: blockOf(service) } }));
  return to.length === 0 ? [] : [{ to, ports: ['UDP', 'TCP'].map((protocol) => ({ protocol, port: 53 })) }];
};

/** Undefined where nothing would be left of a peer: without its last peer a rule would let everything out. */
function withoutMetadata(rule: Rule, services: Services): Rule | undefined {
  const open = services.filter(({ ports }) => ports.some((port) => hasPort(portsOfRule(rule), 'TCP', port)));
  const { to = [] } = rule;
  if (to.length === 0) return open.length === 0 ? rule : { ...rule, to: othersThan(open) };
  const peers = to.map((peer) => peerWithout(peer, open));
  return peers.includes(undefined) ? undefined : { ...rule, to: peers as NetworkPolicyPeer[] };
}

function peerWithout(peer: NetworkPolicyPeer, services: Services): NetworkPolicyPeer | undefined {
  const { ipBlock } = peer;
  if (ipBlock === undefined) return peer;
  const blocks = services.filter(({ address }) => covers(ipBlock, address)).map(blockOf);
  if (blocks.length === 0) return peer;
  // The API server takes only exceptions that are smaller than the block.
  if (blocks.some((block) => block.split('/')[1] === ipBlock.cidr.split('/')[1])) return undefined;
  return { ...peer, ipBlock: { ...ipBlock, except: [...(ipBlock.except ?? []), ...blocks] } };
}

const portsOfRule = ({ ports = [] }: Rule) => portsOf(ports.length === 0 ? undefined : ports, []);

/** Whether a rule opens the metadata at this address and the name servers too. */
function losesDns(rule: Rule, { address, ports }: MetadataService): boolean {
  const open = portsOfRule(rule);
  const { to = [] } = rule;
  const isPeer = to.length === 0 || to.some(({ ipBlock }) => ipBlock && covers(ipBlock, address));
  return isPeer && hasPort(open, 'UDP', 53) && ports.some((port) => hasPort(open, 'TCP', port));
}

/**
 * A selector of just the Pods that no policy isolates for egress, which of a Pod that comes later says the same. The
 * opposite of a selector can be said only where that has one requirement.
 */
function unisolated(policies: readonly Policy[]): LabelSelector | undefined {
  const opposites = policies.filter(({ egress }) => egress !== undefined).map(oppositeOf);
  const matchExpressions = opposites.flatMap((opposite) => opposite ?? []);
  if (matchExpressions.length < opposites.length) return undefined;
  return matchExpressions.length === 0 ? {} : { matchExpressions };
}

const oppositeOperators: Readonly<Record<string, string>> = {
  In: 'NotIn',
  NotIn: 'In',
  Exists: 'DoesNotExist',
  DoesNotExist: 'Exists',
};

function oppositeOf({ podSelector: { matchLabels = {}, matchExpressions = [] } }: Policy) {
  const requirements = [
    ...Object.entries(matchLabels).map(([key, value]) => ({ key, operator: 'In', values: [value] })),
    ...matchExpressions,
  ];
  const [requirement] = requirements;
  const operator = oppositeOperators[requirement?.operator ?? ''];
  if (requirement === undefined || operator === undefined || requirements.length > 1) return undefined;
  return { ...requirement, operator };
}
