/** The objects that the contract cases ask for, as manifests. */
import type { RawObject } from '../servers/api-server.ts';

/** In the order of lists: `-` sorts before the `/` that ends a namespace. */
export const podNames = [
  'contract-a-b/web-0',
  'contract-a-b/web-1',
  ...letters('abcdefghij', 'contract-a/job-'),
];

function letters(text: string, prefix: string): string[] {
  return Array.from(text, (letter) => prefix + letter);
}

export const pod = (key: string, annotation = ''): RawObject => {
  const [namespace = '', name = ''] = key.split('/');
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { app: 'contract' }, annotations: { filler: annotation } },
    spec: { containers: [{ name: 'main', image: 'registry.example/contract:1' }] },
  };
};

const rbac = 'rbac.authorization.k8s.io';
const reader = { kind: 'User', apiGroup: rbac, name: 'reader' };

export const hostileName = '<img src=x onerror=alert(1)>\u202e';

export const seed: RawObject[] = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'contract-a' } },
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'contract-a-b' } },
  // 12 pods of 12 KB: one page of all is above the threshold of compression, one of five is not.
  ...podNames.map((key) => pod(key, 'x'.repeat(12_000))),
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'contract-a' },
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'web', image: 'web:1' }] },
      },
    },
  },
  // `reader` may list pods in one namespace, and read one namespace by name.
  {
    apiVersion: `${rbac}/v1`,
    kind: 'ClusterRole',
    metadata: { name: 'contract-pod-reader' },
    rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }],
  },
  {
    apiVersion: `${rbac}/v1`,
    kind: 'RoleBinding',
    metadata: { name: 'contract-pod-reader', namespace: 'contract-a' },
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'contract-pod-reader' },
    subjects: [reader],
  },
  {
    apiVersion: `${rbac}/v1`,
    kind: 'ClusterRole',
    metadata: { name: hostileName },
    rules: [{ apiGroups: [''], resources: ['namespaces'], verbs: ['get'], resourceNames: ['contract-a'] }],
  },
  {
    apiVersion: `${rbac}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: 'contract-namespace-reader' },
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: hostileName },
    subjects: [reader],
  },
];
