import { clusterCheck, type Problem } from '../../kit/define-check.ts';
import { overNetwork } from '../../kit/network/fold.ts';
import { closingFix, narrowingFix } from '../../kit/network/metadata-fix.ts';
import {
  metadataOf,
  serviceTitles,
  type Metadata,
  type MetadataService,
} from '../../kit/network/metadata.ts';
import { unlessHeld } from '../../kit/network/other-policies.ts';
import { hasPort, reach, type PodClass, type PodClasses, type Policy } from '../../kit/network.ts';
import { isPlatformNamespace } from '../../kit/system-namespaces.ts';
import { refTitle } from '../../kit/titles.ts';
import type { KubeObject, ObjectRef } from '../../model.ts';

type Fix = NonNullable<Problem['fix']>;

/** Why the Pods of a class can open the metadata: one reason, and so one thing to change. */
interface Cause {
  namespace: string;
  services: readonly MetadataService[];
  /** The Pod is on the network of its node, nothing isolates it, or this policy lets it. */
  why: 'host' | 'open' | Policy;
}

export const metadataEgress = clusterCheck({
  id: 'metadata-egress',
  title: 'Cloud metadata address is blocked',
  severity: 'high',
  onNothing: 'not-applicable',
  byNamespace: true,
  ...overNetwork,
  needs: ['nodes', ...overNetwork.needs],
  test(held, { platform, pods }) {
    const metadata = metadataOf(held.nodes, platform);
    if (metadata === undefined) return { evaluated: [], problems: [] };
    const found = pods
      .all()
      .flatMap((one) => causesOf(one, pods, metadata).map((cause) => ({ cause, owners: ownersOf(one) })));
    const alike = Map.groupBy(found, ({ cause }) => identityOf(cause).join(' '));
    const problems = [...alike.values()].flatMap((group) => {
      const [object, ...more] = distinct(group.flatMap(({ owners }) => owners));
      const cause = group[0]?.cause;
      if (object === undefined || cause === undefined) return [];
      const problem = problemOf(cause, metadata, unlessHeld(held, cause.namespace), pods);
      const members = [object, ...more].map((member) => ({ object: member, field: [], fix: problem.fix }));
      return [{ ...problem, object, members }];
    });
    return { evaluated: distinct(pods.all().flatMap(ownersOf)), problems };
  },
});

const ownersOf = ({ owners }: PodClass): ObjectRef[] => [...owners.values()].map(({ ref }) => ref);

/** Each once, in the order of their names. */
const distinct = (refs: readonly ObjectRef[]): KubeObject[] =>
  [...new Map(refs.map((ref) => [`${refTitle(ref)} ${ref.apiVersion}`, ref]))]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { apiVersion, kind, ...metadata }]) => ({ apiVersion, kind, metadata }));

/** Policies only add up: each that lets the Pods there is a cause of its own. */
function causesOf({ endpoint }: PodClass, { policies }: PodClasses, { services }: Metadata): Cause[] {
  const { namespace, hostNetwork } = endpoint;
  if (hostNetwork) return [{ why: 'host', namespace, services }];
  const sides = services.map((service) => {
    const { egress } = reach(policies, endpoint, { kind: 'address', ip: service.address });
    return { service, ...egress };
  });
  if (sides.some(({ isolatedBy }) => isolatedBy.length === 0)) return [{ why: 'open', namespace, services }];
  const lets = sides.flatMap(({ service, allowedBy }) =>
    allowedBy
      .filter(({ ports }) => service.ports.some((port) => hasPort(ports, 'TCP', port)))
      .map(({ policy }) => ({ policy, service })),
  );
  return [...Map.groupBy(lets, ({ policy }) => policy)].map(([why, those]) => ({
    why,
    namespace,
    services: those.map(({ service }) => service),
  }));
}

const identityOf = ({ namespace, why }: Cause): string[] =>
  typeof why === 'string' ? [namespace, why] : [namespace, 'policy', why.source.metadata.name];

function problemOf(
  cause: Cause,
  { cloud, isFronted }: Metadata,
  others: ReturnType<typeof unlessHeld>,
  { policies }: PodClasses,
): Problem & { fix: Fix } {
  const { namespace, services, why } = cause;
  const where = `${serviceTitles(services)}, the metadata of ${cloud}`;
  if (why === 'host') {
    const message = `It is on the network of its node, where no policy holds it: it can open ${where}.`;
    return { ...commonOf(cause), message, fix: advice.host };
  }
  const common = isFronted
    ? { ...commonOf(cause), ...mild }
    : { verdict: others.verdict, ...commonOf(cause) };
  const also = `${isFronted ? fronted : ''}${others.also}`;
  if (why !== 'open') {
    const message = `NetworkPolicy ${namespace}/${why.source.metadata.name} lets it open ${where}.${also}`;
    return { ...common, message, fix: isFronted ? advice.fronted : narrowingFix(why, services) };
  }
  const message = `No NetworkPolicy isolates it for egress: it can open ${where}.${also}`;
  if (isFronted) return { ...common, message, fix: advice.fronted };
  if (isPlatformNamespace(namespace)) return { ...common, message, fix: advice.platform };
  if (others.verdict === 'review') return { ...common, message, fix: advice.others };
  return { ...common, message, fix: closingFix(namespace, policies.get(namespace) ?? [], services) };
}

const mild = { verdict: 'review', severity: 'low' } as const;

/** Agents of the platform often work with the identity of the node: a person says which. */
const commonOf = (cause: Cause) => ({
  field: [],
  identity: identityOf(cause),
  ...(isPlatformNamespace(cause.namespace) ? mild : {}),
});

const fronted =
  ' The metadata server of GKE answers there, with the identity of its own service account and not that of the node.';

const advise = (note: string): Fix => ({ action: 'none', risk: 'advice', note });

const advice = {
  host: advise(
    'Give it a network of its own, where policies hold it, if it can do without that of the node.',
  ),
  fronted: advise('What calls Google Cloud needs it: close it for the Pods that do not; see the plan.'),
  platform: advise('Find out first which of these work with the identity of the node; see the plan.'),
  // What a NetworkPolicy allows may add to what a policy of another kind does.
  others: advise(
    'Policies of another kind are here: close the address in these, for a NetworkPolicy may open what they hold.',
  ),
};
