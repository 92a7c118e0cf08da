import { afterAll, beforeAll, expect, test } from 'vitest';
import { runControllers } from '../servers/api/controllers.ts';
import { loadManifests } from '../servers/api/manifests.ts';
import type { RawObject } from '../servers/api-server.ts';
import { startControlPlane } from '../servers/control-plane.ts';
import type { ControlPlane } from '../servers/control-plane.ts';
import { examples } from '../servers/sample-cluster.ts';

let plane: ControlPlane;
const manifests = loadManifests(examples);
/** The sample cluster as the in-process API server serves it. */
const ours = runControllers(manifests);

beforeAll(async () => {
  plane = await startControlPlane({ controllerManager: true });
});
afterAll(() => plane?.stop());

const isNamespace = ({ kind }: RawObject): boolean => kind === 'Namespace';
const isDefault = ({ metadata }: RawObject): boolean =>
  metadata.labels?.['kubernetes.io/bootstrapping'] !== undefined;

const list = async (path: string): Promise<RawObject[]> =>
  (JSON.parse((await plane.request('GET', path)).text) as { items: RawObject[] }).items;

const ownerOf = ({ metadata }: RawObject): { kind: string; name: string } | undefined =>
  (metadata['ownerReferences'] as { kind: string; name: string }[] | undefined)?.[0];

/** What the server and the controllers fill in and a check may read. */
function filledIn(pod: RawObject): object {
  const spec = pod['spec'] as { containers: { ports?: object[] }[]; [field: string]: unknown };
  const { dnsPolicy, restartPolicy, serviceAccountName } = spec;
  return { dnsPolicy, restartPolicy, serviceAccountName, ports: spec.containers.map(({ ports }) => ports) };
}

/**
 * The Pods of each owner; generated parts of names are left out. StatefulSets have one: the second Pod waits for the
 * first to be ready, and no kubelet runs here. Jobs have none: those of CronJobs come when their time comes. Nor is the
 * Pod of examples/shop.yaml here that somebody injected a sidecar into.
 */
function podsByOwner(pods: RawObject[]): Record<string, object[]> {
  const owners: Record<string, object[]> = {};
  for (const pod of pods) {
    const owner = ownerOf(pod);
    if (owner === undefined || owner.kind === 'Job' || pod.metadata.name === 'checkout-traced') continue;
    const name = owner.kind === 'ReplicaSet' ? owner.name.replace(/-[a-z0-9]+$/, '') : owner.name;
    const key = `${pod.metadata.namespace}/${owner.kind}/${name}`;
    owners[key] = owner.kind === 'StatefulSet' ? [filledIn(pod)] : [...(owners[key] ?? []), filledIn(pod)];
  }
  return owners;
}

test('the API server takes every manifest, with no field it does not know', async () => {
  // Namespaces first; what every cluster is born with is there already.
  const items = [
    ...manifests.filter(isNamespace),
    ...manifests.filter((each) => !isNamespace(each) && !isDefault(each)),
  ];
  const result = await plane.kubectl(['apply', '--server-side', '--validate=strict', '-f', '-'], {
    input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
  });
  expect(result).toMatchObject({ code: 0 });
});

test('real controllers make the Pods that ours make', async () => {
  const expected = podsByOwner(ours.filter(({ kind }) => kind === 'Pod'));
  // A real ReplicaSet adopts only what carries the hash of its template; here it makes the third Pod itself.
  expected['shop/ReplicaSet/checkout']?.push(...expected['shop/ReplicaSet/checkout'].slice(0, 1));
  await expect
    .poll(async () => podsByOwner(await list('/api/v1/pods')), { timeout: 30_000, interval: 500 })
    .toEqual(expected);
});
