/** What an answer is made from: read from the cluster, or from manifests. */
import { connect, type ConnectionOptions } from '../api/connection.ts';
import { collectFiles } from '../collect/files.ts';
import { noSuchNamespace } from '../collect/namespaces.ts';
import { definitionOf } from '../collect/sources.ts';
import { subsetReader, type Subset, type SubsetReader } from '../collect/subset.ts';
import { UserError } from '../errors.ts';
import { otherPolicySources } from '../kit/network/other-policies.ts';
import { templatesInUse } from '../kit/workloads.ts';
import type { Namespace, NetworkPolicy, ObjectRef, SourceName, SourceOutcome, Workload } from '../model.ts';
import type { Target } from '../run.ts';
import { visible } from '../text.ts';
import type { EndHeld, EndSource } from './ends.ts';

export interface Material {
  namespaces: readonly Namespace[];
  networkPolicies: readonly NetworkPolicy[];
  ends: EndHeld;
  /** Whoever may connect: the live Pods, of manifests the templates too; each with the workload it belongs to. */
  residents: { workload: Workload; owner: ObjectRef }[];
  /** Why the answer may be wrong or lack something, as sentences. */
  unread: string[];
  /** The namespaces whose policies could not be read. */
  withoutPolicies: ReadonlySet<string>;
  /** Kinds of policies that are there and are not read. */
  otherKinds: string[];
}

/** What to read. */
export interface Needs {
  /** The kinds that are named. */
  sources: readonly EndSource[];
  /** Where, if no more than these can matter. */
  namespaces?: readonly string[];
  /** An address whose Pod is looked for, in all namespaces if they can be read. */
  ip?: string;
}

export async function materialOf(target: Target, needs: Needs): Promise<Material> {
  if (target.kind === 'files') return fromFiles(target.files);
  return fromCluster(target.connection, needs);
}

async function fromFiles(files: readonly string[]): Promise<Material> {
  const collection = await collectFiles(files);
  const { held } = collection;
  const pods: Workload[] = [];
  await collection.streamPods({
    page: (page) => void pods.push(...page),
    restart: () => void pods.splice(0),
  });
  return {
    namespaces: held.namespaces,
    networkPolicies: held.networkPolicies,
    ends: { ...held, pods },
    residents: [
      ...templatesInUse(held).map(({ template, owner }) => ({ workload: template, owner })),
      ...residentsOf(pods),
    ],
    unread: [],
    withoutPolicies: new Set(),
    otherKinds: otherPolicySources.filter((source) => held[source].length > 0).map(kindOf),
  };
}

type Read = Subset<'namespaces' | 'networkPolicies' | EndSource>;

async function fromCluster(options: ConnectionOptions, needs: Needs): Promise<Material> {
  const connection = await connect(options);
  try {
    const reader = await subsetReader(connection);
    const { read, unread } = await readNeeds(reader, needs);
    const { held, outcomes } = read;
    for (const [source, outcome] of Object.entries(outcomes)) requireSome(source as SourceName, outcome);
    if (needs.namespaces && outcomes.namespaces.state === 'ok')
      requireNamespaces(needs.namespaces, held.namespaces);
    return {
      namespaces: held.namespaces,
      networkPolicies: held.networkPolicies,
      ends: held,
      residents: residentsOf(held.pods ?? []),
      unread: [...unread, ...sentencesOf(outcomes)],
      withoutPolicies: new Set(outcomes.networkPolicies.unreadNamespaces),
      otherKinds: reader.served(otherPolicySources).map(kindOf),
    };
  } finally {
    await connection.close();
  }
}

async function readNeeds(reader: SubsetReader, needs: Needs): Promise<{ read: Read; unread: string[] }> {
  const sources = ['namespaces', 'networkPolicies', ...needs.sources] as const;
  const { namespaces, ip } = needs;
  if (ip === undefined || namespaces === undefined)
    return { read: await reader.read(sources, namespaces), unread: [] };
  const everywhere = await reader.read(sources);
  if (Object.values(everywhere.outcomes).every(({ state }) => state === 'ok'))
    return { read: everywhere, unread: [] };
  const sentence = `Not all namespaces could be read: ${ip} is taken for an address outside of the cluster, and may be a Pod's.`;
  return { read: await reader.read(sources, namespaces), unread: [sentence] };
}

/** Without namespaces their labels are missing, which is said; without anything else there is no answer. */
function requireSome(source: SourceName, { state, reason = state, unreadNamespaces }: SourceOutcome): void {
  const isHalf = source === 'networkPolicies' && state === 'partial' && unreadNamespaces === undefined;
  if (source === 'namespaces' || !(isHalf || state === 'forbidden' || state === 'failed')) return;
  throw new UserError(`${visible(source.toLowerCase())} could not be read: ${visible(reason, 1000)}.`, {
    hint: `Give the credentials get and list on networkpolicies, pods and namespaces. Who may read some namespaces alone, names the Pods with theirs: NAMESPACE/POD, and asks --from or --to.`,
  });
}

function requireNamespaces(wanted: readonly string[], namespaces: readonly Namespace[]): void {
  const missing = wanted.find((name) => !namespaces.some(({ metadata }) => metadata.name === name));
  if (missing === undefined) return;
  throw noSuchNamespace(missing);
}

const sentencesOf = (outcomes: Read['outcomes']): string[] =>
  Object.entries(outcomes).flatMap(([source, { state, reason }]) => {
    if (state === 'ok' && reason === undefined) return [];
    const effect = source === 'namespaces' ? ', so that of their labels only the name is known' : '';
    return [`${source.toLowerCase()}: ${reason ?? state}${effect}.`];
  });

function residentsOf(pods: readonly Workload[]): Material['residents'] {
  return pods
    .filter(({ phase }) => phase !== 'Succeeded' && phase !== 'Failed')
    .map((workload) => ({ workload, owner: ownerOf(workload) }));
}

/** Of a ReplicaSet that a Deployment made the Deployment, as its name tells: templates are not read. */
function ownerOf({ apiVersion, kind, metadata, podLabels = {} }: Workload): ObjectRef {
  const { controller, namespace = '', name } = metadata;
  if (controller === undefined || controller.kind === 'Node') return { apiVersion, kind, namespace, name };
  const end = `-${podLabels['pod-template-hash'] ?? ''}`;
  const isDeployments = controller.kind === 'ReplicaSet' && end !== '-' && controller.name.endsWith(end);
  return isDeployments
    ? {
        apiVersion: controller.apiVersion,
        kind: 'Deployment',
        namespace,
        name: controller.name.slice(0, -end.length),
      }
    : { apiVersion: controller.apiVersion, kind: controller.kind, namespace, name: controller.name };
}

/** Two kinds of different groups are called NetworkPolicy. */
function kindOf(source: SourceName): string {
  const { kind, apiVersion } = definitionOf(source);
  return `${kind} of ${apiVersion.replace(/\/.*/, '')}`;
}
