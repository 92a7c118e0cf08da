import { accessCheck } from '../../kit/access-check.ts';

export const nodeProxyAccess = accessCheck({
  id: 'node-proxy-access',
  title: 'Few subjects reach nodes/proxy',
  severity: 'high',
  accesses: [
    {
      // Those that the kubelet makes of the methods of HTTP.
      verbs: ['get', 'create', 'update', 'patch', 'delete'],
      apiGroups: [''],
      resources: ['nodes/proxy'],
      what: 'use the API of every kubelet (nodes/proxy)',
    },
  ],
  expected: [
    'cluster-admin',
    'kubeadm:apiserver-kubelet-client',
    'system:controller:generic-garbage-collector',
    'system:controller:namespace-controller',
    'system:controller:storage-version-migrator-controller',
  ],
  whenNamed: 'medium',
});
