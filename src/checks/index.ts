import type { Check } from '../kit/define-check.ts';
import { clusterAdminUsage } from './cluster-admin-usage/check.ts';
import { defaultDenyIngress } from './default-deny-ingress/check.ts';
import { hostIpc } from './host-ipc/check.ts';
import { hostNetwork } from './host-network/check.ts';
import { hostPid } from './host-pid/check.ts';
import { hostPorts } from './host-ports/check.ts';
import { privileged } from './privileged/check.ts';
import { pspHostNamespaces } from './psp-host-namespaces/check.ts';
import { runAsRoot } from './run-as-root/check.ts';

/** Every check, in the order of the report. */
export const checks: readonly Check[] = [
  hostIpc,
  hostPid,
  hostNetwork,
  hostPorts,
  privileged,
  runAsRoot,
  defaultDenyIngress,
  clusterAdminUsage,
  pspHostNamespaces,
];
