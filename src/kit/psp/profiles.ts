import type { Container, PodSecurityPolicy, SeccompProfile } from '../../model.ts';
import { containersOf, type PspPod } from './pod.ts';

// Policies know the profiles by the names of the annotations that seccomp and AppArmor began with.

export const seccompOfPod = 'seccomp.security.alpha.kubernetes.io/pod';
export const seccompOfContainer = 'container.seccomp.security.alpha.kubernetes.io/';
export const appArmorOfContainer = 'container.apparmor.security.beta.kubernetes.io/';

const allowed = 'allowedProfileNames';
const seccomp = 'seccomp.security.alpha.kubernetes.io/';
const appArmor = 'apparmor.security.beta.kubernetes.io/';

/** The profile that a policy gives to Pods that name none. */
export const defaultSeccomp = ({ annotations }: PodSecurityPolicy): string | undefined =>
  annotations?.[`${seccomp}defaultProfileName`];
export const defaultAppArmor = ({ annotations }: PodSecurityPolicy): string | undefined =>
  annotations?.[`${appArmor}defaultProfileName`];

/** The name of the profile that a field sets; empty where the field says nothing that has a name. */
export function seccompName({ type, localhostProfile }: SeccompProfile = {}): string {
  if (type === 'Unconfined') return 'unconfined';
  if (type === 'RuntimeDefault') return 'runtime/default';
  return type === 'Localhost' && localhostProfile !== undefined ? `localhost/${localhostProfile}` : '';
}

/** The annotation of the Pod, where it says something, else its field. */
export const podSeccomp = ({ spec, annotations }: PspPod): string =>
  annotations[seccompOfPod] || seccompName(spec.securityContext?.seccompProfile);

/** The container's field, its annotation (an empty one, too), the Pod's field, the Pod's annotation. */
function containerSeccomp({ name, securityContext }: Container, { spec, annotations }: PspPod): string {
  if (securityContext?.seccompProfile !== undefined) return seccompName(securityContext.seccompProfile);
  const own = annotations[seccompOfContainer + name];
  if (own !== undefined) return own;
  const inherited = spec.securityContext?.seccompProfile;
  return inherited === undefined ? (annotations[seccompOfPod] ?? '') : seccompName(inherited);
}

/** Whether the Pod and each container have a seccomp profile that the policy lists; none where it lists none. */
export function allowsSeccomp({ annotations }: PodSecurityPolicy, pod: PspPod): boolean {
  const names = annotations?.[`${seccomp}${allowed}`]?.split(',') ?? [];
  if (names.includes('*')) return true;
  const listed = new Set(names);
  // Two names of one profile.
  const isDefaultListed = listed.has('docker/default') || listed.has('runtime/default');
  const isAllowed = (name: string) =>
    names.length === 0
      ? name === ''
      : listed.has(name) || (isDefaultListed && ['docker/default', 'runtime/default'].includes(name));
  return [podSeccomp(pod), ...containersOf(pod.spec).map((each) => containerSeccomp(each, pod))].every(
    isAllowed,
  );
}

/** Whether each container has an AppArmor profile that the policy lists; any, or none, where it has no list. */
export function allowsAppArmor({ annotations }: PodSecurityPolicy, pod: PspPod): boolean {
  const listed = annotations?.[`${appArmor}${allowed}`]?.split(',');
  if (listed === undefined) return true;
  return containersOf(pod.spec).every(({ name }) => {
    const profile = pod.annotations[appArmorOfContainer + name] ?? '';
    return profile !== '' && listed.includes(profile);
  });
}
