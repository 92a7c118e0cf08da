import type { Change, Container, ContainerPort, Field, Json, PodSpec } from '../model.ts';
import type { Problem } from './define-check.ts';
import { changeTo, named, valueAt } from './field.ts';
import { once } from './once.ts';

/** A container of a pod spec and the way to it. */
export interface WalkedContainer {
  container: Container;
  /** Relative to the pod spec. */
  field: Field;
  /** How a sentence names it: `container app`, `init container setup`. */
  title: string;
  /** A debug container: exists on a live Pod alone, and can be neither changed nor removed. */
  ephemeral: boolean;
}

const nouns = {
  initContainers: 'init container',
  containers: 'container',
  ephemeralContainers: 'ephemeral container',
} as const;

/** The containers of all three lists. Nearly every check asks for them, one after another. */
export const walkContainers = once((pod: PodSpec): readonly WalkedContainer[] =>
  (Object.keys(nouns) as (keyof typeof nouns)[]).flatMap((list) =>
    (pod[list] ?? []).map((container, index) => ({
      container,
      field: [list, named(index, container.name)],
      title: `${nouns[list]} ${container.name}`,
      ephemeral: list === 'ephemeralContainers',
    })),
  ),
);

/** Only `os.name` counts: the kubelet of another system refuses the Pod, while anyone may write a node selector. */
export const isWindows = (pod: PodSpec): boolean => pod.os?.name === 'windows';

/** A value that decides for a container, and where it stands; where nothing does, the container's own field. */
export interface Effective {
  value: Json | undefined;
  field: Field;
}

/** A member of the security context, for the fields that both levels have: the container's value, else the Pod's. */
export function effective(pod: PodSpec, { field }: WalkedContainer, ...member: string[]): Effective {
  const own: Field = [...field, 'securityContext', ...member];
  const inherited: Field = ['securityContext', ...member];
  const isInherited = valueAt(pod, own) === undefined && valueAt(pod, inherited) !== undefined;
  const decisive = isInherited ? inherited : own;
  return { value: valueAt(pod, decisive), field: decisive };
}

/** The API server writes hostPort = containerPort into the ports of a Pod on the node's network; nobody asked for it. */
export const isMirroredPort = (pod: PodSpec, { hostPort, containerPort }: ContainerPort): boolean =>
  pod.hostNetwork === true && hostPort === containerPort;

/** A port recognised by what is unique about it in most containers. */
export const portStep = (index: number, { containerPort, protocol }: ContainerPort): Field[number] => ({
  index,
  where: { containerPort, ...(protocol === undefined ? {} : { protocol }) },
});

/** What can be done about a debug container. */
export const ephemeralFix: NonNullable<Problem['fix']> = {
  action: 'none',
  risk: 'advice',
  note: 'A debug container can be neither changed nor removed: delete the Pod when the session is over, and make it anew where nothing else does.',
};

/** The fix, where there can be one. */
export const unlessEphemeral = (
  walked: WalkedContainer | undefined,
  fix: NonNullable<Problem['fix']>,
): NonNullable<Problem['fix']> => (walked?.ephemeral ? ephemeralFix : fix);

/** Number of a user and a group that own nothing on nodes and nothing in most images. */
export const ordinaryId = 10001;

/** The change of a list of strings; an empty one is stored as none. */
export const listTo = (pod: PodSpec, field: Field, list: readonly string[]): Change =>
  changeTo(pod, field, list.length === 0 ? undefined : [...list]);

/** Whether the list holds the capability as container runtimes compare names, which the API server does not: in any case. */
export const hasCapability = (list: readonly string[] | undefined, name: string): boolean =>
  list?.some((capability) => capability.toUpperCase() === name) ?? false;

/** A name as CRI-O takes it, with and without the prefix; containerd knows no name with one. */
export const withoutPrefix = (capability: string): string => capability.replace(/^CAP_/i, '');

/** With any of these a container can take over its node, or its network. */
export const dangerousCapabilities = ['ALL', 'SYS_ADMIN', 'NET_ADMIN', 'SYS_PTRACE', 'SYS_MODULE', 'BPF'];

/** What to say where a capability is not found because of how it is written. */
export const spellingHint = (names: readonly string[] = []): string =>
  names.some((name) => /^CAP_|[a-z]/.test(name))
    ? ' Kubernetes writes capabilities in upper case and without CAP_.'
    : '';
