/** What the walker cannot know of the checks over service accounts, namespaces and what guards images and secrets. */
import { describe, expect, test } from 'vitest';
import { defaultNamespaceUnused } from '../../../src/checks/default-namespace-unused/check.ts';
import { defaultSaUnused } from '../../../src/checks/default-sa-unused/check.ts';
import { externalSecrets } from '../../../src/checks/external-secrets/check.ts';
import { imageProvenance } from '../../../src/checks/image-provenance/check.ts';
import { namespaceBoundaries } from '../../../src/checks/namespace-boundaries/check.ts';
import { saTokenMount } from '../../../src/checks/sa-token-mount/check.ts';
import type { Check } from '../../../src/kit/define-check.ts';
import type { Finding, JsonObject, SourceName } from '../../../src/model.ts';
import { evaluate, type Raw } from './fixtures.ts';

const rbac = 'rbac.authorization.k8s.io';
const tokenPath = '/var/run/secrets/kubernetes.io/serviceaccount';

const object = (
  apiVersion: string,
  kind: string,
  name: string,
  rest: JsonObject = {},
  metadata: JsonObject = {},
): Raw => ({ apiVersion, kind, metadata: { name, ...metadata }, ...rest });

const inShop = { namespace: 'shop' };
const namespace = (name: string, labels: JsonObject = {}) => object('v1', 'Namespace', name, {}, { labels });
const account = (name: string, rest: JsonObject = {}, own = 'shop') =>
  object('v1', 'ServiceAccount', name, rest, { namespace: own });
const automount = (value: boolean | undefined): JsonObject =>
  value === undefined ? {} : { automountServiceAccountToken: value };

const app: JsonObject = { name: 'app', image: 'registry.example/app:1.0' };
const pod = (name: string, spec: JsonObject = {}, metadata: JsonObject = {}) =>
  object('v1', 'Pod', name, { spec: { containers: [app], ...spec } }, { ...inShop, ...metadata });
const deployment = (name: string, spec: JsonObject = {}, metadata: JsonObject = {}) =>
  object(
    'apps/v1',
    'Deployment',
    name,
    { spec: { template: { metadata, spec: { containers: [app], ...spec } } } },
    { ...inShop, uid: name },
  );

/** What controls an object, as it stands in `ownerReferences`. */
const by = (kind: string, name: string, apiVersion = 'apps/v1') => ({
  ownerReferences: [{ apiVersion, kind, name, uid: name, controller: true }],
});

/** What the API server adds to a Pod when it makes it. */
const withToken = (spec: JsonObject = {}, name = 'kube-api-access-x2x4z'): JsonObject => ({
  serviceAccountName: 'default',
  ...spec,
  containers: [{ ...app, volumeMounts: [{ name, mountPath: tokenPath, readOnly: true }] }],
  volumes: [{ name, projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } }],
});

const role = (name: string, verb = 'get', resource = 'configmaps') =>
  object(`${rbac}/v1`, 'ClusterRole', name, {
    rules: [{ apiGroups: [''], resources: [resource], verbs: [verb] }],
  });
function binding(name: string, roleName: string, subject: JsonObject, own?: string, labels = {}) {
  const roleRef = { apiGroup: rbac, kind: 'ClusterRole', name: roleName };
  const kind = own === undefined ? 'ClusterRoleBinding' : 'RoleBinding';
  const rest = { roleRef, subjects: [subject] };
  return object(`${rbac}/v1`, kind, name, rest, own === undefined ? { labels } : { namespace: own });
}
const sa = (name: string, own = 'shop') => ({ kind: 'ServiceAccount', name, namespace: own });
const user = (name: string) => ({ kind: 'User', name });
const group = (name: string) => ({ kind: 'Group', name });

const findings = async (check: Check, ...objects: Raw[]): Promise<Finding[]> =>
  (await evaluate(check, objects)).findings;
const verdicts = async (check: Check, ...objects: Raw[]) =>
  (await findings(check, ...objects)).map(({ verdict }) => verdict);

describe('sa-token-mount', () => {
  // The Pod beats the account, and what both leave open is a token: other scanners had each of these wrong.
  test.each([
    [undefined, undefined, true],
    [undefined, true, true],
    [undefined, false, false],
    [true, undefined, true],
    [true, true, true],
    [true, false, true],
    [false, undefined, false],
    [false, true, false],
    [false, false, false],
  ])('the Pod says %s, its account %s: a token is %s', async (own, ofAccount, expected) => {
    for (const name of ['app', 'default']) {
      const objects = [
        account(name, automount(ofAccount)),
        // Namesakes in other namespaces say the contrary.
        account(name, automount(expected ? false : undefined), 'aaa'),
        account(name, automount(expected ? false : undefined), 'zzz'),
        deployment('web', { ...automount(own), ...(name === 'default' ? {} : { serviceAccountName: name }) }),
      ];
      expect(await verdicts(saTokenMount, ...objects)).toEqual(expected ? ['fail'] : []);
    }
  });

  test.each<[string, Raw, 'fail' | 'review']>([
    ['the account', binding('b', 'reader', sa('app')), 'review'],
    ['the account in another namespace', binding('b', 'reader', sa('app'), 'other'), 'review'],
    ['its namesake', binding('b', 'reader', sa('app', 'other')), 'fail'],
    ['its login', binding('b', 'reader', user('system:serviceaccount:shop:app')), 'review'],
    ['a user of its name', binding('b', 'reader', user('app')), 'fail'],
    ['all of the namespace', binding('b', 'reader', group('system:serviceaccounts:shop')), 'review'],
    ['all of another', binding('b', 'reader', group('system:serviceaccounts:other')), 'fail'],
    ['all accounts', binding('b', 'reader', group('system:serviceaccounts')), 'review'],
    ['all who are logged in', binding('b', 'reader', group('system:authenticated')), 'fail'],
    ['a role that is not there', binding('b', 'missing', sa('app')), 'fail'],
    ['a role without rules', binding('b', 'empty', sa('app')), 'fail'],
    ['the use of a policy', binding('b', 'user', sa('app')), 'fail'],
    ['the pulling of images', binding('b', 'system:image-puller', sa('app')), 'fail'],
  ])('granted to %s', async (_, granted, expected) => {
    const objects = [
      role('reader'),
      role('user', 'use', 'podsecuritypolicies'),
      role('system:image-puller'),
      object(`${rbac}/v1`, 'ClusterRole', 'empty', { rules: [] }),
      granted,
      account('app'),
      deployment('web', { serviceAccountName: 'app' }),
    ];
    expect(await verdicts(saTokenMount, ...objects)).toEqual([expected]);
  });

  test('what all accounts are born with is no right, what one of them is born with is', async () => {
    const labels = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };
    const discovery = 'system:service-account-issuer-discovery';
    const objects = [
      role(discovery),
      binding(discovery, discovery, group('system:serviceaccounts'), undefined, labels),
      role('system:coredns'),
      binding('system:coredns', 'system:coredns', sa('coredns', 'kube-system')),
    ];
    const dns = pod('dns', { serviceAccountName: 'coredns' }, { namespace: 'kube-system' });
    expect(await verdicts(saTokenMount, ...objects, dns)).toEqual(['review']);
    expect(await verdicts(saTokenMount, ...objects, pod('web'))).toEqual(['fail']);
  });

  test('says who gets it, what for, and that the fix may break', async () => {
    const bound = [role('reader'), ...['a', 'b', 'c'].map((name) => binding(name, 'reader', sa('app')))];
    const [needed] = await findings(
      saTokenMount,
      ...bound,
      account('app'),
      deployment('web', { serviceAccountName: 'app', automountServiceAccountToken: true }),
    );
    expect(needed).toMatchObject({
      path: 'spec.template.spec.automountServiceAccountToken',
      message:
        'The containers get a token of ServiceAccount app. ClusterRoleBinding a grants the account ClusterRole reader, and so do 2 more: does the Pod use it?',
      fix: { risk: 'review', changes: [{ before: true, after: false }] },
    });
    const [useless] = await findings(saTokenMount, deployment('web', { serviceAccountName: 'app' }));
    expect(useless?.message).toBe(
      'The containers get a token of ServiceAccount app. No binding grants the account anything of its own: only a thief has a use for it. The account does not exist: no Pod can be made with it.',
    );
    expect(useless?.fix).toMatchObject({ risk: 'safe', changes: [{ after: false }] });
    expect(useless?.fix.changes?.[0]).not.toHaveProperty('before');
  });

  test.each([
    ['of the API server', withToken()],
    [
      'of one up to 1.20',
      {
        ...withToken({}, 'default-token-x2x4z'),
        volumes: [{ name: 'default-token-x2x4z', secret: { secretName: 'default-token-x2x4z' } }],
      },
    ],
  ])('a live Pod with the volume %s is one finding with its template', async (_, spec) => {
    const objects = [
      account('default'),
      deployment('web'),
      pod('web-1', spec, { uid: '1', ...by('Deployment', 'web') }),
      pod('web-2', spec, { uid: '2', ...by('Deployment', 'web') }),
    ];
    const found = await findings(saTokenMount, ...objects);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ object: { kind: 'Deployment' } });
    expect(found[0]?.drift).toBeUndefined();
  });

  test('a template that was copied from a live Pod has its volume, and the Pods made of it no other', async () => {
    const objects = [
      account('default'),
      deployment('web', withToken()),
      pod('web-1', withToken(), { uid: '1', ...by('Deployment', 'web') }),
    ];
    const found = await findings(saTokenMount, ...objects);
    expect(found).toMatchObject([
      { path: 'spec.template.spec.automountServiceAccountToken', fix: { action: 'none' } },
    ]);
    expect(found[0]?.drift).toBeUndefined();
  });

  test('of a live Pod what was mounted is true, whatever is said by now', async () => {
    const closed = account('default', { automountServiceAccountToken: false });
    const live = (spec: JsonObject) => pod('bare', { serviceAccountName: 'default', ...spec }, { uid: '1' });
    const [left] = await findings(saTokenMount, closed, live(withToken()));
    expect(left).toMatchObject({ path: 'spec.automountServiceAccountToken', fix: { action: 'none' } });
    expect(left?.message).toContain('The Pod is older than the setting that forbids it');
    expect(await findings(saTokenMount, account('default'), live({}))).toEqual([]);
    // A Pod in a manifest is still to be made.
    expect(await verdicts(saTokenMount, account('default'), pod('bare'))).toEqual(['fail']);
    expect(
      await findings(saTokenMount, live({ ...withToken(), automountServiceAccountToken: false })),
    ).toMatchObject([{ path: 'spec.volumes[0]' }]);
  });

  test('a static Pod has no token', async () => {
    const annotations = { 'kubernetes.io/config.mirror': 'hash' };
    expect(await findings(saTokenMount, pod('etcd-node', {}, { uid: '1', annotations }))).toEqual([]);
  });

  test.each<[string, JsonObject | undefined, boolean]>([
    ['none', {}, true],
    ['an empty one', { audience: '' }, true],
    ["the API server's", { audience: 'https://kubernetes.default.svc' }, true],
    ["the API server's, in full", { audience: 'https://kubernetes.default.svc.cluster.local' }, true],
    ["Vault's", { audience: 'vault' }, false],
    ['no token', undefined, false],
  ])('a volume with the audience %s', async (_, token, counts) => {
    const source = token === undefined ? { configMap: { name: 'c' } } : { serviceAccountToken: token };
    const mount = { name: 'own', mountPath: '/run/own' };
    const spec = {
      automountServiceAccountToken: false,
      volumes: [{ name: 'own', projected: { sources: [source] } }],
    };
    const mounting = { ...spec, containers: [{ ...app, volumeMounts: [mount] }] };
    expect(await verdicts(saTokenMount, deployment('web', mounting))).toEqual(counts ? ['fail'] : []);
    expect(await findings(saTokenMount, deployment('web', spec))).toEqual([]);
  });

  test('is not assessed, and accuses nobody, where accounts or bindings are unread', async () => {
    for (const source of ['serviceAccounts', 'roleBindings'] as const satisfies SourceName[]) {
      const unread = { [source]: { state: 'partial', count: 1, reason: 'a reason' } as const };
      const result = await evaluate(saTokenMount, [deployment('web')], unread);
      expect([result.status, result.findings]).toEqual(['not-assessed', []]);
    }
  });
});

describe('default-sa-unused', () => {
  const problem = async (...objects: Raw[]) =>
    (await findings(defaultSaUnused, account('default'), ...objects))[0];

  test('names the workloads that hold a token, each once, and says no more than it knows', async () => {
    const rollout = by('Rollout', 'canary', 'argoproj.io/v1alpha1');
    const found = await problem(
      deployment('a'),
      pod('a-1', withToken(), { uid: '1', ...by('Deployment', 'a') }),
      pod('a-2', withToken(), { uid: '2', ...by('Deployment', 'a') }),
      pod('canary-1', withToken(), { uid: '3', ...rollout }),
      pod('canary-2', { serviceAccountName: 'default' }, { uid: '4', ...rollout }),
      pod('bare', withToken(), { uid: '5' }),
      object(
        'batch/v1',
        'CronJob',
        'nightly',
        {
          spec: { jobTemplate: { spec: { template: { spec: { containers: [app] } } } } },
        },
        inShop,
      ),
      pod('elsewhere', {}, { namespace: 'other' }),
      pod('own-account', { serviceAccountName: 'app' }),
      object(
        'v1',
        'Pod',
        'over',
        { spec: withToken(), status: { phase: 'Succeeded' } },
        { ...inShop, uid: '6' },
      ),
    );
    expect(found).toMatchObject({
      verdict: 'fail',
      severity: 'medium',
      message: 'A token of it goes to CronJob nightly, Deployment a, Pod bare and 1 more.',
      fix: { action: 'patch', risk: 'review' },
    });
  });

  test.each<[string, Raw[], Raw[]]>([
    ['a Pod that refuses', [], [pod('a', { automountServiceAccountToken: false })]],
    ['a live Pod without a token', [], [pod('a', { serviceAccountName: 'default' }, { uid: '1' })]],
    [
      'an old revision',
      [],
      [
        object(
          'apps/v1',
          'ReplicaSet',
          'a',
          { spec: { replicas: 0, template: { spec: { containers: [app] } } } },
          { ...inShop, ...by('Rollout', 'canary', 'argoproj.io/v1alpha1') },
        ),
      ],
    ],
  ])('%s takes none', async (_, __, objects) => {
    expect(await problem(...objects)).toMatchObject({
      verdict: 'review',
      severity: 'low',
      fix: { action: 'patch', risk: 'safe', changes: [{ after: false }] },
    });
  });

  test('names what all accounts get, and lasting tokens', async () => {
    const found = await findings(
      defaultSaUnused,
      account('default', { secrets: [{ name: 'default-token-x2x4z' }, { name: 'default-dockercfg-abcde' }] }),
      role('reader'),
      binding('all', 'reader', group('system:serviceaccounts:shop'), 'shop'),
      binding('others', 'reader', group('system:serviceaccounts:other'), 'other'),
    );
    expect(found.map(({ message }) => message)).toEqual([
      'A Pod that names no account gets a token of it; none does so now. It has what all accounts get by RoleBinding shop/all. Secret default-token-x2x4z holds a token that never expires.',
    ]);
  });

  test('a binding is a finding of its own, whether or not there is a token', async () => {
    const found = await findings(
      defaultSaUnused,
      account('default', { automountServiceAccountToken: false }),
      role('reader'),
      binding('direct', 'reader', sa('default')),
    );
    expect(found).toMatchObject([
      {
        object: { kind: 'ClusterRoleBinding', name: 'direct' },
        verdict: 'fail',
        severity: 'medium',
        message:
          'ServiceAccount shop/default may do what ClusterRole reader allows in the cluster: ClusterRoleBinding direct grants it ClusterRole reader. Every Pod of the namespace that names no account runs as this one.',
        fix: { action: 'delete', risk: 'advice' },
      },
    ]);
  });

  test('counts the accounts and the bindings that name one', async () => {
    const { counts } = await evaluate(defaultSaUnused, [
      account('default', { automountServiceAccountToken: false }),
      account('default', {}, 'other'),
      account('app'),
      role('reader'),
      binding('a', 'reader', sa('app')),
      binding('b', 'reader', sa('default')),
    ]);
    expect(counts).toEqual({ evaluated: 3, passed: 1, failed: 2, exempt: 0 });
  });
});

describe('default-namespace-unused', () => {
  const here = { namespace: 'default' };
  const names = async (...objects: Raw[]) =>
    (await findings(defaultNamespaceUnused, ...objects))
      .map(({ object: { kind, name } }) => `${kind} ${name}`)
      .toSorted();

  test('one finding for what Pods belong to, also where its kind is not listed', async () => {
    const found = await names(
      pod('web-1', {}, { ...here, uid: '1', ...by('Rollout', 'web', 'argoproj.io/v1alpha1') }),
      pod('web-2', {}, { ...here, uid: '2', ...by('Rollout', 'web', 'argoproj.io/v1alpha1') }),
      pod('bare', {}, here),
      object(
        'apps/v1',
        'ReplicaSet',
        'web-abc',
        { spec: { replicas: 1, template: { spec: { containers: [app] } } } },
        {
          ...here,
          ...by('Rollout', 'web', 'argoproj.io/v1alpha1'),
        },
      ),
      object('v1', 'Pod', 'over', { spec: { containers: [app] }, status: { phase: 'Failed' } }, here),
    );
    expect(found).toEqual(['Pod bare', 'Rollout web']);
  });

  test('an object in no namespace lands there', async () => {
    expect(await names(object('v1', 'Service', 'web', { spec: {} }))).toEqual(['Service web']);
  });

  test('a generated Pod is known again', async () => {
    const ids = async (name: string) =>
      (await findings(defaultNamespaceUnused, pod(name, {}, { ...here, generateName: 'debug-' }))).map(
        ({ id }) => id,
      );
    expect(await ids('debug-x2x4z')).toEqual(await ids('debug-abcde'));
  });

  test('OpenShift keeps a second Service there', async () => {
    const services = ['kubernetes', 'openshift'].map((name) =>
      object('v1', 'Service', name, { spec: {} }, here),
    );
    const on = async (platform: 'kubernetes' | 'openshift') =>
      (await evaluate(defaultNamespaceUnused, services, {}, platform)).findings.length;
    expect([await on('kubernetes'), await on('openshift')]).toEqual([1, 0]);
  });

  test('passes for the namespace itself, and not where the namespaces are out of scope', async () => {
    expect(await evaluate(defaultNamespaceUnused, [namespace('default')])).toMatchObject({
      status: 'pass',
      counts: { evaluated: 1, passed: 1 },
    });
    const outcome = { state: 'not-requested', count: 0, reason: 'cluster-wide' } as const;
    expect((await evaluate(defaultNamespaceUnused, [], { namespaces: outcome })).status).toBe('not-assessed');
  });
});

describe('manual with evidence', () => {
  const result = async (check: Check, ...objects: Raw[]) => {
    const { status, reason } = await evaluate(check, objects);
    return { status, reason };
  };

  test('namespace-boundaries counts workloads, the fullest namespace first, without those of the platform', async () => {
    const inNamespace = (own: string, ...workloads: string[]) => [
      namespace(own),
      ...workloads.map((name) => pod(name, {}, { namespace: own })),
    ];
    const found = await result(
      namespaceBoundaries,
      ...inNamespace('shop', 'a'),
      ...inNamespace('wages', 'a', 'b'),
      ...inNamespace('kube-system', 'a', 'b', 'c'),
      ...inNamespace('empty'),
    );
    expect(found.status).toBe('manual');
    expect(found.reason).toMatch(/^Namespaces with workloads, and how many: wages \(2\), shop \(1\)\. /);
    const one = await evaluate(namespaceBoundaries, inNamespace('shop', 'a', 'b'));
    expect(one.findings).toMatchObject([
      { verdict: 'review', message: expect.stringContaining('All 2 workloads') as string },
    ]);
    expect(one.status).toBe('manual');
    expect((await result(namespaceBoundaries, namespace('shop'))).reason).toContain('No namespace');
  });

  test('external-secrets counts what it sees, of templates and live Pods, each workload once', async () => {
    const mounting = { volumes: [{ name: 'store', csi: { driver: 'secrets-store.csi.k8s.io' } }] };
    const onGke = { volumes: [{ name: 'store', csi: { driver: 'secrets-store-gke.csi.k8s.io' } }] };
    const injected = { annotations: { 'vault.hashicorp.com/agent-inject': 'true' } };
    const found = await result(
      externalSecrets,
      object('secrets-store.csi.x-k8s.io/v1', 'SecretProviderClass', 'database', {}, inShop),
      object('external-secrets.io/v1', 'ExternalSecret', 'a', {}, inShop),
      object('external-secrets.io/v1', 'ExternalSecret', 'b', {}, inShop),
      deployment('web', mounting),
      pod('web-1', mounting, { uid: '1', ...by('Deployment', 'web') }),
      pod('bare', onGke),
      pod('efs', { volumes: [{ name: 'data', csi: { driver: 'efs.csi.aws.com' } }] }),
      deployment('vault', {}, injected),
      deployment('not-injected', {}, { annotations: { 'vault.hashicorp.com/agent-inject': 'false' } }),
    );
    expect(found).toEqual({
      status: 'manual',
      reason:
        'What gets secrets from a store outside of the cluster: SecretProviderClasses: 1, workloads that mount from a store by CSI: 2, workloads with an agent of Vault: 1, ExternalSecrets, whose values still become Secrets of the cluster: 2. Whether the secrets that matter are there is for a person to say: follow the test plan.',
    });
    const absent = { state: 'absent', count: 0, reason: 'not served' } as const;
    const none = await evaluate(externalSecrets, [], {
      secretProviderClasses: absent,
      externalSecrets: absent,
    });
    expect(none).toMatchObject({
      status: 'manual',
      reason: expect.stringContaining('Nothing in the cluster') as string,
    });
  });
});

describe('image-provenance', () => {
  const sigstore = (mode?: string) =>
    object('policy.sigstore.dev/v1beta1', 'ClusterImagePolicy', 'p', {
      spec: mode === undefined ? {} : { mode },
    });
  const webhook = (namespaceSelector: JsonObject) =>
    object('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', 'policy.sigstore.dev', {
      webhooks: [{ name: 'policy.sigstore.dev', namespaceSelector }],
    });
  const included = { matchLabels: { 'policy.sigstore.dev/include': 'true' } };
  const kyverno = (spec: JsonObject, ...actions: (string | undefined)[]) =>
    object('kyverno.io/v1', 'ClusterPolicy', 'p', {
      spec: {
        ...spec,
        rules: [
          {
            name: 'r',
            verifyImages: actions.map((failureAction) => (failureAction ? { failureAction } : {})),
          },
        ],
      },
    });
  const cel = (spec: JsonObject) => object('policies.kyverno.io/v1', 'ImageValidatingPolicy', 'p', { spec });
  const ratify = (spec: JsonObject) =>
    object('constraints.gatekeeper.sh/v1beta1', 'RatifyVerification', 'p', { spec });
  const openShift = (registrySources: JsonObject) =>
    object('config.openshift.io/v1', 'Image', 'cluster', { spec: { registrySources } });

  test.each<[string, 'pass' | 'manual', number, Raw[]]>([
    ['sigstore', 'pass', 0, [sigstore(), webhook(included), namespace('shop', included.matchLabels)]],
    ['sigstore enforce', 'pass', 0, [sigstore('enforce'), webhook({}), namespace('shop')]],
    ['sigstore warn', 'manual', 1, [sigstore('warn'), webhook({}), namespace('shop')]],
    ['sigstore, no namespace', 'manual', 1, [sigstore(), webhook(included), namespace('shop')]],
    ['sigstore, no webhook', 'manual', 1, [sigstore(), namespace('shop', included.matchLabels)]],
    ['Kyverno', 'manual', 1, [kyverno({}, undefined)]],
    ['Kyverno enforce', 'pass', 0, [kyverno({ validationFailureAction: 'enforce' }, undefined)]],
    ['Kyverno by rule', 'pass', 0, [kyverno({}, 'Audit', 'Enforce')]],
    ['Kyverno, its rule audits', 'manual', 1, [kyverno({ validationFailureAction: 'Enforce' }, 'Audit')]],
    ['Kyverno in the background', 'manual', 1, [kyverno({ admission: false }, 'Enforce')]],
    ['Kyverno about other things', 'manual', 0, [kyverno({ validationFailureAction: 'Enforce' })]],
    ['ImageValidatingPolicy', 'pass', 0, [cel({})]],
    ['ImageValidatingPolicy deny', 'pass', 0, [cel({ validationActions: ['Deny', 'Audit'] })]],
    ['ImageValidatingPolicy audit', 'manual', 1, [cel({ validationActions: ['Audit', 'Warn'] })]],
    ['ImageValidatingPolicy off', 'manual', 1, [cel({ evaluation: { admission: { enabled: false } } })]],
    ['Ratify', 'pass', 0, [ratify({})]],
    ['Ratify dryrun', 'manual', 1, [ratify({ enforcementAction: 'dryrun' })]],
    [
      'Ratify scoped',
      'pass',
      0,
      [ratify({ enforcementAction: 'scoped', scopedEnforcementActions: [{ action: 'deny' }] })],
    ],
    ['OpenShift', 'pass', 0, [openShift({ allowedRegistries: ['quay.io'] })]],
    ['OpenShift, some blocked', 'manual', 0, [openShift({ blockedRegistries: ['quay.io'] })]],
    ['nothing', 'manual', 0, []],
  ])('%s is %s, with %i questions', async (_, expected, questions, objects) => {
    const { status, findings: found } = await evaluate(imageProvenance, objects);
    expect([status, found.map(({ verdict }) => verdict)]).toEqual([
      expected,
      Array.from({ length: questions }, () => 'review'),
    ]);
  });

  test('shows webhooks that sound like it, and no others', async () => {
    const named = (name: string) =>
      object('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', name, { webhooks: [] });
    const { status, reason } = await evaluate(imageProvenance, [
      named('connaisseur-webhook'),
      named('portieris'),
      named('cert-manager-webhook'),
    ]);
    expect(status).toBe('manual');
    expect(reason).toContain(
      'By its name this may verify images: ValidatingWebhookConfiguration connaisseur-webhook, ValidatingWebhookConfiguration portieris.',
    );
  });
});
