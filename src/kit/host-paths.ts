import type { Field, PodSpec } from '../model.ts';
import type { PodContext } from './define-check.ts';
import { walkContainers } from './pods.ts';
import { violations } from './pss.ts';

/** A volume that is a path of the node, and what it gives away. */
export interface HostPath {
  /** Relative to the pod spec. */
  field: Field;
  volume: string;
  path: string;
  /** Those who mount it and may write, as a sentence names them: `container app`. */
  writers: string[];
  /** Whether it is or holds the socket of a container runtime. */
  hasRuntimeSocket: boolean;
  /** Whether it is, holds or lies in a place whose content alone gives the node or its workloads away. */
  isSensitive: boolean;
}

export const hostPathsOf = (pod: PodSpec, context: PodContext): HostPath[] =>
  violations('hostPathVolumes', pod, context).flatMap(({ field }) => {
    const [, step] = field;
    const volume = typeof step === 'object' ? pod.volumes?.[step.index] : undefined;
    if (volume?.hostPath === undefined) return [];
    const { name } = volume;
    const { path } = volume.hostPath;
    const own = normalised(path);
    const writers = walkContainers(pod).filter(({ container: { volumeMounts = [] } }) =>
      volumeMounts.some((mount) => mount.name === name && mount.readOnly !== true),
    );
    return [
      {
        field,
        volume: name,
        path,
        writers: writers.map(({ title }) => title),
        hasRuntimeSocket: runtimeSockets.some((socket) => isWithin(socket, own)),
        isSensitive: sensitive.some((place) => isWithin(place, own) || isWithin(own, place)),
      },
    ];
  });

/** `/var/run` is mostly a link to `/run`, and both are written. */
const runtimeSockets = [
  ...[
    'docker.sock',
    'containerd/containerd.sock',
    'crio/crio.sock',
    'cri-dockerd.sock',
    'k3s/containerd/containerd.sock',
    'podman/podman.sock',
  ].flatMap((socket) => [`/run/${socket}`, `/var/run/${socket}`]),
  '/var/snap/microk8s/common/run/containerd.sock',
  String.raw`\\.\pipe\docker_engine`,
  String.raw`\\.\pipe\containerd-containerd`,
].map(normalised);

/** Credentials, the data of the cluster and of other Pods, processes and disks: reading them is enough. */
const sensitive = [
  '/boot',
  '/dev',
  '/etc/kubernetes',
  '/etc/rancher',
  '/etc/shadow',
  '/etc/ssh',
  '/home',
  '/proc',
  '/root',
  '/var/lib/containerd',
  '/var/lib/containers',
  '/var/lib/docker',
  '/var/lib/etcd',
  '/var/lib/kubelet',
  '/var/lib/rancher',
  String.raw`C:\etc\kubernetes`,
  String.raw`C:\k`,
  String.raw`C:\ProgramData`,
  String.raw`C:\Users`,
  String.raw`C:\var\lib\kubelet`,
  String.raw`C:\Windows`,
].map(normalised);

/** Of normalised paths: whether the one is the other or lies below it. */
const isWithin = (path: string, place: string): boolean => `${path}/`.startsWith(`${place}/`);

/** Without a slash at the end; Windows takes either slash and does not tell capitals from small letters. */
function normalised(path: string): string {
  const [root = ''] = /^([a-z]:|[\\/]{2}\.(?=[\\/]))/i.exec(path) ?? [];
  const uniform = root === '' ? path : path.replaceAll('\\', '/').toLowerCase();
  const steps = uniform.slice(root.length).split('/');
  const below = steps.filter((step) => step !== '' && step !== '.').map((step) => `/${step}`);
  return uniform.slice(0, root.length) + below.join('');
}
