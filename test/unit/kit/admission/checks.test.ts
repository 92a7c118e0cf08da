/** What the three checks of namespaces say and would change, beyond the verdicts that their fixtures show. */
import { describe, expect, test } from 'vitest';
import { policyControlActive } from '../../../../src/checks/policy-control-active/check.ts';
import { psaNamespaceLabels } from '../../../../src/checks/psa-namespace-labels/check.ts';
import { pssBaselineEnforced } from '../../../../src/checks/pss-baseline-enforced/check.ts';
import type { Check } from '../../../../src/kit/define-check.ts';
import { formatField } from '../../../../src/kit/field.ts';
import { planFor } from '../../../../src/kit/plan.ts';
import type { Finding, JsonObject, SourceName, SourceOutcome } from '../../../../src/model.ts';
import { evaluate, type Raw } from '../../checks/fixtures.ts';
import { asked, webhook } from './manifests.ts';

const namespace = (name: string, labels: Record<string, string> = {}): Raw => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels: asked(labels) },
});
const deployment = (name: string, securityContext: JsonObject, rest: JsonObject = {}): Raw => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: 'shop' },
  spec: { template: { spec: { ...rest, containers: [{ name: 'app', securityContext }] } } },
});
const privileged = deployment('agent', { privileged: true });
const plain = deployment('web', {});
const restricted = deployment(
  'safe',
  { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
  { securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } } },
);

async function only(check: Check, ...objects: Raw[]): Promise<Finding> {
  const { findings } = await evaluate(check, objects);
  const [first] = findings;
  if (first === undefined || findings.length > 1) throw new Error(`${findings.length} findings`);
  return first;
}
const changes = ({ fix }: Finding) =>
  (fix.changes ?? []).map(
    ({ field, after }) => `${formatField(field).split('/')[1] ?? ''}=${JSON.stringify(after)}`,
  );
const radius = ({ fix }: Finding) =>
  fix.blastRadius?.map(({ level, version, workloads }) => [
    level,
    version,
    ...workloads.map(({ object, pods }) => `${object.name} ${pods}`),
  ]);

describe('psa-namespace-labels', () => {
  test('a namespace without a label is made to warn and audit, which refuses nothing', async () => {
    const found = await only(psaNamespaceLabels, namespace('shop'), privileged, plain, restricted);
    expect([found.verdict, found.fix.risk]).toEqual(['review', 'safe']);
    expect(changes(found)).toEqual(['audit="restricted"', 'warn="restricted"']);
    expect(radius(found)).toEqual([
      ['baseline', 'latest', 'agent 0'],
      ['restricted', 'latest', 'agent 0', 'web 0'],
    ]);
  });

  test.each([
    ['the strictest level that refuses nothing', [restricted], 'restricted'],
    ['the lesser one where that refuses something', [restricted, plain], 'baseline'],
    ['the lesser one also where it refuses something', [privileged], 'baseline'],
  ])('in place of privileged comes %s', async (_, workloads, level) => {
    const found = await only(psaNamespaceLabels, namespace('shop', { enforce: 'privileged' }), ...workloads);
    expect([found.verdict, found.fix.risk, changes(found)]).toEqual([
      'fail',
      'review',
      [`enforce="${level}"`],
    ]);
    expect(found.fix.note).toContain(
      workloads.includes(privileged) ? '1 workload,' : 'none that could be read',
    );
  });

  test('all values that mean nothing go in one change, with whatever else is changed', async () => {
    const labels = { enforce: 'strict', warn: 'basline', 'audit-version': '1.25' };
    const found = await only(psaNamespaceLabels, namespace('shop', labels));
    expect(found.message).toContain('"strict": the API server takes it for restricted');
    expect(changes(found)).toEqual(['enforce="restricted"', 'audit-version="latest"', 'warn="restricted"']);
    const open = await only(
      psaNamespaceLabels,
      namespace('shop', { enforce: 'privileged', warn: 'basline' }),
    );
    expect(changes(open)).toEqual(['enforce="restricted"', 'warn="restricted"']);
  });

  test('live Pods count, those that have ended do not', async () => {
    const pod = (name: string, phase: string): Raw => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'shop', uid: name },
      spec: { hostPID: true, containers: [{ name: 'app' }] },
      status: { phase },
    });
    const found = await only(
      psaNamespaceLabels,
      namespace('shop'),
      pod('a', 'Running'),
      pod('b', 'Succeeded'),
    );
    expect(radius(found)?.[0]).toEqual(['baseline', 'latest', 'a 1']);
  });
});

describe('pss-baseline-enforced', () => {
  test('enforces baseline at the version that the labels pin', async () => {
    const found = await only(
      pssBaselineEnforced,
      namespace('shop', { 'enforce-version': 'v1.29', warn: 'restricted' }),
      privileged,
    );
    expect([found.verdict, found.fix.risk, changes(found)]).toEqual([
      'review',
      'review',
      ['enforce="baseline"'],
    ]);
    expect(radius(found)).toEqual([
      ['baseline', 'v1.29', 'agent 0'],
      ['restricted', 'v1.29', 'agent 0'],
    ]);
  });

  test('one plan puts both findings of a namespace right', async () => {
    const objects = [namespace('shop')];
    const findings = [
      await only(psaNamespaceLabels, ...objects),
      await only(pssBaselineEnforced, ...objects),
    ];
    const { patch = [] } = planFor(findings.map(({ fix }) => fix));
    expect(patch.filter(({ op }) => op === 'add').map(({ path }) => path.split('~1')[1])).toEqual([
      'audit',
      'warn',
      'enforce',
    ]);
  });
});

describe('policy-control-active', () => {
  test('says once for all namespaces that there is nothing', async () => {
    const found = await only(policyControlActive, namespace('b'), namespace('a'), namespace('c'));
    expect(found.message).toBe(
      'Nothing was found that refuses a Pod in namespace a and 2 more namespaces, or anywhere else.',
    );
    expect(found.members?.map(({ object, message }) => [object.name, message])).toEqual(
      ['a', 'b', 'c'].map((name) => [
        name,
        `Nothing was found that refuses a Pod in namespace ${name}, or anywhere else.`,
      ]),
    );
  });

  test('names what only looks on', async () => {
    const found = await only(policyControlActive, namespace('shop', { warn: 'baseline' }));
    expect([found.verdict, found.message]).toEqual([
      'fail',
      'Nothing was found that refuses a Pod in namespace shop, or anywhere else: Pod Security Admission only looks on.',
    ]);
  });

  test('a policy about images is none about Pods', async () => {
    const images = {
      apiVersion: 'policies.kyverno.io/v1',
      kind: 'ImageValidatingPolicy',
      metadata: { name: 'signed' },
      spec: { validationActions: ['Deny'] },
    } as Raw;
    const asks = webhook('kyverno', 'ivpol.validate.kyverno.svc-fail') as Raw;
    expect((await only(policyControlActive, namespace('shop'), images, asks)).verdict).toBe('fail');
  });

  test('is not assessed where a kind could not be read, and is where the server does not have it', async () => {
    const covered = [namespace('shop', { enforce: 'baseline' })];
    const status = async (state: SourceOutcome['state']) => {
      const outcomes: Partial<Record<SourceName, SourceOutcome>> = {
        gatekeeperConstraints: { state, count: 0, reason: 'a reason' },
      };
      return (await evaluate(policyControlActive, covered, outcomes)).status;
    };
    expect([await status('forbidden'), await status('absent'), await status('not-requested')]).toEqual([
      'not-assessed',
      'pass',
      'not-assessed',
    ]);
  });
});
