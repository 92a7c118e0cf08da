import { broadBindingsCheck } from '../../kit/broad-bindings.ts';

export const authenticatedBindings = broadBindingsCheck({
  id: 'authenticated-bindings',
  title: 'No custom bindings for system:authenticated',
  severity: 'high',
  // Whoever has a Google account is in the group there.
  severityOn: { gke: 'critical' },
  kind: 'Group',
  name: 'system:authenticated',
  who: 'every user and every service account',
  note: 'Give what is needed to those who need it first, by a binding of their own: the role of a binding cannot be changed.',
  // Of the bootstrap policy of OpenShift 4 and its console.
  expectedOn: {
    openshift: {
      'ClusterRoleBinding basic-users': 'ClusterRole basic-user',
      'ClusterRoleBinding cluster-status-binding': 'ClusterRole cluster-status',
      'ClusterRoleBinding console-extensions-reader': 'ClusterRole console-extensions-reader',
      'ClusterRoleBinding self-access-reviewers': 'ClusterRole self-access-reviewer',
      'ClusterRoleBinding system:build-strategy-docker-binding': 'ClusterRole system:build-strategy-docker',
      'ClusterRoleBinding system:build-strategy-jenkinspipeline-binding':
        'ClusterRole system:build-strategy-jenkinspipeline',
      'ClusterRoleBinding system:build-strategy-source-binding': 'ClusterRole system:build-strategy-source',
      'ClusterRoleBinding system:oauth-token-deleters': 'ClusterRole system:oauth-token-deleter',
      'ClusterRoleBinding system:openshift:discovery': 'ClusterRole system:openshift:discovery',
      'ClusterRoleBinding system:openshift:public-info-viewer':
        'ClusterRole system:openshift:public-info-viewer',
      'ClusterRoleBinding system:openshift:scc:restricted-v2':
        'ClusterRole system:openshift:scc:restricted-v2',
      'ClusterRoleBinding system:scope-impersonation': 'ClusterRole system:scope-impersonation',
      'ClusterRoleBinding system:webhooks': 'ClusterRole system:webhook',
      'RoleBinding openshift/shared-resource-viewers': 'Role shared-resource-viewer',
    },
  },
});
