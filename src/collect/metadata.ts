import type { ControllerRef, ObjectMeta } from '../model.ts';
import { bool, from, list, object, required, string, stringMap, type Projection } from './project.ts';

const ownerReference = object<ControllerRef & { controller?: boolean }>({
  apiVersion: required(string),
  kind: required(string),
  name: required(string),
  uid: (value, parent) => string(value, parent) ?? '',
  controller: bool,
});

const owners = list(ownerReference);

export const controllerOf: Projection<ControllerRef | undefined> = (ownerReferences, metadata) => {
  const owner = owners(ownerReferences, metadata)?.find(({ controller }) => controller === true);
  if (!owner) return undefined;
  const { apiVersion, kind, name, uid } = owner;
  return { apiVersion, kind, name, uid };
};

/** The labels and annotations by which a tool tracks what it applies; a live change to it will not last. */
const trackedBy: readonly { tool: string; key: string; value?: string }[] = [
  { tool: 'Argo CD', key: 'argocd.argoproj.io/tracking-id' },
  { tool: 'Argo CD', key: 'argocd.argoproj.io/instance' },
  { tool: 'Flux', key: 'kustomize.toolkit.fluxcd.io/name' },
  { tool: 'Flux', key: 'helm.toolkit.fluxcd.io/name' },
  { tool: 'Helm', key: 'app.kubernetes.io/managed-by', value: 'Helm' },
];

const managedBy: Projection<string | undefined> = (_, metadata) => {
  const { labels, annotations } = metadata as Record<string, Record<string, unknown> | null | undefined>;
  return trackedBy.find(({ key, value }) => {
    const found = labels?.[key] ?? annotations?.[key];
    return value === undefined ? found !== undefined : found === value;
  })?.tool;
};

export const metadata = required(
  object<ObjectMeta>({
    name: required((value, parent) => string(value, parent) ?? string(parent['generateName'], parent)),
    namespace: string,
    uid: string,
    generateName: string,
    labels: stringMap,
    controller: from(['ownerReferences'], controllerOf),
    managedBy,
    mirror: from(['annotations', 'kubernetes.io/config.mirror'], (value) =>
      value === undefined ? undefined : true,
    ),
  }),
);
