import type {
  AppArmorProfile,
  Capabilities,
  Container,
  ContainerPort,
  ContainerSecurityContext,
  EnvFromSource,
  EnvVar,
  Handler,
  PodSecurityContext,
  PodSpec,
  ProjectedSource,
  SeccompProfile,
  SELinuxOptions,
  Volume,
  VolumeMount,
  WindowsOptions,
} from '../model.ts';
import {
  annotationsLike,
  bool,
  int,
  list,
  object,
  orEmpty,
  required,
  string,
  type Projection,
} from './project.ts';

/** Of a pod spec only what checks read: no value of a variable, no command, no argument but one. */

const windowsOptions = object<WindowsOptions>({ hostProcess: bool, runAsUserName: string });
const seccompProfile = object<SeccompProfile>({ type: string, localhostProfile: string });
const appArmorProfile = object<AppArmorProfile>({ type: string });
export const seLinuxOptions = object<SELinuxOptions>({
  type: string,
  user: string,
  role: string,
  level: string,
});

const containerPort = object<ContainerPort>({
  containerPort: required(int),
  hostPort: int,
  protocol: string,
  name: string,
});

const containerSecurityContext = object<ContainerSecurityContext>({
  privileged: bool,
  allowPrivilegeEscalation: bool,
  capabilities: object<Capabilities>({ add: list(string), drop: list(string) }),
  readOnlyRootFilesystem: bool,
  procMount: string,
  runAsNonRoot: bool,
  runAsUser: int,
  runAsGroup: int,
  seccompProfile,
  appArmorProfile,
  seLinuxOptions,
  windowsOptions,
});

const host = object<{ host?: string }>({ host: string });
const handler = object<Handler>({ httpGet: host, tcpSocket: host });

const envVar = object<EnvVar>({
  name: required(string),
  valueFrom: object<NonNullable<EnvVar['valueFrom']>>({
    secretKeyRef: object<{ name?: string; key?: string }>({ name: string, key: string }),
  }),
});

/**
 * Arguments may hold passwords, so none leaves the object but this one: nothing else in the API says whether the network
 * policies of EKS are enforced. What is no list of strings is for the API server to refuse.
 */
const networkPolicyFlag: Projection<string[] | undefined> = (value) => {
  const all: unknown[] = Array.isArray(value) ? value : [];
  const kept = all.filter(
    (one): one is string => typeof one === 'string' && /^--enable-network-policy(=(true|false))?$/.test(one),
  );
  return kept.length === 0 ? undefined : kept;
};

const container = object<Container>({
  name: required(string),
  restartPolicy: string,
  image: string,
  args: networkPolicyFlag,
  imagePullPolicy: string,
  ports: list(containerPort),
  env: list(envVar),
  envFrom: list(object<EnvFromSource>({ secretRef: object<{ name?: string }>({ name: string }) })),
  volumeMounts: list(object<VolumeMount>({ name: required(string), mountPath: string, readOnly: bool })),
  livenessProbe: handler,
  readinessProbe: handler,
  startupProbe: handler,
  lifecycle: object<NonNullable<Container['lifecycle']>>({ postStart: handler, preStop: handler }),
  securityContext: containerSecurityContext,
});

const podSecurityContext = object<PodSecurityContext>({
  runAsNonRoot: bool,
  runAsUser: int,
  runAsGroup: int,
  fsGroup: int,
  fsGroupChangePolicy: string,
  supplementalGroups: list(int),
  supplementalGroupsPolicy: string,
  seLinuxChangePolicy: string,
  sysctls: list(object<{ name: string; value?: string }>({ name: required(string), value: string })),
  seccompProfile,
  appArmorProfile,
  seLinuxOptions,
  windowsOptions,
});

/** The API server takes a volume that says nothing for an emptyDir. */
const volumeType: Projection<string> = (_, volume) =>
  Object.keys(volume).find((key) => key !== 'name' && volume[key] !== null) ?? 'emptyDir';

type DownwardAPI = NonNullable<ProjectedSource['downwardAPI']>;
type DownwardItem = NonNullable<DownwardAPI['items']>[number];

const projectedSource = object<ProjectedSource>({
  serviceAccountToken: object<NonNullable<ProjectedSource['serviceAccountToken']>>({
    audience: string,
    path: string,
  }),
  configMap: object<{ name?: string }>({ name: string }),
  downwardAPI: object<DownwardAPI>({
    items: list(
      object<DownwardItem>({
        path: string,
        fieldRef: object<NonNullable<DownwardItem['fieldRef']>>({ apiVersion: string, fieldPath: string }),
      }),
    ),
  }),
});

const volume = object<Volume>({
  name: required(string),
  type: volumeType,
  hostPath: object<NonNullable<Volume['hostPath']>>({ path: required(string), type: string }),
  csi: object<NonNullable<Volume['csi']>>({ driver: required(string) }),
  flexVolume: object<NonNullable<Volume['flexVolume']>>({ driver: required(string) }),
  projected: object<NonNullable<Volume['projected']>>({ sources: list(projectedSource) }),
});

const settingAnnotation =
  /^(seccomp\.security\.alpha\.kubernetes\.io\/pod|container\.(seccomp\.security\.alpha|apparmor\.security\.beta)\.kubernetes\.io\/.*|vault\.hashicorp\.com\/agent-inject)$/;

/** Annotations may hold anything, secrets too: only those that are a security setting are kept. */
export const podAnnotations = annotationsLike(settingAnnotation);

export const podSpec = object<PodSpec>({
  hostIPC: bool,
  hostPID: bool,
  hostNetwork: bool,
  hostUsers: bool,
  dnsPolicy: string,
  os: object<{ name: string }>({ name: required(string) }),
  runtimeClassName: string,
  automountServiceAccountToken: bool,
  // `serviceAccount` is the deprecated alias that the API server still takes.
  serviceAccountName: (value, spec) => string(value, spec) ?? string(spec['serviceAccount'], spec),
  securityContext: podSecurityContext,
  volumes: list(volume),
  containers: orEmpty(list(container)),
  initContainers: list(container),
  ephemeralContainers: list(container),
});
