import { describe, expect, test } from 'vitest';
import { projectObject } from '../../../src/collect/files.ts';
import { listPath } from '../../../src/collect/definition.ts';
import type { SourceName } from '../../../src/model.ts';
import { sourceNames, sources } from '../../../src/collect/sources.ts';

const metadata = { name: 'a', namespace: 'ns' };
const owned = (kind: string, apiVersion: string, controller = true) => ({
  ...metadata,
  ownerReferences: [
    { apiVersion: 'v1', kind: 'Other', name: 'other', uid: 'u0' },
    { apiVersion, kind, name: 'owner', uid: 'u1', controller },
  ],
});
const template = { spec: { template: { spec: { hostPID: true, containers: [] } }, replicas: 2 } };

test('every source is what its name says, behind the name of its project where it is not of Kubernetes itself', () => {
  const plurals: Partial<Record<SourceName, string>> = {
    gatekeeperConstraints: '*',
    sigstoreImagePolicies: 'clusterimagepolicies',
    openShiftImageConfigs: 'images',
  };
  for (const name of sourceNames) {
    const plain = name.replace(/^(kyverno|kubewarden|calico)/, '').toLowerCase();
    expect(sources[name].resource).toBe(plurals[name] ?? plain);
  }
});

test('the paths of lists', () => {
  expect(listPath(sources.pods)).toBe('/api/v1/pods');
  expect(listPath(sources.pods, 'a/b')).toBe('/api/v1/namespaces/a%2Fb/pods');
  expect(listPath(sources.deployments, 'ns')).toBe('/apis/apps/v1/namespaces/ns/deployments');
});

describe('a Pod', () => {
  const secret = 'c4n4ry';
  const container = {
    name: 'c',
    image: 'i',
    env: [{ name: 'A', value: secret }],
    args: [secret],
    command: [secret],
    ports: [{ containerPort: 80, hostPort: 8080, protocol: 'TCP', hostIP: '1.2.3.4' }],
    securityContext: { privileged: true, runAsUser: 0, capabilities: { add: ['ALL'] }, windowsOptions: {} },
    volumeMounts: [],
  };
  const raw = {
    metadata: {
      ...metadata,
      uid: 'u',
      generateName: 'a-',
      labels: { app: 'a' },
      annotations: {
        'kubectl.kubernetes.io/last-applied-configuration': secret,
        'kubernetes.io/config.mirror': 'hash',
      },
    },
    spec: {
      hostNetwork: true,
      dnsPolicy: 'Default',
      os: { name: 'linux' },
      serviceAccount: 'old',
      securityContext: {},
      containers: [container],
      initContainers: [{ name: 'i', securityContext: {} }],
      ephemeralContainers: [{ name: 'e', targetContainerName: 'c' }],
      volumes: [{ name: 'v', hostPath: { path: '/' } }],
    },
    status: { phase: 'Running', hostIP: '1.2.3.4' },
  };

  test('keeps what checks read, and empty objects', () => {
    expect(sources.pods.project(raw)).toStrictEqual({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { ...metadata, uid: 'u', generateName: 'a-', labels: { app: 'a' }, mirror: true },
      podLabels: { app: 'a' },
      podSpec: {
        hostNetwork: true,
        dnsPolicy: 'Default',
        os: { name: 'linux' },
        serviceAccountName: 'old',
        securityContext: {},
        containers: [
          {
            name: 'c',
            image: 'i',
            env: [{ name: 'A' }],
            ports: [{ containerPort: 80, hostPort: 8080, protocol: 'TCP' }],
            securityContext: {
              privileged: true,
              runAsUser: 0,
              capabilities: { add: ['ALL'] },
              windowsOptions: {},
            },
            volumeMounts: [],
          },
        ],
        initContainers: [{ name: 'i', securityContext: {} }],
        ephemeralContainers: [{ name: 'e' }],
        volumes: [{ name: 'v', type: 'hostPath', hostPath: { path: '/' } }],
      },
      phase: 'Running',
    });
  });

  test('loses environment, arguments and annotations', () => {
    expect(JSON.stringify(sources.pods.project(raw))).not.toContain(secret);
  });

  test.each([
    [['--enable-network-policy=true', '--enable-network-policy', '--enable-network-policy=false'], 3],
    [[`--password=${secret}`, '--enable-network-policy=true', secret], 1],
    [
      [`--enable-network-policy=${secret}`, `--enable-network-policy-logs=true`, ` --enable-network-policy`],
      0,
    ],
    [`--enable-network-policy ${secret}`, 0],
    [[8080, { a: secret }, null], 0],
  ])('has of the arguments %j the flag of the network policy agent alone', (args, kept) => {
    const spec = projectedSpec({ containers: [{ name: 'c', args, command: ['--enable-network-policy'] }] });
    expect(spec?.containers[0]?.args ?? []).toHaveLength(kept);
    expect(JSON.stringify(spec)).not.toContain(secret);
  });

  const projectedSpec = (more: object) =>
    sources.pods.project({ metadata, spec: { containers: [], ...more } }).podSpec;

  test.each([
    [{}, 'emptyDir'],
    [{ emptyDir: null }, 'emptyDir'],
    [{ hostPath: null, configMap: { name: secret } }, 'configMap'],
    [{ nfs: { server: secret, path: '/' } }, 'nfs'],
    [{ notKnownYet: {} }, 'notKnownYet'],
  ])('has of the volume %j its type alone', (volume, type) => {
    expect(projectedSpec({ volumes: [{ name: 'v', ...volume }] })?.volumes).toStrictEqual([
      { name: 'v', type },
    ]);
  });

  test('has of probes and hooks the host, of variables the Secret, and sysctls', () => {
    const app = {
      name: 'c',
      livenessProbe: { httpGet: { host: 'h', path: secret, httpHeaders: [{ name: 'a', value: secret }] } },
      readinessProbe: { exec: { command: [secret] } },
      lifecycle: { preStop: { tcpSocket: { host: '', port: 1 } } },
      env: [
        { name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k', optional: true } } },
        { name: 'B', valueFrom: { configMapKeyRef: { name: secret, key: 'k' } } },
      ],
      envFrom: [{ secretRef: { name: 's' } }, { configMapRef: { name: secret }, prefix: 'P' }],
    };
    const securityContext = { sysctls: [{ name: 'kernel.msgmax', value: '1' }] };
    expect(projectedSpec({ containers: [app], securityContext })).toStrictEqual({
      securityContext,
      containers: [
        {
          name: 'c',
          livenessProbe: { httpGet: { host: 'h' } },
          readinessProbe: {},
          lifecycle: { preStop: { tcpSocket: { host: '' } } },
          env: [
            { name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
            { name: 'B', valueFrom: {} },
          ],
          envFrom: [{ secretRef: { name: 's' } }, {}],
        },
      ],
    });
  });

  test('has of the annotations those that set a profile; a template its own', () => {
    const profiles = {
      'seccomp.security.alpha.kubernetes.io/pod': 'unconfined',
      'container.seccomp.security.alpha.kubernetes.io/c': 'runtime/default',
      'container.apparmor.security.beta.kubernetes.io/c': 'localhost/a',
    };
    const annotations = { ...profiles, 'seccomp.security.alpha.kubernetes.io/podium': secret, a: secret };
    const live = { metadata: { ...metadata, annotations }, spec: { containers: [] } };
    expect(sources.pods.project(live).podAnnotations).toStrictEqual(profiles);
    const deployment = {
      metadata: { ...metadata, annotations: { 'seccomp.security.alpha.kubernetes.io/pod': secret } },
      spec: { template: { metadata: { annotations }, spec: { containers: [] } } },
    };
    expect(sources.deployments.project(deployment).podAnnotations).toStrictEqual(profiles);
  });
});

describe('the template', () => {
  test.each([
    ['replicaSets', 'Deployment', 'apps/v1', false],
    ['replicaSets', 'Deployment', 'example.com/v1', true],
    ['replicaSets', 'Rollout', 'argoproj.io/v1alpha1', true],
    ['jobs', 'CronJob', 'batch/v1', false],
    ['jobs', 'Workflow', 'example.com/v1', true],
    ['statefulSets', 'Deployment', 'apps/v1', true],
  ] as const)('of %s controlled by a %s of %s', (name, kind, apiVersion, kept) => {
    const projected = sources[name].project({ metadata: owned(kind, apiVersion), ...template });
    expect(projected.metadata.controller).toEqual({ apiVersion, kind, name: 'owner', uid: 'u1' });
    expect(projected.podSpec?.hostPID).toBe(kept ? true : undefined);
    expect(projected.replicas).toBe(2);
  });

  test('is kept where the owner is not the controller', () => {
    const projected = sources.replicaSets.project({
      metadata: owned('Deployment', 'apps/v1', false),
      ...template,
    });
    expect(projected.metadata.controller).toBeUndefined();
    expect(projected.podSpec?.hostPID).toBe(true);
  });

  test('is found in each kind', () => {
    const spec = { hostPID: true, containers: [] };
    const inKind = {
      pods: { spec },
      podTemplates: { template: { spec } },
      cronJobs: { spec: { jobTemplate: { spec: { template: { spec } } } } },
      daemonSets: { spec: { template: { spec } } },
    };
    for (const [name, raw] of Object.entries(inKind)) {
      expect(sources[name as keyof typeof inKind].project({ metadata, ...raw }).podSpec).toEqual(spec);
    }
  });
});

test.each([
  [
    {
      annotations: { 'argocd.argoproj.io/tracking-id': 'x' },
      labels: { 'app.kubernetes.io/managed-by': 'Helm' },
    },
    'Argo CD',
  ],
  [{ labels: { 'argocd.argoproj.io/instance': 'x' } }, 'Argo CD'],
  [{ labels: { 'kustomize.toolkit.fluxcd.io/name': 'x' } }, 'Flux'],
  [{ labels: { 'helm.toolkit.fluxcd.io/name': 'x', 'app.kubernetes.io/managed-by': 'Helm' } }, 'Flux'],
  [{ labels: { 'app.kubernetes.io/managed-by': 'Helm' } }, 'Helm'],
  [{ labels: { 'app.kubernetes.io/managed-by': 'hands' } }, undefined],
  [{}, undefined],
])('%j is managed by %s', (more, tool) => {
  expect(sources.namespaces.project({ metadata: { name: 'a', ...more } }).metadata.managedBy).toBe(tool);
});

test('RBAC and NetworkPolicies', () => {
  expect(sources.roles.project({ metadata, rules: null })).toMatchObject({ rules: [] });
  expect(
    sources.clusterRoles.project({
      metadata: { name: 'a' },
      rules: [{ verbs: ['*'], nonResourceURLs: ['/x'] }],
    }),
  ).toEqual({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'a' },
    rules: [{ verbs: ['*'], nonResourceURLs: ['/x'] }],
  });
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'r' };
  expect(sources.roleBindings.project({ metadata, roleRef })).toMatchObject({ roleRef, subjects: [] });
  const spec = { podSelector: {}, ingress: [{}], policyTypes: ['Ingress'] };
  expect(sources.networkPolicies.project({ metadata, spec }).spec).toEqual(spec);
});

describe('projectObject', () => {
  test('knows the source by apiVersion and kind, retired ones included', () => {
    const spec = { template: { spec: { containers: [] } } };
    const retired = projectObject({ apiVersion: 'extensions/v1beta1', kind: 'Deployment', metadata, spec });
    expect(retired).toMatchObject({
      source: 'deployments',
      object: { apiVersion: 'apps/v1', kind: 'Deployment' },
    });
    expect(projectObject({ apiVersion: 'example.com/v1', kind: 'Deployment', metadata })).toBeUndefined();
    expect(projectObject({ apiVersion: 'v1', kind: 'Secret', metadata })).toBeUndefined();
  });

  test('puts objects into the namespace default, those of the cluster into none', () => {
    expect(
      projectObject({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } })?.object.metadata.namespace,
    ).toBe('default');
    expect(projectObject({ apiVersion: 'v1', kind: 'Node', metadata })?.object.metadata).toEqual({
      name: 'a',
    });
  });

  test('takes the generated name for a name', () => {
    const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { generateName: 'job-' } };
    expect(projectObject(job)?.object.metadata).toEqual({
      name: 'job-',
      generateName: 'job-',
      namespace: 'default',
    });
  });
});
