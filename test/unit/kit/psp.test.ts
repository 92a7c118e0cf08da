import { describe, expect, test } from 'vitest';
import { pspVerdict } from '../../../src/kit/psp.ts';
import { choose } from '../../../src/kit/psp/choice.ts';
import { withDefaults } from '../../../src/kit/psp/defaults.ts';
import type { PspPod } from '../../../src/kit/psp/pod.ts';
import { objections } from '../../../src/kit/psp/rules.ts';
import type {
  Container,
  ContainerSecurityContext,
  PodSecurityPolicy,
  PodSpec,
  Volume,
  Workload,
} from '../../../src/model.ts';
import { collectionOf } from '../collection.ts';

const any = { rule: 'RunAsAny' };

/** Allows any user and group, and nothing that has to be allowed. */
const policy = (
  spec: PodSecurityPolicy['spec'] = {},
  annotations: Record<string, string> = {},
  name = 'policy',
): PodSecurityPolicy => ({
  apiVersion: 'policy/v1beta1',
  kind: 'PodSecurityPolicy',
  metadata: { name },
  annotations,
  spec: { runAsUser: any, fsGroup: any, supplementalGroups: any, seLinux: any, ...spec },
});

const pod = (spec: Partial<PodSpec> = {}, annotations: Record<string, string> = {}): PspPod => ({
  spec: { containers: [{ name: 'app' }], ...spec },
  annotations,
});
const withContainer = (container: Partial<Container>): PspPod =>
  pod({ containers: [{ name: 'app', ...container }] });
const withContext = (securityContext: ContainerSecurityContext): PspPod => withContainer({ securityContext });
const withVolume = (volume: Omit<Volume, 'name'>, readOnly?: boolean): PspPod =>
  pod({
    volumes: [{ name: 'v', ...volume }],
    containers: [
      {
        name: 'app',
        volumeMounts: [{ name: 'v', mountPath: '/v', ...(readOnly === undefined ? {} : { readOnly }) }],
      },
    ],
  });
const hostPath = (path: string, readOnly?: boolean) =>
  withVolume({ type: 'hostPath', hostPath: { path } }, readOnly);
const tokenSource = { serviceAccountToken: { path: 'token' } };
const projected = (...sources: NonNullable<Volume['projected']>['sources'] & object) =>
  withVolume({ type: 'projected', projected: { sources } });
const namespaceItem = { path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace' } };

const thousand = { rule: 'MustRunAs', ranges: [{ min: 1000, max: 2000 }] };
const may = { ...thousand, rule: 'MayRunAs' };
const logs = { volumes: ['hostPath'], allowedHostPaths: [{ pathPrefix: '/var/log/', readOnly: true }] };
const label = { type: 't', user: 'u', role: 'r', level: 's0:c1,c2' };
const mustLabel = { seLinux: { rule: 'MustRunAs', seLinuxOptions: label } };
const seccompNames = (value: string) => ({
  'seccomp.security.alpha.kubernetes.io/allowedProfileNames': value,
});
const appArmorNames = (value: string) => ({
  'apparmor.security.beta.kubernetes.io/allowedProfileNames': value,
});
const appArmor = (value: string) => ({ 'container.apparmor.security.beta.kubernetes.io/app': value });

/** A policy, a Pod, and the fields of the policy that refuse it. */
type Case = [string, PodSecurityPolicy, PspPod, ...string[]];

describe('a policy refuses', () => {
  test.each<Case>([
    ['a plain Pod: never', policy(), pod()],
    ['privileged', policy(), withContext({ privileged: true }), 'privileged'],
    ['privileged, allowed', policy({ privileged: true }), withContext({ privileged: true })],
    ['hostIPC', policy(), pod({ hostIPC: true }), 'hostIPC'],
    ['hostPID', policy(), pod({ hostPID: true }), 'hostPID'],
    ['hostNetwork', policy(), pod({ hostNetwork: true }), 'hostNetwork'],
    [
      'host namespaces, allowed',
      policy({ hostIPC: true, hostPID: true, hostNetwork: true }),
      pod({ hostIPC: true, hostPID: true, hostNetwork: true }),
    ],
    ['hostPort', policy(), withContainer({ ports: [{ containerPort: 1, hostPort: 80 }] }), 'hostPorts'],
    [
      'hostPort, at either end',
      policy({ hostPorts: [{ min: 80, max: 81 }] }),
      withContainer({ ports: [80, 81, 0].map((hostPort) => ({ containerPort: 1, hostPort })) }),
    ],
    [
      'hostPort, beyond',
      policy({ hostPorts: [{ min: 80, max: 81 }] }),
      withContainer({ ports: [{ containerPort: 1, hostPort: 82 }] }),
      'hostPorts',
    ],
    ['a capability', policy(), withContext({ capabilities: { add: ['CHOWN'] } }), 'capabilities'],
    [
      'a capability, allowed or added',
      policy({ allowedCapabilities: ['CHOWN'], defaultAddCapabilities: ['KILL'] }),
      withContext({ capabilities: { add: ['CHOWN', 'KILL'] } }),
    ],
    [
      'what is not dropped',
      policy({ requiredDropCapabilities: ['KILL'] }),
      withContext({ capabilities: { drop: ['ALL'] } }),
      'capabilities',
    ],
    [
      'any capability: not with *',
      policy({ allowedCapabilities: ['*'] }),
      withContext({ capabilities: { add: ['BPF'] } }),
    ],
    ['a volume', policy({ volumes: ['secret'] }), withVolume({ type: 'nfs' }), 'volumes'],
    ['a volume, by another name', policy({ volumes: ['cephFS'] }), withVolume({ type: 'cephfs' })],
    ['a volume: not with *', policy({ volumes: ['*'] }), withVolume({ type: 'nfs' })],
    [
      'a token: not with secret',
      policy({ volumes: ['secret'] }),
      projected(
        tokenSource,
        { configMap: { name: 'kube-root-ca.crt' } },
        { downwardAPI: { items: [namespaceItem] } },
      ),
    ],
    [
      'a token for others',
      policy({ volumes: ['secret'] }),
      projected({ serviceAccountToken: { path: 'token', audience: 'a' } }),
      'volumes',
    ],
    [
      'a token elsewhere',
      policy({ volumes: ['secret'] }),
      projected({ serviceAccountToken: { path: 'x' } }),
      'volumes',
    ],
    ['a token and more', policy({ volumes: ['secret'] }), projected(tokenSource, {}), 'volumes'],
    [
      'another ConfigMap',
      policy({ volumes: ['secret'] }),
      projected({ configMap: { name: 'x' } }),
      'volumes',
    ],
    [
      'other fields',
      policy({ volumes: ['secret'] }),
      projected({ downwardAPI: { items: [{ ...namespaceItem, path: 'x' }] } }),
      'volumes',
    ],
    ['a path, without a list: never', policy({ volumes: ['hostPath'] }), hostPath('/etc')],
    ['a path beside the prefix', policy(logs), hostPath('/var/logs', true), 'allowedHostPaths'],
    ['the prefix itself, read-only', policy(logs), hostPath('/var/log', true)],
    ['a path below, written', policy(logs), hostPath('/var/log/pods'), 'allowedHostPaths'],
    [
      'a path below a prefix that may be written, too',
      policy({ ...logs, allowedHostPaths: [...logs.allowedHostPaths, { pathPrefix: '/var' }] }),
      hostPath('/var/log/pods'),
    ],
    ['any path: not with /', policy({ ...logs, allowedHostPaths: [{ pathPrefix: '/' }] }), hostPath('/')],
    [
      'a flexVolume driver',
      policy({ volumes: ['*'], allowedFlexVolumes: [{ driver: 'a/b' }] }),
      withVolume({ type: 'flexVolume', flexVolume: { driver: 'a/c' } }),
      'allowedFlexVolumes',
    ],
    [
      'a CSI driver',
      policy({ volumes: ['*'], allowedCSIDrivers: [{ name: 'a' }] }),
      withVolume({ type: 'csi', csi: { driver: 'b' } }),
      'allowedCSIDrivers',
    ],
    [
      'a listed driver: never',
      policy({ volumes: ['*'], allowedFlexVolumes: [{ driver: 'a/b' }] }),
      withVolume({ type: 'flexVolume', flexVolume: { driver: 'a/b' } }),
    ],
    [
      'any driver: never without a list',
      policy({ volumes: ['*'] }),
      withVolume({ type: 'csi', csi: { driver: 'b' } }),
    ],
    [
      'one of two mounts that may write',
      policy(logs),
      pod({
        volumes: [{ name: 'v', type: 'hostPath', hostPath: { path: '/var/log' } }],
        containers: [{ name: 'app', volumeMounts: [{ name: 'v', readOnly: true }, { name: 'v' }] }],
      }),
      'allowedHostPaths',
    ],
    [
      'non-root by the Pod: never',
      policy({ runAsUser: { rule: 'MustRunAsNonRoot' } }),
      pod({ securityContext: { runAsNonRoot: true } }),
    ],
    [
      'non-root by number: never',
      policy({ runAsUser: { rule: 'MustRunAsNonRoot' } }),
      withContext({ runAsUser: 7 }),
    ],
    ['no user', policy({ runAsUser: thousand }), pod(), 'runAsUser'],
    ['another user', policy({ runAsUser: thousand }), withContext({ runAsUser: 999 }), 'runAsUser'],
    [
      'the Pod’s user: not in the range',
      policy({ runAsUser: thousand }),
      pod({ securityContext: { runAsUser: 2000 } }),
    ],
    [
      'anybody without ranges',
      policy({ runAsUser: { rule: 'MustRunAs' } }),
      withContext({ runAsUser: 1 }),
      'runAsUser',
    ],
    ['the user of the image', policy({ runAsUser: { rule: 'MustRunAsNonRoot' } }), pod(), 'runAsUser'],
    [
      'user 0, as non-root',
      policy({ runAsUser: { rule: 'MustRunAsNonRoot' } }),
      withContext({ runAsUser: 0, runAsNonRoot: true }),
      'runAsUser',
    ],
    [
      'runAsNonRoot: false, whatever the user',
      policy({ runAsUser: { rule: 'MustRunAsNonRoot' } }),
      withContext({ runAsUser: 7, runAsNonRoot: false }),
      'runAsUser',
    ],
    ['a group', policy({ runAsGroup: thousand }), withContext({ runAsGroup: 7 }), 'runAsGroup'],
    ['no group: not where it may', policy({ runAsGroup: may, fsGroup: may, supplementalGroups: may }), pod()],
    [
      'groups beyond the ranges',
      policy({ fsGroup: may, supplementalGroups: may }),
      pod({ securityContext: { fsGroup: 7, supplementalGroups: [1000, 7] } }),
      'fsGroup',
      'supplementalGroups',
    ],
    [
      'no groups where it must',
      policy({ fsGroup: thousand, supplementalGroups: thousand }),
      pod({ securityContext: { supplementalGroups: [] } }),
      'fsGroup',
      'supplementalGroups',
    ],
    ['groups, without ranges', policy({ fsGroup: { rule: 'MayRunAs' } }), pod(), 'fsGroup'],
    [
      'a label',
      policy(mustLabel),
      pod({ securityContext: { seLinuxOptions: { ...label, type: 'x' } } }),
      'seLinux',
    ],
    [
      'a label: not for the order',
      policy(mustLabel),
      pod({ securityContext: { seLinuxOptions: { ...label, level: 's0:c2,c1' } } }),
    ],
    [
      'the label of a container',
      policy(mustLabel),
      pod({
        securityContext: { seLinuxOptions: label },
        containers: [{ name: 'app', securityContext: { seLinuxOptions: { ...label, level: 's1:c1,c2' } } }],
      }),
      'seLinux',
    ],
    [
      'labels, without one of its own',
      policy({ seLinux: { rule: 'MustRunAs' } }),
      pod({ securityContext: { seLinuxOptions: {} } }),
      'seLinux',
    ],
    ['a seccomp profile', policy(), withContext({ seccompProfile: { type: 'RuntimeDefault' } }), 'seccomp'],
    [
      'any seccomp profile: not with *',
      policy({}, seccompNames('localhost/x,*')),
      withContext({ seccompProfile: { type: 'Unconfined' } }),
    ],
    ['no seccomp profile', policy({}, seccompNames('localhost/x')), pod(), 'seccomp'],
    [
      'the other name of the default: not',
      policy({}, seccompNames('docker/default')),
      pod({ securityContext: { seccompProfile: { type: 'RuntimeDefault' } } }),
    ],
    [
      'a profile of the node',
      policy({}, seccompNames('localhost/x')),
      pod({ securityContext: { seccompProfile: { type: 'Localhost', localhostProfile: 'y' } } }),
      'seccomp',
    ],
    [
      'a listed profile of the node: never',
      policy({}, seccompNames('localhost/y')),
      pod({ securityContext: { seccompProfile: { type: 'Localhost', localhostProfile: 'y' } } }),
    ],
    [
      'another profile than the default',
      policy({}, seccompNames('docker/default')),
      pod({ securityContext: { seccompProfile: { type: 'Unconfined' } } }),
      'seccomp',
    ],
    [
      'one of two containers without AppArmor',
      policy({}, appArmorNames('unconfined')),
      pod({ containers: [{ name: 'app' }, { name: 'second' }] }, appArmor('unconfined')),
      'appArmor',
    ],
    ['any AppArmor profile: never without a list', policy(), pod({}, appArmor('unconfined'))],
    ['no AppArmor profile', policy({}, appArmorNames('')), pod(), 'appArmor'],
    [
      'an AppArmor profile',
      policy({}, appArmorNames('runtime/default')),
      pod({}, appArmor('unconfined')),
      'appArmor',
    ],
    [
      'a listed AppArmor profile: never',
      policy({}, appArmorNames('a,runtime/default')),
      pod({}, appArmor('runtime/default')),
    ],
    [
      'escalation that is left open',
      policy({ allowPrivilegeEscalation: false }),
      pod(),
      'allowPrivilegeEscalation',
    ],
    [
      'no escalation: never',
      policy({ allowPrivilegeEscalation: false }),
      withContext({ allowPrivilegeEscalation: false }),
    ],
    [
      'a root file system left open',
      policy({ readOnlyRootFilesystem: true }),
      pod(),
      'readOnlyRootFilesystem',
    ],
    [
      'a read-only root: never',
      policy({ readOnlyRootFilesystem: true }),
      withContext({ readOnlyRootFilesystem: true }),
    ],
    [
      'an unsafe sysctl',
      policy(),
      pod({ securityContext: { sysctls: [{ name: 'kernel.msgmax' }] } }),
      'sysctls',
    ],
    [
      'a safe sysctl: never',
      policy(),
      pod({ securityContext: { sysctls: [{ name: 'net.ipv4.tcp_syncookies' }] } }),
    ],
    [
      'a sysctl that a pattern allows: never',
      policy({ allowedUnsafeSysctls: ['kernel.msg*'] }),
      pod({ securityContext: { sysctls: [{ name: 'kernel.msgmax' }] } }),
    ],
    [
      'a safe sysctl that is forbidden',
      policy({ forbiddenSysctls: ['net.*'] }),
      pod({ securityContext: { sysctls: [{ name: 'net.ipv4.tcp_syncookies' }] } }),
      'sysctls',
    ],
    [
      'sysctls by their names: not others',
      policy({ allowedUnsafeSysctls: ['kernel.msgmax'], forbiddenSysctls: ['net.ipv4.tcp_syncookies'] }),
      pod({ securityContext: { sysctls: [{ name: 'kernel.msgmax' }, { name: 'kernel.shm_rmid_forced' }] } }),
    ],
    ['procMount', policy(), withContext({ procMount: 'Unmasked' }), 'allowedProcMountTypes'],
    [
      'the default procMount',
      policy({ allowedProcMountTypes: ['Unmasked'] }),
      pod(),
      'allowedProcMountTypes',
    ],
    ['any runtime class: never without a list', policy(), pod({ runtimeClassName: 'kata' })],
    ['a runtime class', policy({ runtimeClass: {} }), pod({ runtimeClassName: 'kata' }), 'runtimeClass'],
    ['no runtime class: never', policy({ runtimeClass: {} }), pod()],
    [
      'a runtime class, allowed',
      policy({ runtimeClass: { allowedRuntimeClassNames: ['kata'] } }),
      pod({ runtimeClassName: 'kata' }),
    ],
  ])('%s', (_, rules, judged, ...fields) => {
    expect(objections(rules, judged)).toEqual(fields);
  });

  test.each(['initContainers', 'ephemeralContainers'] as const)('what %s ask for', (list) => {
    const judged = pod({ [list]: [{ name: 'x', securityContext: { privileged: true } }] });
    expect(objections(policy(), judged)).toEqual(['privileged']);
  });
});

describe('a policy fills in', () => {
  const filled = (rules: PodSecurityPolicy, given: PspPod) => withDefaults(rules, given);

  test('nothing: then it is the same Pod', () => {
    const given = pod({ securityContext: {}, initContainers: [] }, { a: 'b' });
    expect(filled(policy({ requiredDropCapabilities: [] }), given)).toBe(given);
  });

  test('users, groups, labels and a runtime class', () => {
    const rules = policy({
      runAsUser: thousand,
      runAsGroup: thousand,
      fsGroup: thousand,
      supplementalGroups: thousand,
      ...mustLabel,
      runtimeClass: { allowedRuntimeClassNames: ['*'], defaultRuntimeClassName: 'kata' },
    });
    expect(filled(rules, pod({ initContainers: [{ name: 'setup' }] })).spec).toEqual({
      securityContext: { fsGroup: 1000, supplementalGroups: [1000], seLinuxOptions: label },
      runtimeClassName: 'kata',
      initContainers: [{ name: 'setup', securityContext: { runAsUser: 1000, runAsGroup: 1000 } }],
      containers: [{ name: 'app', securityContext: { runAsUser: 1000, runAsGroup: 1000 } }],
    });
    const given = pod({
      securityContext: {
        runAsUser: 5,
        runAsGroup: 5,
        fsGroup: 5,
        supplementalGroups: [],
        seLinuxOptions: {},
      },
      runtimeClassName: 'a',
    });
    expect(filled(rules, given)).toBe(given);
  });

  test('runAsNonRoot, where nothing says who it runs as', () => {
    const rules = policy({ runAsUser: { rule: 'MustRunAsNonRoot' } });
    const [container] = filled(rules, pod()).spec.containers;
    expect(container).toEqual({ name: 'app', securityContext: { runAsNonRoot: true } });
    const given = pod({ securityContext: { runAsUser: 5 } });
    expect(filled(rules, given)).toBe(given);
  });

  test('capabilities, but none that the container drops', () => {
    const rules = policy({ defaultAddCapabilities: ['KILL', 'CHOWN'], requiredDropCapabilities: ['MKNOD'] });
    const given = withContext({ capabilities: { add: ['SETUID'], drop: ['KILL'] } });
    expect(filled(rules, given).spec.containers[0]?.securityContext?.capabilities).toEqual({
      add: ['CHOWN', 'SETUID'],
      drop: ['KILL', 'MKNOD'],
    });
  });

  test.each([
    [{ defaultAddCapabilities: ['KILL'] }, { add: ['KILL'], drop: [] }],
    [{ requiredDropCapabilities: ['KILL'] }, { add: [], drop: ['KILL'] }],
  ])('%j: of capabilities nothing else', (rules, expected) => {
    const [container] = filled(policy(rules), pod()).spec.containers;
    expect(container?.securityContext?.capabilities).toEqual(expected);
  });

  test.each([
    [{ allowPrivilegeEscalation: false }, false],
    [{ defaultAllowPrivilegeEscalation: false }, false],
    [{ defaultAllowPrivilegeEscalation: true }, true],
    [{ defaultAllowPrivilegeEscalation: false, allowPrivilegeEscalation: true }, false],
  ])('%j: allowPrivilegeEscalation %s', (rules, expected) => {
    const [container] = filled(policy(rules), pod()).spec.containers;
    expect(container?.securityContext).toEqual({ allowPrivilegeEscalation: expected });
    const given = withContext({ allowPrivilegeEscalation: !expected });
    expect(filled(policy(rules), given)).toBe(given);
  });

  test('profiles, as annotations', () => {
    const rules = policy(
      {},
      {
        'seccomp.security.alpha.kubernetes.io/defaultProfileName': 'localhost/a',
        'apparmor.security.beta.kubernetes.io/defaultProfileName': 'runtime/default',
      },
    );
    expect(filled(rules, pod()).annotations).toEqual({
      'seccomp.security.alpha.kubernetes.io/pod': 'localhost/a',
      'container.apparmor.security.beta.kubernetes.io/app': 'runtime/default',
    });
  });

  test('the annotation for a seccomp field, whatever the policy says', () => {
    const given = pod({ securityContext: { seccompProfile: { type: 'RuntimeDefault' } } });
    expect(filled(policy(), given).annotations).toEqual({
      'seccomp.security.alpha.kubernetes.io/pod': 'runtime/default',
    });
  });
});

describe('the order of choice', () => {
  const names = (policies: PodSecurityPolicy[], given = pod()) =>
    choose(policies, given).admitting.map((outcome) => outcome.policy);
  const changing = (name: string) => policy({ readOnlyRootFilesystem: true }, {}, name);
  const asItIs = (name: string) => policy({}, {}, name);

  test('is by name, those that change the Pod last', () => {
    const all = [changing('a'), asItIs('d'), changing('b'), asItIs('c')];
    expect(names(all)).toEqual(['c', 'd', 'a', 'b']);
    expect(names(all.toReversed())).toEqual(['c', 'd', 'a', 'b']);
  });

  test('is none where the first makes the Pod invalid', () => {
    const rules = policy({ privileged: true, allowPrivilegeEscalation: false }, {}, 'a');
    const other = policy({ privileged: true, defaultAllowPrivilegeEscalation: true }, {}, 'b');
    const privileged = withContext({ privileged: true });
    expect(names([rules, other], privileged)).toEqual([]);
    expect(names([other], privileged)).toEqual(['b']);
    const second = pod({ containers: [{ name: 'app' }, ...privileged.spec.containers] });
    expect(names([rules], second)).toEqual([]);
  });

  test('is none where procMount is set back to what no policy allows', () => {
    const unmasked = withContext({ procMount: 'Unmasked' });
    const only = policy({ allowedProcMountTypes: ['Unmasked'] }, {}, 'a');
    expect(names([only], unmasked)).toEqual([]);
    expect(names([only, asItIs('b')], unmasked)).toEqual(['a']);
    const both = policy({ allowedProcMountTypes: ['Default', 'Unmasked'] }, {}, 'a');
    expect(names([both], unmasked)).toEqual(['a']);
    expect(names([asItIs('b')], withContext({ procMount: 'Default' }))).toEqual(['b']);
    const second = pod({
      containers: [{ name: 'app', securityContext: { procMount: 'Default' } }, ...unmasked.spec.containers],
    });
    expect(names([changing('b'), both], second)).toEqual(['a']);
  });
});

describe('the policies of a workload', () => {
  const rbac = 'rbac.authorization.k8s.io';
  const grant = (name: string, subject: object, namespace?: string, policies = [name]) => {
    const metadata = { name, ...(namespace === undefined ? {} : { namespace }) };
    return {
      role: {
        apiVersion: `${rbac}/v1`,
        kind: 'ClusterRole',
        metadata: { name },
        rules: [
          {
            verbs: ['use'],
            apiGroups: ['policy'],
            resources: ['podsecuritypolicies'],
            resourceNames: policies,
          },
        ],
      },
      binding: {
        apiVersion: `${rbac}/v1`,
        kind: namespace === undefined ? 'ClusterRoleBinding' : 'RoleBinding',
        metadata,
        roleRef: { apiGroup: rbac, kind: 'ClusterRole', name },
        subjects: [subject as { kind: string; name: string; namespace?: string }],
      },
    };
  };
  const heldWith = (grants: ReturnType<typeof grant>[], policies: PodSecurityPolicy[], automount?: boolean) =>
    collectionOf({
      podSecurityPolicies: policies,
      clusterRoles: grants.map(({ role }) => role),
      clusterRoleBindings: grants.map(({ binding }) => binding).filter(({ kind }) => kind !== 'RoleBinding'),
      roleBindings: grants.map(({ binding }) => binding).filter(({ kind }) => kind === 'RoleBinding'),
      serviceAccounts: [
        {
          apiVersion: 'v1',
          kind: 'ServiceAccount',
          metadata: { name: 'app', namespace: 'shop' },
          ...(automount === undefined ? {} : { automountServiceAccountToken: automount }),
        },
      ],
    }).held;
  const workload = (kind: string, spec: Partial<PodSpec> = {}): Workload => ({
    apiVersion: 'apps/v1',
    kind,
    metadata: { name: 'web', namespace: 'shop' },
    podSpec: { containers: [{ name: 'app' }], serviceAccountName: 'app', ...spec },
  });
  const app = { kind: 'ServiceAccount', name: 'app', namespace: 'shop' };
  const open = policy({ volumes: ['*'], hostPorts: [{ min: 80, max: 80 }] }, {}, 'open');

  test.each([
    ['its account', app, 'shop', ['open']],
    ['its account in another namespace', app, 'other', []],
    [
      'the account by its login',
      { kind: 'User', name: 'system:serviceaccount:shop:app' },
      undefined,
      ['open'],
    ],
    ['another account', { ...app, name: 'other' }, undefined, []],
    [
      'the accounts of the namespace',
      { kind: 'Group', name: 'system:serviceaccounts:shop' },
      undefined,
      ['open'],
    ],
    ['everybody who makes it', { kind: 'Group', name: 'system:authenticated' }, undefined, ['open']],
    ['the controller', { ...app, namespace: 'kube-system', name: 'replicaset-controller' }, 'shop', ['open']],
    ['another controller', { ...app, namespace: 'kube-system', name: 'job-controller' }, undefined, []],
  ])('by a grant to %s', (_, subject, namespace, usable) => {
    const held = heldWith([grant('open', subject, namespace)], [open, policy({}, {}, 'other')]);
    expect(pspVerdict(held, workload('Deployment'))).toEqual({ admitted: usable, usable, refused: [] });
  });

  test('count the token that the account has mounted', () => {
    const noVolumes = policy({}, {}, 'none');
    const grants = [grant('all', app, undefined, ['none', 'open'])];
    expect(pspVerdict(heldWith(grants, [open, noVolumes]), workload('Job'))).toEqual({
      admitted: ['open'],
      usable: ['none', 'open'],
      refused: [{ policy: 'none', fields: ['volumes'] }],
    });
    const without = heldWith(grants, [open, noVolumes], false);
    expect(pspVerdict(without, workload('Job')).admitted).toEqual(['none', 'open']);
    expect(pspVerdict(without, workload('Job', { automountServiceAccountToken: true })).admitted).toEqual([
      'open',
    ]);
    const mounts = [{ name: 'own', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' }];
    const own = workload('Job', { containers: [{ name: 'app', volumeMounts: mounts }] });
    expect(pspVerdict(heldWith(grants, [noVolumes]), own).admitted).toEqual(['none']);
  });

  test('count the ports that a Pod has on the node’s network', () => {
    const held = heldWith([grant('open', app)], [{ ...open, spec: { ...open.spec, hostNetwork: true } }]);
    const onHost = (containerPort: number) =>
      pspVerdict(
        held,
        workload('DaemonSet', {
          hostNetwork: true,
          containers: [{ name: 'app', ports: [{ containerPort }] }],
        }),
      ).refused;
    expect(onHost(80)).toEqual([]);
    expect(onHost(81)).toEqual([{ policy: 'open', fields: ['hostPorts'] }]);
  });

  test.each([
    ['ReplicaSet', 'replicaset-controller'],
    ['Job', 'job-controller'],
    ['DaemonSet', 'daemon-set-controller'],
    ['StatefulSet', 'statefulset-controller'],
    ['ReplicationController', 'replication-controller'],
  ])('of a Pod are those of the controller of its %s', (kind, name) => {
    const held = heldWith(
      [grant('open', { kind: 'ServiceAccount', namespace: 'kube-system', name })],
      [open],
    );
    const bare = workload('Pod');
    const controller = { apiVersion: 'apps/v1', kind, name: 'web', uid: '1' };
    expect(pspVerdict(held, bare).usable).toEqual([]);
    expect(pspVerdict(held, { ...bare, metadata: { ...bare.metadata, controller } }).usable).toEqual([
      'open',
    ]);
  });

  test('are all for an administrator, and none for what has no Pods', () => {
    const held = heldWith([], [open, policy({}, {}, 'other')]);
    const admin = { user: 'root', groups: ['system:masters'] };
    expect(pspVerdict(held, workload('Pod'), admin).usable).toEqual(['open', 'other']);
    expect(pspVerdict(held, workload('Pod')).usable).toEqual([]);
    const { podSpec: _, ...empty } = workload('ReplicaSet');
    expect(pspVerdict(held, empty, admin)).toEqual({ admitted: [], usable: [], refused: [] });
  });
});
