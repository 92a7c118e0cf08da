import { templateSources, type ControllerRef, type Held, type ObjectRef, type Workload } from '../model.ts';

/** What a workload's findings are reported on: the last controller that can be reached from it. */
export interface TopOwner {
  ref: ObjectRef;
  /** The name that identifies it from one run to the next: a bare generated Pod goes by its generateName. */
  identityName: string;
  /** The object, where its kind is listed; a custom controller's is not. */
  object?: Workload;
}

// Deployment -> ReplicaSet -> Pod is two steps; operators add a few. More is a cycle that someone made on purpose.
const longestChain = 10;

/** Resolves owners by uid, through everything held. */
export function ownerResolver(held: Held): (workload: Workload) => TopOwner {
  const byUid = new Map<string, Workload>();
  for (const source of templateSources) {
    for (const workload of held[source]) {
      if (workload.metadata.uid !== undefined) byUid.set(workload.metadata.uid, workload);
    }
  }
  return (workload) => {
    let current = workload;
    for (let step = 0; step < longestChain; step += 1) {
      const { controller } = current.metadata;
      // A static Pod's mirror is controlled by its Node: the Pod itself is what a person looks for.
      if (controller === undefined || controller.kind === 'Node') break;
      const owner = byUid.get(controller.uid);
      if (owner === undefined) return unlisted(controller, current.metadata.namespace);
      current = owner;
    }
    return {
      ref: refOf(current),
      identityName: current.metadata.generateName ?? current.metadata.name,
      object: current,
    };
  };
}

export function refOf(object: Pick<Workload, 'apiVersion' | 'kind' | 'metadata'>): ObjectRef {
  const { name, namespace } = object.metadata;
  return { apiVersion: object.apiVersion, kind: object.kind, ...(namespace ? { namespace } : {}), name };
}

function unlisted(controller: ControllerRef, namespace: string | undefined): TopOwner {
  const { apiVersion, kind, name } = controller;
  return { ref: { apiVersion, kind, ...(namespace ? { namespace } : {}), name }, identityName: name };
}
