/** Question -> answer of `passmuster reach`. */
import { exit, UserError } from '../errors.ts';
import {
  namespaceLabels,
  policiesByNamespace,
  type PoliciesByNamespace,
  type PortSet,
} from '../kit/network.ts';
import { explain, type Explanation } from '../kit/network/explain.ts';
import type { LabelSelector } from '../model.ts';
import type { Target } from '../run.ts';
import { visible } from '../text.ts';
import { findPod, understandEnd, understandPod, type End, type PodEnd, type Typed } from './ends.ts';
import { materialOf, type Material, type Needs } from './material.ts';
import { surroundings, type Surroundings } from './overview.ts';
import { portOn, understandPort, type AskedPort } from './port.ts';

/** A question as it is typed. */
export interface Question {
  pod: string;
  /** At most one of the two. */
  from?: string;
  to?: string;
  port?: string;
  /** Where names without a namespace are. */
  namespace?: string;
}

export interface Connection extends Explanation {
  from: End;
  to: End;
}

export interface Answer {
  question: Question;
  pod: PodEnd;
  /** With `from` or `to`. */
  connection?: Connection;
  /** Without: both directions of the Pod. */
  overview?: { ingress: Surroundings; egress?: Surroundings };
  /** Why the answer may be wrong or lack something, as sentences. */
  unread: string[];
  /** What to know about it, as sentences. */
  notes: string[];
  /** What decides too and is not looked at. */
  notSeen: string[];
}

/**
 * Answers one question about a cluster or manifests.
 * @throws UserError when the question has no meaning, names what is not there (usage), or what it rests on cannot be read.
 */
export async function askReach(target: Target, question: Question): Promise<Answer> {
  if (question.from !== undefined && question.to !== undefined) {
    throw new UserError('--from and --to were both given, and the Pod is one end already.', {
      hint: 'Name the Pod that is reached, and what connects with --from.',
      exitCode: exit.usage,
    });
  }
  const pod = understandPod(question.pod, question.namespace);
  const typed = question.from ?? question.to;
  const peer = typed === undefined ? undefined : understandEnd(typed, pod.namespace);
  const port = question.port === undefined ? undefined : understandPort(question.port);
  const material = await materialOf(target, needsOf(pod, peer));

  const end = findPod(pod, material.ends, material.namespaces);
  const policies = policiesByNamespace(material.networkPolicies);
  const answer = { question, pod: end, unread: material.unread, notSeen: notSeen(material) };
  if (peer === undefined) {
    requirePolicies(end, material);
    return { ...answer, ...overview(end, policies, material, port) };
  }
  const other =
    'ip' in peer
      ? addressEnd(peer.ip, material)
      : findPod(inReach(peer, end), material.ends, material.namespaces);
  for (const one of [end, other]) requirePolicies(one, material);
  const [from, to] = question.from === undefined ? [end, other] : [other, end];
  const asked = port === undefined ? undefined : portOn(port, to.endpoint, to.title);
  return {
    ...answer,
    connection: { from, to, ...explain(policies, { from: from.endpoint, to: to.endpoint, ...given(asked) }) },
    unread: [...material.unread, ...unlabelled([end, other], material)],
    notes: [
      ...new Set([...notesOn(end), ...notesOn(other), ...(end.workload === other.workload ? [itself] : [])]),
    ],
  };
}

const given = (asked: PortSet | undefined) => (asked === undefined ? {} : { asked });

/** Of two ends with a known namespace no other namespace matters. */
function needsOf(pod: Extract<Typed, { source: unknown }>, peer: Typed | undefined): Needs {
  if (peer === undefined) return { sources: [...new Set([pod.source, 'pods' as const])] };
  if ('ip' in peer) {
    return {
      sources: [...new Set([pod.source, 'pods' as const])],
      ...(pod.namespace === undefined ? {} : { namespaces: [pod.namespace] }),
      ip: peer.ip,
    };
  }
  const sources = [...new Set([pod.source, peer.source])];
  if (pod.namespace === undefined || peer.namespace === undefined) return { sources };
  return { sources, namespaces: [...new Set([pod.namespace, peer.namespace])] };
}

/** A peer without a namespace is in that of the Pod, wherever that was found. */
const inReach = (peer: Extract<Typed, { source: unknown }>, { ref }: PodEnd) => ({
  ...peer,
  namespace: peer.namespace ?? ref.namespace ?? '',
});

/** The address of a Pod is that Pod, but for one on the network of its node. */
function addressEnd(ip: string, { residents, namespaces }: Material): End {
  const holders = residents.filter(({ workload }) => workload.podIPs?.includes(ip));
  const pod = holders.find(({ workload }) => workload.podSpec?.hostNetwork !== true)?.workload;
  if (pod !== undefined) {
    const { name, namespace = '' } = pod.metadata;
    return findPod({ source: 'pods', namespace, name }, { pods: [pod] }, namespaces);
  }
  const isNode = holders.length > 0;
  return { title: isNode ? `${ip} (a node)` : ip, isNode, endpoint: { kind: 'address', ip } };
}

/** @throws UserError where the policies of an end could not be read: any answer would be a guess. */
function requirePolicies({ ref, title }: End, { withoutPolicies }: Material): void {
  const namespace = ref?.namespace ?? '';
  if (!withoutPolicies.has(namespace)) return;
  throw new UserError(
    `The NetworkPolicies of ${visible(namespace)} could not be read, which decide on ${visible(title)}.`,
    {
      hint: `Give the credentials get and list on networkpolicies in ${visible(namespace)}.`,
    },
  );
}

function overview(
  end: PodEnd,
  policies: PoliciesByNamespace,
  material: Material,
  port: AskedPort | undefined,
): Pick<Answer, 'overview' | 'notes' | 'unread'> {
  const asked = given(port === undefined ? undefined : portOn(port, end.endpoint, end.title));
  const direction = { end, policies, material, ...asked };
  const isNamed = typeof port?.port === 'string';
  const ends = material.residents.map(({ workload, owner }) => ({ workload, ref: owner }));
  return {
    overview: {
      ingress: surroundings({ ...direction, direction: 'ingress' }),
      ...(isNamed ? {} : { egress: surroundings({ ...direction, direction: 'egress' }) }),
    },
    unread: [...material.unread, ...unlabelled([end, ...ends], material)],
    notes: [
      ...notesOn(end),
      ...(isNamed ? ['What it can reach is left out: the name of a port means another on every Pod.'] : []),
    ],
  };
}

const itself = 'A Pod always reaches itself, whatever the policies say.';

function notesOn({ title, ref, workload, isNode }: End): string[] {
  if (isNode === true) return [`${title} always reaches the Pods that run on it.`];
  if (workload === undefined || ref === undefined) return [];
  const ended = workload.phase === 'Succeeded' || workload.phase === 'Failed';
  return [
    ...(ref.kind === 'Pod'
      ? []
      : [
          `${title} is judged by its template: what is added to its Pods when they are made, and their addresses, is not in it.`,
        ]),
    ...(ended ? [`${title} has ended.`] : []),
    ...(workload.podSpec?.hostNetwork === true
      ? [
          `${title} is on the network of its node: no NetworkPolicy holds it, and others know it by the address of the node alone.`,
        ]
      : []),
  ];
}

/** Where the NetworkPolicies are not the whole answer. */
const notSeen = ({ otherKinds }: Material): string[] => [
  'whether the network plugin enforces NetworkPolicies',
  otherKinds.length === 0
    ? 'policies of other kinds, as of Cilium, Calico or the admins of a cluster'
    : `policies of other kinds, and there are some: ${otherKinds.join(', ')}`,
  'the node of a Pod, which always reaches it',
  'addresses that a Service, a load balancer or a gateway puts in the place of others',
];

const nameLabel = 'kubernetes.io/metadata.name';

/** Manifests may lack the Namespace whose labels a policy asks for. */
function unlabelled(ends: readonly Pick<End, 'ref'>[], { namespaces, networkPolicies }: Material): string[] {
  const peers = networkPolicies.flatMap(({ spec: { ingress = [], egress = [] } }) => [
    ...ingress.flatMap(({ from = [] }) => from),
    ...egress.flatMap(({ to = [] }) => to),
  ]);
  const isAsked = peers.some(({ namespaceSelector }) => asksForLabels(namespaceSelector));
  const known = namespaceLabels(namespaces);
  const missing = new Set(ends.flatMap(({ ref }) => ref?.namespace ?? []).filter((name) => !known.has(name)));
  if (!isAsked || missing.size === 0) return [];
  const names = [...missing].toSorted();
  return [
    `Policies ask for labels of namespaces, and those of ${names.slice(0, 5).join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''} are not known.`,
  ];
}

const asksForLabels = ({ matchLabels = {}, matchExpressions = [] }: LabelSelector = {}): boolean =>
  [...Object.keys(matchLabels), ...matchExpressions.map(({ key }) => key)].some((key) => key !== nameLabel);
