/** The ends of a connection as they are typed, and the objects that are meant. */
import { isIP } from 'node:net';
import { exit, UserError } from '../errors.ts';
import { endpointOf, namespaceLabels, type Endpoint, type PodEndpoint } from '../kit/network.ts';
import { refTitle } from '../kit/titles.ts';
import type { Namespace, ObjectRef, SourceName, Workload } from '../model.ts';
import { closest, visible } from '../text.ts';

/** The kinds that have Pods, by what kubectl calls them. */
const kinds = {
  pods: 'pod pods po',
  deployments: 'deployment deployments deploy',
  statefulSets: 'statefulset statefulsets sts',
  daemonSets: 'daemonset daemonsets ds',
  replicaSets: 'replicaset replicasets rs',
  replicationControllers: 'replicationcontroller replicationcontrollers rc',
  jobs: 'job jobs',
  cronJobs: 'cronjob cronjobs cj',
} as const satisfies Partial<Record<SourceName, string>>;
export type EndSource = keyof typeof kinds;
const endSources = Object.keys(kinds) as EndSource[];
export type EndHeld = Partial<Record<EndSource, readonly Workload[]>>;

/** What is typed: an address, or an object by its name. */
export type Typed = { ip: string } | TypedObject;
interface TypedObject {
  source: EndSource;
  /** Missing: in whatever namespace there is one. */
  namespace?: string;
  name: string;
}

/** One end of a connection. */
export interface End {
  /** `Pod shop/web-0`, or the address. */
  title: string;
  ref?: ObjectRef;
  workload?: Workload;
  /** Of an address: that of a node. */
  isNode?: boolean;
  endpoint: Endpoint;
}
export type PodEnd = End & { ref: ObjectRef; workload: Workload; endpoint: PodEndpoint };

/**
 * `POD`, `NAMESPACE/POD`, `KIND/NAME`, `NAMESPACE/KIND/NAME`, or an IP address.
 * @param namespace where a name without one is
 * @throws UserError (usage)
 */
export function understandEnd(typed: string, namespace: string | undefined): Typed {
  if (isIP(typed) !== 0) return { ip: typed };
  return understandPod(typed, namespace);
}

/** The same, where an address makes no sense. */
export function understandPod(typed: string, namespace: string | undefined): TypedObject {
  const parts = typed.split('/');
  const [first = '', second = '', third = ''] = parts;
  const inIts = namespace === undefined ? {} : { namespace };
  if (isIP(typed) === 0 && parts.length <= 3 && !parts.includes('')) {
    if (parts.length === 1) return { source: 'pods', ...inIts, name: first };
    const source = sourceOf(parts.length === 2 ? first : second);
    if (parts.length === 3 && source !== undefined) return { source, namespace: first, name: third };
    if (parts.length === 2) {
      return source === undefined
        ? { source: 'pods', namespace: first, name: second }
        : { source, ...inIts, name: second };
    }
  }
  throw new UserError(`"${visible(typed)}" names no Pod.`, {
    hint: 'Write POD, NAMESPACE/POD, KIND/NAME or NAMESPACE/KIND/NAME, where KIND is pod, deploy, sts, ds, rs, rc, job or cj.',
    exitCode: exit.usage,
  });
}

/** By `deploy`, or by `deployment.apps` as kubectl prints it. */
function sourceOf(kind: string): EndSource | undefined {
  const [name = ''] = kind.toLowerCase().split('.');
  return endSources.find((source) => kinds[source].split(' ').includes(name));
}

/** @throws UserError (usage) where there is none, with those that may be meant, or more than one */
export function findPod(typed: TypedObject, held: EndHeld, namespaces: readonly Namespace[]): PodEnd {
  const named = (held[typed.source] ?? []).filter(({ metadata }) => metadata.name === typed.name);
  const found = named.filter(
    ({ metadata }) => typed.namespace === undefined || metadata.namespace === typed.namespace,
  );
  const [workload] = found;
  if (workload === undefined) throw notFound(typed, held);
  if (found.length > 1) {
    throw new UserError(`There are ${found.length} called "${visible(typed.name)}".`, {
      hint: `Say which: ${someTitles(found.map(wordsOf))}.`,
      exitCode: exit.usage,
    });
  }
  const { apiVersion, kind, metadata, podSpec } = workload;
  const { name, namespace = '', controller } = metadata;
  if (podSpec === undefined) {
    throw new UserError(
      `${visible(refTitle({ apiVersion, kind, namespace, name }))} has no Pods of its own making.`,
      {
        hint: `Name what controls it: ${visible(`${controller?.kind.toLowerCase() ?? 'pod'}/${controller?.name ?? ''}`)}.`,
        exitCode: exit.usage,
      },
    );
  }
  const ref = { apiVersion, kind, namespace, name };
  return { title: refTitle(ref), ref, workload, endpoint: endpointOf(workload, namespaceLabels(namespaces)) };
}

/** As it can be typed: `shop/web-0`, `shop/deployment/web`. */
const wordsOf = ({ kind, metadata: { namespace, name } }: Workload): string =>
  [namespace ?? '', ...(kind === 'Pod' ? [] : [kind.toLowerCase()]), name].join('/');

function notFound({ source, namespace, name }: TypedObject, held: EndHeld): UserError {
  const all = endSources.flatMap((each) => held[each] ?? []);
  const here = all.filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace);
  const called = closest(
    name,
    here.map(({ metadata }) => metadata.name),
  );
  const meant = [
    ...all.filter(({ metadata }) => metadata.name === name),
    // Of a workload's name the Pods: kubectl makes them `web-6d5f8c9b7d-x2v9q`.
    ...here.filter(({ metadata }) => metadata.name.startsWith(`${name}-`)),
    ...here.filter(({ metadata }) => metadata.name === called),
  ];
  const names = [...new Set(meant.map(wordsOf))];
  const kind = kinds[source].split(' ')[0] ?? '';
  const where = namespace === undefined ? '' : ` in namespace ${visible(namespace)}`;
  return new UserError(`There is no ${kind} "${visible(name)}"${where}.`, {
    hint:
      names.length > 0
        ? `Did you mean ${someTitles(names)}?`
        : `See which there are: kubectl get ${kind}s ${namespace === undefined ? '-A' : `-n ${visible(namespace)}`}.`,
    exitCode: exit.usage,
  });
}

const someTitles = (titles: readonly string[]): string =>
  titles
    .slice(0, 3)
    .map((title) => visible(title))
    .join(', ') + (titles.length > 3 ? ` or one of ${titles.length - 3} more` : '');
