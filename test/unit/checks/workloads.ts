import { podSpecPath, type JsonObject } from '../../../src/model.ts';
import type { Raw } from './fixtures.ts';

type RawPodSpec = JsonObject & Record<(typeof lists)[number], JsonObject[] | undefined>;
const lists = ['initContainers', 'containers', 'ephemeralContainers'] as const;

const apiVersions: Record<keyof typeof podSpecPath, string> = {
  Pod: 'v1',
  PodTemplate: 'v1',
  ReplicationController: 'v1',
  Job: 'batch/v1',
  CronJob: 'batch/v1',
};

export function podSpecOf(raw: Raw): RawPodSpec {
  let value: unknown = raw;
  for (const step of podSpecPath[raw.kind] ?? []) value = (value as JsonObject)[step];
  return value as RawPodSpec;
}

const workload = (kind: string, podSpec: JsonObject): Raw => ({
  apiVersion: apiVersions[kind] ?? 'apps/v1',
  kind,
  metadata: { name: 'same', namespace: 'default' },
  ...(podSpecPath[kind] ?? []).reduceRight<JsonObject>((inner, step) => ({ [step]: inner }), podSpec),
});

/** The pod spec as a Pod, and as the template of everything that makes Pods. */
export const inEachKind = (podSpec: JsonObject): Raw[] =>
  Object.keys(podSpecPath).map((kind) => workload(kind, podSpec));

/** A Pod with all containers moved to one of the lists, as far as the API allows it. */
export function inEachContainerList(podSpec: RawPodSpec): [string, Raw][] {
  const moved = lists.flatMap((list) => podSpec[list] ?? []);
  const clean = {
    name: 'beside',
    image: 'registry.example/app:1.0',
    securityContext: { runAsNonRoot: true },
  };
  return lists
    .filter(
      (list) =>
        list !== 'ephemeralContainers' || moved.every((container) => container['ports'] === undefined),
    )
    .map((list) => {
      const { initContainers: _, ephemeralContainers: __, ...rest } = podSpec;
      return [list, workload('Pod', { ...rest, containers: [clean], [list]: moved })];
    });
}
