import { expect, test } from 'vitest';
import { runControllers } from '../../servers/api/controllers.ts';
import { loadManifests, parseManifests } from '../../servers/api/manifests.ts';
import type { RawObject } from '../../servers/api-server.ts';
import { examples } from '../../servers/sample-cluster.ts';

interface Owner {
  kind: string;
  name: string;
  uid: string;
}
const ownerOf = ({ metadata }: RawObject): Owner | undefined =>
  (metadata['ownerReferences'] as Owner[] | undefined)?.[0];

/** `Kind namespace/name <- Kind name` of everything that has an owner. */
const owned = (objects: RawObject[]): string[] =>
  objects.flatMap((object) => {
    const owner = ownerOf(object);
    const { namespace, name } = object.metadata;
    return owner === undefined ? [] : [`${object.kind} ${namespace}/${name} <- ${owner.kind} ${owner.name}`];
  });

const workload = (kind: string, name: string, spec: string): string => `
apiVersion: apps/v1
kind: ${kind}
metadata: { name: ${name}, namespace: shop }
spec:
  selector: { matchLabels: { app: ${name} } }
  ${spec}
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      containers: [{ name: main, image: main, ports: [{ containerPort: 80 }] }]
---`;
const cronJob = (suspend: boolean) => `
apiVersion: batch/v1
kind: CronJob
metadata: { name: nightly, namespace: shop }
spec:
  suspend: ${suspend}
  jobTemplate: { spec: { template: { spec: { restartPolicy: Never, containers: [{ name: main, image: main }] } } } }`;

const ports = (hostPort: object) => ({
  containers: [{ name: 'main', image: 'main', ports: [{ containerPort: 80, ...hostPort }] }],
});

const node = (name: string): string => `{ apiVersion: v1, kind: Node, metadata: { name: ${name} } }\n---\n`;

test('a Deployment owns a ReplicaSet, and that its Pods', () => {
  const objects = runControllers(parseManifests(workload('Deployment', 'web', 'replicas: 2')));
  expect(owned(objects)).toEqual([
    expect.stringMatching(/^ReplicaSet shop\/web-[a-z0-9]{10} <- Deployment web$/),
    expect.stringMatching(/^Pod shop\/web-[a-z0-9]{10}-[a-z0-9]{5} <- ReplicaSet web-[a-z0-9]{10}$/),
    expect.stringMatching(/^Pod shop\/web-[a-z0-9]{10}-[a-z0-9]{5} <- ReplicaSet web-[a-z0-9]{10}$/),
  ]);
  const pod = objects.find(({ kind }) => kind === 'Pod');
  const replicaSet = objects.find(({ kind }) => kind === 'ReplicaSet');
  expect(pod?.metadata.labels).toEqual({
    app: 'web',
    'pod-template-hash': replicaSet?.metadata.name.slice(4),
  });
  expect(pod?.metadata['generateName']).toBe(`${replicaSet?.metadata.name}-`);
  expect(replicaSet).toMatchObject({
    spec: { replicas: 2, selector: { matchLabels: pod?.metadata.labels } },
  });
});

test('a Deployment scaled to zero keeps its ReplicaSet', () => {
  const objects = runControllers(parseManifests(workload('Deployment', 'web', 'replicas: 0')));
  expect(owned(objects)).toEqual([expect.stringMatching(/^ReplicaSet shop\/web-/)]);
});

test('a Pod that a selector matches is adopted and counts as a replica', () => {
  const stray =
    '{ apiVersion: v1, kind: Pod, metadata: { name: stray, namespace: shop, labels: { app: web } }, spec: { containers: [] } }';
  const elsewhere = stray.replace('shop', 'other');
  const objects = runControllers(
    parseManifests(`${workload('Deployment', 'web', 'replicas: 2')}\n${stray}\n---\n${elsewhere}`),
  );
  expect(owned(objects)).toEqual([
    expect.stringMatching(/^Pod shop\/stray <- ReplicaSet web-/),
    expect.stringMatching(/^ReplicaSet shop\/web-/),
    expect.stringMatching(/^Pod shop\/web-/),
  ]);
});

test('StatefulSets number their Pods, DaemonSets have one on each node', () => {
  const objects = runControllers(
    parseManifests(
      node('n1') +
        node('n2') +
        workload('StatefulSet', 'db', 'replicas: 2') +
        workload('DaemonSet', 'agent', ''),
    ),
  );
  expect(owned(objects)).toEqual([
    'Pod shop/db-0 <- StatefulSet db',
    'Pod shop/db-1 <- StatefulSet db',
    expect.stringMatching(/^Pod shop\/agent-[a-z0-9]{5} <- DaemonSet agent$/),
    expect.stringMatching(/^Pod shop\/agent-[a-z0-9]{5} <- DaemonSet agent$/),
  ]);
  const agents = objects.filter(({ kind, metadata }) => kind === 'Pod' && metadata.name.startsWith('agent'));
  expect(agents).toMatchObject([{ spec: { nodeName: 'n1' } }, { spec: { nodeName: 'n2' } }]);
});

test('a CronJob has a Job that is done, unless it is suspended', () => {
  const objects = runControllers(parseManifests(cronJob(false)));
  expect(owned(objects)).toEqual([
    expect.stringMatching(/^Job shop\/nightly-\d{8} <- CronJob nightly$/),
    expect.stringMatching(/^Pod shop\/nightly-\d{8}-[a-z0-9]{5} <- Job nightly-\d{8}$/),
  ]);
  expect(objects.find(({ kind }) => kind === 'Pod')).toMatchObject({ status: { phase: 'Succeeded' } });
  expect(owned(runControllers(parseManifests(cronJob(true))))).toEqual([]);
});

test('the server writes the ports of a Pod on the host network into the Pod, not into the template', () => {
  const manifest = workload('StatefulSet', 'agent', 'replicas: 1').replace(
    '    spec:\n',
    '    spec:\n      hostNetwork: true\n',
  );
  const [owner, pod] = runControllers(parseManifests(manifest)).filter(({ kind }) =>
    /Stateful|Pod/.test(kind),
  );
  expect(pod?.['spec']).toMatchObject(ports({ hostPort: 80, protocol: 'TCP' }));
  expect(owner).toMatchObject({ spec: { template: { spec: ports({}) } } });
  expect(JSON.stringify(owner)).not.toContain('hostPort');
});

test('the sample cluster: every owner exists, and two runs make the same', () => {
  const objects = runControllers(loadManifests(examples));
  const uids = new Map(objects.map(({ kind, metadata }) => [metadata.uid, `${kind} ${metadata.name}`]));
  const owners = objects.flatMap((object) => ownerOf(object) ?? []);
  expect(owners.length).toBeGreaterThan(50);
  expect(owners.filter(({ uid, kind, name }) => uids.get(uid) !== `${kind} ${name}`)).toEqual([]);
  expect(runControllers(loadManifests(examples))).toEqual(objects);
});

test('the sample cluster: namespaces have labels and default service accounts', () => {
  const objects = runControllers(loadManifests(examples));
  const names = (kind: string) =>
    objects.filter((each) => each.kind === kind).map(({ metadata }) => metadata);
  const namespaces = names('Namespace').map(({ name }) => name);
  expect(namespaces).toEqual(expect.arrayContaining(['default', 'kube-system', 'shop', 'payments']));
  expect(names('Namespace').find(({ name }) => name === 'shop')?.labels).toMatchObject({
    'kubernetes.io/metadata.name': 'shop',
    team: 'shop',
  });
  const withDefault = names('ServiceAccount').filter(({ name }) => name === 'default');
  expect(withDefault.map(({ namespace }) => namespace)).toEqual(namespaces);
});
