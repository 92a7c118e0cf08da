import type { Container, Held, Workload } from '../../model.ts';
import { parseImage } from '../images.ts';
import { once } from '../once.ts';
import { walkContainers } from '../pods.ts';
import { isPlatformNamespace } from '../system-namespaces.ts';

/** A network plugin, or the part of one that enforces NetworkPolicies, as it is known by its containers. */
interface Engine {
  name: string;
  /** The repository of its image, wherever that is mirrored. */
  image: RegExp;
  /** The DaemonSet, where a mirror calls the image anything; counts only in a namespace of the platform. */
  daemonSet?: RegExp;
  /** Undefined: no object says. */
  enforces: boolean | undefined | ((container: Container) => boolean);
  /** Why it does not, where that is not what it is. */
  off?: string;
  remark?: string;
}

/** The first kindnetd with policies is that of kind 0.24. */
const isSinceKind24 = ({ image = '' }: Container): boolean =>
  (/^v(\d{8})/.exec(parseImage(image).tag ?? '')?.[1] ?? '') >= '20240813';

const isSwitchedOn = ({ args = [] }: Container): boolean =>
  ['--enable-network-policy', '--enable-network-policy=true'].includes(args.at(-1) ?? '');

const engines: readonly Engine[] = [
  {
    name: 'Calico',
    image: /(^|\/)(calico\/node|(mirrored-)?calico-node|hardened-calico|cnx-node)$/,
    daemonSet: /^(calico-node|canal)(-windows)?$/,
    enforces: true,
  },
  {
    name: 'Cilium',
    image: /(^|\/)(mirrored-cilium-)?cilium(-ci|-dev)?$/,
    daemonSet: /^cilium(-windows)?$/,
    enforces: true,
  },
  { name: 'GKE Dataplane V2', image: /(^|\/)anetd$/, daemonSet: /^anetd$/, enforces: true },
  {
    name: 'Antrea',
    image: /(^|\/)antrea-(agent(-ubuntu|-ubi)?|ubuntu|ubi|windows)$/,
    daemonSet: /^antrea-agent(-windows)?$/,
    enforces: true,
  },
  { name: 'kube-router', image: /(^|\/)kube-router$/, daemonSet: /^kube-router$/, enforces: true },
  {
    name: 'OVN-Kubernetes',
    image: /(^|\/)ovn-kube(-fedora|-ubuntu)?$/,
    daemonSet: /^ovnkube-node$/,
    enforces: true,
  },
  { name: 'Kube-OVN', image: /(^|\/)kube-ovn$/, daemonSet: /^kube-ovn-cni$/, enforces: true },
  {
    name: 'Azure Network Policy Manager',
    image: /(^|\/)azure-npm$/,
    daemonSet: /^azure-npm(-win)?$/,
    enforces: true,
  },
  {
    name: 'AWS network policy agent',
    image: /(^|\/)aws-network-policy-agent$/,
    enforces: isSwitchedOn,
    off: 'is there, and switched off',
  },
  { name: 'kube-network-policies', image: /(^|\/)kube-network-policies$/, enforces: true },
  {
    name: 'kindnet',
    image: /(^|\/)kindnetd$/,
    enforces: isSinceKind24,
    off: 'enforces NetworkPolicies only since kind 0.24',
  },
  {
    name: 'Weave Net',
    image: /(^|\/)weave-npc$/,
    enforces: true,
    remark: 'Its project is archived: nobody mends what is found in it.',
  },
  { name: 'Amazon VPC CNI', image: /(^|\/)amazon-k8s-cni$/, daemonSet: /^aws-node$/, enforces: false },
  {
    name: 'flannel',
    image: /(^|\/)(mirrored-)?(flannel(cni)?-|hardened-)?flannel$/,
    daemonSet: /^kube-flannel(-ds)?$/,
    enforces: false,
  },
  { name: 'Azure CNI', image: /(^|\/)azure-cns$/, daemonSet: /^azure-cns$/, enforces: undefined },
  { name: 'OpenShift SDN', image: /(^|\/)openshift-sdn$/, daemonSet: /^sdn$/, enforces: undefined },
  { name: 'Terway', image: /(^|\/)terway$/, daemonSet: /^terway(-eniip)?$/, enforces: undefined },
];

/** A part of a network plugin in a DaemonSet. */
export interface Plugin {
  name: string;
  daemonSet: Workload;
  /** The tag of its image. */
  version: string | undefined;
  enforces: boolean | undefined;
  off: string | undefined;
  remark: string | undefined;
}

/** The network plugins that the cluster shows. All of them are on the network of their node; anything else is a name. */
export const networkPlugins = once((daemonSets: Held['daemonSets']): Plugin[] =>
  daemonSets.filter(({ podSpec }) => podSpec?.hostNetwork === true).flatMap(pluginsOf),
);

function pluginsOf(daemonSet: Workload): Plugin[] {
  const containers = walkContainers(daemonSet.podSpec ?? { containers: [] })
    .filter(({ field }) => field[0] === 'containers')
    .map(({ container }) => container);
  const byImage = containers.flatMap((container) => {
    const { repository } = parseImage(container.image ?? '');
    return engines
      .filter(({ image }) => image.test(repository))
      .map((engine) => pluginOf(engine, daemonSet, container));
  });
  const { name, namespace = '' } = daemonSet.metadata;
  const [first] = containers;
  if (byImage.length > 0 || first === undefined || !isPlatformNamespace(namespace)) return byImage;
  return engines
    .filter((engine) => engine.daemonSet?.test(name))
    .map((engine) => pluginOf(engine, daemonSet, first));
}

function pluginOf(
  { name, enforces, off, remark }: Engine,
  daemonSet: Workload,
  container: Container,
): Plugin {
  const does = typeof enforces === 'function' ? enforces(container) : enforces;
  const { tag } = parseImage(container.image ?? '');
  return { name, daemonSet, version: tag, enforces: does, off, remark };
}

const titleOf = ({ namespace, name }: Workload['metadata']): string => `${namespace}/${name}`;

/** `Calico v3.31.2 (calico-system/calico-node)`, each once. */
export const pluginTitles = (plugins: readonly Plugin[]): string[] => [
  ...new Set(
    plugins.map(
      ({ name, version, daemonSet }) =>
        `${[name, version].filter(Boolean).join(' ')} (${titleOf(daemonSet.metadata)})`,
    ),
  ),
];
