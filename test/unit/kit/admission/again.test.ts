/** Whether a namespace would take a Pod again. What the labels decide is compared with a real API server besides. */
import { expect, test } from 'vitest';
import { admissionOf } from '../../../../src/kit/admission.ts';
import type {
  Admission,
  Held,
  JsonObject,
  SourceName,
  SourceOutcome,
  Workload,
} from '../../../../src/model.ts';
import { collectionOf, workload } from '../../collection.ts';
import { asked, gatekeeperWebhook, heldOf, namespace, webhook } from './manifests.ts';

type Outcomes = Partial<Record<SourceName, SourceOutcome>>;
const again = (
  held: Partial<Held>,
  each: Workload,
  outcomes: Outcomes = {},
  minor = 31,
): Admission | undefined => {
  const collection = collectionOf(held, [], outcomes);
  return admissionOf(collection.held, minor, collection.outcomes).again(each);
};
const shop = (labels: Record<string, string> = {}) => ({ namespaces: [namespace('shop', asked(labels))] });
const privileged = workload('Deployment', 'web', { privileged: true });
const plain = workload('Deployment', 'web');

test.each<[string, Record<string, string>, Workload, Admission]>([
  [
    'no label',
    {},
    privileged,
    {
      verdict: 'admitted',
      reason:
        'no Pod Security label enforces a level on namespace shop, and a default of the API server itself cannot be read',
    },
  ],
  [
    'a level that refuses it',
    { enforce: 'baseline' },
    privileged,
    { verdict: 'refused', reason: 'enforce: baseline of namespace shop' },
  ],
  [
    'a level that admits it',
    { enforce: 'baseline' },
    plain,
    { verdict: 'admitted', reason: 'enforce: baseline of namespace shop' },
  ],
  [
    'a version that asked for it already',
    { enforce: 'restricted', 'enforce-version': 'v1.25' },
    plain,
    { verdict: 'refused', reason: 'enforce: restricted (v1.25) of namespace shop' },
  ],
  [
    'to enforce privileged',
    { enforce: 'privileged', warn: 'restricted' },
    privileged,
    { verdict: 'admitted', reason: 'enforce: privileged of namespace shop' },
  ],
  [
    'a value that means nothing',
    { enforce: 'strict' },
    plain,
    { verdict: 'refused', reason: 'enforce: restricted of namespace shop' },
  ],
])('%s', (_, labels, each, expected) => {
  expect(again(shop(labels), each)).toEqual(expected);
});

test('nothing is said where namespaces are not part of the audit', () => {
  const notThere: SourceOutcome = { state: 'not-requested', count: 0, reason: 'the files hold none' };
  expect(again({}, privileged, { namespaces: notThere })).toBeUndefined();
});

test('what was not read is unknown, unless the labels decide already', () => {
  const forbidden: SourceOutcome = { state: 'forbidden', count: 0, reason: 'no' };
  expect(again({}, privileged, { namespaces: forbidden })).toEqual({
    verdict: 'unknown',
    reason: 'namespace shop was not read',
  });
  const outcomes = { kyvernoPolicies: forbidden, gatekeeperConstraints: forbidden };
  expect(again(shop(), privileged, outcomes)).toEqual({
    verdict: 'unknown',
    reason: 'policies were not read: kyvernoPolicies and 1 more',
  });
  expect(again(shop({ enforce: 'baseline' }), privileged, outcomes)?.verdict).toBe('refused');
  // What the API server does not have is nothing to wait for.
  const absent: SourceOutcome = { state: 'absent', count: 0, reason: 'not served' };
  expect(again(shop(), privileged, { kyvernoPolicies: absent })?.verdict).toBe('admitted');
});

test('where another policy may refuse it nobody can tell, and it is named', () => {
  const constraint = (name: string, spec: JsonObject = {}) => ({
    apiVersion: 'constraints.gatekeeper.sh/v1beta1',
    kind: 'NoPrivileged',
    metadata: { name },
    spec,
  });
  const held = (...objects: JsonObject[]) => ({ ...heldOf(...objects, gatekeeperWebhook), ...shop() });
  expect(again(held(constraint('a'), constraint('b')), privileged)).toEqual({
    verdict: 'unknown',
    reason: 'NoPrivileged a and 1 more may refuse Pods of namespace shop',
  });
  const counting = constraint('a', { enforcementAction: 'dryrun' });
  const elsewhere = constraint('b', { match: { excludedNamespaces: ['shop'] } });
  expect(again(held(counting, elsewhere), privileged)?.verdict).toBe('admitted');
  expect(again(held(webhook('scanner', 'pods.example.com')), privileged)).toEqual({
    verdict: 'unknown',
    reason:
      'webhook pods.example.com of ValidatingWebhookConfiguration scanner may refuse Pods of namespace shop',
  });
});

test('a static Pod is run whatever the namespace says', () => {
  const mirror = workload('Pod', 'etcd', { privileged: true }, { metadata: { mirror: true } });
  expect(again(shop({ enforce: 'restricted' }), mirror)?.verdict).toBe('admitted');
});

test('up to 1.26 a seccomp annotation of a template becomes a field of its Pods', () => {
  const annotated = (value: string) =>
    workload(
      'Deployment',
      value,
      {},
      { podAnnotations: { 'seccomp.security.alpha.kubernetes.io/pod': value } },
    );
  const baseline = shop({ enforce: 'baseline' });
  const verdict = (value: string, minor: number) => again(baseline, annotated(value), {}, minor)?.verdict;
  expect([verdict('unconfined', 26), verdict('unconfined', 27)]).toEqual(['refused', 'admitted']);
  expect([verdict('runtime/default', 26), verdict('localhost/a', 24)]).toEqual(['admitted', 'admitted']);
});

test('PodSecurityPolicies: none that admits it refuses it where one has admitted it before, and only to 1.24', () => {
  const policy = {
    apiVersion: 'policy/v1beta1',
    kind: 'PodSecurityPolicy',
    metadata: { name: 'strict' },
    spec: {
      volumes: ['*'],
      runAsUser: { rule: 'RunAsAny' },
      seLinux: { rule: 'RunAsAny' },
      fsGroup: { rule: 'RunAsAny' },
      supplementalGroups: { rule: 'RunAsAny' },
    },
  };
  const grant = [
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'uses' },
      rules: [{ apiGroups: ['policy'], resources: ['podsecuritypolicies'], verbs: ['use'] }],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'uses' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'uses' },
      subjects: [{ kind: 'Group', name: 'system:serviceaccounts', apiGroup: 'rbac.authorization.k8s.io' }],
    },
  ];
  const account = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default', namespace: 'shop' },
  };
  const held = { ...heldOf(policy, account, ...grant), ...shop() };
  const live = workload('Pod', 'web', { privileged: true }, { admittedBy: 'former' });
  expect(again(held, plain, {}, 24)).toEqual({
    verdict: 'admitted',
    reason: expect.stringMatching(/; admitted by PodSecurityPolicy strict$/),
  });
  const looser = {
    ...policy,
    metadata: { name: 'a-looser-one' },
    spec: { ...policy.spec, privileged: true },
  };
  const both = { ...heldOf(policy, looser, account, ...grant), ...shop() };
  expect(again(both, plain, {}, 24)?.reason).toMatch(/PodSecurityPolicy a-looser-one, without it by strict$/);
  expect(again(held, privileged, {}, 24)?.verdict).toBe('unknown');
  expect(again(held, live, {}, 24)?.verdict).toBe('refused');
  expect(again(held, live, {}, 25)?.verdict).toBe('admitted');
  const unread: SourceOutcome = { state: 'forbidden', count: 0, reason: 'no' };
  expect(again(held, plain, { roles: unread }, 24)?.verdict).toBe('unknown');
});

test('10,000 Pods take no time', () => {
  const namespaces = Array.from({ length: 50 }, (_, i) =>
    namespace(`ns-${i}`, asked({ enforce: ['baseline', 'restricted'][i % 2] ?? '' })),
  );
  // As the engine has them: those of one template share their spec, and many checks ask about each.
  const pods = Array.from({ length: 1000 }, (_, i) =>
    workload('Pod', `p${i}`, { privileged: i % 3 === 0 }),
  ).flatMap((pod, i) =>
    Array.from({ length: 10 }, () => ({ ...pod, metadata: { ...pod.metadata, namespace: `ns-${i % 50}` } })),
  );
  const { held, outcomes } = collectionOf({ namespaces });
  const start = performance.now();
  const admission = admissionOf(held, 31, outcomes);
  const refused = pods.filter((pod) => admission.again(pod)?.verdict === 'refused').length;
  const took = performance.now() - start;
  expect(refused).toBeGreaterThan(3000);
  // Ten times what it takes on a busy machine: it is judged once for Pods alike, not once for each.
  expect(took).toBeLessThan(2000);
});
