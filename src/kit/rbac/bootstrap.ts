/**
 * The bindings that a cluster is born with: [binding, role, ...subjects], each written as messages name them. Read from
 * fresh control planes of Kubernetes 1.24 and 1.37, with those that the API server makes only when a feature gate is on;
 * a test in test/cluster/who-can.test.ts holds the list to both.
 */
export type ExpectedBinding = readonly [binding: string, role: string, ...subjects: string[]];

const clusterWide = (name: string, ...subjects: string[]): ExpectedBinding => [
  `ClusterRoleBinding ${name}`,
  `ClusterRole ${name}`,
  ...subjects,
];

const inNamespace = (namespace: string, name: string, ...subjects: string[]): ExpectedBinding => [
  `RoleBinding ${namespace}/${name}`,
  `Role ${name}`,
  ...subjects,
];

const controller = (name: string): ExpectedBinding =>
  clusterWide(`system:controller:${name}`, `ServiceAccount kube-system/${name}`);

/** Made by the API server at every start, and labelled `kubernetes.io/bootstrapping: rbac-defaults`. */
export const apiServerBindings: readonly ExpectedBinding[] = [
  clusterWide('cluster-admin', 'Group system:masters'),
  clusterWide('system:basic-user', 'Group system:authenticated'),
  clusterWide('system:cluster-trust-bundle-discovery', 'Group system:serviceaccounts'),
  clusterWide('system:discovery', 'Group system:authenticated'),
  clusterWide('system:kube-controller-manager', 'User system:kube-controller-manager'),
  clusterWide('system:kube-dns', 'ServiceAccount kube-system/kube-dns'),
  clusterWide('system:kube-scheduler', 'User system:kube-scheduler'),
  clusterWide('system:monitoring', 'Group system:monitoring'),
  // Nobody: kubelets are judged by the node authorizer.
  clusterWide('system:node'),
  clusterWide('system:node-proxier', 'User system:kube-proxy'),
  clusterWide('system:public-info-viewer', 'Group system:authenticated', 'Group system:unauthenticated'),
  clusterWide('system:service-account-issuer-discovery', 'Group system:serviceaccounts'),
  clusterWide('system:volume-scheduler', 'User system:kube-scheduler'),
  ...[
    'attachdetach-controller',
    'certificate-controller',
    'clusterrole-aggregation-controller',
    'cronjob-controller',
    'daemon-set-controller',
    'deployment-controller',
    'device-taint-eviction-controller',
    'disruption-controller',
    'endpoint-controller',
    'endpointslice-controller',
    'endpointslicemirroring-controller',
    'ephemeral-volume-controller',
    'expand-controller',
    'generic-garbage-collector',
    'horizontal-pod-autoscaler',
    'job-controller',
    'kube-apiserver-serving-clustertrustbundle-publisher',
    'legacy-service-account-token-cleaner',
    'namespace-controller',
    'node-controller',
    'persistent-volume-binder',
    'pod-garbage-collector',
    'podcertificaterequestcleaner',
    'podgroup-protection-controller',
    'pv-protection-controller',
    'pvc-protection-controller',
    'replicaset-controller',
    'replication-controller',
    'resource-claim-controller',
    'resourcepoolstatusrequest-controller',
    'resourcequota-controller',
    'root-ca-cert-publisher',
    'route-controller',
    'selinux-warning-controller',
    'service-account-controller',
    'service-cidrs-controller',
    'service-controller',
    'statefulset-controller',
    'storage-version-garbage-collector',
    'storage-version-migrator-controller',
    'ttl-after-finished-controller',
    'ttl-controller',
    'validatingadmissionpolicy-status-controller',
    'volumeattributesclass-protection-controller',
  ].map(controller),
  inNamespace(
    'kube-public',
    'system:controller:bootstrap-signer',
    'ServiceAccount kube-system/bootstrap-signer',
  ),
  inNamespace(
    'kube-system',
    'system:controller:bootstrap-signer',
    'ServiceAccount kube-system/bootstrap-signer',
  ),
  inNamespace('kube-system', 'system:controller:cloud-provider', 'ServiceAccount kube-system/cloud-provider'),
  inNamespace('kube-system', 'system:controller:token-cleaner', 'ServiceAccount kube-system/token-cleaner'),
  [
    'RoleBinding kube-system/system::extension-apiserver-authentication-reader',
    'Role extension-apiserver-authentication-reader',
    'User system:kube-controller-manager',
    'User system:kube-scheduler',
  ],
  inNamespace(
    'kube-system',
    'system::leader-locking-kube-controller-manager',
    'User system:kube-controller-manager',
    'ServiceAccount kube-system/kube-controller-manager',
    'ServiceAccount kube-system/leader-election-controller',
  ),
  inNamespace(
    'kube-system',
    'system::leader-locking-kube-scheduler',
    'User system:kube-scheduler',
    'ServiceAccount kube-system/kube-scheduler',
  ),
];

const joining = 'Group system:bootstrappers:kubeadm:default-node-token';
const signer = 'ClusterRole system:certificates.k8s.io:certificatesigningrequests';

/** Made by kubeadm and its add-ons, without a label. */
export const kubeadmBindings: readonly ExpectedBinding[] = [
  ['ClusterRoleBinding kubeadm:cluster-admins', 'ClusterRole cluster-admin', 'Group kubeadm:cluster-admins'],
  [
    'ClusterRoleBinding kubeadm:apiserver-kubelet-client',
    'ClusterRole system:kubelet-api-admin',
    'User kube-apiserver-kubelet-client',
  ],
  clusterWide('kubeadm:get-nodes', joining),
  ['ClusterRoleBinding kubeadm:kubelet-bootstrap', 'ClusterRole system:node-bootstrapper', joining],
  ['ClusterRoleBinding kubeadm:node-autoapprove-bootstrap', `${signer}:nodeclient`, joining],
  [
    'ClusterRoleBinding kubeadm:node-autoapprove-certificate-rotation',
    `${signer}:selfnodeclient`,
    'Group system:nodes',
  ],
  [
    'ClusterRoleBinding kubeadm:node-proxier',
    'ClusterRole system:node-proxier',
    'ServiceAccount kube-system/kube-proxy',
  ],
  clusterWide('system:coredns', 'ServiceAccount kube-system/coredns'),
  inNamespace('kube-public', 'kubeadm:bootstrap-signer-clusterinfo', 'User system:anonymous'),
  inNamespace('kube-system', 'kube-proxy', joining),
  inNamespace('kube-system', 'kubeadm:kubeadm-certs', joining),
  inNamespace('kube-system', 'kubeadm:kubelet-config', 'Group system:nodes', joining),
  inNamespace('kube-system', 'kubeadm:nodes-kubeadm-config', joining, 'Group system:nodes'),
];
