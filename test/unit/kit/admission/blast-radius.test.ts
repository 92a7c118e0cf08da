/** What a level would refuse. That it refuses just this is compared with a real API server; here, how it is told. */
import { expect, test } from 'vitest';
import { blastRadius, livePods } from '../../../../src/kit/admission/blast-radius.ts';
import type { BlastRadius, Held, ObjectRef, Workload } from '../../../../src/model.ts';
import { collectionOf, controlledBy, workload } from '../../collection.ts';
import { asked, namespace } from './manifests.ts';

const inShort = ({ workloads }: BlastRadius) =>
  workloads.map(
    ({ object, pods, reasons }) => `${object.kind} ${object.name}, ${pods}: ${reasons.join('; ')}`,
  );

function radius(
  held: Partial<Held>,
  live: [Workload, ObjectRef][] = [],
  { labels = {}, minor = 31 }: { labels?: Record<string, string>; minor?: number } = {},
) {
  const collection = collectionOf(held);
  const summary = livePods.start(collection.held);
  for (const [pod, owner] of live) livePods.add(summary, pod, owner);
  return blastRadius(collection.held, summary, namespace('shop', asked(labels)), 'enforce', minor);
}
const owner = (kind: string, name: string): ObjectRef => ({
  apiVersion: 'apps/v1',
  kind,
  namespace: 'shop',
  name,
});
const bad = { privileged: true };

test('templates count whatever number of Pods they have; the revisions of a controller do not', () => {
  const web = workload('Deployment', 'web', bad, { replicas: 0 });
  const held: Partial<Held> = {
    deployments: [web, workload('Deployment', 'elsewhere', bad, { metadata: { namespace: 'pay' } })],
    cronJobs: [workload('CronJob', 'nightly', bad)],
    replicaSets: [
      workload('ReplicaSet', 'own', bad, { replicas: 0 }),
      workload('ReplicaSet', 'old', bad, { replicas: 0, metadata: controlledBy(workload('Rollout', 'r')) }),
      workload('ReplicaSet', 'new', bad, { replicas: 1, metadata: controlledBy(workload('Rollout', 'r')) }),
    ],
  };
  expect(inShort(radius(held).baseline)).toEqual([
    'CronJob nightly, 0: privileged (container app)',
    'Deployment web, 0: privileged (container app)',
    'ReplicaSet own, 0: privileged (container app)',
    'Rollout r, 0: privileged (container app)',
  ]);
});

test('live Pods count under their owner, and one clause tells what all of them do wrong', () => {
  const web = workload('Deployment', 'web', bad);
  const injected: Workload = {
    ...workload('Pod', 'web-1'),
    podSpec: {
      hostPID: true,
      containers: [
        { name: 'app', securityContext: bad },
        { name: 'proxy', securityContext: bad },
      ],
    },
  };
  const good = workload('Pod', 'web-2');
  const of = owner('Deployment', 'web');
  const live: [Workload, ObjectRef][] = [injected, injected, good].map((pod) => [pod, of]);
  const alone = workload('Pod', 'alone', { capabilities: { add: ['SYS_ADMIN'] } });
  live.push([alone, { ...owner('Pod', 'alone'), apiVersion: 'v1' }]);
  expect(inShort(radius({ deployments: [web] }, live).baseline)).toEqual([
    'Deployment web, 2: privileged (container app, container proxy); host namespaces (hostPID)',
    'Pod alone, 1: added capabilities (container app)',
  ]);
});

test('names volumes, sysctls and what the Pod itself sets', () => {
  const odd: Workload = {
    ...workload('Deployment', 'odd'),
    podSpec: {
      hostNetwork: true,
      hostIPC: true,
      securityContext: { runAsNonRoot: false, sysctls: [{ name: 'kernel.msgmax', value: '1' }] },
      volumes: [
        { name: 'etc', type: 'hostPath', hostPath: { path: '/etc' } },
        { name: 'disk', type: 'nfs' },
      ],
      containers: [],
    },
  };
  const { baseline, restricted } = radius({ deployments: [odd] });
  expect(baseline.workloads[0]?.reasons).toEqual([
    'host namespaces (hostNetwork, hostIPC)',
    'hostPath volumes (volume etc)',
    'sysctls (kernel.msgmax)',
  ]);
  // At the restricted level its own control speaks for the one of the baseline level.
  expect(restricted.workloads[0]?.reasons).toEqual([
    'host namespaces (hostNetwork, hostIPC)',
    'sysctls (kernel.msgmax)',
    'volume types (volume etc, volume disk)',
    'runAsNonRoot is not true (Pod)',
  ]);
});

test('at the version that the labels pin, and no newer than the server', () => {
  const probing: Workload = {
    ...workload('Deployment', 'web'),
    podSpec: { containers: [{ name: 'app', livenessProbe: { httpGet: { host: 'other.example' } } }] },
  };
  const at = (version: string | undefined, minor: number) => {
    const { baseline } = radius({ deployments: [probing] }, [], {
      labels: version === undefined ? {} : { 'enforce-version': version },
      minor,
    });
    return [baseline.version, baseline.workloads.length];
  };
  expect(at(undefined, 37)).toEqual(['latest', 1]);
  expect(at(undefined, 33)).toEqual(['latest', 0]);
  expect(at('v1.33', 37)).toEqual(['v1.33', 0]);
  expect(at('v1.35', 33)).toEqual(['v1.35', 0]);
  expect(at('nonsense', 37)).toEqual(['latest', 1]);
});
