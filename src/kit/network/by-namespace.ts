import type { Namespace } from '../../model.ts';
import { isPlatformNamespace } from '../system-namespaces.ts';
import { refTitle } from '../titles.ts';
import type { PodClass, PodClasses } from './classes.ts';

/**
 * The Pods that a policy can hold, by their namespace: those on the network of their node stand outside. What the platform
 * owns is left out, for its users cannot keep a policy there.
 */
export const heldByNamespace = (pods: PodClasses): Map<string, PodClass[]> =>
  Map.groupBy(
    pods.all().filter(({ endpoint }) => !endpoint.hostNetwork && !isPlatformNamespace(endpoint.namespace)),
    ({ endpoint }) => endpoint.namespace,
  );

/** The namespaces that their users own. */
export const ownNamespaces = (namespaces: readonly Namespace[]): Namespace[] =>
  namespaces.filter(({ metadata }) => !isPlatformNamespace(metadata.name));

/** `Deployment shop/web`: the workloads of some classes, each once. */
export const titlesOf = (classes: readonly PodClass[]): string[] =>
  [
    ...new Set(classes.flatMap(({ owners }) => [...owners.values()].map(({ ref }) => refTitle(ref)))),
  ].toSorted();

/** A namespace, where manifests do not have it by its name alone. */
export const namespaceObject = (namespaces: readonly Namespace[], name: string): Namespace =>
  namespaces.find(({ metadata }) => metadata.name === name) ?? {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name },
  };
