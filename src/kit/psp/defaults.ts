import type {
  Capabilities,
  Container,
  ContainerSecurityContext,
  IdStrategy,
  PodSecurityPolicy,
  PodSpec,
} from '../../model.ts';
import { containerLists, containersOf, inheritedBy, type PspPod } from './pod.ts';
import {
  appArmorOfContainer,
  defaultAppArmor,
  defaultSeccomp,
  podSeccomp,
  seccompOfPod,
} from './profiles.ts';

/**
 * The Pod with what a policy fills in where the Pod says nothing. It is the same object where there is nothing to fill in:
 * the admission plugin prefers such a policy.
 */
export function withDefaults(policy: PodSecurityPolicy, pod: PspPod): PspPod {
  const spec = podDefaults(policy, pod.spec);
  const lists = containerLists.flatMap((list) => {
    const containers = spec[list];
    return containers === undefined ? [] : [[list, eachWithDefaults(policy, containers, spec)]];
  });
  return changed(pod, {
    spec: changed(spec, Object.fromEntries(lists) as Partial<PodSpec>),
    annotations: annotationDefaults(policy, pod),
  });
}

function podDefaults({ spec: policy }: PodSecurityPolicy, pod: PodSpec): PodSpec {
  const { supplementalGroups, fsGroup, seLinuxOptions } = pod.securityContext ?? {};
  const group = firstId(policy.supplementalGroups);
  return changed(pod, {
    securityContext: changed(pod.securityContext, {
      supplementalGroups: supplementalGroups ?? (group === undefined ? undefined : [group]),
      fsGroup: fsGroup ?? firstId(policy.fsGroup),
      seLinuxOptions:
        seLinuxOptions ?? (policy.seLinux?.rule === 'MustRunAs' ? policy.seLinux.seLinuxOptions : undefined),
    }),
    runtimeClassName: pod.runtimeClassName ?? policy.runtimeClass?.defaultRuntimeClassName,
  });
}

function eachWithDefaults(policy: PodSecurityPolicy, containers: Container[], pod: PodSpec): Container[] {
  const filled = containers.map((container) =>
    changed(container, { securityContext: contextDefaults(policy, container.securityContext, pod) }),
  );
  return filled.every((container, i) => container === containers[i]) ? containers : filled;
}

function contextDefaults(
  { spec: policy }: PodSecurityPolicy,
  own: ContainerSecurityContext | undefined,
  pod: PodSpec,
): ContainerSecurityContext | undefined {
  const { runAsUser, runAsGroup, runAsNonRoot } = inheritedBy(own, pod);
  const isLeftToImage =
    policy.runAsUser?.rule === 'MustRunAsNonRoot' && runAsNonRoot === undefined && runAsUser === undefined;
  return changed(own, {
    runAsUser: own?.runAsUser ?? (runAsUser === undefined ? firstId(policy.runAsUser) : undefined),
    runAsGroup: own?.runAsGroup ?? (runAsGroup === undefined ? firstId(policy.runAsGroup) : undefined),
    runAsNonRoot: own?.runAsNonRoot ?? (isLeftToImage ? true : undefined),
    capabilities: capabilityDefaults(policy, own?.capabilities),
    readOnlyRootFilesystem: own?.readOnlyRootFilesystem ?? (policy.readOnlyRootFilesystem || undefined),
    allowPrivilegeEscalation:
      own?.allowPrivilegeEscalation ??
      policy.defaultAllowPrivilegeEscalation ??
      (policy.allowPrivilegeEscalation === false ? false : undefined),
  });
}

/** What the policy adds, but for what the container drops, and what the policy drops. */
function capabilityDefaults(
  { defaultAddCapabilities = [], requiredDropCapabilities = [] }: PodSecurityPolicy['spec'],
  own: Capabilities | undefined,
): Capabilities | undefined {
  const add = new Set(own?.add);
  const drop = new Set(own?.drop);
  const newAdd = defaultAddCapabilities.filter((name) => !add.has(name) && !drop.has(name));
  const newDrop = requiredDropCapabilities.filter((name) => !drop.has(name));
  if (newAdd.length === 0 && newDrop.length === 0) return own;
  return {
    add: [...new Set([...add, ...newAdd])].toSorted(),
    drop: [...new Set([...drop, ...newDrop])].toSorted(),
  };
}

/** A profile in the field of the Pod is written as annotation, too, by any policy: that counts as a change. */
function annotationDefaults(policy: PodSecurityPolicy, pod: PspPod): PspPod['annotations'] {
  const hasField = pod.spec.securityContext?.seccompProfile !== undefined;
  const profile = podSeccomp(pod) || (hasField ? '' : defaultSeccomp(policy)) || undefined;
  const keys = containersOf(pod.spec).map(({ name }) => appArmorOfContainer + name);
  return changed(pod.annotations, {
    [seccompOfPod]: profile ?? pod.annotations[seccompOfPod],
    ...Object.fromEntries(
      keys.map((key) => [key, pod.annotations[key] || defaultAppArmor(policy) || pod.annotations[key]]),
    ),
  });
}

/** Who must run as one of the ids runs as the first. */
const firstId = ({ rule, ranges = [] }: IdStrategy = {}): number | undefined =>
  rule === 'MustRunAs' ? ranges[0]?.min : undefined;

type Members<T> = { [K in keyof T]?: T[K] | undefined };

/** The object with these members; the object itself where they are what it has, an absent one for undefined. */
function changed<T extends object | undefined>(target: T, members: Members<NonNullable<T>>): T {
  const differing = Object.entries(members).filter(
    ([name, value]) => value !== (target as Record<string, unknown> | undefined)?.[name],
  );
  return differing.length === 0 ? target : { ...target, ...Object.fromEntries(differing) };
}
