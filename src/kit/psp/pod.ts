import type { Container, ContainerSecurityContext, PodSpec, SELinuxOptions } from '../../model.ts';

/** What a PodSecurityPolicy judges: the spec, and the annotations that set a profile. */
export interface PspPod {
  spec: PodSpec;
  annotations: Readonly<Record<string, string>>;
}

/** The lists of containers, all of which a policy is about. */
export const containerLists = ['initContainers', 'containers', 'ephemeralContainers'] as const;

export const containersOf = (spec: PodSpec): Container[] =>
  containerLists.flatMap((list) => spec[list] ?? []);

/** What a container and its Pod may both set. */
export interface Inherited {
  runAsUser?: number | undefined;
  runAsGroup?: number | undefined;
  runAsNonRoot?: boolean | undefined;
  seLinuxOptions?: SELinuxOptions | undefined;
}

/** The container's value, else the Pod's. */
export const inheritedBy = (
  own: ContainerSecurityContext | undefined,
  { securityContext }: PodSpec,
): Inherited => ({
  runAsUser: own?.runAsUser ?? securityContext?.runAsUser,
  runAsGroup: own?.runAsGroup ?? securityContext?.runAsGroup,
  runAsNonRoot: own?.runAsNonRoot ?? securityContext?.runAsNonRoot,
  seLinuxOptions: own?.seLinuxOptions ?? securityContext?.seLinuxOptions,
});
