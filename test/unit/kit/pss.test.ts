/** What the comparison with a real API server (test/cluster/pss.test.ts) does not show: the places that are named. */
import { expect, test } from 'vitest';
import { sources } from '../../../src/collect/sources.ts';
import { formatField } from '../../../src/kit/field.ts';
import { pssControls, violations, type PssControl } from '../../../src/kit/pss.ts';
import type { JsonObject } from '../../../src/model.ts';

const pod = (spec: JsonObject, app: JsonObject = {}): JsonObject => ({
  containers: [{ name: 'app', ...app }],
  ...spec,
});

/** Each place as `where = what`, with the container in brackets where one sets it. */
function broken(control: PssControl, spec: JsonObject, { minor = 37, annotations = {} } = {}): string[] {
  const { podSpec } = sources.pods.project({ metadata: { name: 'a' }, spec });
  if (podSpec === undefined) throw new Error('no pod spec');
  return violations(control, podSpec, { minor, annotations }).map(({ field, base, value, container }) => {
    const place = `${base === undefined ? '' : `${base}:`}${formatField(field)}`;
    return [place, JSON.stringify(value) ?? 'missing', container && `(${container.title})`]
      .filter(Boolean)
      .join(' ');
  });
}

const inSecurityContext = (securityContext: JsonObject) => ({ securityContext });

test.each<[PssControl, JsonObject, string[]]>([
  ['hostNamespaces', pod({ hostNetwork: true, hostPID: true }), ['hostNetwork true', 'hostPID true']],
  [
    'privileged',
    pod({ initContainers: [{ name: 'setup', ...inSecurityContext({ privileged: true }) }] }),
    ['initContainers[0].securityContext.privileged true (init container setup)'],
  ],
  [
    'capabilities_baseline',
    pod({}, inSecurityContext({ capabilities: { add: ['CHOWN', 'NET_RAW', 'BPF'] } })),
    ['containers[0].securityContext.capabilities.add ["NET_RAW","BPF"] (container app)'],
  ],
  [
    'capabilities_restricted',
    pod({}, inSecurityContext({ capabilities: { add: ['NET_BIND_SERVICE', 'CHOWN'], drop: ['NET_RAW'] } })),
    [
      'containers[0].securityContext.capabilities.drop ["NET_RAW"] (container app)',
      'containers[0].securityContext.capabilities.add ["CHOWN"] (container app)',
    ],
  ],
  [
    'capabilities_restricted',
    pod({}),
    ['containers[0].securityContext.capabilities.drop missing (container app)'],
  ],
  [
    'hostPathVolumes',
    pod({
      volumes: [
        { name: 'a', emptyDir: {} },
        { name: 'b', hostPath: { path: '/etc' } },
      ],
    }),
    ['volumes[1].hostPath "/etc"'],
  ],
  [
    'restrictedVolumes',
    pod({
      volumes: [
        { name: 'a' },
        { name: 'b', nfs: { server: 'a', path: '/' } },
        { name: 'c', hostPath: { path: '/' } },
      ],
    }),
    ['volumes[1].nfs "nfs"', 'volumes[2].hostPath "hostPath"'],
  ],
  [
    'hostPorts',
    pod({}, { ports: [{ containerPort: 80 }, { containerPort: 53, hostPort: 53 }] }),
    ['containers[0].ports[1].hostPort 53 (container app)'],
  ],
  [
    'sysctls',
    pod(
      inSecurityContext({
        sysctls: [
          { name: 'kernel.shm_rmid_forced', value: '1' },
          { name: 'kernel.msgmax', value: '1' },
        ],
      }),
    ),
    ['securityContext.sysctls[1].name "kernel.msgmax"'],
  ],
  [
    'seLinuxOptions',
    pod(inSecurityContext({ seLinuxOptions: { type: 'spc_t', user: '', role: 'system_r' } })),
    ['securityContext.seLinuxOptions.type "spc_t"', 'securityContext.seLinuxOptions.role "system_r"'],
  ],
  [
    'hostProbesAndHostLifecycle',
    pod(
      {},
      {
        livenessProbe: { httpGet: { port: 80, host: '127.0.0.1' } },
        lifecycle: { preStop: { tcpSocket: { port: 80, host: 'other' } } },
      },
    ),
    [
      'containers[0].livenessProbe.httpGet.host "127.0.0.1" (container app)',
      'containers[0].lifecycle.preStop.tcpSocket.host "other" (container app)',
    ],
  ],
  [
    'windowsHostProcess',
    pod(
      inSecurityContext({ windowsOptions: { hostProcess: true } }),
      inSecurityContext({ windowsOptions: { hostProcess: true } }),
    ),
    [
      'securityContext.windowsOptions.hostProcess true',
      'containers[0].securityContext.windowsOptions.hostProcess true (container app)',
    ],
  ],
])('%s names each place: %j', (control, spec, places) => {
  expect(broken(control, spec)).toEqual(places);
});

test.each<[string, JsonObject, string[]]>([
  ['nothing set', pod({}), ['containers[0].securityContext.runAsNonRoot missing (container app)']],
  ['set by the Pod', pod(inSecurityContext({ runAsNonRoot: true })), []],
  ['set by the container', pod({}, inSecurityContext({ runAsNonRoot: true })), []],
  [
    'refused by the Pod, once for all its containers',
    pod(inSecurityContext({ runAsNonRoot: false })),
    ['securityContext.runAsNonRoot false'],
  ],
  [
    'refused by the Pod, whatever the container says',
    pod(inSecurityContext({ runAsNonRoot: false }), inSecurityContext({ runAsNonRoot: true })),
    ['securityContext.runAsNonRoot false'],
  ],
  [
    'refused by an ephemeral container',
    pod({
      ...inSecurityContext({ runAsNonRoot: true }),
      ephemeralContainers: [{ name: 'debug', ...inSecurityContext({ runAsNonRoot: false }) }],
    }),
    ['ephemeralContainers[0].securityContext.runAsNonRoot false (ephemeral container debug)'],
  ],
])('what has to be set: %s', (_, spec, places) => {
  expect(broken('runAsNonRoot', spec)).toEqual(places);
});

test('annotations lie in the metadata, and name the container that they are for', () => {
  const annotations = {
    'container.apparmor.security.beta.kubernetes.io/app': 'unconfined',
    'container.apparmor.security.beta.kubernetes.io/other': 'localhost/a',
    'container.seccomp.security.alpha.kubernetes.io/nobody': 'unconfined',
    'seccomp.security.alpha.kubernetes.io/pod': 'unconfined',
  };
  expect(broken('appArmorProfile', pod({}), { annotations })).toEqual([
    'metadata:annotations.container.apparmor.security.beta.kubernetes.io/app "unconfined" (container app)',
  ]);
  expect(broken('seccompProfile_baseline', pod({}), { annotations, minor: 18 })).toEqual([
    'metadata:annotations.seccomp.security.alpha.kubernetes.io/pod "unconfined"',
  ]);
  expect(broken('seccompProfile_baseline', pod({}), { annotations, minor: 19 })).toEqual([]);
});

test('a control asks for nothing before its version, and its exemptions begin with theirs', () => {
  for (const { id, from } of pssControls.filter((control) => control.from > 0)) {
    const worst = pod(inSecurityContext({ runAsUser: 0 }), {
      livenessProbe: { httpGet: { port: 80, host: 'other' } },
      ...inSecurityContext({ procMount: 'Unmasked' }),
    });
    expect([id, broken(id, worst, { minor: from - 1 })]).toEqual([id, []]);
    expect([id, broken(id, worst, { minor: from })]).not.toEqual([id, []]);
  }
  const lastBroken = (control: PssControl, spec: JsonObject) =>
    Array.from({ length: 40 }, (_, minor) => minor).findLast(
      (minor) => broken(control, spec, { minor }).length > 0,
    );
  const windows = pod({ os: { name: 'windows' } });
  expect(lastBroken('allowPrivilegeEscalation', windows)).toBe(24);
  expect(lastBroken('seccompProfile_restricted', windows)).toBe(24);
  expect(lastBroken('capabilities_restricted', windows)).toBe(24);
  expect(lastBroken('runAsNonRoot', windows)).toBe(39);
  const mapped = pod({ hostUsers: false, ...inSecurityContext({ runAsUser: 0 }) });
  expect(lastBroken('runAsNonRoot', mapped)).toBe(34);
  expect(lastBroken('runAsUser', mapped)).toBe(34);
});
