import type { Check } from '../kit/define-check.ts';
import { apparmorProfile } from './apparmor-profile/check.ts';
import { capAdded } from './cap-added/check.ts';
import { capDropAll } from './cap-drop-all/check.ts';
import { capNetRaw } from './cap-net-raw/check.ts';
import { clusterAdminUsage } from './cluster-admin-usage/check.ts';
import { cniSupportsNetpol } from './cni-supports-netpol/check.ts';
import { cniVersionCurrent } from './cni-version-current/check.ts';
import { dashboardDisabled } from './dashboard-disabled/check.ts';
import { defaultDenyEgress } from './default-deny-egress/check.ts';
import { defaultDenyIngress } from './default-deny-ingress/check.ts';
import { fsGroupSupplemental } from './fs-group-supplemental/check.ts';
import { highUid } from './high-uid/check.ts';
import { hostIpc } from './host-ipc/check.ts';
import { hostNetwork } from './host-network/check.ts';
import { hostPath } from './host-path/check.ts';
import { hostPid } from './host-pid/check.ts';
import { hostPorts } from './host-ports/check.ts';
import { hostProbes } from './host-probes/check.ts';
import { imagePullAlways } from './image-pull-always/check.ts';
import { imageRegistryAllowlist } from './image-registry-allowlist/check.ts';
import { imageTagPinned } from './image-tag-pinned/check.ts';
import { lbTls } from './lb-tls/check.ts';
import { metadataEgress } from './metadata-egress/check.ts';
import { metadataServer } from './metadata-server/check.ts';
import { namespaceIsolation } from './namespace-isolation/check.ts';
import { netpolEngineEnabled } from './netpol-engine-enabled/check.ts';
import { netpolPerNamespace } from './netpol-per-namespace/check.ts';
import { podUnselectedByNetpol } from './pod-unselected-by-netpol/check.ts';
import { privilegeEscalation } from './privilege-escalation/check.ts';
import { privileged } from './privileged/check.ts';
import { procMountRestricted } from './proc-mount-restricted/check.ts';
import { procMount } from './proc-mount/check.ts';
import { pspHostNamespaces } from './psp-host-namespaces/check.ts';
import { readOnlyRootfs } from './read-only-rootfs/check.ts';
import { restrictedVolumes } from './restricted-volumes/check.ts';
import { runAsNonRoot } from './run-as-non-root/check.ts';
import { runAsRoot } from './run-as-root/check.ts';
import { runAsUserZero } from './run-as-user-zero/check.ts';
import { runtimeSocketMount } from './runtime-socket-mount/check.ts';
import { sandboxRuntime } from './sandbox-runtime/check.ts';
import { seccompDefault } from './seccomp-default/check.ts';
import { seccompUnconfined } from './seccomp-unconfined/check.ts';
import { secretsAsEnv } from './secrets-as-env/check.ts';
import { securityContextSet } from './security-context-set/check.ts';
import { selinuxOptions } from './selinux-options/check.ts';
import { sysctls } from './sysctls/check.ts';
import { windowsHostProcess } from './windows-host-process/check.ts';

/** Every check, in the order of the report. */
export const checks: readonly Check[] = [
  hostIpc,
  hostPid,
  hostNetwork,
  hostPorts,
  hostPath,
  runtimeSocketMount,
  windowsHostProcess,
  hostProbes,
  sysctls,
  privileged,
  privilegeEscalation,
  runAsRoot,
  runAsNonRoot,
  runAsUserZero,
  highUid,
  fsGroupSupplemental,
  readOnlyRootfs,
  capNetRaw,
  capAdded,
  capDropAll,
  seccompDefault,
  seccompUnconfined,
  apparmorProfile,
  selinuxOptions,
  procMount,
  procMountRestricted,
  securityContextSet,
  restrictedVolumes,
  imagePullAlways,
  imageTagPinned,
  imageRegistryAllowlist,
  secretsAsEnv,
  sandboxRuntime,
  cniSupportsNetpol,
  netpolEngineEnabled,
  cniVersionCurrent,
  netpolPerNamespace,
  defaultDenyIngress,
  defaultDenyEgress,
  podUnselectedByNetpol,
  namespaceIsolation,
  metadataEgress,
  metadataServer,
  lbTls,
  dashboardDisabled,
  clusterAdminUsage,
  pspHostNamespaces,
];
