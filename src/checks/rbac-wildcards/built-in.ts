import type { PolicyRule, Role } from '../../model.ts';

const all = ['*'];
const everything = (...verbs: string[]): PolicyRule => ({ verbs, apiGroups: all, resources: all });
const metrics = (apiGroup: string): PolicyRule => ({
  verbs: ['get', 'list', 'watch'],
  apiGroups: [apiGroup],
  resources: all,
});

/** The rules with a star that a cluster is born with, as fresh control planes of Kubernetes 1.24 and 1.37 have them. */
const rules: ReadonlyMap<string, readonly PolicyRule[]> = new Map([
  ['cluster-admin', [everything('*'), { verbs: all, nonResourceURLs: all }]],
  ['system:controller:disruption-controller', [{ verbs: ['get'], apiGroups: all, resources: ['*/scale'] }]],
  [
    'system:controller:generic-garbage-collector',
    [everything('delete', 'get', 'list', 'patch', 'update', 'watch')],
  ],
  [
    'system:controller:horizontal-pod-autoscaler',
    [
      { verbs: ['get', 'update'], apiGroups: all, resources: ['*/scale'] },
      metrics('custom.metrics.k8s.io'),
      metrics('external.metrics.k8s.io'),
    ],
  ],
  [
    'system:controller:namespace-controller',
    [everything('delete', 'deletecollection', 'get', 'list', 'watch')],
  ],
  ['system:controller:resourcequota-controller', [everything('list', 'watch')]],
  ['system:controller:storage-version-migrator-controller', [everything('list', 'patch')]],
  ['system:kube-controller-manager', [everything('list', 'watch')]],
  [
    'system:kubelet-api-admin',
    [
      {
        verbs: all,
        apiGroups: [''],
        resources: ['configz', 'healthz', 'log', 'metrics', 'pods', 'proxy', 'spec', 'stats'].map(
          (subresource) => `nodes/${subresource}`,
        ),
      },
    ],
  ],
]);

/**
 * Whether a role of this name has such a rule in a fresh cluster, or a wider one. The name alone proves nothing, nor does
 * the label: the API server puts back what is missing from its roles, but leaves what somebody added.
 */
export const isBuiltInRule = ({ kind, metadata }: Role, rule: PolicyRule): boolean =>
  kind === 'ClusterRole' && (rules.get(metadata.name) ?? []).some((known) => covers(known, rule));

const covers = (known: PolicyRule, rule: PolicyRule): boolean =>
  (['verbs', 'apiGroups', 'resources', 'nonResourceURLs'] as const).every((member) =>
    (rule[member] ?? []).every((value) => known[member]?.includes(value)),
  );
