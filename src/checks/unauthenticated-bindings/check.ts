import { broadBindingsCheck } from '../../kit/broad-bindings.ts';

export const unauthenticatedBindings = broadBindingsCheck({
  id: 'unauthenticated-bindings',
  title: 'No custom bindings for system:unauthenticated',
  severity: 'critical',
  kind: 'Group',
  name: 'system:unauthenticated',
  who: 'anyone who reaches the API server, without logging in',
  note: 'Give what is needed to those who need it first, by a binding of their own: the role of a binding cannot be changed.',
  // What clusters from before OpenShift 4.16 keep beside this is no longer granted to new ones.
  expectedOn: {
    openshift: {
      'ClusterRoleBinding system:openshift:public-info-viewer':
        'ClusterRole system:openshift:public-info-viewer',
    },
  },
});
