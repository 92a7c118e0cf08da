/** Host access, volumes and images: what the walker cannot know of these checks. */
import { describe, expect, test } from 'vitest';
import { hostNetwork } from '../../../src/checks/host-network/check.ts';
import { hostPath } from '../../../src/checks/host-path/check.ts';
import { hostProbes } from '../../../src/checks/host-probes/check.ts';
import { imagePullAlways } from '../../../src/checks/image-pull-always/check.ts';
import { imageRegistryAllowlist } from '../../../src/checks/image-registry-allowlist/check.ts';
import { imageTagPinned } from '../../../src/checks/image-tag-pinned/check.ts';
import { restrictedVolumes } from '../../../src/checks/restricted-volumes/check.ts';
import { runtimeSocketMount } from '../../../src/checks/runtime-socket-mount/check.ts';
import { sandboxRuntime } from '../../../src/checks/sandbox-runtime/check.ts';
import { secretsAsEnv } from '../../../src/checks/secrets-as-env/check.ts';
import { sysctls } from '../../../src/checks/sysctls/check.ts';
import { windowsHostProcess } from '../../../src/checks/windows-host-process/check.ts';
import type { Check } from '../../../src/kit/define-check.ts';
import { jsonPointer } from '../../../src/kit/field.ts';
import type { Finding, JsonObject, PodSpec } from '../../../src/model.ts';
import { newestContext } from '../collection.ts';
import { evaluate } from './fixtures.ts';

const app = { name: 'app', image: 'registry.example/app:1.0' };

const findings = async (check: Check, spec: JsonObject): Promise<Finding[]> =>
  (
    await evaluate(check, [
      { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: { containers: [app], ...spec } },
    ])
  ).findings;

const changes = (finding: Finding | undefined) =>
  Object.fromEntries(
    (finding?.fix.changes ?? []).map(({ field, before, after }) => [jsonPointer(field), [before, after]]),
  );

describe('host-path and runtime-socket-mount', () => {
  const at = (path: string, mounts?: JsonObject[]): JsonObject => ({
    volumes: [{ name: 'node', hostPath: { path } }],
    containers: [{ ...app, ...(mounts ? { volumeMounts: mounts } : {}) }],
  });
  const mount = (more: JsonObject = {}) => ({ name: 'node', mountPath: '/mnt', ...more });

  test.each([
    ['nothing mounts it', '/usr/share/zoneinfo', [], 'medium'],
    ['every mount is read-only', '/usr/share/zoneinfo', [mount({ readOnly: true })], 'medium'],
    ['one mount of two may write', '/data', [mount({ readOnly: true }), mount()], 'high'],
    ['readOnly is false', '/data', [mount({ readOnly: false })], 'high'],
    ['another volume is written to', '/data', [mount({ name: 'other' })], 'medium'],
    ['it is a sensitive place', '/etc/kubernetes', [mount({ readOnly: true })], 'high'],
    ['it lies in a sensitive place', '/var/lib/kubelet/pods/', [], 'high'],
    ['it holds a sensitive place', '/etc', [], 'high'],
    ['it only begins like a sensitive place', '/homes', [], 'medium'],
    ['it is a file beside sensitive ones', '/etc/localtime', [], 'medium'],
    ['it is a disk of a Windows node', 'c:\\', [], 'high'],
    ['it is a sensitive place of Windows', 'C:/ProgramData\\ssl', [], 'high'],
    ['it is another place of Windows', 'C:\\tools', [], 'medium'],
  ] as const)('host-path, where %s', async (_, path, mounts, severity) => {
    const found = await findings(hostPath, at(path, [...mounts]));
    expect(found.map((finding) => [finding.path, finding.severity, finding.fix.action])).toEqual([
      ['spec.volumes[0].hostPath', severity, 'none'],
    ]);
    expect(await findings(runtimeSocketMount, at(path, [...mounts]))).toEqual([]);
  });

  test('host-path names who may write, in every list of containers', async () => {
    const volumeMounts = [mount()];
    const [finding] = await findings(hostPath, {
      volumes: [{ name: 'node', hostPath: { path: '/data' } }],
      initContainers: [{ ...app, name: 'setup', volumeMounts }],
      ephemeralContainers: [{ ...app, name: 'debug', volumeMounts }],
    });
    expect(finding?.message).toBe(
      'The volume node is /data of the node, writable for the init container setup and the ephemeral container debug.',
    );
  });

  test.each(['/', '/var', '/run/', '/var//run', '/run/k3s', '\\\\.\\pipe', '//./pipe/containerd-containerd'])(
    '%s is reported once, as a socket',
    async (path) => {
      const pod = at(path, [mount({ readOnly: true })]);
      expect((await findings(runtimeSocketMount, pod)).map(({ severity }) => severity)).toEqual(['high']);
      expect(await findings(hostPath, pod)).toEqual([]);
    },
  );
});

describe('windows-host-process', () => {
  const hostProcess = { windowsOptions: { hostProcess: true } };

  test('takes it from the Pod, from each container and with the network of the node', async () => {
    const found = await findings(windowsHostProcess, {
      os: { name: 'windows' },
      hostNetwork: true,
      securityContext: hostProcess,
      containers: [{ ...app, ports: [{ containerPort: 80, hostPort: 80 }], securityContext: hostProcess }],
    });
    const together = {
      '/spec/securityContext/windowsOptions/hostProcess': [true, undefined],
      '/spec/containers/0/securityContext/windowsOptions/hostProcess': [true, undefined],
      '/spec/hostNetwork': [true, undefined],
      '/spec/containers/0/ports/0/hostPort': [80, undefined],
    };
    expect(found.map((finding) => [finding.path, changes(finding)])).toEqual([
      ['spec.containers[0].securityContext.windowsOptions.hostProcess', together],
      ['spec.securityContext.windowsOptions.hostProcess', together],
    ]);
  });

  test('is the one finding of a HostProcess Pod; any other Pod of Windows has no right to the network', async () => {
    const pod = { os: { name: 'windows' }, hostNetwork: true };
    expect(await findings(hostNetwork, { ...pod, securityContext: hostProcess })).toEqual([]);
    expect(await findings(hostNetwork, pod)).toHaveLength(1);
  });
});

describe('host-probes', () => {
  const spec: PodSpec = {
    containers: [{ name: 'app', livenessProbe: { httpGet: { host: '127.0.0.1' } } }],
  };
  const problems = (minor: number) => {
    if (hostProbes.shape !== 'podSpec') throw new Error('not over pod specs');
    return hostProbes.test(spec, { ...newestContext, minor });
  };

  test('asks a person where the server does not know the rule yet', () => {
    expect([33, 34].map((minor) => problems(minor).map(({ verdict }) => verdict))).toEqual([
      ['review'],
      ['fail'],
    ]);
  });

  test('takes the host away and says what that means', () => {
    expect(problems(37)).toMatchObject([
      {
        message: expect.stringMatching(
          /^The livenessProbe of the container app names the host "127\.0\.0\.1":/,
        ),
        fix: { risk: 'review', note: expect.stringContaining('127.0.0.1') },
      },
    ]);
  });
});

describe('sysctls', () => {
  const of = (...names: string[]) => ({
    securityContext: { sysctls: names.map((name) => ({ name, value: '1' })) },
  });

  test('takes away what is unsafe and keeps the rest with its values', async () => {
    const [finding] = await findings(sysctls, of('net.ipv4.tcp_syncookies', 'kernel.msgmax'));
    expect(finding?.path).toBe('spec.securityContext.sysctls[1].name');
    expect(changes(finding)).toEqual({
      '/spec/securityContext/sysctls': [
        of('net.ipv4.tcp_syncookies', 'kernel.msgmax').securityContext.sysctls,
        of('net.ipv4.tcp_syncookies').securityContext.sysctls,
      ],
    });
  });

  test('names them as the kernel does', async () => {
    const names = ['net/ipv4/conf/eth0.1/forwarding', 'net.ipv4.conf.eth0/1.forwarding'];
    const found = await findings(sysctls, of(...names));
    expect(found.map(({ message }) => /parameter (.*), which/.exec(message)?.[1])).toEqual([
      'net.ipv4.conf.eth0/1.forwarding (written as net/ipv4/conf/eth0.1/forwarding)',
      'net.ipv4.conf.eth0/1.forwarding',
    ]);
  });

  test('writes a safe one with dots, and takes nothing away', async () => {
    const [finding, ...rest] = await findings(sysctls, of('kernel/shm_rmid_forced', 'net.ipv4.tcp_rmem'));
    expect(rest).toEqual([]);
    expect(finding?.message).toContain('kernel.shm_rmid_forced, which is safe, but writes it as');
    expect(changes(finding)['/spec/securityContext/sysctls']?.[1]).toEqual(
      of('kernel.shm_rmid_forced', 'net.ipv4.tcp_rmem').securityContext.sysctls,
    );
  });
});

test('restricted-volumes names the type, whatever it is called', async () => {
  const found = await findings(restrictedVolumes, { volumes: [{ name: 'v', somethingNew: {} }] });
  expect(found.map(({ path, message }) => [path, message])).toEqual([
    [
      'spec.volumes[0].somethingNew',
      'The volume v is of the type somethingNew, which the restricted level of the Pod Security Standards does not allow.',
    ],
  ]);
});

describe('images', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  const verdictsOf = async (image: string, imagePullPolicy?: string) => {
    const spec = {
      containers: [{ name: 'app', image, ...(imagePullPolicy === undefined ? {} : { imagePullPolicy }) }],
    };
    return [(await findings(imageTagPinned, spec)).length, (await findings(imagePullAlways, spec)).length];
  };

  test.each([
    // image, [is not pinned, is not always pulled]
    ['app', [1, 0]],
    ['app:latest', [1, 0]],
    ['host:5000/app', [1, 0]],
    ['app:1', [0, 1]],
    ['host:5000/app:1', [0, 1]],
    [`app@${digest}`, [0, 0]],
    [`app:latest@${digest}`, [0, 0]],
  ])('%s, without a policy', async (image, expected) => {
    expect(await verdictsOf(image)).toEqual(expected);
  });

  test.each([
    ['app:latest', 'IfNotPresent', [1, 1]],
    ['app:1', 'Always', [0, 0]],
    ['app', '', [1, 0]],
    ['app:1', '', [0, 1]],
    [`host:5000/app@${digest}`, 'Never', [0, 0]],
  ])('%s with %s', async (image, policy, expected) => {
    expect(await verdictsOf(image, policy)).toEqual(expected);
  });

  test('Always is safe to ask for, except where nobody meant to pull at all', async () => {
    const risks = await Promise.all(
      ['IfNotPresent', 'Never'].map(async (imagePullPolicy) => {
        const [finding] = await findings(imagePullAlways, { containers: [{ ...app, imagePullPolicy }] });
        return [finding?.fix.risk, changes(finding)];
      }),
    );
    expect(risks).toEqual([
      ['safe', { '/spec/containers/0/imagePullPolicy': ['IfNotPresent', 'Always'] }],
      ['review', { '/spec/containers/0/imagePullPolicy': ['Never', 'Always'] }],
    ]);
  });

  test('a debug container is read, and cannot be changed', async () => {
    const spec = { ephemeralContainers: [{ name: 'debug', image: 'busybox' }] };
    const [finding] = await findings(imageTagPinned, spec);
    expect([finding?.container, finding?.fix.note]).toEqual([
      'debug',
      expect.stringContaining('debug container'),
    ]);
  });
});

test('secrets-as-env names variables and Secrets, never a value', async () => {
  const found = await findings(secretsAsEnv, {
    containers: [
      {
        ...app,
        env: [
          { name: 'A', valueFrom: { secretKeyRef: { name: 'one', key: 'k' } } },
          { name: 'B', value: 'sekret' },
          { name: 'C', valueFrom: { secretKeyRef: { name: 'two', key: 'k', optional: true } } },
        ],
        envFrom: [{ secretRef: { name: 'three', optional: true } }, { configMapRef: { name: 'four' } }],
      },
    ],
  });
  expect(found.map(({ path, message }) => [path, message])).toEqual([
    ['spec.containers[0].env', 'The container app has variables from Secrets: A (one), C (two).'],
    ['spec.containers[0].envFrom', 'The container app has every key of Secrets as variables: three.'],
  ]);
});

test.each([imageRegistryAllowlist, sandboxRuntime])('$id is for a person to answer', async (check) => {
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: { containers: [app] } };
  expect((await evaluate(check, [pod])).status).toBe('manual');
});
