import { templateSources, type Held, type ObjectRef, type Workload } from '../model.ts';

export type TemplateHeld = Pick<Held, (typeof templateSources)[number]>;

/** A template, and what its Pods belong to. */
export interface OwnedTemplate {
  template: Workload;
  owner: ObjectRef;
}

/** Revisions that a controller has scaled to zero are history, not workloads. */
function isInUse({ kind, metadata, replicas }: Workload): boolean {
  const isRevision = kind === 'ReplicaSet' && metadata.controller !== undefined;
  return !(isRevision && replicas === 0);
}

/**
 * The templates in use, for checks over the cluster. The owner is the same object that a fold over the live Pods is told:
 * what controls the template, or the template itself.
 */
export const templatesInUse = (held: TemplateHeld): OwnedTemplate[] =>
  templateSources
    .flatMap((source) => held[source])
    .filter((template) => template.podSpec !== undefined && isInUse(template))
    .map((template) => ({ template, owner: ownerOf(template) }));

function ownerOf({ apiVersion, kind, metadata }: Workload): ObjectRef {
  const { controller, namespace, name } = metadata;
  const owner = controller ?? { apiVersion, kind, name };
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    ...(namespace === undefined ? {} : { namespace }),
    name: owner.name,
  };
}
