import {
  templateSources,
  type BlastRadius,
  type Namespace,
  type ObjectRef,
  type PodSpec,
  type Workload,
} from '../../model.ts';
import type { PodFold } from '../define-check.ts';
import { once } from '../once.ts';
import type { PssLevel } from '../pss.ts';
import { templatesInUse, type TemplateHeld } from '../workloads.ts';
import { asMade } from './made.ts';
import { clauseOf, refusalsOf, versionOf, type Judged, type PodSecurityMode } from './pod-security.ts';

/** Which workloads a Pod Security level on a namespace would refuse: their templates, and the Pods that live now. */

/** A workload and the different Pods that it has, or would have. */
interface Owned {
  object: ObjectRef;
  /** By pod spec: how many live Pods have it; none of a template. */
  shapes: Map<PodSpec, Judged & { pods: number }>;
}
/** By namespace, then by owner. */
export type Workloads = Map<string, Map<string, Owned>>;

/** The live Pods, by their owners. Pods alike are held once. */
export const livePods: PodFold<Workloads> = {
  start: () => new Map(),
  add: (workloads, pod, owner) => addTo(workloads, owner, pod, 1),
};

function addTo(workloads: Workloads, object: ObjectRef, { podSpec, podAnnotations }: Workload, pods: number) {
  if (podSpec === undefined) return;
  const namespace = object.namespace ?? '';
  const owners = workloads.get(namespace) ?? new Map<string, Owned>();
  workloads.set(namespace, owners);
  const key = `${object.apiVersion} ${object.kind} ${object.name}`;
  const owned = owners.get(key) ?? { object, shapes: new Map() };
  owners.set(key, owned);
  const shape = owned.shapes.get(podSpec) ?? { podSpec, ...(podAnnotations && { podAnnotations }), pods: 0 };
  shape.pods += pods;
  owned.shapes.set(podSpec, shape);
}

/** The templates, whatever number of Pods they have. */
const templatesOf = once((held: TemplateHeld): Workloads => {
  const workloads: Workloads = new Map();
  for (const { template, owner } of templatesInUse(held)) addTo(workloads, owner, template, 0);
  return workloads;
});

/**
 * What both levels would refuse in a namespace, at the version that its labels pin for the mode: the workloads whose
 * template breaks the level or that have live Pods which do, in one order whatever the order of the lists.
 */
export function blastRadius(
  held: TemplateHeld,
  live: Workloads,
  namespace: Namespace,
  mode: PodSecurityMode,
  serverMinor: number,
): Record<PssLevel, BlastRadius> {
  const { name } = namespace.metadata;
  const { version, minor } = versionOf(namespace, mode, serverMinor);
  const owners = merged(templatesOf(held).get(name), live.get(name));
  const of = (level: PssLevel): BlastRadius => ({
    level,
    version,
    workloads: owners.flatMap((owned) =>
      refusedBy(owned, (pod) => refusalsOf(level, minor, pod), serverMinor),
    ),
  });
  return { baseline: of('baseline'), restricted: of('restricted') };
}

function refusedBy(
  { object, shapes }: Owned,
  judge: (pod: Judged) => ReturnType<typeof refusalsOf>,
  serverMinor: number,
): BlastRadius['workloads'] {
  const refused = [...shapes.values()]
    .map((shape) => ({
      pods: shape.pods,
      // A live Pod is what the server has made of it already.
      refusals: judge(shape.pods === 0 ? asMade(shape, serverMinor) : shape),
    }))
    .filter(({ refusals }) => refusals.length > 0);
  if (refused.length === 0) return [];
  const byControl = Map.groupBy(
    refused.flatMap(({ refusals }) => refusals),
    ({ control }) => control,
  );
  return [
    {
      object,
      pods: refused.reduce((sum, { pods }) => sum + pods, 0),
      reasons: [...byControl].map(([control, all]) =>
        clauseOf(
          control,
          all.flatMap(({ places }) => places),
        ),
      ),
    },
  ];
}

function merged(...parts: readonly (ReadonlyMap<string, Owned> | undefined)[]): Owned[] {
  const owners = new Map<string, Owned>();
  for (const part of parts) {
    for (const [key, { object, shapes }] of part ?? []) {
      const known = owners.get(key);
      owners.set(key, { object, shapes: new Map([...(known?.shapes ?? []), ...shapes]) });
    }
  }
  return [...owners].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, owned]) => owned);
}

/** What checks of a namespace's labels read: the labels alone decide, the workloads are for the blast radius. */
export const overLabels = {
  needs: ['namespaces', ...templateSources],
  beside: [...templateSources, 'pods'],
  pods: livePods,
} as const;
