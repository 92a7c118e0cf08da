import type { PodSecurityPolicy, ProjectedSource, Volume } from '../../model.ts';
import { containersOf, type PspPod } from './pod.ts';

type Policy = PodSecurityPolicy['spec'];

/** Policies name a type of volume as the Pod does, but for one. */
const typeOf = ({ type }: Volume): string => (type === 'cephfs' ? 'cephFS' : type);

/** A policy with `secret` also admits the token that the API server mounts, which is a projected volume by now. */
export const allowsVolume = ({ volumes = [] }: Policy, volume: Volume): boolean =>
  volumes.includes('*') ||
  volumes.includes(typeOf(volume)) ||
  (volumes.includes('secret') && volume.type === 'projected' && isOfToken(volume));

/** Whether a projected volume holds only what the API server mounts for a service account. */
const isOfToken = ({ projected }: Volume): boolean =>
  (projected?.sources ?? []).every(
    ({ serviceAccountToken: token, configMap, downwardAPI }) =>
      (token ?? configMap ?? downwardAPI) !== undefined &&
      (token === undefined || (token.path === 'token' && !token.audience)) &&
      (configMap === undefined || configMap.name === 'kube-root-ca.crt') &&
      (downwardAPI?.items ?? []).every(isNamespaceItem),
  );

type DownwardItem = NonNullable<NonNullable<ProjectedSource['downwardAPI']>['items']>[number];

const isNamespaceItem = ({ path, fieldRef }: DownwardItem): boolean =>
  path === 'namespace' &&
  (fieldRef?.apiVersion ?? 'v1') === 'v1' &&
  fieldRef?.fieldPath === 'metadata.namespace';

/** Any path where the policy lists none. Where only read-only prefixes fit, nobody may mount the volume to write. */
export function allowsHostPath({ allowedHostPaths = [] }: Policy, volume: Volume, pod: PspPod): boolean {
  const { hostPath } = volume;
  if (hostPath === undefined || allowedHostPaths.length === 0) return true;
  const fitting = allowedHostPaths.filter(({ pathPrefix = '' }) => isBelow(hostPath.path, pathPrefix));
  if (fitting.some(({ readOnly }) => readOnly !== true)) return true;
  const mounts = containersOf(pod.spec).flatMap(({ volumeMounts = [] }) => volumeMounts);
  return (
    fitting.length > 0 && mounts.every(({ name, readOnly }) => name !== volume.name || readOnly === true)
  );
}

/** By whole elements of the path: `/foo` fits `/foo/bar`, not `/foobar`. */
const isBelow = (path: string, prefix: string): boolean =>
  `${withoutSlash(path)}/`.startsWith(`${withoutSlash(prefix)}/`);

const withoutSlash = (path: string): string => (path.endsWith('/') ? path.slice(0, -1) : path);
