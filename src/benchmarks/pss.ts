import type { Benchmark } from '../model.ts';

/**
 * The Pod Security Standards, a benchmark for each level; controls are called as the API server's admission calls them.
 * Which of them are in force, and how, depends on the version of the server: the checks know.
 */

// prettier-ignore
const baseline: Benchmark['controls'] = [
  { id: 'hostNamespaces', level: 1, assessment: 'Automated', title: 'No namespace of the node is shared', checks: ['host-ipc', 'host-pid', 'host-network'] },
  { id: 'privileged', level: 1, assessment: 'Automated', title: 'No privileged containers', checks: ['privileged'] },
  { id: 'capabilities_baseline', level: 1, assessment: 'Automated', title: 'No capabilities beyond the default set', checks: ['cap-added'] },
  { id: 'hostPathVolumes', level: 1, assessment: 'Automated', title: 'No hostPath volumes', checks: ['host-path', 'runtime-socket-mount'] },
  { id: 'hostPorts', level: 1, assessment: 'Automated', title: 'No host ports', checks: ['host-ports'] },
  { id: 'appArmorProfile', level: 1, assessment: 'Automated', title: 'AppArmor profile not disabled', checks: ['apparmor-profile'] },
  { id: 'seLinuxOptions', level: 1, assessment: 'Automated', title: 'SELinux options not overridden', checks: ['selinux-options'] },
  { id: 'procMount', level: 1, assessment: 'Automated', title: 'Default proc mount, unless in a user namespace', checks: ['proc-mount'] },
  { id: 'seccompProfile_baseline', level: 1, assessment: 'Automated', title: 'Seccomp profile not disabled', checks: ['seccomp-unconfined'] },
  { id: 'sysctls', level: 1, assessment: 'Automated', title: 'Only safe sysctls', checks: ['sysctls'] },
  { id: 'windowsHostProcess', level: 1, assessment: 'Automated', title: 'No Windows HostProcess containers', checks: ['windows-host-process'] },
  { id: 'hostProbesAndHostLifecycle', level: 1, assessment: 'Automated', title: 'Probes and hooks name no other host', checks: ['host-probes'] },
];

// prettier-ignore
const restricted: Benchmark['controls'] = [
  { id: 'restrictedVolumes', level: 1, assessment: 'Automated', title: 'Only restricted volume types', checks: ['restricted-volumes', 'host-path', 'runtime-socket-mount'] },
  { id: 'allowPrivilegeEscalation', level: 1, assessment: 'Automated', title: 'allowPrivilegeEscalation off', checks: ['privilege-escalation'] },
  { id: 'runAsNonRoot', level: 1, assessment: 'Automated', title: 'runAsNonRoot on', checks: ['run-as-non-root'] },
  { id: 'runAsUser', level: 1, assessment: 'Automated', title: 'No explicit UID 0', checks: ['run-as-user-zero'] },
  { id: 'seccompProfile_restricted', level: 1, assessment: 'Automated', title: 'Seccomp profile set', checks: ['seccomp-default', 'seccomp-unconfined'] },
  { id: 'capabilities_restricted', level: 1, assessment: 'Automated', title: 'All capabilities dropped', checks: ['cap-drop-all'] },
  { id: 'procMount_restricted', level: 1, assessment: 'Automated', title: 'Default proc mount', checks: ['proc-mount-restricted'] },
];

export const pssBaseline: Benchmark = {
  id: 'pss-baseline',
  title: 'Pod Security Standards: baseline',
  controls: baseline,
};

export const pssRestricted: Benchmark = {
  id: 'pss-restricted',
  title: 'Pod Security Standards: restricted',
  controls: [...baseline, ...restricted],
};
