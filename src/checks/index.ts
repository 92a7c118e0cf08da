import type { Check } from '../kit/define-check.ts';
import { anonymousBindings } from './anonymous-bindings/check.ts';
import { apparmorProfile } from './apparmor-profile/check.ts';
import { authenticatedBindings } from './authenticated-bindings/check.ts';
import { capAdded } from './cap-added/check.ts';
import { capDropAll } from './cap-drop-all/check.ts';
import { capNetRaw } from './cap-net-raw/check.ts';
import { clusterAdminUsage } from './cluster-admin-usage/check.ts';
import { cniSupportsNetpol } from './cni-supports-netpol/check.ts';
import { cniVersionCurrent } from './cni-version-current/check.ts';
import { csrApprovalAccess } from './csr-approval-access/check.ts';
import { dashboardDisabled } from './dashboard-disabled/check.ts';
import { defaultDenyEgress } from './default-deny-egress/check.ts';
import { defaultDenyIngress } from './default-deny-ingress/check.ts';
import { defaultNamespaceUnused } from './default-namespace-unused/check.ts';
import { defaultSaUnused } from './default-sa-unused/check.ts';
import { eksAccessEntries } from './eks-access-entries/check.ts';
import { externalSecrets } from './external-secrets/check.ts';
import { fsGroupSupplemental } from './fs-group-supplemental/check.ts';
import { highUid } from './high-uid/check.ts';
import { hostIpc } from './host-ipc/check.ts';
import { hostNetwork } from './host-network/check.ts';
import { hostPath } from './host-path/check.ts';
import { hostPid } from './host-pid/check.ts';
import { hostPorts } from './host-ports/check.ts';
import { hostProbes } from './host-probes/check.ts';
import { imageProvenance } from './image-provenance/check.ts';
import { imagePullAlways } from './image-pull-always/check.ts';
import { imageRegistryAllowlist } from './image-registry-allowlist/check.ts';
import { imageTagPinned } from './image-tag-pinned/check.ts';
import { lbTls } from './lb-tls/check.ts';
import { metadataEgress } from './metadata-egress/check.ts';
import { metadataServer } from './metadata-server/check.ts';
import { namespaceBoundaries } from './namespace-boundaries/check.ts';
import { namespaceIsolation } from './namespace-isolation/check.ts';
import { netpolEngineEnabled } from './netpol-engine-enabled/check.ts';
import { netpolPerNamespace } from './netpol-per-namespace/check.ts';
import { nodeProxyAccess } from './node-proxy-access/check.ts';
import { podCreateAccess } from './pod-create-access/check.ts';
import { podUnselectedByNetpol } from './pod-unselected-by-netpol/check.ts';
import { policyControlActive } from './policy-control-active/check.ts';
import { privilegeEscalation } from './privilege-escalation/check.ts';
import { privileged } from './privileged/check.ts';
import { procMountRestricted } from './proc-mount-restricted/check.ts';
import { procMount } from './proc-mount/check.ts';
import { psaNamespaceLabels } from './psa-namespace-labels/check.ts';
import { pspCapabilities } from './psp-capabilities/check.ts';
import { pspFsGroup } from './psp-fs-group/check.ts';
import { pspHostNamespaces } from './psp-host-namespaces/check.ts';
import { pspHostPorts } from './psp-host-ports/check.ts';
import { pspPrivilegeEscalation } from './psp-privilege-escalation/check.ts';
import { pspPrivileged } from './psp-privileged/check.ts';
import { pspReadOnlyRootfs } from './psp-read-only-rootfs/check.ts';
import { pspRunAsUser } from './psp-run-as-user/check.ts';
import { pspSupplementalGroups } from './psp-supplemental-groups/check.ts';
import { pspUseRbac } from './psp-use-rbac/check.ts';
import { pspVolumes } from './psp-volumes/check.ts';
import { pssBaselineEnforced } from './pss-baseline-enforced/check.ts';
import { pvCreateAccess } from './pv-create-access/check.ts';
import { rbacEscalationVerbs } from './rbac-escalation-verbs/check.ts';
import { rbacWildcards } from './rbac-wildcards/check.ts';
import { readOnlyRootfs } from './read-only-rootfs/check.ts';
import { restrictedVolumes } from './restricted-volumes/check.ts';
import { runAsNonRoot } from './run-as-non-root/check.ts';
import { runAsRoot } from './run-as-root/check.ts';
import { runAsUserZero } from './run-as-user-zero/check.ts';
import { runtimeSocketMount } from './runtime-socket-mount/check.ts';
import { saTokenCreateAccess } from './sa-token-create-access/check.ts';
import { saTokenMount } from './sa-token-mount/check.ts';
import { saWorkloadIdentity } from './sa-workload-identity/check.ts';
import { sandboxRuntime } from './sandbox-runtime/check.ts';
import { sccPrivilegedAccess } from './scc-privileged-access/check.ts';
import { seccompDefault } from './seccomp-default/check.ts';
import { seccompUnconfined } from './seccomp-unconfined/check.ts';
import { secretAccess } from './secret-access/check.ts';
import { secretsAsEnv } from './secrets-as-env/check.ts';
import { securityContextSet } from './security-context-set/check.ts';
import { selinuxOptions } from './selinux-options/check.ts';
import { sysctls } from './sysctls/check.ts';
import { systemMasters } from './system-masters/check.ts';
import { unauthenticatedBindings } from './unauthenticated-bindings/check.ts';
import { webhookConfigAccess } from './webhook-config-access/check.ts';
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
  secretAccess,
  rbacWildcards,
  podCreateAccess,
  defaultSaUnused,
  saTokenMount,
  systemMasters,
  rbacEscalationVerbs,
  pvCreateAccess,
  nodeProxyAccess,
  csrApprovalAccess,
  webhookConfigAccess,
  saTokenCreateAccess,
  anonymousBindings,
  unauthenticatedBindings,
  authenticatedBindings,
  eksAccessEntries,
  saWorkloadIdentity,
  sccPrivilegedAccess,
  policyControlActive,
  psaNamespaceLabels,
  pssBaselineEnforced,
  imageProvenance,
  externalSecrets,
  namespaceBoundaries,
  defaultNamespaceUnused,
  pspPrivileged,
  pspHostNamespaces,
  pspHostPorts,
  pspRunAsUser,
  pspFsGroup,
  pspSupplementalGroups,
  pspCapabilities,
  pspVolumes,
  pspPrivilegeEscalation,
  pspReadOnlyRootfs,
  pspUseRbac,
];
