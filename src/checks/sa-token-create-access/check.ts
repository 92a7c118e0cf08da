import { accessCheck } from '../../kit/access-check.ts';

export const saTokenCreateAccess = accessCheck({
  id: 'sa-token-create-access',
  title: 'Few subjects mint service account tokens',
  severity: 'high',
  accesses: [
    {
      verbs: ['create'],
      apiGroups: [''],
      resources: ['serviceaccounts/token'],
      what: 'create tokens of service accounts',
    },
  ],
  expected: ['cluster-admin', 'system:kube-controller-manager'],
  whenNamed: 'medium',
});
