import type { Benchmark } from '../model.ts';

export const cisGkeAutopilot130: Benchmark = {
  id: 'cis-gke-autopilot-1.3.0',
  title: 'CIS Google Kubernetes Engine (GKE) Autopilot Benchmark v1.3.0',
  // prettier-ignore
  controls: [
    { id: '4.1.1', level: 1, assessment: 'Manual', title: 'cluster-admin bound only where needed', checks: ['cluster-admin-usage'] },
    { id: '4.1.2', level: 1, assessment: 'Manual', title: 'Few subjects can read Secrets', checks: ['secret-access'] },
    { id: '4.1.3', level: 1, assessment: 'Manual', title: 'No wildcard verbs or resources in roles', checks: ['rbac-wildcards'] },
    { id: '4.1.4', level: 1, assessment: 'Automated', title: 'Default service accounts carry no rights', checks: ['default-sa-unused'] },
    { id: '4.1.5', level: 1, assessment: 'Manual', title: 'API token mounted only when needed', checks: ['sa-token-mount'] },
    { id: '4.1.6', level: 1, assessment: 'Automated', title: 'system:masters group not handed out', checks: ['system-masters'] },
    { id: '4.1.7', level: 1, assessment: 'Manual', title: 'bind, escalate, impersonate verbs restricted', checks: ['rbac-escalation-verbs'] },
    { id: '4.1.8', level: 1, assessment: 'Automated', title: 'No role bindings for system:anonymous', checks: ['anonymous-bindings'] },
    { id: '4.1.9', level: 1, assessment: 'Automated', title: 'No custom bindings for system:unauthenticated', checks: ['unauthenticated-bindings'] },
    { id: '4.1.10', level: 1, assessment: 'Automated', title: 'No custom bindings for system:authenticated', checks: ['authenticated-bindings'] },
    { id: '4.2.1', level: 1, assessment: 'Manual', title: 'Namespaces enforce PSS baseline or stricter', checks: ['pss-baseline-enforced'] },
    { id: '4.3.1', level: 2, assessment: 'Automated', title: 'Every namespace has a NetworkPolicy', checks: ['netpol-per-namespace'] },
    { id: '4.4.1', level: 2, assessment: 'Manual', title: 'External secret store in use', checks: ['external-secrets'] },
    { id: '4.5.1', level: 2, assessment: 'Manual', title: 'Image admission verifies provenance', checks: ['image-provenance'] },
    { id: '4.6.1', level: 1, assessment: 'Manual', title: 'Namespaces separate workloads and teams', checks: ['namespace-boundaries'] },
    { id: '4.6.2', level: 2, assessment: 'Automated', title: 'Runtime default seccomp profile set', checks: ['seccomp-default'] },
    { id: '4.6.3', level: 2, assessment: 'Manual', title: 'Security contexts are set', checks: ['security-context-set'] },
    { id: '4.6.4', level: 2, assessment: 'Automated', title: 'Default namespace holds no workloads', checks: ['default-namespace-unused'] },
    { id: '5.1.4', level: 2, assessment: 'Automated', title: 'Images only from approved registries', checks: ['image-registry-allowlist'] },
    { id: '5.4.5', level: 2, assessment: 'Automated', title: 'Load balancers terminate TLS with certificates', checks: ['lb-tls'] },
  ],
};
