import type { Container, PodSpec, SeccompProfile } from '../../model.ts';
import { seccompName, seccompOfContainer, seccompOfPod } from '../psp/profiles.ts';
import type { Judged } from './pod-security.ts';

/** What the API server makes of a template when a Pod is made from it, as far as a Pod Security level tells the two apart. */

/** Up to this minor version an annotation sets the seccomp field of a Pod that lacks it. */
const annotationsCountTo = 26;
/** Up to this one a field sets the annotation as well, which is what levels of versions before 1.19 look at. */
const fieldsAnnotateTo = 24;

/** The Pod of a template on a server of that minor version; a live Pod stays what it is. */
export function asMade(judged: Judged, minor: number): Judged {
  const { podSpec, podAnnotations = {} } = judged;
  if (podSpec === undefined || minor > annotationsCountTo) return judged;
  const isAnnotated = Object.keys(podAnnotations).some((key) => key.includes('seccomp'));
  if (!isAnnotated && minor > fieldsAnnotateTo) return judged;
  return remembered(podSpec, minor, () => ({
    podSpec: isAnnotated ? withFields(podSpec, podAnnotations) : podSpec,
    podAnnotations: minor > fieldsAnnotateTo ? podAnnotations : { ...namesOf(podSpec), ...podAnnotations },
  }));
}

const made = new WeakMap<PodSpec, Map<number, Judged>>();

function remembered(podSpec: PodSpec, minor: number, make: () => Judged): Judged {
  const byMinor = made.get(podSpec) ?? new Map<number, Judged>();
  made.set(podSpec, byMinor);
  const judged = byMinor.get(minor) ?? make();
  byMinor.set(minor, judged);
  return judged;
}

type Annotations = Readonly<Record<string, string>>;

function withFields(podSpec: PodSpec, annotations: Annotations): PodSpec {
  const inContainer = (container: Container) =>
    withField(container, annotations[seccompOfContainer + container.name]);
  const { containers, initContainers } = podSpec;
  return {
    ...withField(podSpec, annotations[seccompOfPod]),
    containers: containers.map(inContainer),
    ...(initContainers && { initContainers: initContainers.map(inContainer) }),
  };
}

function withField<T extends { securityContext?: { seccompProfile?: SeccompProfile } }>(
  owner: T,
  annotation: string | undefined,
): T {
  const seccompProfile = profileOf(annotation);
  if (seccompProfile === undefined || owner.securityContext?.seccompProfile !== undefined) return owner;
  return { ...owner, securityContext: { ...owner.securityContext, seccompProfile } };
}

function profileOf(annotation = ''): SeccompProfile | undefined {
  const localhostProfile = /^localhost\/(.+)$/s.exec(annotation)?.[1];
  if (localhostProfile !== undefined) return { type: 'Localhost', localhostProfile };
  if (annotation === 'unconfined') return { type: 'Unconfined' };
  return ['runtime/default', 'docker/default'].includes(annotation) ? { type: 'RuntimeDefault' } : undefined;
}

/** The annotations that stand for the fields. */
function namesOf({ securityContext, containers, initContainers = [] }: PodSpec): Record<string, string> {
  const named = [
    [seccompOfPod, securityContext?.seccompProfile] as const,
    ...[...initContainers, ...containers].map(
      (container) =>
        [seccompOfContainer + container.name, container.securityContext?.seccompProfile] as const,
    ),
  ].map(([key, profile]) => [key, seccompName(profile)]);
  return Object.fromEntries(named.filter(([, name]) => name !== '')) as Record<string, string>;
}
