import { podSpecPath } from '../model.ts';
import { closest } from '../text.ts';

/**
 * Security settings that Kubernetes does not know where a manifest has them. The API server drops them when nobody
 * asks for strict validation, so they protect nothing while everyone who reads the manifest believes they do.
 */
export interface Misplaced {
  /** From the top of the object. */
  path: (string | number)[];
  /** One or two sentences that follow the path. */
  what: string;
}

/** The objects of a pod spec that can hold a setting: itself, its containers, and the securityContext of both. */
type Home = 'pod' | 'podSecurity' | 'container' | 'containerSecurity';

/** Every field of both kinds of securityContext, and those beside them that are often confused with one. The Pod's place is first. */
const homes: Readonly<Record<string, readonly Home[]>> = {
  hostIPC: ['pod'],
  hostPID: ['pod'],
  hostNetwork: ['pod'],
  hostUsers: ['pod'],
  runtimeClassName: ['pod'],
  serviceAccountName: ['pod'],
  automountServiceAccountToken: ['pod'],
  securityContext: ['pod', 'container'],
  imagePullPolicy: ['container'],
  fsGroup: ['podSecurity'],
  fsGroupChangePolicy: ['podSecurity'],
  supplementalGroups: ['podSecurity'],
  supplementalGroupsPolicy: ['podSecurity'],
  seLinuxChangePolicy: ['podSecurity'],
  sysctls: ['podSecurity'],
  runAsUser: ['podSecurity', 'containerSecurity'],
  runAsGroup: ['podSecurity', 'containerSecurity'],
  runAsNonRoot: ['podSecurity', 'containerSecurity'],
  seccompProfile: ['podSecurity', 'containerSecurity'],
  appArmorProfile: ['podSecurity', 'containerSecurity'],
  seLinuxOptions: ['podSecurity', 'containerSecurity'],
  windowsOptions: ['podSecurity', 'containerSecurity'],
  privileged: ['containerSecurity'],
  allowPrivilegeEscalation: ['containerSecurity'],
  readOnlyRootFilesystem: ['containerSecurity'],
  capabilities: ['containerSecurity'],
  procMount: ['containerSecurity'],
};

const mayBeNewer = 'has no effect, unless this field is newer than Passmuster.';
const profile = ['type', 'localhostProfile'];

/** Every field of what stands in a securityContext and is an object itself. */
const membersOf: Readonly<Record<string, readonly string[]>> = {
  capabilities: ['add', 'drop'],
  seccompProfile: profile,
  appArmorProfile: profile,
  seLinuxOptions: ['user', 'role', 'type', 'level'],
  windowsOptions: ['gmsaCredentialSpecName', 'gmsaCredentialSpec', 'runAsUserName', 'hostProcess'],
};

type Path = (string | number)[];
type Raw = Readonly<Record<string, unknown>>;

/** What a manifest holds in one of these places, or around the pod spec, where no setting belongs. */
interface Held {
  place: Home | 'around';
  path: Path;
  value: unknown;
}

const containerLists = ['initContainers', 'containers', 'ephemeralContainers'];

/** None for an object of a kind that has no pod spec. */
export function misplacedFields(raw: Raw, kind: string): Misplaced[] {
  const toSpec = podSpecPath[kind];
  if (toSpec === undefined) return [];
  const around = toSpec.flatMap((_, length): Held[] => {
    const path = toSpec.slice(0, length);
    return [path, [...path, 'metadata']].map((place) => ({
      place: 'around',
      path: place,
      value: at(raw, place),
    }));
  });
  const pod = at(raw, toSpec);
  const containers = containerLists.flatMap((list) => {
    const held = at(pod, [list]);
    return Array.isArray(held)
      ? held.flatMap((value, i) => withSecurity('container', [...toSpec, list, i], value))
      : [];
  });
  return [...around, ...withSecurity('pod', [...toSpec], pod), ...containers].flatMap((held) => [
    ...misplacedIn(held, toSpec),
    ...(held.place.endsWith('Security') ? unknownMembers(held) : []),
  ]);
}

const withSecurity = (place: 'pod' | 'container', path: Path, value: unknown): Held[] => [
  { place, path, value },
  { place: `${place}Security`, path: [...path, 'securityContext'], value: at(value, ['securityContext']) },
];

function misplacedIn(held: Held, toSpec: readonly string[]): Misplaced[] {
  const { value, path } = held;
  if (!isObject(value)) return [];
  return Object.keys(value).flatMap((key) => {
    const what = value[key] === null ? undefined : whatIsWrong(key, held, toSpec);
    return what === undefined ? [] : [{ path: [...path, key], what }];
  });
}

function whatIsWrong(key: string, held: Held, toSpec: readonly string[]): string | undefined {
  const { place } = held;
  const own = Object.hasOwn(homes, key) ? homes[key] : undefined;
  if (own !== undefined) {
    if (own.some((home) => home === place)) return undefined;
    return `has no effect: Kubernetes has no such field there. It belongs at ${homeOf(key, held, toSpec)}.`;
  }
  if (place === 'around') return undefined;
  const meant = closest(key, Object.keys(homes));
  if (meant !== undefined)
    return `has no effect: Kubernetes has no such field. Did you mean ${homeOf(meant, held, toSpec)}?`;
  // Only of the security contexts every field is known.
  return place.endsWith('Security') ? mayBeNewer : undefined;
}

function unknownMembers({ path, value: context }: Held): Misplaced[] {
  return Object.entries(membersOf).flatMap(([owner, known]) => {
    const value = at(context, [owner]);
    const unknown = isObject(value)
      ? Object.keys(value).filter((key) => value[key] !== null && !known.includes(key))
      : [];
    return unknown.map((key) => {
      const meant = closest(key, known);
      const what =
        meant === undefined
          ? mayBeNewer
          : `has no effect: Kubernetes has no such field. Did you mean ${dotted([...path, owner, meant])}?`;
      return { path: [...path, owner, key], what };
    });
  });
}

/** What stands in a container is meant for that container, if a container can have it; else for the Pod. */
function homeOf(setting: string, { place, path }: Held, toSpec: readonly string[]): string {
  const own = homes[setting] ?? [];
  const isInContainer = place.startsWith('container');
  const pod = toSpec.join('.');
  const container = isInContainer ? dotted(path.slice(0, toSpec.length + 2)) : `${pod}.containers[]`;
  const paths: Record<Home, string> = {
    pod,
    podSecurity: `${pod}.securityContext`,
    container,
    containerSecurity: `${container}.securityContext`,
  };
  const home = (isInContainer ? own.at(-1) : own[0]) ?? 'pod';
  return `${paths[home]}.${setting}`;
}

/** `spec.containers[0].image`. */
export const dotted = (path: readonly (string | number)[]): string =>
  path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
    .join('')
    .replace(/^\./, '');

const isObject = (value: unknown): value is Raw =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

function at(root: unknown, path: readonly string[]): unknown {
  let value = root;
  for (const step of path) value = isObject(value) ? value[step] : undefined;
  return value;
}
