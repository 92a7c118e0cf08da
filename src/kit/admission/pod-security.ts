import type { Namespace, PodSpec, Workload } from '../../model.ts';
import { pssControls, violations, type PssControl, type PssLevel, type Violation } from '../pss.ts';

/** Pod Security Admission: what the labels of a namespace ask of its Pods, and what the levels refuse. */

export const modes = ['enforce', 'audit', 'warn'] as const;
export type PodSecurityMode = (typeof modes)[number];
export type PodSecurityLevel = 'privileged' | PssLevel;

/** What one mode asks for, as the API server reads the labels. */
export interface PodSecurity {
  level: PodSecurityLevel;
  /** `latest` or `v1.31`, as the label says. */
  version: string;
  /** Minor version (of Kubernetes 1) of the rules: no newer than the server, which knows none of later ones. */
  minor: number;
  /** True where the label of the level is there; otherwise it is the API server's default, which cannot be read. */
  isWritten: boolean;
}

export const levelLabel = (mode: PodSecurityMode): string => `pod-security.kubernetes.io/${mode}`;
const versionLabel = (mode: PodSecurityMode): string => `${levelLabel(mode)}-version`;

const levels: readonly string[] = ['privileged', 'baseline', 'restricted'] satisfies PodSecurityLevel[];
const isLevel = (value: string): value is PodSecurityLevel => levels.includes(value);
const isVersion = (value: string): boolean => /^(latest|v1\.(0|[1-9]\d*))$/.test(value);

/** From this minor version on, those who are refused are warned as well, unless the labels say otherwise. */
const warnsAsEnforced = 26;

/**
 * The labels of a namespace as the API server of that minor version reads them: a level that it does not know counts as
 * `restricted` to enforce and as `privileged` to audit and warn, a version that it does not know as `latest`. Where no
 * label says anything, the level is taken to be `privileged`: an AdmissionConfiguration file may say otherwise.
 */
export function podSecurityOf(namespace: Namespace, minor: number): Record<PodSecurityMode, PodSecurity> {
  const enforce = modeOf(namespace, 'enforce', minor);
  return {
    enforce,
    audit: modeOf(namespace, 'audit', minor),
    warn: warnOf(namespace, enforce, minor),
  };
}

function warnOf(namespace: Namespace, enforce: PodSecurity, minor: number): PodSecurity {
  const own = modeOf(namespace, 'warn', minor);
  const isFollowed = minor >= warnsAsEnforced && isLevel(labelOf(namespace, levelLabel('enforce')) ?? '');
  if (own.isWritten || !isFollowed) return own;
  const hasVersion = labelOf(namespace, versionLabel('warn')) !== undefined;
  return { ...(hasVersion ? own : enforce), level: enforce.level, isWritten: false };
}

function modeOf(namespace: Namespace, mode: PodSecurityMode, minor: number): PodSecurity {
  const level = labelOf(namespace, levelLabel(mode));
  return {
    level: level === undefined ? 'privileged' : isLevel(level) ? level : fallbacks[mode],
    ...versionOf(namespace, mode, minor),
    isWritten: level !== undefined,
  };
}

const fallbacks = {
  enforce: 'restricted',
  audit: 'privileged',
  warn: 'privileged',
} as const satisfies Record<PodSecurityMode, PodSecurityLevel>;

/** The version that the labels pin for a mode, whatever its level. */
export function versionOf(
  namespace: Namespace,
  mode: PodSecurityMode,
  minor: number,
): { version: string; minor: number } {
  const label = labelOf(namespace, versionLabel(mode)) ?? 'latest';
  const pinned = isVersion(label) ? /\d+$/.exec(label)?.[0] : undefined;
  return pinned === undefined
    ? { version: 'latest', minor }
    : { version: label, minor: Math.min(Number(pinned), minor) };
}

const labelOf = ({ metadata }: Namespace, label: string): string | undefined => metadata.labels?.[label];

/** A Pod Security label whose value the API server does not know. */
export interface InvalidLabel {
  label: string;
  value: string;
  /** What the server takes it for. */
  countsAs: string;
  /** What to write in its place: nothing weaker than what it counts as. */
  instead: string;
}

export const invalidLabels = ({ metadata: { labels = {} } }: Namespace): InvalidLabel[] =>
  modes
    .flatMap((mode) => [
      { label: levelLabel(mode), isKnown: isLevel, countsAs: fallbacks[mode], instead: 'restricted' },
      { label: versionLabel(mode), isKnown: isVersion, countsAs: 'latest', instead: 'latest' },
    ])
    .flatMap(({ label, isKnown, ...rest }) => {
      const value = labels[label];
      return value === undefined || isKnown(value) ? [] : [{ label, value, ...rest }];
    });

// ---------------------------------------------------------------------------------------------------------
// What a level refuses

/** Controls of the restricted level that speak for a baseline one, which is then not asked. */
const speaksFor: Partial<Record<PssControl, PssControl>> = {
  capabilities_restricted: 'capabilities_baseline',
  restrictedVolumes: 'hostPathVolumes',
  procMount_restricted: 'procMount',
  seccompProfile_restricted: 'seccompProfile_baseline',
};

const known = new Map<string, readonly PssControl[]>();

/** The controls of a level in a version. */
function controlsOf(level: PssLevel, minor: number): readonly PssControl[] {
  const key = `${level} ${minor}`;
  const found = known.get(key);
  if (found !== undefined) return found;
  const inForce = pssControls
    .filter((control) => (level === 'restricted' || control.level === 'baseline') && control.from <= minor)
    .map(({ id }) => id);
  const spokenFor = new Set(inForce.map((id) => speaksFor[id]));
  const controls = inForce.filter((id) => !spokenFor.has(id));
  known.set(key, controls);
  return controls;
}

/** What of a Pod the levels look at. */
export type Judged = Pick<Workload, 'podSpec' | 'podAnnotations'>;

const refusals = new WeakMap<PodSpec, Map<string, boolean>>();

/** Whether a level refuses the Pods of a workload; remembered by the pod spec, which stands for its annotations too. */
export function refuses(level: PodSecurityLevel, minor: number, workload: Judged): boolean {
  const { podSpec, podAnnotations: annotations = {} } = workload;
  if (level === 'privileged' || podSpec === undefined) return false;
  const key = `${level} ${minor}`;
  let answers = refusals.get(podSpec);
  if (answers === undefined) refusals.set(podSpec, (answers = new Map<string, boolean>()));
  const found = answers.get(key);
  if (found !== undefined) return found;
  const context = { annotations, minor };
  const answer = controlsOf(level, minor).some((control) => violations(control, podSpec, context).length > 0);
  answers.set(key, answer);
  return answer;
}

export interface Refusal {
  control: PssControl;
  places: string[];
}

const broken = new WeakMap<PodSpec, Map<number, Refusal[]>>();

/**
 * The controls of a level that the Pods of a workload break, and where: none where the level admits them. Remembered by the
 * pod spec: both levels are asked about, and by more than one check.
 */
export function refusalsOf(level: PssLevel, minor: number, workload: Judged): Refusal[] {
  const controls = controlsOf(level, minor);
  return brokenBy(workload, minor).filter(({ control }) => controls.includes(control));
}

function brokenBy({ podSpec, podAnnotations: annotations = {} }: Judged, minor: number): Refusal[] {
  if (podSpec === undefined) return [];
  const byMinor = broken.get(podSpec) ?? new Map<number, Refusal[]>();
  broken.set(podSpec, byMinor);
  const found = byMinor.get(minor);
  if (found !== undefined) return found;
  const all = pssControls
    .map(({ id: control }) => ({
      control,
      places: violations(control, podSpec, { annotations, minor }).map(placeOf),
    }))
    .filter(({ places }) => places.length > 0);
  byMinor.set(minor, all);
  return all;
}

/** `privileged (container app, container proxy)` */
export const clauseOf = (control: PssControl, places: readonly string[]): string =>
  `${nouns[control]} (${[...new Set(places)].join(', ')})`;

/** Where it is wrong: the container, the volume, the sysctl, the field of the Pod. */
function placeOf({ container, field, value }: Violation): string {
  if (container !== undefined) return container.title;
  const [first, second] = field;
  if (first === 'volumes' && typeof second === 'object') return `volume ${second.where['name']}`;
  if (field.includes('sysctls') && typeof value === 'string') return value;
  return field.length === 1 && typeof first === 'string' ? first : 'Pod';
}

const nouns: Readonly<Record<PssControl, string>> = {
  hostNamespaces: 'host namespaces',
  privileged: 'privileged',
  capabilities_baseline: 'added capabilities',
  hostPathVolumes: 'hostPath volumes',
  hostPorts: 'hostPort',
  appArmorProfile: 'AppArmor profile',
  seLinuxOptions: 'seLinuxOptions',
  procMount: 'procMount',
  seccompProfile_baseline: 'seccomp profile',
  sysctls: 'sysctls',
  windowsHostProcess: 'hostProcess',
  hostProbesAndHostLifecycle: 'host of a probe or hook',
  restrictedVolumes: 'volume types',
  allowPrivilegeEscalation: 'allowPrivilegeEscalation is not false',
  runAsNonRoot: 'runAsNonRoot is not true',
  runAsUser: 'runAsUser is 0',
  seccompProfile_restricted: 'seccomp profile',
  capabilities_restricted: 'capabilities',
  procMount_restricted: 'procMount',
};
