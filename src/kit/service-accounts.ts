import type { Field, Held, PodSpec, ServiceAccount, Volume } from '../model.ts';
import { named } from './field.ts';
import { once } from './once.ts';
import { walkContainers } from './pods.ts';
import { grantsOf, isBuiltIn, subjectTitle, type Grant, type RbacHeld } from './rbac.ts';
import { qualifiedName } from './titles.ts';

/** The account that a Pod runs as: the one it names, else `default` of its namespace. */
export const accountNameOf = ({ serviceAccountName }: PodSpec): string => serviceAccountName || 'default';

/** The accounts by `NAMESPACE/NAME`. */
export const accountsByName = once(
  (accounts: Held['serviceAccounts']) =>
    new Map(accounts.map((account) => [qualifiedName(account), account])),
);

// ---------------------------------------------------------------------------------------------------------
// Tokens: as the admission plugin ServiceAccount of the API server hands them out.

/** Where every container of a Pod gets the token, unless it mounts something else at exactly this path. */
const tokenPath = '/var/run/secrets/kubernetes.io/serviceaccount';

/** A volume that holds a token for the API server. */
export interface TokenVolume {
  volume: Volume;
  /** Relative to the pod spec. */
  field: Field;
}

/** The volume that the API server made, or one that was copied from there. */
export const automaticVolume = (pod: PodSpec): Volume | undefined =>
  tokenVolumes(pod).find(({ volume }) => isAutomatic(pod, volume))?.volume;

/**
 * Whether the API server gives the containers a token unasked when the Pod is made; undefined where the account decides.
 * Of a live Pod it is known: there is the volume or there is not, whatever Pod and account say by now.
 */
export function automount(pod: PodSpec, live: boolean): boolean | undefined {
  if (automaticVolume(pod) !== undefined) return true;
  const containers = [...(pod.initContainers ?? []), ...pod.containers];
  const hasRoom = containers.some(({ volumeMounts = [] }) =>
    volumeMounts.every(({ mountPath }) => mountPath !== tokenPath),
  );
  return hasRoom && !live ? pod.automountServiceAccountToken : false;
}

/** The same with the account: the Pod's own word counts, then the account's, and without both there is a token. */
export const isAutomounted = (pod: PodSpec, live: boolean, account: ServiceAccount | undefined): boolean =>
  automount(pod, live) ?? account?.automountServiceAccountToken ?? true;

/** The volumes by which a Pod itself asks for a token. */
export const requestedTokens = (pod: PodSpec): TokenVolume[] =>
  tokenVolumes(pod).filter(({ volume }) => !isAutomatic(pod, volume));

/** The volumes with a token for the API server that a container mounts; the kubelet makes no others. */
const tokenVolumes = once((pod: PodSpec): TokenVolume[] => {
  const mounts = walkContainers(pod).flatMap(({ container }) => container.volumeMounts ?? []);
  return (pod.volumes ?? []).flatMap((volume, index) => {
    const paths = mounts.flatMap(({ name, mountPath }) => (name === volume.name ? [mountPath] : []));
    const holdsToken = volume.type === 'secret' ? paths.includes(tokenPath) : hasApiToken(volume);
    return paths.length > 0 && holdsToken ? [{ volume, field: ['volumes', named(index, volume.name)] }] : [];
  });
});

/** A token for another service has an audience of its own, and the API server does not take it. */
const hasApiToken = ({ projected }: Volume): boolean =>
  projected?.sources?.some(
    ({ serviceAccountToken: token }) => token !== undefined && isApiAudience(token.audience),
  ) ?? false;

/** Without an audience a token is for the API server; most have a name below this one, too. */
const isApiAudience = (audience = ''): boolean =>
  audience === '' || audience.startsWith('https://kubernetes.default.svc');

/** By what the plugin calls its volume: a projected one, up to 1.20 the Secret of the token. */
const isAutomatic = (pod: PodSpec, { name, type }: Volume): boolean =>
  pod.automountServiceAccountToken !== false &&
  (type === 'secret' ? /-token-[a-z0-9]{5}$/ : /^kube-api-access-/).test(name);

// ---------------------------------------------------------------------------------------------------------
// Rights

/**
 * What bindings grant an account that its Pods can use by their token: bindings of the account, by either of its names,
 * and of the groups of all accounts and of those in its namespace. Left out is what needs no token, and what every
 * account of the cluster is born with.
 */
export const rightsOf = (held: RbacHeld, namespace: string, name: string): Grant[] =>
  [
    `ServiceAccount ${namespace}/${name}`,
    `Group system:serviceaccounts:${namespace}`,
    'Group system:serviceaccounts',
  ].flatMap((subject) => grantsBySubject(held).get(subject) ?? []);

const grantsBySubject = once((held: RbacHeld) =>
  Map.groupBy(
    grantsOf(held).filter(
      (grant) => !(grant.subject.kind === 'Group' && isBuiltIn(grant)) && isByToken(grant),
    ),
    ({ subject }) => subjectTitle(subject),
  ),
);

/**
 * The verb `use` is asked of whoever makes a Pod, by the plugins for PodSecurityPolicy and SecurityContextConstraints;
 * images of OpenShift's registry are pulled with a Secret of the account.
 */
const isByToken = ({ binding, rules }: Grant): boolean =>
  binding.roleRef.name !== 'system:image-puller' &&
  rules.some(({ verbs }) => verbs.some((verb) => verb !== 'use'));
