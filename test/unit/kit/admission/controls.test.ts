/** Which policies act on the Pods of which namespaces. ValidatingAdmissionPolicy is compared with a real server besides. */
import { describe, expect, test } from 'vitest';
import { actingIn, policyControls } from '../../../../src/kit/admission/controls.ts';
import { matchesGlob } from '../../../../src/kit/admission/match.ts';
import { opaqueWebhooks } from '../../../../src/kit/admission/webhooks.ts';
import type { JsonObject } from '../../../../src/model.ts';
import { asked, gatekeeperWebhook, heldOf, kyvernoWebhook, namespace, webhook } from './manifests.ts';

const shop = namespace('shop', { team: 'shop' });
const pay = namespace('pay');

/** `shop: enforce all` of every control but the labels. */
function acting(objects: JsonObject[], { minor = 31, namespaces = [shop, pay] } = {}): string[] {
  const controls = policyControls(heldOf(...objects), minor);
  return namespaces.flatMap((each) =>
    actingIn(each, controls)
      .filter(({ control }) => control.mechanism !== 'Pod Security Admission')
      .map(({ effect }) => `${each.metadata.name}: ${effect.mode} ${effect.reach}`),
  );
}
const everywhere = (what: string) => [`shop: ${what}`, `pay: ${what}`];

test.each([
  ['*', 'shop', true],
  ['kube-*', 'kube-system', true],
  ['*-system', 'kube-system', true],
  ['k*-*m', 'kube-system', true],
  ['?hop', 'shop', true],
  ['shop', 'shops', false],
  ['*-system', 'systems', false],
  ['', 'shop', false],
  ['s.op', 'shop', false],
  [`${'*a'.repeat(40)}b`, 'a'.repeat(63), false],
])('the glob %j and %j: %j', (glob, name, expected) => {
  expect(matchesGlob(glob, name)).toBe(expected);
});

describe('Pod Security labels', () => {
  test.each<[Record<string, string>, string | undefined]>([
    [{ enforce: 'baseline' }, 'enforce all'],
    [{ enforce: 'nonsense' }, 'enforce all'],
    [{ enforce: 'privileged', audit: 'baseline' }, 'audit all'],
    [{ enforce: 'privileged', audit: 'baseline', warn: 'restricted' }, 'warn all'],
    [{ enforce: 'privileged' }, undefined],
    [{}, undefined],
  ])('%j', (labels, expected) => {
    const [found] = actingIn(namespace('shop', asked(labels)), policyControls(heldOf(), 31));
    expect(found && `${found.effect.mode} ${found.effect.reach}`).toBe(expected);
  });
});

describe('ValidatingAdmissionPolicy', () => {
  const policy = (spec: JsonObject = {}) => ({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: 'a' },
    spec: {
      matchConstraints: {
        resourceRules: [
          { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] },
        ],
      },
      ...spec,
    },
  });
  const binding = (spec: JsonObject = {}) => ({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name: 'b' },
    spec: { policyName: 'a', validationActions: ['Deny'], ...spec },
  });
  test.each<[string, JsonObject[], string[]]>([
    ['with a binding', [policy(), binding()], everywhere('enforce all')],
    ['without', [policy()], []],
    ['a binding without its policy', [binding()], []],
    ['that only audits', [policy(), binding({ validationActions: ['Audit'] })], everywhere('audit all')],
    [
      'that only warns and audits',
      [policy(), binding({ validationActions: ['Audit', 'Warn'] })],
      everywhere('warn all'),
    ],
    [
      'in some namespaces',
      [policy(), binding({ matchResources: { namespaceSelector: { matchLabels: { team: 'shop' } } } })],
      ['shop: enforce all'],
    ],
    [
      'with conditions',
      [policy({ matchConditions: [{ name: 'x', expression: 'true' }] }), binding()],
      everywhere('enforce some'),
    ],
    [
      'with parameters that may be missing',
      [policy(), binding({ paramRef: { name: 'p', parameterNotFoundAction: 'Allow' } })],
      everywhere('enforce some'),
    ],
    [
      'with parameters that must be there',
      [policy(), binding({ paramRef: { name: 'p', parameterNotFoundAction: 'Deny' } })],
      everywhere('enforce all'),
    ],
  ])('%s', (_, objects, expected) => {
    expect(acting(objects)).toEqual(expected);
  });
});

describe('Kyverno', () => {
  const rule = (rest: JsonObject = {}) => ({
    name: 'r',
    match: { any: [{ resources: { kinds: ['Pod'] } }] },
    validate: { message: 'no', failureAction: 'Enforce' },
    ...rest,
  });
  const policy = (spec: JsonObject, rest: JsonObject = {}) => ({
    apiVersion: 'kyverno.io/v1',
    kind: 'ClusterPolicy',
    metadata: { name: 'k' },
    spec: { rules: [rule()], ...spec },
    ...rest,
  });
  const matching = (match: JsonObject) => policy({ rules: [rule({ match })] });
  const excluding = (exclude: JsonObject) => policy({ rules: [rule({ exclude })] });
  const auditing = rule({ validate: { message: 'no' } });
  test.each<[string, JsonObject, string[]]>([
    ['a rule that enforces', policy({}), everywhere('enforce all')],
    ['a rule that says nothing', policy({ rules: [auditing] }), everywhere('audit all')],
    [
      'what the policy says for its rules',
      policy({ rules: [auditing], validationFailureAction: 'enforce' }),
      everywhere('enforce all'),
    ],
    [
      'a rule that knows better than its policy',
      policy({
        rules: [rule({ validate: { message: 'no', failureAction: 'Audit' } })],
        validationFailureAction: 'Enforce',
      }),
      everywhere('audit all'),
    ],
    [
      'an exception by name',
      policy({
        rules: [auditing],
        validationFailureAction: 'Enforce',
        validationFailureActionOverrides: [{ action: 'Audit', namespaces: ['s*'] }],
      }),
      ['shop: audit all', 'pay: enforce all'],
    ],
    [
      'an exception by label, of the rule',
      policy({
        rules: [
          rule({
            validate: {
              message: 'no',
              failureAction: 'Audit',
              failureActionOverrides: [
                { action: 'Enforce', namespaceSelector: { matchLabels: { team: 'shop' } } },
              ],
            },
          }),
        ],
      }),
      ['shop: enforce all', 'pay: audit all'],
    ],
    ['a policy for the background', policy({ admission: false }), everywhere('off all')],
    ['a rule that changes Pods', policy({ rules: [rule({ validate: null, mutate: {} })] }), []],
    ['the strongest of several rules', policy({ rules: [auditing, rule()] }), everywhere('enforce all')],
    ['another kind', matching({ any: [{ resources: { kinds: ['Deployment'] } }] }), []],
    ['a subresource', matching({ any: [{ resources: { kinds: ['Pod/exec'] } }] }), []],
    ['any version', matching({ any: [{ resources: { kinds: ['*/Pod'] } }] }), everywhere('enforce all')],
    ['its version', matching({ any: [{ resources: { kinds: ['v1/Pod'] } }] }), everywhere('enforce all')],
    ['any kind', matching({ any: [{ resources: { kinds: ['*'] } }] }), everywhere('enforce all')],
    ['the older form', matching({ resources: { kinds: ['Pod'] } }), everywhere('enforce all')],
    [
      'all of several',
      matching({
        all: [{ resources: { kinds: ['Pod'] } }, { resources: { kinds: ['Pod'], namespaces: ['sh?p'] } }],
      }),
      ['shop: enforce all'],
    ],
    [
      'some Pods, by label',
      matching({ any: [{ resources: { kinds: ['Pod'], selector: { matchLabels: { a: 'b' } } } }] }),
      everywhere('enforce some'),
    ],
    [
      'some Pods, by name',
      matching({ any: [{ resources: { kinds: ['Pod'], names: ['web-*'] } }] }),
      everywhere('enforce some'),
    ],
    ['updates', matching({ any: [{ resources: { kinds: ['Pod'], operations: ['UPDATE'] } }] }), []],
    [
      'all but some namespaces',
      excluding({ any: [{ resources: { namespaces: ['pay'] } }] }),
      ['shop: enforce all'],
    ],
    [
      'all but some namespaces, by label',
      excluding({ resources: { namespaceSelector: { matchLabels: { team: 'shop' } } } }),
      ['pay: enforce all'],
    ],
    [
      'all but those of some users',
      excluding({ any: [{ subjects: [{ kind: 'User', name: 'a' }] }] }),
      everywhere('enforce some'),
    ],
    [
      'a namespace of its own',
      policy({}, { kind: 'Policy', metadata: { name: 'k', namespace: 'shop' } }),
      ['shop: enforce all'],
    ],
    [
      'a policy in CEL',
      policy(
        {
          validationActions: ['Deny'],
          matchConstraints: {
            resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['*'], resources: ['pods'] }],
          },
        },
        { apiVersion: 'policies.kyverno.io/v1', kind: 'ValidatingPolicy' },
      ),
      everywhere('enforce all'),
    ],
    [
      'one without an action, which denies',
      policy({ rules: null }, { apiVersion: 'policies.kyverno.io/v1', kind: 'ValidatingPolicy' }),
      everywhere('enforce all'),
    ],
    [
      'one that is not asked',
      policy(
        { evaluation: { admission: { enabled: false } } },
        { apiVersion: 'policies.kyverno.io/v1', kind: 'ValidatingPolicy' },
      ),
      everywhere('off all'),
    ],
    [
      'one for something else than Kubernetes',
      policy(
        { evaluation: { mode: 'JSON' } },
        { apiVersion: 'policies.kyverno.io/v1', kind: 'ValidatingPolicy' },
      ),
      everywhere('off all'),
    ],
    [
      'one that only warns',
      policy(
        { validationActions: ['Warn'] },
        { apiVersion: 'policies.kyverno.io/v1', kind: 'ValidatingPolicy' },
      ),
      everywhere('warn all'),
    ],
  ])('%s', (_, object, expected) => {
    expect(acting([object, kyvernoWebhook])).toEqual(expected);
  });

  test('does nothing that its webhook does not get to see', () => {
    expect(acting([policy({})])).toEqual([]);
    const elsewhere = webhook('kyverno', 'validate.kyverno.svc-fail', {
      namespaceSelector: { matchExpressions: [{ key: 'team', operator: 'Exists' }] },
    });
    expect(acting([policy({}), elsewhere])).toEqual(['shop: enforce all']);
  });

  test('images are told from the rest of a Pod', () => {
    const images = policy({
      rules: [rule({ validate: null, verifyImages: [{ failureAction: 'Enforce' }] })],
    });
    const own = (object: JsonObject) =>
      actingIn(shop, policyControls(heldOf(object, kyvernoWebhook), 31)).map(
        ({ control, effect }) => `${effect.mode} ${control.imagesOnly}`,
      );
    expect(own(images)).toEqual(['enforce true']);
    expect(own(policy({}))).toEqual(['enforce false']);
    expect(
      own(policy({ rules: null }, { apiVersion: 'policies.kyverno.io/v1', kind: 'ImageValidatingPolicy' })),
    ).toEqual(['enforce true']);
  });
});

describe('Gatekeeper', () => {
  const constraint = (spec: JsonObject) => ({
    apiVersion: 'constraints.gatekeeper.sh/v1beta1',
    kind: 'K8sPSPPrivilegedContainer',
    metadata: { name: 'g' },
    spec,
  });
  const match = (rest: JsonObject) =>
    constraint({ match: { kinds: [{ apiGroups: [''], kinds: ['Pod'] }], ...rest } });
  const scoped = (...points: [string, string][]) =>
    constraint({
      enforcementAction: 'scoped',
      scopedEnforcementActions: points.map(([action, name]) => ({ action, enforcementPoints: [{ name }] })),
    });
  test.each<[string, JsonObject, string[]]>([
    ['denies unless it says otherwise', constraint({}), everywhere('enforce all')],
    ['that only counts', constraint({ enforcementAction: 'dryrun' }), everywhere('audit all')],
    ['that warns', constraint({ enforcementAction: 'warn' }), everywhere('warn all')],
    [
      'with an action that it does not know',
      constraint({ enforcementAction: 'block' }),
      everywhere('off all'),
    ],
    [
      'with an action for each point',
      scoped(['deny', 'validation.gatekeeper.sh'], ['dryrun', 'audit.gatekeeper.sh']),
      everywhere('enforce all'),
    ],
    ['with one for all points', scoped(['warn', '*']), everywhere('warn all')],
    ['with none for the webhook', scoped(['deny', 'audit.gatekeeper.sh']), everywhere('off all')],
    ['for Pods', match({}), everywhere('enforce all')],
    [
      'for any kind',
      constraint({ match: { kinds: [{ apiGroups: ['*'], kinds: ['*'] }] } }),
      everywhere('enforce all'),
    ],
    ['for another kind', constraint({ match: { kinds: [{ apiGroups: [''], kinds: ['Service'] }] } }), []],
    ['for another group', constraint({ match: { kinds: [{ apiGroups: ['apps'], kinds: ['Pod'] }] } }), []],
    ['for what lies in no namespace', match({ scope: 'Cluster' }), []],
    ['for namespaces', match({ namespaces: ['sh*'] }), ['shop: enforce all']],
    ['for others', match({ excludedNamespaces: ['*op'] }), ['pay: enforce all']],
    [
      'by label',
      match({ namespaceSelector: { matchExpressions: [{ key: 'team', operator: 'DoesNotExist' }] } }),
      ['pay: enforce all'],
    ],
    [
      'for some Pods, by label',
      match({ labelSelector: { matchLabels: { a: 'b' } } }),
      everywhere('enforce some'),
    ],
    ['for some Pods, by name', match({ name: 'web-*' }), everywhere('enforce some')],
  ])('a constraint %s', (_, object, expected) => {
    expect(acting([object, gatekeeperWebhook])).toEqual(expected);
  });

  test('does nothing in namespaces that its webhook leaves out', () => {
    const leavesOut = webhook('gatekeeper', 'validation.gatekeeper.sh', {
      namespaceSelector: { matchExpressions: [{ key: 'team', operator: 'DoesNotExist' }] },
    });
    expect(acting([constraint({}), leavesOut])).toEqual(['pay: enforce all']);
    expect(acting([constraint({})])).toEqual([]);
  });
});

describe('Kubewarden', () => {
  const policy = (spec: JsonObject, rest: JsonObject = {}) => ({
    apiVersion: 'policies.kubewarden.io/v1',
    kind: 'ClusterAdmissionPolicy',
    metadata: { name: 'w' },
    spec: {
      rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
      ...spec,
    },
    status: { policyStatus: 'active' },
    ...rest,
  });
  test.each<[string, JsonObject, string[]]>([
    ['protects unless it says otherwise', policy({}), everywhere('enforce all')],
    ['that only monitors', policy({ mode: 'monitor' }), everywhere('audit all')],
    ['that is not running yet', policy({}, { status: { policyStatus: 'pending' } }), everywhere('off all')],
    ['without a status', policy({}, { status: null }), everywhere('off all')],
    ['for something else', policy({ rules: [] }), []],
    ['by label', policy({ namespaceSelector: { matchLabels: { team: 'shop' } } }), ['shop: enforce all']],
    ['with conditions', policy({ matchConditions: [{ name: 'c' }] }), everywhere('enforce some')],
    [
      'of one namespace',
      policy({}, { kind: 'AdmissionPolicy', metadata: { name: 'w', namespace: 'pay' } }),
      ['pay: enforce all'],
    ],
  ])('a policy %s', (_, object, expected) => {
    expect(acting([object])).toEqual(expected);
  });
});

test('PodSecurityPolicies count up to 1.24, and only as something that may act', () => {
  const policy = {
    apiVersion: 'policy/v1beta1',
    kind: 'PodSecurityPolicy',
    metadata: { name: 'p' },
    spec: {},
  };
  expect(acting([policy], { minor: 24 })).toEqual(everywhere('enforce some'));
  expect(acting([policy], { minor: 25 })).toEqual([]);
});

test('OpenShift admits by SecurityContextConstraints, but for namespaces of a run level', () => {
  const constraints = {
    apiVersion: 'security.openshift.io/v1',
    kind: 'SecurityContextConstraints',
    metadata: { name: 'restricted-v2' },
  };
  const namespaces = [shop, namespace('early', { 'openshift.io/run-level': '0' })];
  expect(acting([constraints], { namespaces })).toEqual(['shop: enforce all']);
});

test('of webhooks those are told that are about Pods and belong to no known engine', () => {
  const policy = {
    apiVersion: 'policies.kubewarden.io/v1',
    kind: 'ClusterAdmissionPolicy',
    metadata: { name: 'w' },
    spec: {},
  };
  const held = heldOf(
    policy,
    kyvernoWebhook,
    gatekeeperWebhook,
    webhook('clusterwide-w', 'clusterwide-w.kubewarden.admission'),
    webhook('clusterwide-group', 'clusterwide-group.kubewarden.admission'),
    webhook('vpc-resource-validating-webhook', 'pod.vpc.k8s.aws'),
    webhook('certificates', 'a.example.com', { rule: { apiGroups: ['example.com'], resources: ['*'] } }),
    webhook('deletions', 'b.example.com', { rule: { operations: ['DELETE'] } }),
    webhook('scanner', 'c.example.com', { namespaceSelector: { matchLabels: { team: 'shop' } } }),
    webhook('labelled', 'd.example.com', { objectSelector: { matchLabels: { a: 'b' } } }),
    webhook('everything', 'e.example.com', { rule: { apiGroups: ['*'], resources: ['*/*'] } }),
  );
  expect(
    opaqueWebhooks(held).map(({ configuration, reachIn }) => [
      configuration.metadata.name,
      reachIn(shop),
      reachIn(pay),
    ]),
  ).toEqual([
    ['clusterwide-group', 'all', 'all'],
    ['scanner', 'all', 'none'],
    ['labelled', 'some', 'some'],
    ['everything', 'all', 'all'],
  ]);
});
