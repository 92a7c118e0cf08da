import { accessCheck } from '../../kit/access-check.ts';

const verbs = ['create', 'update', 'patch', 'delete', 'deletecollection'];
const apiGroups = ['admissionregistration.k8s.io'];

export const webhookConfigAccess = accessCheck({
  id: 'webhook-config-access',
  title: 'Few subjects edit admission webhooks',
  severity: 'high',
  accesses: [
    {
      verbs,
      apiGroups,
      resources: ['validatingwebhookconfigurations', 'mutatingwebhookconfigurations'],
      what: 'change admission webhooks',
    },
    {
      verbs,
      apiGroups,
      resources: [
        'validatingadmissionpolicies',
        'validatingadmissionpolicybindings',
        'mutatingadmissionpolicies',
        'mutatingadmissionpolicybindings',
      ],
      what: 'change admission policies',
    },
  ],
  expected: [
    'cluster-admin',
    'system:controller:generic-garbage-collector',
    'system:controller:namespace-controller',
    'system:controller:storage-version-migrator-controller',
  ],
  whenNamed: 'low',
});
