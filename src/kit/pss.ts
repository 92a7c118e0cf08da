import type { Field, Json, PodSpec } from '../model.ts';
import type { PodContext } from './define-check.ts';
import { named, valueAt } from './field.ts';
import { isWindows, portStep, walkContainers, type WalkedContainer } from './pods.ts';

/**
 * The Pod Security Standards as the API server's own admission enforces them: every control, its level, and how it
 * changed over the versions of Kubernetes. A test compares the verdicts with a real API server's, pod by pod.
 */

export type PssLevel = 'baseline' | 'restricted';

export type PssControl =
  | 'hostNamespaces'
  | 'privileged'
  | 'capabilities_baseline'
  | 'hostPathVolumes'
  | 'hostPorts'
  | 'appArmorProfile'
  | 'seLinuxOptions'
  | 'procMount'
  | 'seccompProfile_baseline'
  | 'sysctls'
  | 'windowsHostProcess'
  | 'hostProbesAndHostLifecycle'
  | 'restrictedVolumes'
  | 'allowPrivilegeEscalation'
  | 'runAsNonRoot'
  | 'runAsUser'
  | 'seccompProfile_restricted'
  | 'capabilities_restricted'
  | 'procMount_restricted';

/** One place where a pod breaks a control. */
export interface Violation {
  /** Relative to the pod spec, or to its metadata with `base`. Where a value is missing, the field that lacks it. */
  field: Field;
  base?: 'metadata';
  /**
   * The offending value; of `capabilities.add` those that are not allowed, of a hostPath its path, of another volume
   * its type. Absent where a value is missing.
   */
  value?: Json;
  /** Absent where the Pod itself sets the value. */
  container?: WalkedContainer;
}

type Context = Pick<PodContext, 'annotations' | 'minor'>;
type Rule = (pod: PodSpec, context: Context) => Violation[];

interface Control {
  level: PssLevel;
  /** The minor version (of Kubernetes 1) that brought it. */
  from: number;
  /** From this minor version on, Pods that say they are for Windows are exempt. */
  windowsExemptFrom?: number;
  /** From this minor version on, Pods with a user namespace of their own are exempt. */
  userNamespaceExemptFrom?: number;
  rule: Rule;
}

export function violations(control: PssControl, pod: PodSpec, context: Context): Violation[] {
  const { from, windowsExemptFrom = Infinity, userNamespaceExemptFrom = Infinity, rule } = controls[control];
  const { minor } = context;
  if (minor < from) return [];
  if (minor >= windowsExemptFrom && isWindows(pod)) return [];
  if (minor >= userNamespaceExemptFrom && pod.hostUsers === false) return [];
  return rule(pod, context);
}

// ---------------------------------------------------------------------------------------------------------
// What a value may not be; it is undefined where it is not set.

type Value = Json | undefined;
type Forbids = (value: Value, minor: number) => boolean;

const isTrue: Forbids = (value) => value === true;
const isNotFalse: Forbids = (value) => value !== false;
const isFalse: Forbids = (value) => value === false;
const isZero: Forbids = (value) => value === 0;
const isNotEmpty: Forbids = (value) => value !== undefined && value !== '';

/** Set to anything but these; the number is the minor version since which the value is allowed. */
const isNoneOf = (allowed: Readonly<Record<string, number>>): Forbids => {
  const since = new Map<Value, number>(Object.entries(allowed));
  return (value, minor) => value !== undefined && (since.get(value) ?? Infinity) > minor;
};

const isOtherProfile = isNoneOf({ RuntimeDefault: 0, Localhost: 0 });
const isOtherProcMount = isNoneOf({ Default: 0 });
const isOtherSELinuxType = isNoneOf({
  '': 0,
  container_t: 0,
  container_init_t: 0,
  container_kvm_t: 0,
  container_engine_t: 31,
});
const isUnsafeSysctl = isNoneOf({
  'kernel.shm_rmid_forced': 0,
  'net.ipv4.ip_local_port_range': 0,
  'net.ipv4.tcp_syncookies': 0,
  'net.ipv4.ping_group_range': 0,
  'net.ipv4.ip_unprivileged_port_start': 0,
  'net.ipv4.ip_local_reserved_ports': 27,
  'net.ipv4.tcp_keepalive_time': 29,
  'net.ipv4.tcp_fin_timeout': 29,
  'net.ipv4.tcp_keepalive_intvl': 29,
  'net.ipv4.tcp_keepalive_probes': 29,
  'net.ipv4.tcp_rmem': 32,
  'net.ipv4.tcp_wmem': 32,
  'net.ipv4.tcp_slow_start_after_idle': 37,
  'net.ipv4.tcp_notsent_lowat': 37,
});

// prettier-ignore
export const defaultCapabilities = [
  'AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'MKNOD', 'NET_BIND_SERVICE', 'SETFCAP', 'SETGID',
  'SETPCAP', 'SETUID', 'SYS_CHROOT',
];
// prettier-ignore
const harmlessVolumes = [
  'configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'image', 'persistentVolumeClaim', 'projected', 'secret',
];

// ---------------------------------------------------------------------------------------------------------
// Where to look

const violation = (field: Field, value: Value, container?: WalkedContainer): Violation => ({
  field,
  ...(value === undefined ? {} : { value }),
  ...(container === undefined ? {} : { container }),
});

const all =
  (...rules: Rule[]): Rule =>
  (pod, context) =>
    rules.flatMap((rule) => rule(pod, context));

const inPod =
  (field: string[], forbids: Forbids): Rule =>
  (pod, { minor }) => {
    const value = valueAt(pod, field);
    return forbids(value, minor) ? [violation(field, value)] : [];
  };

const inContainers =
  (field: string[], forbids: Forbids): Rule =>
  (pod, { minor }) =>
    walkContainers(pod).flatMap((walked) => {
      const value = valueAt(walked.container, field);
      return forbids(value, minor) ? [violation([...walked.field, ...field], value, walked)] : [];
    });

/** Forbidden to the Pod and to each container, also where the value of the one overrides that of the other. */
const inBoth = (field: string[], forbids: Forbids): Rule =>
  all(inPod(field, forbids), inContainers(field, forbids));

/** The same, and a container has to set it where the Pod does not. What the Pod sets wrong is one violation. */
const required =
  (field: string[], forbids: Forbids): Rule =>
  (pod, context) => {
    const missing = valueAt(pod, field) === undefined ? inContainers(field, isMissing) : all();
    return all(inBoth(field, forbids), missing)(pod, context);
  };
const isMissing: Forbids = (value) => value === undefined;

const inSecurityContext = (...member: string[]) => ['securityContext', ...member];
const seccompType = inSecurityContext('seccompProfile', 'type');
const procMountRule = inContainers(inSecurityContext('procMount'), isOtherProcMount);

/** Annotations were the form of a profile before there were fields; their keys end with the name of a container. */
const annotated =
  (prefix: string, allowed: RegExp): Rule =>
  (pod, { annotations }) =>
    Object.entries(annotations).flatMap(([key, value]) => {
      if (!key.startsWith(prefix) || allowed.test(value)) return [];
      const walked = walkContainers(pod).find(({ container }) => key === prefix + container.name);
      return [{ ...violation(['annotations', key], value, walked), base: 'metadata' }];
    });

const seccompAnnotation = /^(runtime\/default$|docker\/default$|localhost\/)/;
const ofPod = annotated('seccomp.security.alpha.kubernetes.io/pod', seccompAnnotation);
const ofContainers = annotated('container.seccomp.security.alpha.kubernetes.io/', seccompAnnotation);
const seccompAnnotations: Rule = (pod, context) => [
  ...ofPod(pod, context),
  ...ofContainers(pod, context).filter(({ container }) => container !== undefined),
];
const seccompFields = inBoth(seccompType, isOtherProfile);

const sysctls: Rule = (pod, { minor }) =>
  (pod.securityContext?.sysctls ?? []).flatMap(({ name }, i) =>
    isUnsafeSysctl(name, minor)
      ? [violation([...inSecurityContext('sysctls'), named(i, name), 'name'], name)]
      : [],
  );

const hostPaths: Rule = (pod) =>
  (pod.volumes ?? []).flatMap(({ name, hostPath }, i) =>
    hostPath === undefined ? [] : [violation(['volumes', named(i, name), 'hostPath'], hostPath.path)],
  );

const otherVolumes: Rule = (pod) =>
  (pod.volumes ?? []).flatMap(({ name, type }, i) =>
    harmlessVolumes.includes(type) ? [] : [violation(['volumes', named(i, name), type], type)],
  );

const hostPorts: Rule = (pod) =>
  walkContainers(pod).flatMap((walked) =>
    (walked.container.ports ?? []).flatMap((port, i) =>
      (port.hostPort ?? 0) === 0
        ? []
        : [violation([...walked.field, 'ports', portStep(i, port), 'hostPort'], port.hostPort, walked)],
    ),
  );

const handlers = [
  ['livenessProbe'],
  ['readinessProbe'],
  ['startupProbe'],
  ['lifecycle', 'postStart'],
  ['lifecycle', 'preStop'],
];
const handlerHosts = handlers.flatMap((handler) => [
  inContainers([...handler, 'httpGet', 'host'], isNotEmpty),
  inContainers([...handler, 'tcpSocket', 'host'], isNotEmpty),
]);

/** One violation for the whole list: its elements have nothing but their value to recognise them by. */
const addedBeyond =
  (allowed: readonly string[]): Rule =>
  (pod) =>
    walkContainers(pod).flatMap((walked) => {
      const { add = [] } = walked.container.securityContext?.capabilities ?? {};
      const forbidden = add.filter((capability) => !allowed.includes(capability));
      const field = [...walked.field, ...inSecurityContext('capabilities', 'add')];
      return forbidden.length === 0 ? [] : [violation(field, forbidden, walked)];
    });

const lacksAll: Forbids = (dropped) => !Array.isArray(dropped) || !dropped.includes('ALL');

// ---------------------------------------------------------------------------------------------------------

const controls: Readonly<Record<PssControl, Control>> = {
  hostNamespaces: {
    level: 'baseline',
    from: 0,
    rule: all(inPod(['hostNetwork'], isTrue), inPod(['hostPID'], isTrue), inPod(['hostIPC'], isTrue)),
  },
  privileged: {
    level: 'baseline',
    from: 0,
    rule: inContainers(inSecurityContext('privileged'), isTrue),
  },
  capabilities_baseline: { level: 'baseline', from: 0, rule: addedBeyond(defaultCapabilities) },
  hostPathVolumes: { level: 'baseline', from: 0, rule: hostPaths },
  hostPorts: { level: 'baseline', from: 0, rule: hostPorts },
  appArmorProfile: {
    level: 'baseline',
    from: 0,
    rule: all(
      inBoth(inSecurityContext('appArmorProfile', 'type'), isOtherProfile),
      annotated('container.apparmor.security.beta.kubernetes.io/', /^($|runtime\/default$|localhost\/)/),
    ),
  },
  seLinuxOptions: {
    level: 'baseline',
    from: 0,
    rule: all(
      inBoth(inSecurityContext('seLinuxOptions', 'type'), isOtherSELinuxType),
      inBoth(inSecurityContext('seLinuxOptions', 'user'), isNotEmpty),
      inBoth(inSecurityContext('seLinuxOptions', 'role'), isNotEmpty),
    ),
  },
  procMount: { level: 'baseline', from: 0, userNamespaceExemptFrom: 35, rule: procMountRule },
  seccompProfile_baseline: {
    level: 'baseline',
    from: 0,
    // The annotations mean nothing any more where the field exists.
    rule: (pod, context) => (context.minor < 19 ? seccompAnnotations : seccompFields)(pod, context),
  },
  sysctls: { level: 'baseline', from: 0, rule: sysctls },
  windowsHostProcess: {
    level: 'baseline',
    from: 0,
    rule: inBoth(inSecurityContext('windowsOptions', 'hostProcess'), isTrue),
  },
  hostProbesAndHostLifecycle: { level: 'baseline', from: 34, rule: all(...handlerHosts) },
  restrictedVolumes: { level: 'restricted', from: 0, rule: otherVolumes },
  allowPrivilegeEscalation: {
    level: 'restricted',
    from: 8,
    windowsExemptFrom: 25,
    rule: inContainers(inSecurityContext('allowPrivilegeEscalation'), isNotFalse),
  },
  runAsNonRoot: {
    level: 'restricted',
    from: 0,
    userNamespaceExemptFrom: 35,
    rule: required(inSecurityContext('runAsNonRoot'), isFalse),
  },
  runAsUser: {
    level: 'restricted',
    from: 23,
    userNamespaceExemptFrom: 35,
    rule: inBoth(inSecurityContext('runAsUser'), isZero),
  },
  seccompProfile_restricted: {
    level: 'restricted',
    from: 19,
    windowsExemptFrom: 25,
    rule: required(seccompType, isOtherProfile),
  },
  capabilities_restricted: {
    level: 'restricted',
    from: 22,
    windowsExemptFrom: 25,
    rule: all(
      inContainers(inSecurityContext('capabilities', 'drop'), lacksAll),
      addedBeyond(['NET_BIND_SERVICE']),
    ),
  },
  procMount_restricted: { level: 'restricted', from: 35, rule: procMountRule },
};

/** In this order a restricted control comes after the baseline ones. The restricted level has them all. */
export const pssControls: readonly { id: PssControl; level: PssLevel; from: number }[] = (
  Object.entries(controls) as [PssControl, Control][]
).map(([id, { level, from }]) => ({ id, level, from }));
