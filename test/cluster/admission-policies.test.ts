/**
 * Which Pods of which namespaces a ValidatingAdmissionPolicy covers, and what becomes of them, against a real API server:
 * random policies and bindings whose expression is never true. POLICY_BATCHES says how many sets of them are tried (50 is the
 * full size), TEST_SEED repeats a run.
 */
import * as fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect } from '../../src/api/connection.ts';
import { collectCluster } from '../../src/collect/cluster.ts';
import { admissionOf } from '../../src/kit/admission.ts';
import { policyControls } from '../../src/kit/admission/controls.ts';
import { selects } from '../../src/kit/label-selector.ts';
import type { LabelSelector } from '../../src/model.ts';
import { startControlPlane, type ControlPlane } from '../servers/control-plane.ts';
import { skipReason } from '../control-plane/binaries.ts';
import { seed } from '../seed.ts';
import { inParallel, sender, type Send } from './warnings.ts';

const batches = Number(process.env['POLICY_BATCHES'] ?? 5);
const policiesOfOne = 6;
const minor = 37;

// ---------------------------------------------------------------------------------------------------------
// Policies, namespaces and Pods

type Labels = Record<string, string>;
const namespaces: { name: string; labels: Labels }[] = [
  { name: 'bare', labels: {} },
  { name: 'shop', labels: { team: 'shop', tier: 'web' } },
  { name: 'pay', labels: { team: 'pay' } },
  { name: 'lab', labels: { team: '', tier: 'web' } },
];
const podLabels: Labels[] = [{}, { team: 'shop' }, { tier: 'web', team: 'pay' }];

const values = ['shop', 'pay', 'web', ''];
const requirement = fc.oneof(
  fc.record({
    key: fc.constantFrom('team', 'tier'),
    operator: fc.constantFrom('In', 'NotIn'),
    values: fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    key: fc.constantFrom('team', 'tier'),
    operator: fc.constantFrom('Exists', 'DoesNotExist'),
  }),
  fc.record({
    key: fc.constant('kubernetes.io/metadata.name'),
    operator: fc.constantFrom('In', 'NotIn'),
    values: fc.uniqueArray(fc.constantFrom('bare', 'shop', 'pay'), { minLength: 1, maxLength: 2 }),
  }),
);
const selector: Arbitrary<LabelSelector | undefined> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(undefined, {}) },
  {
    weight: 3,
    arbitrary: fc.record(
      {
        matchLabels: fc.dictionary(fc.constantFrom('team', 'tier'), fc.constantFrom(...values), {
          maxKeys: 1,
        }),
        matchExpressions: fc.array(requirement, { maxLength: 2 }),
      },
      { requiredKeys: [] },
    ),
  },
);

const someOf = (...items: string[]) =>
  fc.uniqueArray(fc.constantFrom(...items), { minLength: 1, maxLength: 2 });
const often = <T>(usual: T, others: Arbitrary<T>) =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(usual) }, { weight: 2, arbitrary: others });
const unlessStar = (items: string[]) => (items.includes('*') ? ['*'] : items);
const rule = fc.record(
  {
    apiGroups: often([''], someOf('', 'apps', '*').map(unlessStar)),
    apiVersions: often(['v1'], someOf('v1', 'v1beta1', '*').map(unlessStar)),
    operations: often(['CREATE'], someOf('CREATE', 'UPDATE', 'DELETE', '*').map(unlessStar)),
    resources: often(
      ['pods'],
      fc.constantFrom('pods', 'pods/exec', 'pods/*', '*', '*/*', 'services', '*/exec').map((one) => [one]),
    ),
    scope: fc.constantFrom('*', 'Namespaced', 'Namespaced', 'Cluster'),
    resourceNames: fc.constantFrom<string[]>([], [], [], ['p'], ['q']),
  },
  { requiredKeys: ['apiGroups', 'apiVersions', 'operations', 'resources'] },
);
const match = (withRules: boolean) =>
  fc.record(
    {
      resourceRules: fc.array(rule, { minLength: withRules ? 1 : 0, maxLength: 2 }),
      excludeResourceRules: fc.oneof(
        { weight: 5, arbitrary: fc.constant([]) },
        { weight: 1, arbitrary: fc.array(rule, { minLength: 1, maxLength: 1 }) },
      ),
      namespaceSelector: selector,
      objectSelector: selector,
    },
    { requiredKeys: withRules ? ['resourceRules'] : [] },
  );
const binding = fc.record(
  {
    validationActions: fc.constantFrom(['Deny'], ['Deny', 'Audit'], ['Warn'], ['Warn', 'Audit'], ['Audit']),
    matchResources: match(false),
  },
  { requiredKeys: ['validationActions'] },
);
const policy = fc.record({
  matchConstraints: match(true),
  bindings: fc.oneof(
    { weight: 1, arbitrary: fc.array(binding, { maxLength: 0 }) },
    { weight: 6, arbitrary: fc.array(binding, { minLength: 1, maxLength: 2 }) },
  ),
});
type Policy = typeof policy extends Arbitrary<infer T> ? T : never;

/** Covers every new Pod of the namespace, and no other. */
const covering = (namespace: string, action: 'Deny' | 'Warn'): Policy => ({
  matchConstraints: {
    resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
  },
  bindings: [{ validationActions: [action] }],
});

const group = '/apis/admissionregistration.k8s.io/v1';
const apiVersion = 'admissionregistration.k8s.io/v1';

function manifests(name: string, { matchConstraints, bindings }: Policy) {
  return [
    {
      path: `${group}/validatingadmissionpolicies`,
      object: {
        apiVersion,
        kind: 'ValidatingAdmissionPolicy',
        metadata: { name },
        spec: { matchConstraints, validations: [{ expression: 'false', message: name }] },
      },
    },
    ...bindings.map((spec, i) => ({
      path: `${group}/validatingadmissionpolicybindings`,
      object: {
        apiVersion,
        kind: 'ValidatingAdmissionPolicyBinding',
        metadata: { name: `${name}-${i}` },
        spec: { policyName: name, ...spec },
      },
    })),
  ];
}

// ---------------------------------------------------------------------------------------------------------

const skip = skipReason('1.37');
let cluster: ControlPlane;
let send: Send;
beforeAll(async () => {
  if (skip) return;
  cluster = await startControlPlane({ version: '1.37' });
  send = sender(cluster);
  for (const metadata of [...namespaces, { name: 'sentinel' }])
    await send('POST', '/api/v1/namespaces', { metadata });
});
afterAll(() => cluster?.stop());

const podIn = (namespace: string, labels: Labels) =>
  send('POST', `/api/v1/namespaces/${namespace}/pods?dryRun=All`, {
    metadata: { name: 'p', labels },
    spec: { containers: [{ name: 'app', image: 'registry.example/app:1' }] },
  });

/** Lists show what was written in order: once this one acts, those before it do as well, and deleted ones no more. */
async function settled(name: string): Promise<void> {
  for (const { path, object } of manifests(name, covering('sentinel', 'Warn')))
    await send('POST', path, object);
  await expect
    .poll(async () => (await podIn('sentinel', {})).warnings.join(), { timeout: 30_000 })
    .toContain(`'${name}'`);
}

async function read() {
  const connection = await connect({ kubeconfig: cluster.kubeconfig });
  try {
    const { held, outcomes } = await collectCluster(connection);
    return { held, admission: admissionOf(held, minor, outcomes) };
  } finally {
    await connection.close();
  }
}

/** `… ValidatingAdmissionPolicy 'a' with binding 'a-0': a` */
const pairsIn = (warnings: readonly string[]): string[] =>
  warnings
    .flatMap((text) => {
      const [, name, bound] = /ValidatingAdmissionPolicy '([^']+)' with binding '([^']+)'/.exec(text) ?? [];
      return name === undefined ? [] : [`${name} ${bound}`];
    })
    .toSorted();

test.skipIf(skip)(
  'policies cover the Pods of a namespace as they do on the server',
  async () => {
    const random = fc.array(policy, { minLength: policiesOfOne, maxLength: policiesOfOne });
    const plain = [covering('shop', 'Warn'), covering('pay', 'Deny')];
    const sets = [plain, ...fc.sample(random, { seed, numRuns: batches })];
    const counts = { pods: 0, refused: 0, admitted: 0, warned: 0, some: 0 };
    let stale: { path: string; object: { metadata: { name: string } } }[] = [];
    for (const [batch, policies] of sets.entries()) {
      for (const { path, object } of stale) await send('DELETE', `${path}/${object.metadata.name}`);
      stale = policies.flatMap((each, i) => manifests(`b${batch}-${i}`, each));
      for (const { path, object } of stale) {
        const { status, body } = await send('POST', path, object);
        expect([object, status, body.message]).toEqual([object, 201, undefined]);
      }
      await settled(`sentinel-${batch}`);
      const { held, admission } = await read();
      const controls = policyControls(held, minor);
      const trials = namespaces.flatMap(({ name }) => podLabels.map((labels) => ({ name, labels })));
      await inParallel(trials, async ({ name, labels }) => {
        const namespace = held.namespaces.find(({ metadata }) => metadata.name === name);
        if (namespace === undefined) throw new Error(`no namespace ${name}`);
        const { status, warnings } = await podIn(name, labels);
        const effects = controls.flatMap((control) => {
          const effect = control.effectIn(namespace);
          if (effect === undefined) return [];
          if (effect.reach === 'some') counts.some += 1;
          const [, policyName = '', bindingName = ''] = /(\S+) \(binding (\S+)\)$/.exec(control.title) ?? [];
          const isCovered = effect.reach === 'all' || coversPod(policies, policyName, bindingName, labels);
          return isCovered ? [{ pair: `${policyName} ${bindingName}`, mode: effect.mode }] : [];
        });
        const isRefused = effects.some(({ mode }) => mode === 'enforce');
        const warned = effects.filter(({ mode }) => mode === 'warn').map(({ pair }) => pair);
        const what = { batch, name, labels, policies };
        expect({ ...what, isRefused, warned: warned.toSorted() }).toEqual({
          ...what,
          isRefused: status === 422,
          warned: pairsIn(warnings),
        });
        // What may refuse is never called admitted; what is not there is.
        const mayRefuse = controls.some((control) => control.effectIn(namespace)?.mode === 'enforce');
        const again = admission.again({
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: 'p', namespace: name },
          podSpec: { containers: [{ name: 'app' }] },
        });
        expect({ ...what, verdict: again?.verdict }).toEqual({
          ...what,
          verdict: mayRefuse ? 'unknown' : 'admitted',
        });
        counts.pods += 1;
        counts.warned += warned.length;
        counts[isRefused ? 'refused' : 'admitted'] += 1;
      });
    }
    console.log(`admission policies, seed ${seed}, ${batches} batches`, counts);
    expect(Math.min(counts.refused, counts.admitted, counts.warned)).toBeGreaterThan(0);
  },
  600_000,
);

/** Of a policy that looks at the Pod itself: whether it looks at this one, which is called `p`. */
function coversPod(policies: readonly Policy[], name: string, bound: string, labels: Labels): boolean {
  const found = policies[Number(name.split('-')[1])];
  const matches = [found?.matchConstraints, found?.bindings[Number(bound.split('-')[2])]?.matchResources];
  return matches.every((each) => {
    if (each === undefined) return true;
    const { objectSelector, resourceRules, excludeResourceRules = [] } = each;
    // Rules with names: those that are for another name, or not about Pods, are no rules here.
    const isFor = ({ resourceNames = [] }: Rule) => resourceNames.length === 0 || resourceNames.includes('p');
    return (
      selects(objectSelector ?? {}, labels) &&
      (resourceRules === undefined ||
        resourceRules.length === 0 ||
        resourceRules.some((one) => isFor(one) && isAboutPods(one))) &&
      !excludeResourceRules.some((one) => isFor(one) && isAboutPods(one))
    );
  });
}

type Rule = NonNullable<Policy['matchConstraints']['resourceRules']>[number];
const isAboutPods = ({ apiGroups, apiVersions, operations, resources, scope = '*' }: Rule): boolean =>
  [
    [apiGroups, ['', '*']],
    [apiVersions, ['v1', '*']],
    [operations, ['CREATE', '*']],
    [resources, ['pods', 'pods/*', '*', '*/*']],
    [[scope], ['*', 'Namespaced']],
  ].every(([has = [], wanted = []]) => has.some((each) => wanted.includes(each)));
