import type {
  Container,
  ContainerPort,
  ContainerSecurityContext,
  PodSecurityContext,
  PodSpec,
  WindowsOptions,
} from '../model.ts';
import { bool, int, list, object, orEmpty, required, string } from './project.ts';

/** Of a pod spec only what checks read: no environment, command, arguments, volumes or probes. */

const windowsOptions = object<WindowsOptions>({ hostProcess: bool, runAsUserName: string });

const containerPort = object<ContainerPort>({
  containerPort: required(int),
  hostPort: int,
  protocol: string,
  name: string,
});

const containerSecurityContext = object<ContainerSecurityContext>({
  privileged: bool,
  runAsNonRoot: bool,
  runAsUser: int,
  windowsOptions,
});

const container = object<Container>({
  name: required(string),
  image: string,
  ports: list(containerPort),
  securityContext: containerSecurityContext,
});

const podSecurityContext = object<PodSecurityContext>({
  runAsNonRoot: bool,
  runAsUser: int,
  windowsOptions,
});

export const podSpec = object<PodSpec>({
  hostIPC: bool,
  hostPID: bool,
  hostNetwork: bool,
  hostUsers: bool,
  dnsPolicy: string,
  os: object<{ name: string }>({ name: required(string) }),
  // `serviceAccount` is the deprecated alias that the API server still takes.
  serviceAccountName: (value, spec) => string(value, spec) ?? string(spec['serviceAccount'], spec),
  securityContext: podSecurityContext,
  containers: orEmpty(list(container)),
  initContainers: list(container),
  ephemeralContainers: list(container),
});
