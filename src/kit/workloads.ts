import { templateSources, type Held, type ObjectRef, type Workload } from '../model.ts';

export type TemplateHeld = Pick<Held, (typeof templateSources)[number]>;

/** A template, and what its Pods belong to. */
export interface OwnedTemplate {
  template: Workload;
  owner: ObjectRef;
}

/**
 * The templates in use, for checks over the cluster. The owner is the same object that a fold over the live Pods is told:
 * what controls the template, or the template itself. Revisions that a controller has scaled to zero are history.
 */
export const templatesInUse = (held: TemplateHeld): OwnedTemplate[] =>
  templateSources
    .flatMap((source) => held[source])
    .filter(({ podSpec }) => podSpec !== undefined)
    .filter(({ kind, metadata, replicas }) => {
      const isRevision = kind === 'ReplicaSet' && metadata.controller !== undefined;
      return !(isRevision && replicas === 0);
    })
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

/** `Deployment shop/web`. */
export const refTitle = ({ kind, namespace, name }: ObjectRef): string =>
  `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;

/** `a, b, c and 4 more`. */
export const someOf = (names: readonly string[], most = 3): string =>
  names.length <= most
    ? names.join(', ')
    : `${names.slice(0, most).join(', ')} and ${names.length - most} more`;
