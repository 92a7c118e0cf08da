import { sourceNames } from '../../src/collect/sources.ts';
import type { PodContext } from '../../src/kit/define-check.ts';
import type {
  Collection,
  ContainerSecurityContext,
  Guidance,
  Held,
  HeldSource,
  KubeObject,
  Platform,
  SourceName,
  SourceOutcome,
  Workload,
} from '../../src/model.ts';

const heldSources = sourceNames.filter((name): name is HeldSource => name !== 'pods');

const ok = (count: number): SourceOutcome => ({ state: 'ok', count });

/** A collection as a stage before would hand it over: everything read, unless `outcomes` says otherwise. */
export function collectionOf(
  held: Partial<Held>,
  pods: readonly Workload[][] = [],
  outcomes: Partial<Record<SourceName, SourceOutcome>> = {},
  platform: Platform = 'kubernetes',
): Collection {
  const complete = Object.fromEntries(
    heldSources.map((source) => [source, held[source] ?? []]),
  ) as unknown as Held;
  return {
    scope: { kind: 'cluster' },
    cluster: {
      id: 'id',
      name: 'test',
      server: 'https://127.0.0.1',
      version: 'v1.37.1',
      platform,
    },
    held: complete,
    outcomes: Object.fromEntries(
      heldSources.map((source) => [source, outcomes[source] ?? ok(complete[source].length)]),
    ) as Collection['outcomes'],
    streamPods: async (sink) => {
      for (const page of pods) await sink.page(page);
      return outcomes.pods ?? ok(pods.flat().length);
    },
  };
}

const plan = { kubectl: '{{commands}}' };
/** For what is judged apart from its words. */
export const noWords: Guidance = {
  description: '',
  rationale: '',
  impact: '',
  defaultValue: '',
  prerequisites: '',
  testPlan: plan,
  implementationPlan: plan,
  backoutPlan: plan,
  references: '',
};

/** What a check over pod specs is told of a template in a cluster of the newest version. */
export const newestContext: PodContext<HeldSource> = {
  annotations: {},
  namespace: 'shop',
  live: false,
  minor: 37,
  platform: 'kubernetes',
  held: collectionOf({}).held,
};

/** A workload with one container `app` of the given security context. */
export function workload(
  kind: string,
  name: string,
  securityContext?: ContainerSecurityContext,
  rest: Omit<Partial<Workload>, 'metadata'> & { metadata?: Partial<Workload['metadata']> } = {},
): Workload {
  return {
    apiVersion: kind === 'Pod' ? 'v1' : 'apps/v1',
    kind,
    podSpec: { containers: [{ name: 'app', ...(securityContext ? { securityContext } : {}) }] },
    ...rest,
    metadata: { name, namespace: 'shop', uid: `${kind}/${name}`, ...rest.metadata },
  };
}

/** `metadata.controller` of an object that `owner` controls. */
export const controlledBy = ({ apiVersion, kind, metadata }: KubeObject) => ({
  controller: { apiVersion, kind, name: metadata.name, uid: metadata.uid ?? '' },
});
