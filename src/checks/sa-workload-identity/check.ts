import { clusterCheck, type Problem } from '../../kit/define-check.ts';
import { once } from '../../kit/once.ts';
import { walkContainers } from '../../kit/pods.ts';
import { qualifiedName } from '../../kit/titles.ts';
import { templateSources } from '../../model.ts';
import type {
  Held,
  KubeObject,
  Node,
  ObjectRef,
  Platform,
  PodSpec,
  ServiceAccount,
  Workload,
} from '../../model.ts';

/** How a cloud gives a service account an identity, and the variable by which a program finds a key that never expires. */
const clouds: Partial<Record<Platform, { annotation: string; key: string }>> = {
  eks: { annotation: 'eks.amazonaws.com/role-arn', key: 'AWS_SECRET_ACCESS_KEY' },
  aks: { annotation: 'azure.workload.identity/client-id', key: 'AZURE_CLIENT_SECRET' },
  gke: { annotation: 'iam.gke.io/gcp-service-account', key: 'GOOGLE_APPLICATION_CREDENTIALS' },
};
type Cloud = NonNullable<(typeof clouds)[Platform]>;
type Faulty = Problem & { object: KubeObject };

const needs = ['serviceAccounts', 'nodes', ...templateSources] as const;

/**
 * Which workloads call the cloud, and with which rights, is nowhere in the API; what is there shows accounts and keys that
 * more programs hold than need them.
 */
export const saWorkloadIdentity = clusterCheck({
  id: 'sa-workload-identity',
  title: 'Dedicated service accounts with cloud identity',
  severity: 'medium',
  onNothing: 'not-applicable',
  otherwise: 'manual',
  platforms: ['eks', 'aks', 'gke'],
  needs,
  pods: {
    start: (): Uses => new Map(),
    add: (uses, { podSpec }, { apiVersion, kind, namespace, name }: ObjectRef) =>
      take(
        uses,
        { apiVersion, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) } },
        podSpec,
      ),
  },
  test(held, { platform, pods }) {
    const cloud = clouds[platform];
    if (cloud === undefined) return { evaluated: [], problems: [] };
    const uses: Uses = new Map(pods);
    for (const workload of templatesOf(held)) take(uses, workload, workload.podSpec);
    const all = [...uses.values()];
    const problems = [
      ...held.serviceAccounts.flatMap((account) => accountProblem(account, cloud, all)),
      ...all.flatMap((one) => keyProblem(one, cloud)),
      ...(platform === 'gke' ? nodeProblems(held.nodes) : []),
    ];
    return { evaluated: [...all, ...problems].map(({ object }) => object), problems };
  },
});

/** A workload, the account it runs as, and the variables that its containers have. */
interface Use {
  object: KubeObject;
  account: string;
  variables: ReadonlySet<string>;
}
type Uses = Map<string, Use>;

/** Pods and template of one workload are one use per account; a live Pod may have variables that a webhook added. */
function take(uses: Uses, object: KubeObject, podSpec: PodSpec | undefined): void {
  if (podSpec === undefined) return;
  const account = `${object.metadata.namespace}/${podSpec.serviceAccountName ?? 'default'}`;
  const key = JSON.stringify([object.apiVersion, object.kind, qualifiedName(object), account]);
  const known = uses.get(key)?.variables ?? new Set();
  const variables = variablesOf(podSpec);
  if (uses.has(key) && variables.every((name) => known.has(name))) return;
  uses.set(key, { object, account, variables: new Set([...known, ...variables]) });
}

const variablesOf = once((podSpec: PodSpec): string[] =>
  walkContainers(podSpec).flatMap(({ container }) => (container.env ?? []).map(({ name }) => name)),
);

/** What another object makes is counted by the Pods of that object. */
const templatesOf = (held: Pick<Held, (typeof templateSources)[number]>): Workload[] =>
  templateSources
    .flatMap((source) => held[source])
    .filter(({ metadata }) => metadata.controller === undefined);

/** The variable by which EKS Pod Identity, whose associations are not in the API, gives a live Pod its identity. */
const podIdentity = 'AWS_CONTAINER_CREDENTIALS_FULL_URI';

function accountProblem(account: ServiceAccount, { annotation }: Cloud, all: readonly Use[]): Faulty[] {
  const title = `ServiceAccount ${qualifiedName(account)}`;
  const users = all.filter((one) => one.account === qualifiedName(account));
  const identity = account.annotations?.[annotation];
  if (identity === undefined && !users.some(({ variables }) => variables.has(podIdentity))) return [];
  const isDefault = account.metadata.name === 'default';
  if (!isDefault && users.length < 2) return [];
  const has =
    identity === undefined
      ? 'has a cloud identity by EKS Pod Identity'
      : `has the cloud identity ${identity}`;
  return [
    {
      object: account,
      field: identity === undefined ? [] : ['metadata', 'annotations', annotation],
      message: isDefault
        ? `${title} ${has}: every Pod of the namespace that names no service account gets it.`
        : `${title} ${has}, and ${users.length} workloads run as it: ${titles(users)}. Each has what any of them needs.`,
      verdict: 'review',
      fix: {
        action: 'none',
        risk: 'advice',
        note: 'Give each workload that calls the cloud a service account and an identity of its own; see the plan.',
      },
    },
  ];
}

const titles = (users: readonly Use[]): string => {
  const names = users.map(({ object: { kind, metadata } }) => `${kind} ${metadata.name}`).toSorted();
  return names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ');
};

function keyProblem({ object, variables }: Use, { key }: Cloud): Faulty[] {
  if (!variables.has(key)) return [];
  return [
    {
      object,
      field: [],
      message: `${object.kind} ${qualifiedName(object)} has the variable ${key}: it seems to call the cloud with a key, which does not expire, in place of an identity of its service account.`,
      verdict: 'review',
      identity: ['key', object.apiVersion, object.kind, qualifiedName(object)],
      fix: {
        action: 'none',
        risk: 'advice',
        note: 'Give its service account a cloud identity with the same rights first, then take the key away; see the plan.',
      },
    },
  ];
}

/** On a node without the metadata server of GKE, every Pod gets the token of the node's own service account. */
function nodeProblems(nodes: readonly Node[]): Faulty[] {
  const pools = Map.groupBy(
    nodes.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1)),
    ({ metadata }) => metadata.labels?.['cloud.google.com/gke-nodepool'] ?? '',
  );
  return [...pools].flatMap(([pool, members]) => {
    const bare = members.filter(
      ({ metadata }) => metadata.labels?.['iam.gke.io/gke-metadata-server-enabled'] !== 'true',
    );
    const [first] = bare;
    if (first === undefined) return [];
    return [
      {
        object: first,
        field: [],
        message: `${bare.length} of ${members.length} nodes of node pool ${pool} do not run the metadata server of GKE: no service account has a cloud identity there, and every Pod gets that of the node.`,
        verdict: 'review' as const,
        identity: ['node-pool', pool],
        fix: {
          action: 'none' as const,
          risk: 'advice' as const,
          note: 'The setting is of the node pool, and changing it makes its nodes anew; see the plan.',
        },
      },
    ];
  });
}
