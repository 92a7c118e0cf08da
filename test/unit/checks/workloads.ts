import { podSpecPath, type JsonObject } from '../../../src/model.ts';
import type { Raw } from './fixtures.ts';

type RawPodSpec = JsonObject & Partial<Record<(typeof lists)[number], JsonObject[]>>;
const lists = ['initContainers', 'containers', 'ephemeralContainers'] as const;

const apiVersions: Record<keyof typeof podSpecPath, string> = {
  Pod: 'v1',
  PodTemplate: 'v1',
  ReplicationController: 'v1',
  Job: 'batch/v1',
  CronJob: 'batch/v1',
};

/** A pod spec, and the annotations of its Pod, which may hold settings too. */
interface Template extends JsonObject {
  metadata: { annotations: JsonObject };
  spec: RawPodSpec;
}

function templateOf(raw: Raw): Template {
  let value: JsonObject = raw;
  for (const step of (podSpecPath[raw.kind] ?? []).slice(0, -1)) value = value[step] as JsonObject;
  const { annotations = {} } = (value['metadata'] ?? {}) as { annotations?: JsonObject };
  return { metadata: { annotations }, spec: value['spec'] as RawPodSpec };
}

function workload(kind: string, template: Template): Raw {
  const within = (podSpecPath[kind] ?? []).slice(0, -1);
  const { metadata, ...rest } = within.reduceRight<JsonObject>(
    (inner, step) => ({ [step]: inner }),
    template,
  );
  return {
    apiVersion: apiVersions[kind] ?? 'apps/v1',
    kind,
    metadata: { ...(metadata as JsonObject | undefined), name: 'same', namespace: 'default' },
    ...rest,
  };
}

/** The object's pod spec as a Pod, and as the template of everything that makes Pods. */
export const inEachKind = (raw: Raw): Raw[] =>
  Object.keys(podSpecPath).map((kind) => workload(kind, templateOf(raw)));

/** A Pod with all containers of the object moved to one of the lists, as far as the API allows it. */
export function inEachContainerList(raw: Raw): [string, Raw][] {
  const { metadata, spec: podSpec } = templateOf(raw);
  const moved = lists.flatMap((list) => podSpec[list] ?? []);
  const clean = {
    name: 'beside',
    image: 'registry.example/app:1.0',
    imagePullPolicy: 'Always',
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      runAsUser: 10001,
      seccompProfile: { type: 'RuntimeDefault' },
    },
  };
  return lists
    .filter(
      (list) =>
        list !== 'ephemeralContainers' || moved.every((container) => container['ports'] === undefined),
    )
    .map((list) => {
      const { initContainers: _, ephemeralContainers: __, ...rest } = podSpec;
      return [list, workload('Pod', { metadata, spec: { ...rest, containers: [clean], [list]: moved } })];
    });
}
