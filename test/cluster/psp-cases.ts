import * as fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import type { Json, JsonObject } from '../../src/model.ts';

/**
 * PodSecurityPolicies, grants and Pods for the comparison with the admission plugin: each is a base with some settings
 * changed. Every field that the plugin looks at is among them, with each value that is told from others.
 */

interface Setting {
  path: string[];
  values: Arbitrary<Json | undefined>;
  /** The values one by one. */
  each: Json[];
}

const setting = (path: string, ...values: Json[]): Setting => ({
  path: path.split('.'),
  values: fc.constantFrom<(Json | undefined)[]>(undefined, ...values),
  each: values,
});

const someOf = (path: string, elements: readonly Json[]): Setting => ({
  path: path.split('.'),
  values: fc.uniqueArray(fc.constantFrom(...elements), { maxLength: 3 }),
  each: elements.map((element) => [element]),
});

/** Keys of annotations have dots. */
const annotation = (key: string, ...values: string[]): Setting => ({
  path: ['annotations', key],
  values: fc.constantFrom<(string | undefined)[]>(undefined, ...values),
  each: values,
});

type Change = { part: string; path: string[]; value: Json | undefined };

const changeOf = (part: string, settings: readonly Setting[]): Arbitrary<Change> =>
  fc.constantFrom(...settings).chain(({ path, values }) => values.map((value) => ({ part, path, value })));

function assign(target: JsonObject, [step = '', ...rest]: readonly string[], value: Json | undefined): void {
  if (rest.length > 0) {
    target[step] ??= {};
    assign(target[step] as JsonObject, rest, value);
  } else if (value === undefined) delete target[step];
  else target[step] = structuredClone(value);
}

// ---------------------------------------------------------------------------------------------------------
// Values that policies and Pods share

const capabilities = ['CHOWN', 'KILL', 'NET_RAW', 'SYS_ADMIN', 'CAP_SYS_ADMIN'];
const sysctls = [
  'kernel.shm_rmid_forced',
  'kernel.msgmax',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.tcp_rmem',
  'net.core.somaxconn',
];
const contexts = [
  { type: 'a_t' },
  { type: 'a_t', user: 'u', role: 'r', level: 's0:c1,c2' },
  { type: 'a_t', user: 'u', role: 'r', level: 's0:c2,c1' },
  { level: 's0' },
  { level: 's1:c1,c2' },
  {},
];
export const runtimeClasses = ['gvisor', 'kata'];
const seccomp = ['runtime/default', 'docker/default', 'localhost/a', 'unconfined'];
const appArmor = ['runtime/default', 'localhost/a', 'unconfined'];

/** What a setting is about, so that settings of policies and of Pods that meet are tried with one another. */
const topics = {
  volumes: /olume|allowedHostPaths|allowedCSIDrivers|automount/,
  ids: /runAs|fsGroup|supplementalGroups/,
  privileges: /privilege|apabilities/i,
  root: /readOnlyRootFilesystem/,
  labels: /seLinux/,
  node: /host(IPC|PID|Network|Ports)|^ports$/,
  sysctls: /sysctls/i,
  procMount: /procMount/i,
  runtimeClass: /runtimeClass/,
  seccomp: /seccomp/,
  appArmor: /apparmor/,
} as const;
type Topic = keyof typeof topics;

const topicOf = ({ path }: Setting): Topic | undefined =>
  (Object.keys(topics) as Topic[]).find((topic) => topics[topic].test(path.join('.')));

const eachOf = <T>(part: string, settings: readonly Setting[], made: (only: Change) => T) =>
  settings.flatMap((one) => {
    const topic = topicOf(one);
    if (topic === undefined) return [];
    return one.each.map((value) => ({ topic, made: made({ part, path: one.path, value }) }));
  });

// ---------------------------------------------------------------------------------------------------------
// Policies

export type RawPolicy = { apiVersion: string; kind: string; metadata: JsonObject; spec: JsonObject };

const any = { rule: 'RunAsAny' };
const everything = {
  privileged: true,
  hostIPC: true,
  hostPID: true,
  hostNetwork: true,
  hostPorts: [{ min: 0, max: 65535 }],
  allowedCapabilities: ['*'],
  volumes: ['*'],
  allowedUnsafeSysctls: ['*'],
  allowedProcMountTypes: ['Default', 'Unmasked'],
  seLinux: any,
  runAsUser: any,
  fsGroup: any,
  supplementalGroups: any,
};
const anySeccomp = { 'seccomp.security.alpha.kubernetes.io/allowedProfileNames': '*' };
const strict = {
  allowPrivilegeEscalation: false,
  requiredDropCapabilities: ['KILL', 'NET_RAW'],
  volumes: ['configMap', 'emptyDir', 'secret'],
  seLinux: any,
  runAsUser: { rule: 'MustRunAsNonRoot' },
  fsGroup: { rule: 'MustRunAs', ranges: [{ min: 1, max: 65535 }] },
  supplementalGroups: { rule: 'MayRunAs', ranges: [{ min: 1, max: 65535 }] },
};
const plain = { volumes: ['*'], seLinux: any, runAsUser: any, fsGroup: any, supplementalGroups: any };

const types = [
  'configMap',
  'csi',
  'cephFS',
  'emptyDir',
  'flexVolume',
  'hostPath',
  'nfs',
  'projected',
  'secret',
  'ephemeral',
];
const ids = (rules: readonly string[]): Json[] =>
  rules.flatMap((rule) => [
    { rule },
    { rule, ranges: [{ min: 1000, max: 2000 }] },
    {
      rule,
      ranges: [
        { min: 5, max: 9 },
        { min: 0, max: 0 },
      ],
    },
  ]);
const groupRules = ['RunAsAny', 'MustRunAs', 'MayRunAs'];

const ofPolicy: Setting[] = [
  setting('privileged', true),
  setting('hostIPC', true),
  setting('hostPID', true),
  setting('hostNetwork', true),
  setting(
    'hostPorts',
    [{ min: 80, max: 80 }],
    [
      { min: 53, max: 53 },
      { min: 8000, max: 9000 },
    ],
  ),
  setting('allowPrivilegeEscalation', true, false),
  setting('defaultAllowPrivilegeEscalation', true, false),
  setting('readOnlyRootFilesystem', true, false),
  someOf('defaultAddCapabilities', capabilities),
  someOf('allowedCapabilities', capabilities),
  setting('allowedCapabilities', ['*']),
  someOf('requiredDropCapabilities', [...capabilities, 'ALL']),
  someOf('volumes', types),
  someOf('volumes', types),
  setting('volumes', ['*']),
  setting(
    'allowedHostPaths',
    [{ pathPrefix: '/var/log' }],
    [{ pathPrefix: '/var/log', readOnly: true }],
    [{ pathPrefix: '/var/log/', readOnly: true }, { pathPrefix: '/var/log/pods' }],
    [{ pathPrefix: '/', readOnly: true }],
    [{ pathPrefix: '/etc' }, { pathPrefix: '/var/lo' }],
  ),
  setting('allowedFlexVolumes', [{ driver: 'a/b' }], [{ driver: 'a/c' }]),
  setting('allowedCSIDrivers', [{ name: 'a.example' }], [{ name: 'b.example' }]),
  setting('runAsUser', ...ids(['RunAsAny', 'MustRunAs', 'MustRunAsNonRoot'])),
  setting('runAsGroup', ...ids(groupRules)),
  setting('fsGroup', ...ids(groupRules)),
  setting('supplementalGroups', ...ids(groupRules)),
  setting(
    'seLinux',
    any,
    { rule: 'MustRunAs' },
    ...contexts.map((seLinuxOptions) => ({ rule: 'MustRunAs', seLinuxOptions })),
  ),
  setting('allowedUnsafeSysctls', ['*'], ['kernel.*'], ['net.core.somaxconn', 'net.ipv4.tcp_*']),
  setting('forbiddenSysctls', ['*'], ['kernel.msg*'], ['net.ipv4.tcp_syncookies']),
  setting('allowedProcMountTypes', ['Default'], ['Unmasked'], ['Default', 'Unmasked']),
  setting(
    'runtimeClass',
    { allowedRuntimeClassNames: ['*'] },
    { allowedRuntimeClassNames: [] },
    { allowedRuntimeClassNames: ['gvisor'] },
    { allowedRuntimeClassNames: ['gvisor', 'kata'], defaultRuntimeClassName: 'kata' },
  ),
];

const lists = (names: readonly string[]) => [...names, '', names.join(), names.slice(0, 2).join()];
const profilesOfPolicy: Setting[] = [
  annotation(
    'seccomp.security.alpha.kubernetes.io/allowedProfileNames',
    '*',
    'localhost/a,*',
    ...lists(seccomp),
  ),
  annotation('seccomp.security.alpha.kubernetes.io/defaultProfileName', '', ...seccomp),
  annotation('apparmor.security.beta.kubernetes.io/allowedProfileNames', ...lists(appArmor)),
  annotation('apparmor.security.beta.kubernetes.io/defaultProfileName', '', ...appArmor),
];

/** A policy; the API refuses one in a few. */
export const policies: Arbitrary<Omit<RawPolicy, 'metadata'> & { annotations: JsonObject }> = fc
  .tuple(
    fc.constantFrom(
      { spec: everything, annotations: anySeccomp },
      { spec: everything, annotations: anySeccomp },
      { spec: plain, annotations: anySeccomp },
      { spec: plain, annotations: {} },
      { spec: strict, annotations: {} },
      { spec: strict, annotations: anySeccomp },
    ),
    fc.array(
      fc.oneof(
        { weight: 8, arbitrary: changeOf('spec', ofPolicy) },
        { weight: 1, arbitrary: changeOf('metadata', profilesOfPolicy) },
      ),
      { minLength: 2, maxLength: 8, size: 'max' },
    ),
  )
  .map(([base, changes]) => policyOf(base, changes));

function policyOf(base: { spec: object; annotations: object }, changes: readonly Change[]) {
  const raw = structuredClone(base) as { spec: JsonObject; annotations: JsonObject };
  for (const { part, path, value } of changes) assign(part === 'spec' ? raw.spec : raw, path, value);
  return { apiVersion: 'policy/v1beta1', kind: 'PodSecurityPolicy', ...raw };
}

const plainPolicy = (only: Change) => policyOf({ spec: plain, annotations: anySeccomp }, [only]);

/** A policy for each value of each setting; the API refuses a few. */
export const eachPolicy = [
  ...eachOf('spec', ofPolicy, plainPolicy),
  ...eachOf('metadata', profilesOfPolicy, plainPolicy),
];

/** Admits every Pod as it is, but for a profile that every policy writes down: what the API says of the Pod alone. */
export const admitAll: RawPolicy = {
  apiVersion: 'policy/v1beta1',
  kind: 'PodSecurityPolicy',
  metadata: { name: 'admit-all', annotations: anySeccomp },
  spec: everything,
};

// ---------------------------------------------------------------------------------------------------------
// Grants

/** What a role lets use, by the places of the policies among all. */
export interface RawGrant {
  /** Undefined: the whole cluster. */
  namespace: number | undefined;
  isOwnRole: boolean;
  rule: { apiGroups: string[]; resources: string[]; verbs: string[] };
  policies: number[];
  subjects: ('account' | 'login' | 'namespace' | 'accounts' | 'user' | 'team' | 'authenticated')[];
  account: number;
}

export const grants = (namespaces: number, count: number): Arbitrary<RawGrant> =>
  fc.record({
    namespace: fc.oneof(
      { weight: 9, arbitrary: fc.nat({ max: namespaces - 1 }) },
      { weight: 1, arbitrary: fc.constant(undefined) },
    ),
    isOwnRole: fc.boolean(),
    rule: fc.record({
      apiGroups: fc.constantFrom(['policy'], ['policy'], ['extensions'], ['*'], ['apps']),
      resources: fc.constantFrom(['podsecuritypolicies'], ['podsecuritypolicies'], ['*'], ['pods']),
      verbs: fc.constantFrom(['use'], ['use'], ['use'], ['get', 'list'], ['*']),
    }),
    policies: fc.uniqueArray(fc.nat({ max: count - 1 }), { minLength: 1, maxLength: 3 }),
    subjects: fc.uniqueArray(
      fc.constantFrom(
        'account',
        'account',
        'login',
        'namespace',
        'accounts',
        'user',
        'team',
        'authenticated',
      ),
      { minLength: 1, maxLength: 2 },
    ),
    account: fc.nat({ max: 2 }),
  });

// ---------------------------------------------------------------------------------------------------------
// Pods

export type RawPod = { apiVersion: string; kind: string; metadata: JsonObject; spec: JsonObject };

const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
const token = { serviceAccountToken: { path: 'token', expirationSeconds: 3607 } };
const ca = { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } };
const volumes: JsonObject[] = [
  { emptyDir: {} },
  { configMap: { name: 'a' } },
  { secret: { secretName: 'a' } },
  { cephfs: { monitors: ['a'] } },
  { nfs: { server: 'a', path: '/' } },
  { csi: { driver: 'a.example' } },
  { flexVolume: { driver: 'a/b' } },
  { ephemeral: { volumeClaimTemplate: { spec: claim } } },
  { persistentVolumeClaim: { claimName: 'a' } },
  { hostPath: { path: '/var/log' } },
  { hostPath: { path: '/var/log/pods/' } },
  { hostPath: { path: '/var/logs' } },
  { hostPath: { path: '/' } },
  { hostPath: { path: '/etc' } },
  { projected: { sources: [token, ca] } },
  { projected: { sources: [{ serviceAccountToken: { path: 'other' } }] } },
  { projected: { sources: [{ serviceAccountToken: { path: 'token', audience: 'vault' } }] } },
  { projected: { sources: [{ configMap: { name: 'other' } }] } },
  {
    projected: {
      sources: [
        { downwardAPI: { items: [{ path: 'other', fieldRef: { fieldPath: 'metadata.namespace' } }] } },
      ],
    },
  },
  { projected: { sources: [{ secret: { name: 'a' } }] } },
  {
    projected: {
      sources: [
        { downwardAPI: { items: [{ path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace' } }] } },
      ],
    },
  },
  {
    projected: {
      sources: [{ downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } }],
    },
  },
].map((source, i) => ({ name: `v${i}`, ...source }));
const mounts = volumes.flatMap(({ name = '' }, i) =>
  'hostPath' in (volumes[i] ?? {})
    ? [
        { name, mountPath: `/m${i}` },
        { name, mountPath: `/m${i}`, readOnly: true },
      ]
    : [],
);

const profiles = [
  { type: 'RuntimeDefault' },
  { type: 'Unconfined' },
  { type: 'Localhost', localhostProfile: 'a' },
];
const common: Setting[] = [
  setting('securityContext.runAsNonRoot', true, false),
  setting('securityContext.runAsUser', 0, 7, 1000, 3000),
  setting('securityContext.runAsGroup', 0, 7, 1000, 3000),
  setting('securityContext.seLinuxOptions', ...contexts),
  setting('securityContext.seccompProfile', ...profiles),
];
const ofPod: Setting[] = [
  ...common,
  setting('hostIPC', true),
  setting('hostPID', true),
  setting('hostNetwork', true),
  setting('automountServiceAccountToken', true, false),
  setting('runtimeClassName', ...runtimeClasses),
  setting('securityContext.fsGroup', 0, 7, 1000),
  someOf('securityContext.supplementalGroups', [0, 7, 1000, 3000]),
  someOf(
    'securityContext.sysctls',
    sysctls.map((name) => ({ name, value: '1' })),
  ),
  someOf('volumes', volumes),
  someOf('volumes', volumes),
];
const ofContainer: Setting[] = [
  ...common,
  setting('securityContext', {}),
  setting('securityContext.privileged', true, false),
  setting('securityContext.allowPrivilegeEscalation', true, false),
  setting('securityContext.readOnlyRootFilesystem', true, false),
  setting('securityContext.procMount', 'Default', 'Unmasked'),
  setting('securityContext.capabilities', {}, { drop: ['ALL'] }, { drop: ['KILL', 'NET_RAW'] }),
  someOf('securityContext.capabilities.add', capabilities),
  someOf('securityContext.capabilities.drop', capabilities),
  setting(
    'ports',
    [{ containerPort: 80 }],
    [{ containerPort: 80, hostPort: 80 }],
    [
      { containerPort: 81, hostPort: 8080 },
      { containerPort: 53, hostPort: 53, protocol: 'UDP' },
    ],
  ),
  someOf('volumeMounts', mounts),
  setting('volumeMounts', [{ name: 'v0', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' }]),
];
const profilesOfPod: Setting[] = [
  annotation('seccomp.security.alpha.kubernetes.io/pod', ...seccomp),
  annotation('container.seccomp.security.alpha.kubernetes.io/app', ...seccomp),
  annotation('container.seccomp.security.alpha.kubernetes.io/setup', ...seccomp),
  annotation('container.apparmor.security.beta.kubernetes.io/app', ...appArmor),
  annotation('container.apparmor.security.beta.kubernetes.io/setup', ...appArmor),
];

interface Base {
  spec: JsonObject;
  container: JsonObject;
}
const bases: Base[] = [
  { spec: {}, container: {} },
  {
    spec: { securityContext: { runAsNonRoot: true, runAsUser: 1000, fsGroup: 1000 } },
    container: {
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['KILL', 'NET_RAW'] } },
    },
  },
  { spec: { hostNetwork: true, hostPID: true }, container: { securityContext: { privileged: true } } },
];

function build(base: Base, names: readonly string[], changes: readonly Change[]): RawPod {
  const containers = new Map(
    ['app', ...names].map((name): [string, JsonObject] => [
      name,
      { name, image: 'registry.example/app:1', ...structuredClone(base.container) },
    ]),
  );
  const spec: JsonObject = structuredClone(base.spec);
  const metadata: JsonObject = { name: 'generated' };
  const parts = new Map<string, JsonObject>([['spec', spec], ['metadata', metadata], ...containers]);
  for (const { part, path, value } of changes) {
    const target = parts.get(part);
    if (target !== undefined) assign(target, path, value);
  }
  mountedVolumes(spec, [...containers.values()]);
  const pick = (...wanted: string[]) => wanted.flatMap((name) => containers.get(name) ?? []);
  const initContainers = pick('setup');
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

/** Each volume that a container mounts is there, for the API wants that, and each path is mounted once. */
function mountedVolumes(spec: JsonObject, containers: readonly JsonObject[]): void {
  for (const container of containers) {
    const all = (container['volumeMounts'] ?? []) as { name: string; mountPath: string }[];
    const mounted = [...new Map(all.map((mount) => [mount.mountPath, mount])).values()];
    if (mounted.length > 0) container['volumeMounts'] = mounted;
    const own = (spec['volumes'] ?? []) as JsonObject[];
    const missing = volumes.filter(
      ({ name }) =>
        mounted.some((mount) => mount.name === name) && !own.some((volume) => volume['name'] === name),
    );
    if (missing.length > 0) spec['volumes'] = [...own, ...structuredClone(missing)];
  }
}

const names = ['app', 'second', 'setup'];
const change = fc.oneof(
  { weight: 3, arbitrary: changeOf('spec', ofPod) },
  { weight: 4, arbitrary: fc.constantFrom(...names).chain((name) => changeOf(name, ofContainer)) },
  { weight: 1, arbitrary: changeOf('metadata', profilesOfPod) },
);

export const pods: Arbitrary<RawPod> = fc
  .tuple(
    fc.constantFrom(...bases),
    fc.subarray(names.slice(1)),
    fc.array(change, { maxLength: 5, size: 'max' }),
  )
  .map(([base, more, changes]) => build(base, more, changes));

const plainPod = (only: Change) => build({ spec: {}, container: {} }, ['setup'], [only]);

/** A Pod for each value of each setting. */
export const eachPod = [
  ...eachOf('spec', ofPod, plainPod),
  ...eachOf('app', ofContainer, plainPod),
  ...eachOf('setup', ofContainer, plainPod),
  ...eachOf('metadata', profilesOfPod, plainPod),
];
