import type { Container, IdRange, IdStrategy, PodSecurityPolicy, SELinuxOptions } from '../../model.ts';
import { containersOf, inheritedBy, type PspPod } from './pod.ts';
import { allowsAppArmor, allowsSeccomp } from './profiles.ts';
import { allowsHostPath, allowsVolume } from './volumes.ts';

type Spec = PodSecurityPolicy['spec'];
type Rule = (policy: PodSecurityPolicy, pod: PspPod) => boolean;

const ofPod =
  (allows: (policy: Spec, pod: PspPod) => boolean): Rule =>
  ({ spec }, pod) =>
    allows(spec, pod);

const ofEach =
  (allows: (policy: Spec, container: Container, pod: PspPod) => boolean): Rule =>
  ({ spec }, pod) =>
    containersOf(pod.spec).every((container) => allows(spec, container, pod));

const ofVolumes =
  (
    allows: (policy: Spec, volume: NonNullable<PspPod['spec']['volumes']>[number], pod: PspPod) => boolean,
  ): Rule =>
  ({ spec }, pod) =>
    (pod.spec.volumes ?? []).every((volume) => allows(spec, volume, pod));

/** Whether a policy allows what a Pod asks for, by the field of the policy that decides. */
const rules: Readonly<Record<string, Rule>> = {
  privileged: ofEach(
    ({ privileged }, { securityContext }) => privileged === true || securityContext?.privileged !== true,
  ),
  hostIPC: ofPod(({ hostIPC }, { spec }) => hostIPC === true || spec.hostIPC !== true),
  hostPID: ofPod(({ hostPID }, { spec }) => hostPID === true || spec.hostPID !== true),
  hostNetwork: ofPod(({ hostNetwork }, { spec }) => hostNetwork === true || spec.hostNetwork !== true),
  hostPorts: ofEach(({ hostPorts = [] }, { ports = [] }) =>
    ports.every(({ hostPort = 0 }) => hostPort === 0 || isWithin(hostPorts, hostPort)),
  ),
  capabilities: ofEach(allowsCapabilities),
  volumes: ofVolumes(allowsVolume),
  allowedHostPaths: ofVolumes(allowsHostPath),
  allowedFlexVolumes: ofVolumes(({ allowedFlexVolumes = [] }, { flexVolume }) =>
    isListed(
      allowedFlexVolumes.map(({ driver }) => driver),
      flexVolume?.driver,
    ),
  ),
  allowedCSIDrivers: ofVolumes(({ allowedCSIDrivers = [] }, { csi }) =>
    isListed(
      allowedCSIDrivers.map(({ name }) => name),
      csi?.driver,
    ),
  ),
  runAsUser: ofEach(allowsUser),
  runAsGroup: ofEach(({ runAsGroup = { rule: 'RunAsAny' } }, { securityContext }, { spec }) =>
    allowsIds(runAsGroup, listOf(inheritedBy(securityContext, spec).runAsGroup)),
  ),
  fsGroup: ofPod(({ fsGroup }, { spec }) => allowsIds(fsGroup, listOf(spec.securityContext?.fsGroup))),
  supplementalGroups: ofPod(({ supplementalGroups }, { spec }) =>
    allowsIds(supplementalGroups, spec.securityContext?.supplementalGroups ?? []),
  ),
  seLinux: ({ spec: { seLinux } }, { spec }) => {
    if (seLinux?.rule !== 'MustRunAs') return seLinux?.rule === 'RunAsAny';
    const contexts = containersOf(spec).map((each) => inheritedBy(each.securityContext, spec).seLinuxOptions);
    return [spec.securityContext?.seLinuxOptions, ...contexts].every((options) =>
      isSameContext(seLinux.seLinuxOptions, options),
    );
  },
  seccomp: allowsSeccomp,
  appArmor: allowsAppArmor,
  allowPrivilegeEscalation: ofEach(
    ({ allowPrivilegeEscalation }, { securityContext }) =>
      allowPrivilegeEscalation !== false || securityContext?.allowPrivilegeEscalation === false,
  ),
  readOnlyRootFilesystem: ofEach(
    ({ readOnlyRootFilesystem }, { securityContext }) =>
      readOnlyRootFilesystem !== true || securityContext?.readOnlyRootFilesystem === true,
  ),
  sysctls: ofPod(({ forbiddenSysctls = [], allowedUnsafeSysctls = [] }, { spec }) =>
    (spec.securityContext?.sysctls ?? []).every(
      ({ name }) =>
        !forbiddenSysctls.some((pattern) => fits(pattern, name)) &&
        (safeSysctls.has(name) || allowedUnsafeSysctls.some((pattern) => fits(pattern, name))),
    ),
  ),
  allowedProcMountTypes: ofEach(({ allowedProcMountTypes = [] }, { securityContext }) =>
    (allowedProcMountTypes.length === 0 ? ['Default'] : allowedProcMountTypes).includes(
      securityContext?.procMount ?? 'Default',
    ),
  ),
  runtimeClass: ofPod(({ runtimeClass }, { spec: { runtimeClassName } }) => {
    const { allowedRuntimeClassNames = [] } = runtimeClass ?? { allowedRuntimeClassNames: ['*'] };
    return (
      runtimeClassName === undefined ||
      allowedRuntimeClassNames.includes('*') ||
      allowedRuntimeClassNames.includes(runtimeClassName)
    );
  }),
};

/** The fields of a policy that refuse a Pod to which its defaults were applied; none where it admits the Pod. */
export const objections = (policy: PodSecurityPolicy, pod: PspPod): string[] =>
  Object.entries(rules).flatMap(([field, allows]) => (allows(policy, pod) ? [] : [field]));

/** The plugin's list, which did not grow with that of the Pod Security Standards. */
const safeSysctls = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_syncookies',
]);

const fits = (pattern: string, name: string): boolean =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;

/** With a star among the allowed ones nothing is asked of a container, not even what it must drop. */
function allowsCapabilities(policy: Spec, { securityContext }: Container): boolean {
  const { allowedCapabilities = [], defaultAddCapabilities = [], requiredDropCapabilities = [] } = policy;
  if (allowedCapabilities.includes('*')) return true;
  const { add = [], drop = [] } = securityContext?.capabilities ?? {};
  return (
    add.every((name) => allowedCapabilities.includes(name) || defaultAddCapabilities.includes(name)) &&
    requiredDropCapabilities.every((name) => drop.includes(name))
  );
}

function allowsUser(
  { runAsUser: strategy }: Spec,
  { securityContext }: Container,
  { spec }: PspPod,
): boolean {
  const { runAsUser, runAsNonRoot } = inheritedBy(securityContext, spec);
  if (strategy?.rule !== 'MustRunAsNonRoot') return allowsIds(strategy, listOf(runAsUser));
  return (runAsNonRoot ?? runAsUser !== undefined) && runAsUser !== 0;
}

/** A policy that speaks of ranges and has none cannot be used: the plugin passes it over. */
function allowsIds({ rule, ranges = [] }: IdStrategy = {}, ids: readonly number[]): boolean {
  if (rule === 'RunAsAny') return true;
  const isMissing = rule === 'MustRunAs' && ids.length === 0;
  return ranges.length > 0 && !isMissing && ids.every((id) => isWithin(ranges, id));
}

const isWithin = (ranges: readonly IdRange[], id: number): boolean =>
  ranges.some(({ min, max }) => min <= id && id <= max);

const listOf = <T>(value: T | undefined): T[] => (value === undefined ? [] : [value]);

/** An empty list means any. */
const isListed = <T>(list: readonly T[], value: T | undefined): boolean =>
  value === undefined || list.length === 0 || list.includes(value);

function isSameContext(wanted: SELinuxOptions | undefined, options: SELinuxOptions | undefined): boolean {
  if (wanted === undefined || options === undefined) return false;
  const isSame = (member: 'type' | 'user' | 'role') => (wanted[member] ?? '') === (options[member] ?? '');
  return isSame('type') && isSame('user') && isSame('role') && levelOf(wanted) === levelOf(options);
}

/** The order of the categories says nothing. */
function levelOf({ level = '' }: SELinuxOptions): string {
  const colon = level.indexOf(':');
  if (colon === -1) return level;
  return `${level.slice(0, colon)}:${level
    .slice(colon + 1)
    .split(',')
    .toSorted()
    .join()}`;
}
