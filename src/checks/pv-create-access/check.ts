import { accessCheck } from '../../kit/access-check.ts';

export const pvCreateAccess = accessCheck({
  id: 'pv-create-access',
  title: 'Few subjects can create PersistentVolumes',
  severity: 'medium',
  accesses: [
    {
      verbs: ['create'],
      apiGroups: [''],
      resources: ['persistentvolumes'],
      what: 'create PersistentVolumes',
    },
  ],
  expected: ['cluster-admin', 'system:controller:persistent-volume-binder'],
  whenNamed: 'low',
});
