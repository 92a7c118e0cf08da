import type { Benchmark } from '../model.ts';

export const cisKubernetes16: Benchmark = {
  id: 'cis-kubernetes-1.6',
  title: 'CIS Kubernetes Benchmark v1.6',
  // prettier-ignore
  controls: [
    { id: '5.1.1', level: 1, assessment: 'Manual', title: 'cluster-admin bound only where needed', checks: ['cluster-admin-usage'] },
    { id: '5.1.2', level: 1, assessment: 'Manual', title: 'Few subjects can read Secrets', checks: ['secret-access'] },
    { id: '5.1.3', level: 1, assessment: 'Manual', title: 'No wildcard verbs or resources in roles', checks: ['rbac-wildcards'] },
    { id: '5.1.4', level: 1, assessment: 'Manual', title: 'Few subjects can create Pods', checks: ['pod-create-access'] },
    { id: '5.1.5', level: 1, assessment: 'Manual', title: 'Default service accounts carry no rights', checks: ['default-sa-unused'] },
    { id: '5.1.6', level: 1, assessment: 'Manual', title: 'API token mounted only when needed', checks: ['sa-token-mount'] },
    { id: '5.2.1', level: 1, assessment: 'Manual', title: 'No privileged containers', checks: ['privileged', 'psp-privileged'] },
    { id: '5.2.2', level: 1, assessment: 'Manual', title: 'No host PID namespace sharing', checks: ['host-pid', { id: 'psp-host-namespaces', path: 'spec.hostPID' }] },
    { id: '5.2.3', level: 1, assessment: 'Manual', title: 'No host IPC namespace sharing', checks: ['host-ipc', { id: 'psp-host-namespaces', path: 'spec.hostIPC' }] },
    { id: '5.2.4', level: 1, assessment: 'Manual', title: 'No host network namespace sharing', checks: ['host-network', { id: 'psp-host-namespaces', path: 'spec.hostNetwork' }] },
    { id: '5.2.5', level: 1, assessment: 'Manual', title: 'allowPrivilegeEscalation off', checks: ['privilege-escalation', 'psp-privilege-escalation'] },
    { id: '5.2.6', level: 2, assessment: 'Manual', title: 'Containers do not run as root', checks: ['run-as-root', 'psp-run-as-user'] },
    { id: '5.2.7', level: 1, assessment: 'Manual', title: 'NET_RAW capability removed', checks: ['cap-net-raw', { id: 'psp-capabilities', path: 'spec.requiredDropCapabilities' }] },
    { id: '5.2.8', level: 1, assessment: 'Manual', title: 'No capabilities beyond the default set', checks: ['cap-added', { id: 'psp-capabilities', path: 'spec.allowedCapabilities' }, { id: 'psp-capabilities', path: 'spec.defaultAddCapabilities' }] },
    { id: '5.2.9', level: 2, assessment: 'Manual', title: 'All capabilities dropped', checks: ['cap-drop-all', { id: 'psp-capabilities', path: 'spec.requiredDropCapabilities' }] },
    { id: '5.3.1', level: 1, assessment: 'Manual', title: 'CNI enforces NetworkPolicy', checks: ['cni-supports-netpol'] },
    { id: '5.3.2', level: 2, assessment: 'Manual', title: 'Every namespace has a NetworkPolicy', checks: ['netpol-per-namespace'] },
    { id: '5.4.1', level: 1, assessment: 'Manual', title: 'Secrets mounted as files, not env', checks: ['secrets-as-env'] },
    { id: '5.4.2', level: 2, assessment: 'Manual', title: 'External secret store in use', checks: ['external-secrets'] },
    { id: '5.5.1', level: 2, assessment: 'Manual', title: 'Image admission verifies provenance', checks: ['image-provenance'] },
    { id: '5.7.1', level: 1, assessment: 'Manual', title: 'Namespaces separate workloads and teams', checks: ['namespace-boundaries'] },
    { id: '5.7.2', level: 2, assessment: 'Manual', title: 'Runtime default seccomp profile set', checks: ['seccomp-default'] },
    { id: '5.7.3', level: 2, assessment: 'Manual', title: 'Security contexts are set', checks: ['security-context-set'] },
    { id: '5.7.4', level: 2, assessment: 'Manual', title: 'Default namespace holds no workloads', checks: ['default-namespace-unused'] },
  ],
};
