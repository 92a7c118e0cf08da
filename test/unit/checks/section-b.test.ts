/** The security contexts of containers: what the walker cannot know, and how the fixes of all checks go together. */
import { describe, expect, test } from 'vitest';
import { apparmorProfile } from '../../../src/checks/apparmor-profile/check.ts';
import { capAdded } from '../../../src/checks/cap-added/check.ts';
import { capDropAll } from '../../../src/checks/cap-drop-all/check.ts';
import { capNetRaw } from '../../../src/checks/cap-net-raw/check.ts';
import { highUid } from '../../../src/checks/high-uid/check.ts';
import { checks } from '../../../src/checks/index.ts';
import { privilegeEscalation } from '../../../src/checks/privilege-escalation/check.ts';
import { readOnlyRootfs } from '../../../src/checks/read-only-rootfs/check.ts';
import { runAsNonRoot } from '../../../src/checks/run-as-non-root/check.ts';
import { seccompDefault } from '../../../src/checks/seccomp-default/check.ts';
import { seccompUnconfined } from '../../../src/checks/seccomp-unconfined/check.ts';
import type { Check, PodContext } from '../../../src/kit/define-check.ts';
import { formatField, jsonPointer } from '../../../src/kit/field.ts';
import { planFor } from '../../../src/kit/plan.ts';
import type { Change, ContainerSecurityContext, Finding, HeldSource, PodSpec } from '../../../src/model.ts';
import { applyPatch } from '../kit/json-patch.ts';
import { newestContext } from '../collection.ts';
import { evaluate, type Raw } from './fixtures.ts';
import { worst } from './worst.ts';

/** Undefined where the check does not apply to the Pod. */
function problems(check: Check, pod: PodSpec, context: Partial<PodContext<HeldSource>> = {}) {
  if (check.shape !== 'podSpec') throw new Error(check.id);
  const whole = { ...newestContext, ...context };
  if (check.applies?.(pod, whole) === false) return undefined;
  return check.test(pod, whole).map(({ field, message, severity, verdict, fix }) => ({
    at: formatField(field),
    message,
    severity,
    verdict,
    action: fix?.action ?? 'patch',
    risk: fix?.risk,
    changes: changesOf(fix?.changes),
    metadataChanges: changesOf(fix?.metadataChanges),
  }));
}

const changesOf = (changes: readonly Change[] = []) =>
  Object.fromEntries(changes.map(({ field, after }) => [jsonPointer(field), after]));

const podOf = (securityContext?: ContainerSecurityContext, rest: Partial<PodSpec> = {}): PodSpec => ({
  containers: [{ name: 'app', ...(securityContext === undefined ? {} : { securityContext }) }],
  ...rest,
});
const container = '/containers/0/securityContext';

/** What has a fix in this section: all but the last. */
const section = checks.slice(
  checks.findIndex(({ id }) => id === 'privileged'),
  checks.findIndex(({ id }) => id === 'security-context-set'),
);

describe.each(worst)('everything at fault: $metadata.name', (raw) => {
  const podChecks = checks.filter(({ shape }) => shape === 'podSpec');
  const fixable = async (object: Raw): Promise<Finding[]> => {
    const results = await Promise.all(podChecks.map((check) => evaluate(check, [object])));
    return results.flatMap(({ findings }) => findings.filter(({ fix }) => fix.action !== 'none'));
  };

  test('all fixes make one patch that leaves nothing to fix, and the inverse brings everything back', async () => {
    const found = await fixable(raw);
    for (const fixes of [found, found.toReversed()].map((each) => each.map(({ fix }) => fix))) {
      const { patch = [], inverse = [] } = planFor(fixes);
      const fixed = applyPatch(raw, patch) as Raw;
      expect((await fixable(fixed)).map(({ path, message }) => [path, message])).toEqual([]);
      expect(applyPatch(fixed, inverse)).toEqual(raw);
    }
  });
});

test('between them the worst are found by every check with a fix', async () => {
  const found = async (check: Check) =>
    (await evaluate(check, worst)).findings.some(({ fix }) => fix.action !== 'none');
  const silent = await Promise.all(section.map(async (check) => ((await found(check)) ? [] : [check.id])));
  // From Kubernetes 1.35 on only the restricted reading is left of it.
  expect(silent.flat()).toEqual(['proc-mount']);
});

test('a debug container is judged, and has no change of its own', () => {
  const ephemeral: PodSpec = {
    securityContext: { runAsNonRoot: true, runAsUser: 10001, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [],
    ephemeralContainers: [
      {
        name: 'debug',
        securityContext: {
          privileged: true,
          allowPrivilegeEscalation: true,
          runAsNonRoot: false,
          runAsUser: 0,
          runAsGroup: 0,
          capabilities: { add: ['NET_RAW'] },
          procMount: 'Unmasked',
          seccompProfile: { type: 'Unconfined' },
          appArmorProfile: { type: 'Unconfined' },
          seLinuxOptions: { type: 'spc_t' },
        },
      },
    ],
  };
  for (const check of section) {
    const own = (problems(check, ephemeral) ?? []).filter(({ at }) =>
      at.startsWith('ephemeralContainers[0].securityContext'),
    );
    expect([check.id, own]).toEqual([check.id, expect.arrayContaining([expect.anything()])]);
    for (const { action, changes } of own)
      expect([check.id, action, changes]).toEqual([check.id, 'none', {}]);
  }
});

describe('privilege-escalation', () => {
  test('asking for it counts more than not ruling it out', () => {
    expect(problems(privilegeEscalation, podOf())).toMatchObject([{ severity: 'low', risk: 'safe' }]);
    expect(problems(privilegeEscalation, podOf({ allowPrivilegeEscalation: true }))).toMatchObject([
      { severity: 'medium', risk: 'safe' },
    ]);
  });

  test('what the API server refuses next to it goes in the same patch', () => {
    expect(problems(privilegeEscalation, podOf({ privileged: true }))).toMatchObject([
      {
        risk: 'review',
        changes: { [`${container}/privileged`]: false, [`${container}/allowPrivilegeEscalation`]: false },
      },
    ]);
    const add = ['CHOWN', 'CAP_SYS_ADMIN'];
    expect(problems(privilegeEscalation, podOf({ capabilities: { add } }))).toMatchObject([
      {
        risk: 'review',
        changes: {
          [`${container}/capabilities/add`]: ['CHOWN'],
          [`${container}/allowPrivilegeEscalation`]: false,
        },
      },
    ]);
    expect(problems(privilegeEscalation, podOf({ capabilities: { add: ['SYS_ADMIN'] } }))).toMatchObject([
      { risk: 'safe' },
    ]);
  });
});

test.each([
  [privilegeEscalation, { allowPrivilegeEscalation: false }],
  [readOnlyRootfs, { readOnlyRootFilesystem: true }],
  [capDropAll, { capabilities: { drop: ['ALL'] } }],
])('$id is not for the Pod as a whole to set', async (check, securityContext) => {
  const spec = { securityContext, containers: [{ name: 'app' }] };
  const raw: Raw = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec };
  expect((await evaluate(check, [raw])).findings).toHaveLength(1);
  const own: Raw = { ...raw, spec: { containers: [{ name: 'app', securityContext }] } };
  expect((await evaluate(check, [own])).findings).toEqual([]);
});

describe('high-uid', () => {
  test('a number of the Pod is one finding, an own number another', () => {
    const pod: PodSpec = {
      securityContext: { runAsUser: 1000 },
      containers: [
        { name: 'a' },
        { name: 'b' },
        { name: 'c', securityContext: { runAsUser: 20000 } },
        { name: 'd', securityContext: { runAsUser: 0 } },
      ],
    };
    expect(problems(highUid, pod)).toMatchObject([
      {
        at: 'securityContext.runAsUser',
        message: expect.stringContaining('The container a and the container b runs as user 1000'),
        changes: { '/securityContext/runAsUser': 10001 },
      },
      {
        at: 'containers[3].securityContext.runAsUser',
        changes: { '/containers/3/securityContext/runAsUser': 10001 },
      },
    ]);
  });

  test('without a number the Pod gets one', () => {
    expect(problems(highUid, podOf())).toMatchObject([
      { at: 'containers[0].securityContext.runAsUser', changes: { '/securityContext/runAsUser': 10001 } },
    ]);
  });

  test('on OpenShift a person reads the number that the project gave', () => {
    const openshift = { platform: 'openshift' } as const;
    expect(problems(highUid, podOf(), openshift)).toMatchObject([{ verdict: 'review', action: 'none' }]);
    expect(problems(highUid, podOf({ runAsUser: 1_000_680_000 }), openshift)).toEqual([]);
    expect(problems(highUid, podOf({ runAsUser: 999 }), openshift)).toMatchObject([{ verdict: undefined }]);
  });
});

test('run-as-non-root also takes the user root away, with which no container would start', () => {
  const pod: PodSpec = {
    securityContext: { runAsUser: 0 },
    containers: [
      { name: 'a', securityContext: { runAsNonRoot: false, runAsUser: 0 } },
      { name: 'b', securityContext: { runAsNonRoot: true, runAsUser: 1000 } },
    ],
  };
  expect(problems(runAsNonRoot, pod)).toMatchObject([
    {
      changes: {
        '/securityContext/runAsNonRoot': true,
        '/containers/0/securityContext/runAsNonRoot': undefined,
        '/securityContext/runAsUser': undefined,
        '/containers/0/securityContext/runAsUser': undefined,
      },
    },
  ]);
});

describe('capabilities', () => {
  test('cap-added: what takes over a node is of high severity, however it is written', () => {
    for (const name of [
      'ALL',
      'SYS_ADMIN',
      'NET_ADMIN',
      'SYS_PTRACE',
      'SYS_MODULE',
      'BPF',
      'cap_sys_admin',
    ]) {
      expect(problems(capAdded, podOf({ capabilities: { add: ['CHOWN', name] } }))).toMatchObject([
        { severity: 'high', changes: { [`${container}/capabilities/add`]: ['CHOWN'] } },
      ]);
    }
    expect(problems(capAdded, podOf({ capabilities: { add: ['SYS_TIME'] } }))).toMatchObject([
      { severity: 'medium', message: expect.not.stringContaining('upper case') },
    ]);
  });

  test.each([
    [capAdded, { add: ['chown'] }],
    [capDropAll, { drop: ['all'] }],
    [capNetRaw, { drop: ['CAP_NET_RAW'] }],
  ])('$id says so where only the spelling is wrong', (check, capabilities) => {
    expect(problems(check, podOf({ capabilities }))).toMatchObject([
      { message: expect.stringContaining('in upper case and without CAP_') },
    ]);
  });

  test('cap-drop-all keeps low ports open', () => {
    const ports = [{ containerPort: 443 }];
    const pod = (add: string[]): PodSpec => ({
      containers: [{ name: 'app', ports, securityContext: { capabilities: { add } } }],
    });
    expect(problems(capDropAll, pod(['CHOWN']))?.[0]?.changes).toEqual({
      [`${container}/capabilities/drop`]: ['ALL'],
      [`${container}/capabilities/add`]: ['CHOWN', 'NET_BIND_SERVICE'],
    });
    expect(problems(capDropAll, pod(['NET_BIND_SERVICE']))?.[0]?.changes).toEqual({
      [`${container}/capabilities/drop`]: ['ALL'],
    });
  });

  test('cap-net-raw: an added CAP_NET_RAW is one for CRI-O', () => {
    const capabilities = { drop: ['ALL'], add: ['CAP_NET_RAW', 'CHOWN'] };
    expect(problems(capNetRaw, podOf({ capabilities }))).toMatchObject([
      { risk: 'review', changes: { [`${container}/capabilities/add`]: ['CHOWN'] } },
    ]);
  });

  test('cap-net-raw: dropping is safe, taking away what was asked for is not', () => {
    expect(problems(capNetRaw, podOf({ capabilities: { add: ['net_raw', 'CHOWN'] } }))).toMatchObject([
      { risk: 'safe', changes: { [`${container}/capabilities/drop`]: ['NET_RAW'] } },
      { risk: 'review', changes: { [`${container}/capabilities/add`]: ['CHOWN'] } },
    ]);
  });
});

describe('profiles', () => {
  const annotations = { 'seccomp.security.alpha.kubernetes.io/pod': 'unconfined' };

  test('a seccomp annotation is said to have no effect where it has none', () => {
    const message = (minor: number) =>
      problems(seccompDefault, podOf(), { minor, annotations })?.[0]?.message;
    expect(message(27)).toContain('has had no effect');
    expect(message(26)).not.toContain('has had no effect');
  });

  test('a seccomp annotation counts where there was no field yet', () => {
    expect(problems(seccompUnconfined, podOf(), { minor: 18, annotations })).toMatchObject([
      { changes: { '/annotations/seccomp.security.alpha.kubernetes.io~1pod': 'runtime/default' } },
    ]);
  });

  test.each([
    [seccompDefault, 26, false, 'runtime/default'],
    [seccompUnconfined, 26, false, 'runtime/default'],
    [seccompUnconfined, 27, false, undefined],
    // What the API server made of it stands in the field.
    [seccompUnconfined, 26, true, undefined],
  ])(
    '$id takes the seccomp annotation of a template for what its Pods get: 1.%i',
    (check, minor, live, after) => {
      const [pod, ...rest] = problems(check, podOf(), { minor, live, annotations }) ?? [];
      expect(rest).toEqual([]);
      expect(pod?.metadataChanges['/annotations/seccomp.security.alpha.kubernetes.io~1pod']).toBe(after);
      expect(pod?.changes ?? {}).toEqual({});
      const ofContainer = { 'container.seccomp.security.alpha.kubernetes.io/app': 'runtime/default' };
      expect(
        problems(seccompDefault, podOf(), { minor, live: false, annotations: ofContainer }),
      ).toHaveLength(minor > 26 ? 1 : 0);
    },
  );

  const key = 'container.apparmor.security.beta.kubernetes.io/app';
  const pointer = '/annotations/container.apparmor.security.beta.kubernetes.io~1app';

  test('the AppArmor annotation and the field of a container are one finding, put right together', () => {
    const pod = podOf({ appArmorProfile: { type: 'Unconfined' } });
    expect(problems(apparmorProfile, pod, { annotations: { [key]: 'unconfined' } })).toMatchObject([
      {
        at: 'containers[0].securityContext.appArmorProfile.type',
        changes: { [`${container}/appArmorProfile/type`]: 'RuntimeDefault' },
        metadataChanges: { [pointer]: 'runtime/default' },
      },
    ]);
  });

  test('so are the field of the Pod and the annotations that only repeat it', () => {
    const pod = podOf(undefined, { securityContext: { appArmorProfile: { type: 'Unconfined' } } });
    expect(problems(apparmorProfile, pod, { annotations: { [key]: 'unconfined' } })).toMatchObject([
      { at: 'securityContext.appArmorProfile.type', metadataChanges: { [pointer]: 'runtime/default' } },
    ]);
  });

  test('a Pod into which the API server copied the annotation has not drifted from its template', async () => {
    const controller = {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      name: 'db',
      uid: 'u1',
      controller: true,
    };
    const metadata = { annotations: { [key]: 'unconfined' } };
    const appArmorProfile = { type: 'Unconfined' };
    const objects: Raw[] = [
      {
        apiVersion: 'apps/v1',
        kind: 'StatefulSet',
        metadata: { name: 'db', namespace: 'default', uid: 'u1' },
        spec: { template: { metadata, spec: { containers: [{ name: 'app' }] } } },
      },
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'db-0', namespace: 'default', ownerReferences: [controller], ...metadata },
        spec: { containers: [{ name: 'app', securityContext: { appArmorProfile } }] },
      },
    ];
    const { findings } = await evaluate(apparmorProfile, objects);
    expect(findings).toHaveLength(1);
    expect(findings[0]).not.toHaveProperty('drift');
  });
});

test('Windows Pods count only where the Pod Security Standards did not exempt them yet', () => {
  const pod = podOf(undefined, { os: { name: 'windows' } });
  for (const check of [privilegeEscalation, capDropAll, seccompDefault]) {
    expect([check.id, problems(check, pod, { minor: 24 })]).toMatchObject([check.id, [{ action: 'none' }]]);
    expect([check.id, problems(check, pod, { minor: 25 })]).toEqual([check.id, undefined]);
  }
});
