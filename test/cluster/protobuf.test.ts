/**
 * Lists in protobuf hold what the same lists hold in JSON, as far as it is read: of everything that a sample cluster has
 * and of random Pods, at both ends of the supported versions.
 */
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decoderOf } from '../../src/api/decode.ts';
import { isInProtobuf } from '../../src/api/protobuf/decode.ts';
import { listPath, type SourceDefinition } from '../../src/collect/definition.ts';
import { sources } from '../../src/collect/sources.ts';
import { createClient, type Client } from '../contract/client.ts';
import { loadManifests } from '../servers/api/manifests.ts';
import type { RawObject } from '../servers/api-server.ts';
import { startControlPlane, type ControlPlane } from '../servers/control-plane.ts';
import { examples } from '../servers/sample-cluster.ts';
import { seed } from '../seed.ts';
import { pods } from './pods.ts';

const podCount = Number(process.env['PROTOBUF_PODS'] ?? 300);

const inDefault = (name: string) => ({ name, namespace: 'default' });
const template = (restartPolicy: string) => ({
  metadata: { labels: { app: 'a' } },
  spec: { restartPolicy, containers: [{ name: 'a', image: 'registry.example/größer:1' }] },
});

/** What the sample cluster has not. */
const more: RawObject[] = [
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: inDefault('ports'),
    spec: {
      podSelector: { matchExpressions: [{ key: 'a', operator: 'In', values: ['b', 'c'] }] },
      ingress: [
        {},
        { from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }, { namespaceSelector: {} }] },
        { ports: [{ port: 'http' }, { port: 0x7fff }, { port: 8000, endPort: 9000 }, { protocol: 'UDP' }] },
      ],
      policyTypes: ['Ingress', 'Egress'],
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: inDefault('large-numbers'),
    spec: {
      securityContext: { runAsUser: 0, runAsGroup: 2 ** 31 - 1, supplementalGroups: [0, 1, 2 ** 31 - 1] },
      containers: [{ name: 'a', image: 'a' }],
    },
  },
  { apiVersion: 'v1', kind: 'PodTemplate', metadata: inDefault('a'), template: template('Never') },
  {
    apiVersion: 'v1',
    kind: 'ReplicationController',
    metadata: inDefault('a'),
    spec: { replicas: 0, selector: { app: 'a' }, template: template('Always') },
  },
  {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: inDefault('a'),
    spec: { selector: { matchLabels: { app: 'a' } }, template: template('Always') },
  },
  { apiVersion: 'batch/v1', kind: 'Job', metadata: inDefault('a'), spec: { template: template('Never') } },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { ...inDefault('a'), annotations: { 'cert-manager.io/issuer': 'a' } },
    spec: {
      ingressClassName: 'a',
      tls: [{ hosts: ['a.example'], secretName: 'a' }],
      rules: [{ host: 'a.example' }],
    },
  },
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'a' },
    webhooks: [
      {
        name: 'a.example.com',
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        failurePolicy: 'Ignore',
        objectSelector: { matchLabels: { a: 'b' } },
        clientConfig: { service: inDefault('a'), caBundle: '' },
        rules: [{ operations: ['*'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], scope: '*' }],
      },
    ],
  },
  {
    apiVersion: 'policy/v1beta1',
    kind: 'PodSecurityPolicy',
    metadata: {
      name: 'every-field',
      annotations: { 'seccomp.security.alpha.kubernetes.io/allowedProfileNames': '*' },
    },
    spec: {
      privileged: true,
      hostPorts: [{ min: 0, max: 65535 }],
      allowPrivilegeEscalation: false,
      defaultAllowPrivilegeEscalation: false,
      volumes: ['configMap', '*'],
      allowedHostPaths: [{ pathPrefix: '/var', readOnly: true }, { pathPrefix: '/' }],
      allowedFlexVolumes: [{ driver: 'a/b' }],
      allowedCSIDrivers: [{ name: 'a' }],
      requiredDropCapabilities: ['ALL'],
      runAsUser: { rule: 'MustRunAs', ranges: [{ min: 0, max: 9223372036854775000 }] },
      seLinux: { rule: 'MustRunAs', seLinuxOptions: { level: 's0' } },
      fsGroup: { rule: 'RunAsAny' },
      supplementalGroups: { rule: 'RunAsAny' },
      forbiddenSysctls: ['*'],
      allowedProcMountTypes: ['Default'],
      runtimeClass: { allowedRuntimeClassNames: [] },
    },
  },
];

/** What nothing writes where no kubelet and no controller runs. */
const statuses: [namespace: string, object: string, status: object][] = [
  ['default', 'pod/large-numbers', { phase: 'Running', podIPs: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }] }],
  [
    'monitoring',
    'daemonset/node-exporter',
    { currentNumberScheduled: 3, desiredNumberScheduled: 3, numberMisscheduled: 0, numberReady: 2 },
  ],
];

const decode = (contentType: string, bytes: Buffer): unknown => {
  const decoder = decoderOf(contentType);
  if (!decoder) throw new Error(`nothing reads ${contentType}`);
  return decoder.decode(bytes);
};

const inProtobuf: readonly SourceDefinition<unknown>[] = Object.values(sources).filter(
  ({ apiVersion, kind }) => isInProtobuf(apiVersion, kind),
);

describe.each(['1.37', '1.24'] as const)('kube-apiserver %s', (version) => {
  let plane: ControlPlane;
  let client: Client;

  const create = async (object: RawObject): Promise<number> => {
    const { apiVersion, kind, metadata } = object;
    const definition = Object.values(sources).find(
      (each) => each.apiVersion === apiVersion && each.kind === kind,
    );
    if (!definition) return 0;
    const path = listPath(definition, definition.namespaced ? metadata.namespace : undefined);
    return (await plane.request('POST', path, { body: object })).status;
  };

  beforeAll(async () => {
    process.stdout.write(`Pods of seed ${seed} (TEST_SEED, PROTOBUF_PODS=${podCount}).\n`);
    plane = await startControlPlane({ version });
    client = createClient(plane.server, readFileSync(plane.caFile, 'utf8'), {
      admin: plane.adminToken,
      reader: '',
    });
    const manifests = loadManifests(examples);
    const namespaces = manifests.filter(({ kind }) => kind === 'Namespace');
    for (const object of [...namespaces, ...manifests, ...more]) await create(object);
    const random = fc.sample(pods, { numRuns: podCount, seed });
    const answers = await Promise.all(
      random.map((pod, i) =>
        create({ ...pod, metadata: { ...pod.metadata, name: `random-${i}`, namespace: 'default' } }),
      ),
    );
    process.stdout.write(
      `${answers.filter((code) => code === 201).length} of them were taken by ${version}.\n`,
    );
    for (const [namespace, object, status] of statuses) {
      const patch = ['--subresource=status', '--type=merge', '-p', JSON.stringify({ status })];
      const { code, stderr } = await plane.kubectl(['patch', '-n', namespace, object, ...patch]);
      if (code !== 0) throw new Error(stderr);
    }
  });
  afterAll(async () => {
    client?.close();
    await plane?.stop();
  });

  test.each(inProtobuf)('$resource', async ({ apiVersion, resource, kind, project }) => {
    const path = listPath({ apiVersion, resource });
    const read = async (accept: string) => {
      const { bytes, headers, status: code } = await client.get(path, { headers: { accept } });
      return { code, contentType: String(headers['content-type']), bytes };
    };
    const inJson = await read('application/json');
    const served = inJson.code === 200;
    expect(served).toBe(
      version === '1.37' ? kind !== 'PodSecurityPolicy' : !kind.startsWith('ValidatingAdmissionPolicy'),
    );
    if (!served) return;
    const answer = await read('application/vnd.kubernetes.protobuf, application/json');
    expect(answer.contentType).toBe('application/vnd.kubernetes.protobuf');
    const items = ({ contentType, bytes }: typeof answer) =>
      (decode(contentType, bytes) as { items: unknown[] }).items.map(project);
    const expected = items(inJson);
    expect(items(answer)).toEqual(expected);
    expect(expected).not.toEqual([]);
  });
});
