/** What the walker cannot know: how findings are grouped, what they say and what exactly their fix changes. */
import { describe, expect, test } from 'vitest';
import { hostNetwork } from '../../../src/checks/host-network/check.ts';
import { hostPorts } from '../../../src/checks/host-ports/check.ts';
import { privileged } from '../../../src/checks/privileged/check.ts';
import { runAsNonRoot } from '../../../src/checks/run-as-non-root/check.ts';
import { runAsRoot } from '../../../src/checks/run-as-root/check.ts';
import type { Check } from '../../../src/kit/define-check.ts';
import { jsonPointer } from '../../../src/kit/field.ts';
import type { Finding, JsonObject } from '../../../src/model.ts';
import { evaluate } from './fixtures.ts';

const findings = async (check: Check, spec: JsonObject): Promise<Finding[]> =>
  (await evaluate(check, [{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec }])).findings;

const changes = ({ fix }: Finding) =>
  Object.fromEntries(
    (fix.changes ?? []).map(({ field, before, after }) => [jsonPointer(field), [before, after]]),
  );

const container = (name: string, securityContext: JsonObject = {}) => ({ name, securityContext });

describe('host-network', () => {
  test('gives the Pod its own DNS policy back and takes the mirrored ports away', async () => {
    const ports = [
      { containerPort: 80, hostPort: 80 },
      { containerPort: 81, hostPort: 81, protocol: 'UDP' },
    ];
    const [finding] = await findings(hostNetwork, {
      hostNetwork: true,
      dnsPolicy: 'ClusterFirstWithHostNet',
      initContainers: [{ name: 'proxy', ports: [{ containerPort: 82, hostPort: 82 }] }],
      containers: [{ name: 'app', ports }],
    });
    expect(finding && changes(finding)).toEqual({
      '/spec/hostNetwork': [true, undefined],
      '/spec/dnsPolicy': ['ClusterFirstWithHostNet', 'ClusterFirst'],
      '/spec/initContainers/0/ports/0/hostPort': [82, undefined],
      '/spec/containers/0/ports/0/hostPort': [80, undefined],
      '/spec/containers/0/ports/1/hostPort': [81, undefined],
    });
  });

  test('leaves any other DNS policy alone', async () => {
    const [finding] = await findings(hostNetwork, {
      hostNetwork: true,
      dnsPolicy: 'None',
      containers: [{ name: 'app' }],
    });
    expect(finding && Object.keys(changes(finding))).toEqual(['/spec/hostNetwork']);
  });
});

describe('host-ports', () => {
  test('tells protocols apart, and reports a container port once', async () => {
    const ports = [
      { containerPort: 53, hostPort: 53, protocol: 'UDP' },
      { containerPort: 53, hostPort: 53, protocol: 'TCP' },
      { containerPort: 8443, hostPort: 443 },
      { containerPort: 8443, hostPort: 9443 },
    ];
    const found = await findings(hostPorts, { containers: [{ name: 'app', ports }] });
    expect(found.map(({ path, message }) => [path, message])).toEqual([
      ['spec.containers[0].ports[0].hostPort', 'The container app takes port 53/UDP of the node it runs on.'],
      ['spec.containers[0].ports[1].hostPort', 'The container app takes port 53/TCP of the node it runs on.'],
      [
        'spec.containers[0].ports[2].hostPort',
        'The container app takes port 443/TCP, 9443/TCP of the node it runs on.',
      ],
    ]);
    expect(found[2] && Object.keys(changes(found[2]))).toHaveLength(2);
  });

  test('on the host network reports a port that is no mirror', async () => {
    const ports = [
      { containerPort: 80, hostPort: 80 },
      { containerPort: 81, hostPort: 8081 },
    ];
    const found = await findings(hostPorts, { hostNetwork: true, containers: [{ name: 'app', ports }] });
    expect(found.map(({ path }) => path)).toEqual(['spec.containers[0].ports[1].hostPort']);
  });
});

describe('run-as-root', () => {
  test('reports a value of the Pod once, naming the containers that inherit it', async () => {
    const found = await findings(runAsRoot, {
      securityContext: { runAsUser: 0 },
      initContainers: [container('setup')],
      containers: [container('app', { runAsNonRoot: false }), container('other', { runAsUser: 7 })],
    });
    expect(found.map(({ path, container: name, message }) => [path, name, message])).toEqual([
      [
        'spec.securityContext.runAsUser',
        undefined,
        'Nothing keeps the init container setup and the container app from running as root: runAsUser is 0.',
      ],
    ]);
    expect(found[0] && changes(found[0])).toEqual({
      '/spec/securityContext/runAsNonRoot': [undefined, true],
      '/spec/securityContext/runAsUser': [0, undefined],
      '/spec/containers/0/securityContext/runAsNonRoot': [false, undefined],
    });
  });

  test.each([
    [runAsRoot, 'linux', 'runAsUser', 0],
    [runAsNonRoot, 'linux', 'runAsUser', 0],
    [runAsRoot, 'windows', 'windowsOptions/runAsUserName', 'ContainerAdministrator'],
    [runAsNonRoot, 'windows', 'windowsOptions/runAsUserName', 'ContainerAdministrator'],
  ])(
    'leaves root nowhere, for what a container no longer says it takes from the Pod: $id, %s',
    async (check, name, path, root) => {
      const securityContext =
        name === 'linux' ? { runAsUser: 0 } : { windowsOptions: { runAsUserName: root } };
      const [finding] = await findings(check, {
        os: { name },
        securityContext,
        containers: [container('app', securityContext)],
      });
      expect(finding && changes(finding)).toEqual({
        '/spec/securityContext/runAsNonRoot': [undefined, true],
        [`/spec/securityContext/${path}`]: [root, undefined],
        [`/spec/containers/0/securityContext/${path}`]: [root, undefined],
      });
    },
  );

  test('reports each container of which nothing says anything', async () => {
    const found = await findings(runAsRoot, { containers: [container('a'), container('b')] });
    expect(found.map(({ path, container: name }) => [path, name])).toEqual([
      ['spec.containers[0].securityContext.runAsNonRoot', 'a'],
      ['spec.containers[1].securityContext.runAsNonRoot', 'b'],
    ]);
    expect(found[0]?.message).toContain('runAsNonRoot is not set and runAsUser is not set');
  });

  test('does not ask of the Pod what it says already', async () => {
    const [finding] = await findings(runAsRoot, {
      securityContext: { runAsNonRoot: true },
      containers: [container('app', { runAsNonRoot: false })],
    });
    expect(finding && changes(finding)).toEqual({
      '/spec/containers/0/securityContext/runAsNonRoot': [false, undefined],
    });
  });

  test.each([
    [false, true],
    [true, false],
  ])('says what hostUsers %s makes of it', async (hostUsers, says) => {
    const [finding] = await findings(runAsRoot, { hostUsers, containers: [container('app')] });
    expect(finding?.message.includes('ordinary user of the node')).toBe(says);
  });

  test.each(['ContainerAdministrator', 'containeradministrator', 'NT AUTHORITY\\SYSTEM'])(
    'knows %s for an administrator of Windows',
    async (runAsUserName) => {
      const windowsOptions = { runAsUserName };
      const [finding] = await findings(runAsRoot, {
        os: { name: 'windows' },
        containers: [container('app', { windowsOptions })],
      });
      expect(finding?.path).toBe('spec.containers[0].securityContext.windowsOptions.runAsUserName');
      expect(finding?.message).toContain(runAsUserName);
    },
  );
});

test.each([privileged, runAsRoot])('$id offers no change of a debug container', async (check) => {
  const found = await findings(check, {
    containers: [{ name: 'app', securityContext: { runAsNonRoot: true } }],
    ephemeralContainers: [{ name: 'debug', securityContext: { privileged: true } }],
  });
  expect(found).toMatchObject([
    { container: 'debug', fix: { action: 'none', risk: 'advice', note: expect.stringMatching(/^A debug/) } },
  ]);
  expect(found[0]?.message).toContain('ephemeral container debug');
});
