/**
 * What the controllers of a cluster make of manifests: a Deployment gets its ReplicaSet and that its Pods, a CronJob its
 * last Job, a namespace its default ServiceAccount. Names, hashes and uids are the same in every run.
 */
import { createHash } from 'node:crypto';
import { podSpecPath } from '../../../src/model.ts';
import type { RawMeta, RawObject } from './store.ts';
import { uidFor } from './store.ts';

interface Template {
  metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> };
  spec: PodSpec;
}
interface ControllerSpec {
  replicas?: number;
  suspend?: boolean;
  selector?: { matchLabels?: Record<string, string> };
  template: Template;
  jobTemplate?: { metadata?: RawMeta; spec: object };
}
interface Port {
  containerPort: number;
  hostPort?: number;
  protocol?: string;
}
interface Container {
  ports?: Port[];
}
interface PodSpec {
  hostNetwork?: boolean;
  containers: Container[];
  initContainers?: Container[];
}

const specOf = (object: RawObject): ControllerSpec => object['spec'] as ControllerSpec;

export function runControllers(manifests: RawObject[]): RawObject[] {
  const nodes = manifests.filter(({ kind }) => kind === 'Node').map(({ metadata }) => metadata.name);
  let scheduled = 0;
  const nextNode = (): string => nodes[scheduled++ % nodes.length] ?? 'node-0';
  const objects = withSystemNamespaces(manifests)
    .map((object) => withUid(withDefaults(object)))
    .map((object) => (object.kind === 'Pod' ? started(object, nextNode()) : object));

  const pods = (owner: RawObject, count: number, named: (index: number) => Partial<RawMeta>): RawObject[] =>
    Array.from({ length: count }, (_, i) => podOf(owner, specOf(owner).template, named(i), nextNode()));

  /** A Pod without an owner that a selector matches is adopted: it counts as one of the replicas. */
  const adopt = (owner: RawObject, labels: Record<string, string>): number => {
    const { 'pod-template-hash': hash, ...selector } = specOf(owner).selector?.matchLabels ?? labels;
    const orphans = objects.filter(
      ({ kind, metadata }) =>
        kind === 'Pod' &&
        metadata.namespace === owner.metadata.namespace &&
        metadata['ownerReferences'] === undefined &&
        Object.entries(selector).every(([key, value]) => metadata.labels?.[key] === value),
    );
    for (const { metadata } of orphans) {
      metadata['generateName'] = `${owner.metadata.name}-`;
      metadata['ownerReferences'] = [referenceTo(owner)];
      if (hash !== undefined) metadata.labels = { ...metadata.labels, 'pod-template-hash': hash };
    }
    return orphans.length;
  };

  const childrenOf: Record<string, (owner: RawObject) => RawObject[]> = {
    Deployment: (owner) => [replicaSetOf(owner)],
    ReplicaSet: (owner) => {
      const { replicas = 1, template } = specOf(owner);
      const missing = replicas - adopt(owner, template.metadata?.labels ?? {});
      return pods(owner, missing, (i) => generated(owner, i));
    },
    StatefulSet: (owner) =>
      pods(owner, specOf(owner).replicas ?? 1, (i) => ({ name: `${owner.metadata.name}-${i}` })),
    DaemonSet: (owner) =>
      nodes.map((node, i) => podOf(owner, specOf(owner).template, generated(owner, i), node)),
    CronJob: (owner) => (specOf(owner).suspend === true ? [] : [jobOf(owner)]),
    Job: (owner) => pods(owner, 1, (i) => generated(owner, i)),
  };

  // Grows while it is walked: what a controller makes may have a controller of its own.
  for (const owner of objects) objects.push(...(childrenOf[owner.kind]?.(owner) ?? []));
  return [...objects, ...defaultServiceAccounts(objects)];
}

const systemNamespaces = ['default', 'kube-node-lease', 'kube-public', 'kube-system'];

function withSystemNamespaces(manifests: RawObject[]): RawObject[] {
  const given = new Set(
    manifests.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => metadata.name),
  );
  const missing = systemNamespaces
    .filter((name) => !given.has(name))
    .map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }));
  return [...manifests, ...missing].map((object) =>
    object.kind === 'Namespace'
      ? labelled(object, { 'kubernetes.io/metadata.name': object.metadata.name })
      : object,
  );
}

const labelled = (object: RawObject, labels: Record<string, string>): RawObject => ({
  ...object,
  metadata: { ...object.metadata, labels: { ...labels, ...object.metadata.labels } },
});

const withUid = (object: RawObject): RawObject => {
  const { namespace, name } = object.metadata;
  const uid = uidFor(object.kind, namespace === undefined ? name : `${namespace}/${name}`);
  return { ...object, metadata: { uid, ...object.metadata } };
};

function defaultServiceAccounts(objects: RawObject[]): RawObject[] {
  const given = new Set(
    objects
      .filter(({ kind }) => kind === 'ServiceAccount')
      .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`),
  );
  return objects
    .filter(({ kind, metadata }) => kind === 'Namespace' && !given.has(`${metadata.name}/default`))
    .map(({ metadata }) => ({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'default', namespace: metadata.name },
    }));
}

const referenceTo = ({ apiVersion, kind, metadata: { name, uid } }: RawObject) => ({
  apiVersion,
  kind,
  name,
  uid,
  controller: true,
  blockOwnerDeletion: true,
});

function childOf(
  owner: RawObject,
  apiVersion: string,
  kind: string,
  metadata: Partial<RawMeta>,
  spec: object,
): RawObject {
  const { name = '', ...rest } = metadata;
  return withUid({
    apiVersion,
    kind,
    metadata: {
      name,
      ...(owner.metadata.namespace === undefined ? {} : { namespace: owner.metadata.namespace }),
      ...rest,
      ownerReferences: [referenceTo(owner)],
    },
    spec,
  });
}

function replicaSetOf(owner: RawObject): RawObject {
  const { replicas = 1, selector, template } = specOf(owner);
  const hash = { 'pod-template-hash': suffix(10, JSON.stringify(template)) };
  const labels = { ...template.metadata?.labels, ...hash };
  const name = `${owner.metadata.name}-${hash['pod-template-hash']}`;
  return childOf(
    owner,
    'apps/v1',
    'ReplicaSet',
    { name, labels },
    {
      replicas,
      selector: { matchLabels: { ...selector?.matchLabels, ...hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  );
}

/** The Job of the last full hour; its name ends in the minutes since 1970, as the CronJob controller does it. */
function jobOf(owner: RawObject): RawObject {
  const template = specOf(owner).jobTemplate;
  const name = `${owner.metadata.name}-29460960`;
  return childOf(owner, 'batch/v1', 'Job', { ...template?.metadata, name }, template?.spec ?? {});
}

const generated = ({ metadata: { name } }: RawObject, index: number): Partial<RawMeta> => ({
  name: `${name}-${suffix(5, `${name}/${index}`)}`,
  generateName: `${name}-`,
});

function podOf(owner: RawObject, template: Template, metadata: Partial<RawMeta>, node: string): RawObject {
  const pod = childOf(owner, 'v1', 'Pod', { ...metadata, ...template.metadata }, template.spec);
  return started(pod, node, owner.kind === 'Job' ? 'Succeeded' : 'Running');
}

/** The Pod as admission leaves it, on a node that runs it. */
function started(pod: RawObject, node: string, phase = 'Running'): RawObject {
  const spec = pod['spec'] as PodSpec;
  const onHost = spec.hostNetwork === true;
  return {
    ...pod,
    spec: {
      serviceAccountName: 'default',
      nodeName: node,
      // On the host's network a container's port is the host's, and the server writes so into the Pod.
      ...(onHost ? mapPorts(spec, (port) => ({ hostPort: port.containerPort, ...port })) : spec),
    },
    status: { phase, startTime: '2026-01-05T08:00:10Z' },
  };
}

/** The fields that the server fills in wherever there is a pod spec. */
function withDefaults(object: RawObject): RawObject {
  const path = podSpecPath[object.kind];
  if (path === undefined) return object;
  return changeAt(object, path, (spec) => ({
    dnsPolicy: 'ClusterFirst',
    restartPolicy: 'Always',
    ...mapPorts(spec as PodSpec, (port) => ({ protocol: 'TCP', ...port })),
  })) as RawObject;
}

function changeAt(value: object, path: readonly string[], change: (value: object) => object): object {
  const [step, ...rest] = path;
  if (step === undefined) return change(value);
  return { ...value, [step]: changeAt((value as Record<string, object>)[step] ?? {}, rest, change) };
}

function mapPorts(spec: PodSpec, change: (port: Port) => Port): PodSpec {
  const mapped = ({ ports, ...container }: Container): Container =>
    ports === undefined ? container : { ...container, ports: ports.map(change) };
  const { containers, initContainers } = spec;
  return {
    ...spec,
    containers: containers.map(mapped),
    ...(initContainers === undefined ? {} : { initContainers: initContainers.map(mapped) }),
  };
}

/** Consonants and digits, as generated names have them. */
function suffix(length: number, seed: string): string {
  const bytes = createHash('sha256').update(seed).digest().subarray(0, length);
  return [...bytes].map((byte) => 'bcdfghjklmnpqrstvwxz2456789'.charAt(byte % 27)).join('');
}
