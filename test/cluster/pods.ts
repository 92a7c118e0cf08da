import * as fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import type { Json, JsonObject } from '../../src/model.ts';

/**
 * Pods for the comparison with the API server's own admission: one of a few bases with some settings changed. Every
 * field that Pod Security looks at is among the settings, unset (undefined), null, empty, and with each value that is
 * told from others; also what the API refuses, since where it does so is part of what has to be known.
 *
 * `ephemeralContainers` is not: the API takes none on a new Pod. See `debugContainers`.
 */

export type RawPod = { apiVersion: 'v1'; kind: 'Pod'; metadata: JsonObject; spec: JsonObject };

interface Setting {
  path: string[];
  values: Arbitrary<Json | undefined>;
}

const setting = (path: string, ...values: (Json | undefined)[]): Setting => ({
  path: path.split('.'),
  values: fc.constantFrom<(Json | undefined)[]>(undefined, null, ...values),
});

const someOf = (path: string, elements: readonly Json[]): Setting => ({
  path: path.split('.'),
  values: fc.oneof(
    { weight: 1, arbitrary: fc.constant(null) },
    { weight: 6, arbitrary: fc.uniqueArray(fc.constantFrom(...elements), { maxLength: 3 }) },
  ),
});

const profiles = [{}, { type: 'RuntimeDefault' }, { type: 'Unconfined' }, { type: 'Bogus' }];

const seLinuxTypes = [
  '',
  'container_t',
  'container_init_t',
  'container_kvm_t',
  'container_engine_t',
  'spc_t',
];

/** What the security contexts of a Pod and of a container have in common. */
const common: Setting[] = [
  setting('securityContext', {}),
  setting('securityContext.runAsNonRoot', true, false),
  setting('securityContext.runAsUser', 0, 1000, -1),
  setting(
    'securityContext.seccompProfile',
    ...profiles,
    { type: 'Localhost', localhostProfile: 'a.json' },
    { type: 'Localhost' },
  ),
  setting('securityContext.appArmorProfile', ...profiles, { type: 'Localhost', localhostProfile: 'a' }),
  setting('securityContext.seLinuxOptions', {}, { level: 's0:c1,c2' }),
  setting('securityContext.seLinuxOptions.type', ...seLinuxTypes),
  setting('securityContext.seLinuxOptions.user', '', 'system_u'),
  setting('securityContext.seLinuxOptions.role', '', 'system_r'),
  setting('securityContext.windowsOptions', {}, { runAsUserName: 'ContainerUser' }),
  setting('securityContext.windowsOptions.hostProcess', true, false),
];

const sysctls = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_wmem',
  'net.ipv4.tcp_slow_start_after_idle',
  'net.ipv4.tcp_notsent_lowat',
  'net/ipv4/tcp_syncookies',
  'kernel.msgmax',
  'net.core.somaxconn',
  'constructor',
].map((name) => ({ name, value: '1' }));

const claim = {
  accessModes: ['ReadWriteOnce'],
  resources: { requests: { storage: '1Gi' } },
};
const volumes: JsonObject[] = [
  {},
  { emptyDir: null },
  { emptyDir: {} },
  { configMap: { name: 'a' } },
  { secret: { secretName: 'a' } },
  { downwardAPI: {} },
  { projected: { sources: [] } },
  { persistentVolumeClaim: { claimName: 'a' } },
  { csi: { driver: 'a' } },
  { ephemeral: { volumeClaimTemplate: { spec: claim } } },
  { image: { reference: 'a' } },
  { hostPath: null, emptyDir: {} },
  { hostPath: { path: '/etc' } },
  { emptyDir: null, hostPath: { path: '/var/log', type: 'Directory' } },
  { hostPath: { path: '/var/run/docker.sock' } },
  { hostPath: { path: '/run/containerd/containerd.sock', type: 'Socket' } },
  { hostPath: { path: '' } },
  { hostPath: { path: '/etc' }, emptyDir: {} },
  { nfs: { server: 'a', path: '/' } },
  { iscsi: { targetPortal: 'a', iqn: 'iqn.2001-04.com.example:a', lun: 0 } },
  { gcePersistentDisk: { pdName: 'a' } },
  { awsElasticBlockStore: { volumeID: 'a' } },
  { gitRepo: { repository: 'a' } },
  { glusterfs: { endpoints: 'a', path: 'a' } },
  { rbd: { monitors: ['a'], image: 'a' } },
  { flexVolume: { driver: 'a/b' } },
  { cinder: { volumeID: 'a' } },
  { cephfs: { monitors: ['a'] } },
  { flocker: { datasetName: 'a' } },
  { fc: { targetWWNs: ['a'], lun: 0 } },
  { azureFile: { secretName: 'a', shareName: 'a' } },
  { azureDisk: { diskName: 'a', diskURI: 'https://a/b' } },
  { vsphereVolume: { volumePath: 'a' } },
  { quobyte: { registry: 'a:1', volume: 'a' } },
  { portworxVolume: { volumeID: 'a' } },
  { photonPersistentDisk: { pdID: 'a' } },
  { scaleIO: { gateway: 'a', system: 'a', secretRef: { name: 'a' }, volumeName: 'a' } },
  { storageos: { volumeName: 'a' } },
].map((source, i) => ({ name: `v${i}`, ...source }));

const ofPod: Setting[] = [
  ...common,
  setting('hostNetwork', true, false),
  setting('hostPID', true, false),
  setting('hostIPC', true, false),
  setting('hostUsers', true, false),
  setting('os', { name: 'linux' }, { name: 'windows' }, { name: 'plan9' }, {}),
  someOf('securityContext.sysctls', sysctls),
  someOf('securityContext.sysctls', sysctls),
  someOf('volumes', volumes),
  someOf('volumes', volumes),
  someOf('volumes', volumes),
];

const capabilities = [
  'ALL',
  'NET_RAW',
  'NET_BIND_SERVICE',
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
  'SYS_ADMIN',
  'SYS_TIME',
  'CAP_CHOWN',
  'chown',
  '',
];

/** What an ephemeral container may have too. */
const ofAnyContainer: Setting[] = [
  ...common,
  setting('securityContext.privileged', true, false),
  setting('securityContext.allowPrivilegeEscalation', true, false),
  setting('securityContext.allowPrivilegeEscalation', true, false),
  setting('securityContext.procMount', 'Default', 'Unmasked', 'Unmasked', '', 'Bogus'),
  setting('securityContext.capabilities', {}, { drop: ['ALL'] }),
  someOf('securityContext.capabilities.add', capabilities),
  someOf('securityContext.capabilities.drop', capabilities),
  setting('securityContext.capabilities.drop', ['ALL', 'NET_RAW'], ['NET_RAW', 'ALL'], ['all']),
];

const httpGet = (...host: (string | null)[]) => ({
  httpGet: { port: 80, ...(host.length && { host: host[0] ?? null }) },
});
const tcpSocket = (...host: (string | null)[]) => ({
  tcpSocket: { port: 80, ...(host.length && { host: host[0] ?? null }) },
});
const handlers = [
  {},
  { exec: { command: ['a'] } },
  httpGet(),
  httpGet(null),
  httpGet(''),
  httpGet('127.0.0.1'),
  httpGet('other.example'),
  tcpSocket(),
  tcpSocket(null),
  tcpSocket(''),
  tcpSocket('127.0.0.1'),
];

const ofContainer: Setting[] = [
  ...ofAnyContainer,
  setting(
    'ports',
    [],
    [{ containerPort: 80 }],
    [{ containerPort: 80, hostPort: null }],
    [{ containerPort: 80, hostPort: 0 }],
    [{ containerPort: 80, hostPort: 80 }],
    [{ containerPort: 80, hostPort: 8080 }, { containerPort: 81 }],
    [{ containerPort: 80 }, { containerPort: 53, hostPort: 53, protocol: 'UDP' }],
  ),
  setting('livenessProbe', ...handlers, { grpc: { port: 80 } }),
  setting('readinessProbe', ...handlers),
  setting('startupProbe', ...handlers),
  setting('lifecycle', {}),
  setting('lifecycle.postStart', ...handlers),
  setting('lifecycle.preStop', ...handlers, { sleep: { seconds: 1 } }),
];

const seccomp = ['', 'runtime/default', 'docker/default', 'localhost/a', 'unconfined'];
const appArmor = ['', 'runtime/default', 'localhost/a', 'unconfined', 'bogus'];
const annotations: Setting[] = [
  ['seccomp.security.alpha.kubernetes.io/pod', ...seccomp],
  ['container.seccomp.security.alpha.kubernetes.io/app', ...seccomp],
  ['container.seccomp.security.alpha.kubernetes.io/setup', ...seccomp],
  ['container.seccomp.security.alpha.kubernetes.io/nobody', ...seccomp],
  ['container.apparmor.security.beta.kubernetes.io/app', ...appArmor],
  ['container.apparmor.security.beta.kubernetes.io/setup', ...appArmor],
].map(([key = '', ...values]) => ({ path: ['annotations', key], values: fc.constantFrom(...values) }));

/** One setting of one part of a Pod; parts that the Pod does not have stay as they are. */
type Change = { part: string; path: string[]; value: Json | undefined };

const changeOf = (part: string, settings: readonly Setting[]): Arbitrary<Change> =>
  fc.constantFrom(...settings).chain(({ path, values }) => values.map((value) => ({ part, path, value })));

const containerNames = ['app', 'second', 'setup', 'sidecar'];
const change: Arbitrary<Change> = fc.oneof(
  { weight: 3, arbitrary: changeOf('spec', ofPod) },
  { weight: 4, arbitrary: fc.constantFrom(...containerNames).chain((name) => changeOf(name, ofContainer)) },
  { weight: 1, arbitrary: changeOf('metadata', annotations) },
);

interface Base {
  spec: JsonObject;
  container: JsonObject;
}

const restricted: Base = {
  spec: { securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } } },
  container: { securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } },
};
const bases: Base[] = [
  restricted,
  restricted,
  { spec: {}, container: {} },
  { spec: { ...restricted.spec, hostUsers: false }, container: restricted.container },
  {
    spec: { hostUsers: false },
    container: { securityContext: { procMount: 'Unmasked', runAsUser: 0 } },
  },
  { spec: { os: { name: 'windows' }, securityContext: { runAsNonRoot: true } }, container: {} },
  {
    spec: {
      os: { name: 'windows' },
      hostNetwork: true,
      securityContext: { windowsOptions: { hostProcess: true } },
    },
    container: {},
  },
];

function assign(target: JsonObject, [step = '', ...rest]: readonly string[], value: Json | undefined): void {
  if (rest.length > 0) {
    target[step] ??= {};
    assign(target[step] as JsonObject, rest, value);
  } else if (value === undefined) delete target[step];
  else target[step] = structuredClone(value);
}

function build(base: Base, names: readonly string[], changes: readonly Change[]): RawPod {
  const containers = new Map<string, JsonObject>(
    ['app', ...names].map((name) => [
      name,
      {
        name,
        image: 'registry.example/app:1',
        ...(name === 'sidecar' ? { restartPolicy: 'Always' } : {}),
        ...structuredClone(base.container),
      },
    ]),
  );
  const spec: JsonObject = structuredClone(base.spec);
  const metadata: JsonObject = { name: 'generated' };
  const parts = new Map<string, JsonObject>([['spec', spec], ['metadata', metadata], ...containers]);
  for (const { part, path, value } of changes) {
    const target = parts.get(part);
    if (target !== undefined) assign(target, path, value);
  }
  const pick = (...wanted: string[]) => wanted.flatMap((name) => containers.get(name) ?? []);
  const initContainers = pick('setup', 'sidecar');
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata,
    spec: {
      ...spec,
      ...(initContainers.length > 0 ? { initContainers } : {}),
      containers: pick('app', 'second'),
    },
  };
}

export const pods: Arbitrary<RawPod> = fc
  .tuple(
    fc.constantFrom(...bases),
    fc.subarray(containerNames.slice(1)),
    fc.array(change, { maxLength: 6, size: 'max' }),
  )
  .map(([base, names, changes]) => build(base, names, changes));

/** Containers for the `ephemeralcontainers` of a Pod that is there already. */
export const debugContainers: Arbitrary<JsonObject[]> = fc
  .array(
    fc.tuple(
      fc.constantFrom({}, restricted.container),
      fc.array(changeOf('debug', ofAnyContainer), { maxLength: 4, size: 'max' }),
    ),
    { minLength: 1, maxLength: 2 },
  )
  .map((all) =>
    all.map(([base, changes], i) => {
      const container: JsonObject = {
        name: `debug-${i}`,
        image: 'registry.example/debug:1',
        ...structuredClone(base),
      };
      for (const { path, value } of changes) assign(container, path, value);
      return container;
    }),
  );

/** A Pod that every level admits, in every version. */
export const admitted: RawPod = build(restricted, [], []);

/** The names that rules list, some of them from a version on: each by itself, in a Pod with nothing else amiss. */
export const eachName: RawPod[] = [
  ...sysctls.map((sysctl) => only('spec', 'securityContext.sysctls', [sysctl])),
  ...volumes.map((volume) => only('spec', 'volumes', [volume])),
  ...seLinuxTypes.map((type) => only('spec', 'securityContext.seLinuxOptions.type', type)),
  ...capabilities.map((name) => only('app', 'securityContext.capabilities.add', [name])),
  ...capabilities.map((name) => only('app', 'securityContext.capabilities.drop', [name])),
];

function only(part: string, path: string, value: Json): RawPod {
  return build(restricted, [], [{ part, path: path.split('.'), value }]);
}
