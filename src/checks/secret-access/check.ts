import { accessCheck } from '../../kit/access-check.ts';

export const secretAccess = accessCheck({
  id: 'secret-access',
  title: 'Few subjects can read Secrets',
  severity: 'high',
  // A list or watch answers with whole objects, as get does.
  accesses: [
    { verbs: ['get', 'list', 'watch'], apiGroups: [''], resources: ['secrets'], what: 'read Secrets' },
  ],
  expected: [
    'cluster-admin',
    'system:controller:bootstrap-signer',
    'system:controller:expand-controller',
    'system:controller:generic-garbage-collector',
    'system:controller:namespace-controller',
    'system:controller:persistent-volume-binder',
    'system:controller:resourcequota-controller',
    'system:controller:storage-version-migrator-controller',
    'system:controller:token-cleaner',
    'system:kube-controller-manager',
  ],
  whenNamed: 'low',
});
