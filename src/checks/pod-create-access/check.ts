import { accessCheck, type Access } from '../../kit/access-check.ts';

/** One step removed: a controller makes the Pods. */
const makeTemplates = {
  verbs: ['create', 'update', 'patch'],
  what: 'make Pods by way of workloads',
  atMost: 'low',
} satisfies Partial<Access>;
const enterPods = 'run programs in Pods';

export const podCreateAccess = accessCheck({
  id: 'pod-create-access',
  title: 'Few subjects can create Pods',
  severity: 'medium',
  accesses: [
    { verbs: ['create'], apiGroups: [''], resources: ['pods'], what: 'create Pods' },
    {
      ...makeTemplates,
      apiGroups: ['apps'],
      resources: ['deployments', 'daemonsets', 'statefulsets', 'replicasets'],
    },
    { ...makeTemplates, apiGroups: ['batch'], resources: ['jobs', 'cronjobs'] },
    { ...makeTemplates, apiGroups: [''], resources: ['replicationcontrollers'] },
    { verbs: ['create'], apiGroups: [''], resources: ['pods/exec', 'pods/attach'], what: enterPods },
    // A WebSocket is opened by a GET; from 1.35 on the API server asks for create as well.
    { verbs: ['get'], apiGroups: [''], resources: ['pods/exec', 'pods/attach'], what: enterPods, before: 35 },
    {
      verbs: ['update', 'patch'],
      apiGroups: [''],
      resources: ['pods/ephemeralcontainers'],
      what: enterPods,
    },
  ],
  expected: [
    'cluster-admin',
    'system:controller:cronjob-controller',
    'system:controller:daemon-set-controller',
    'system:controller:deployment-controller',
    'system:controller:generic-garbage-collector',
    'system:controller:job-controller',
    'system:controller:namespace-controller',
    'system:controller:persistent-volume-binder',
    'system:controller:replicaset-controller',
    'system:controller:replication-controller',
    'system:controller:statefulset-controller',
    'system:controller:storage-version-migrator-controller',
  ],
  whenNamed: 'low',
});
