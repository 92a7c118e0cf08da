/** What the checks over NetworkPolicies have in common, and who is let in from other namespaces. */
import { describe, expect, test } from 'vitest';
import { evaluate, type Raw } from './fixtures.ts';
import { checkOf, denyAll, findings, ids, namespace, pod, policy } from './netpol.ts';

test.each(ids)('%s: a correct default deny passes, and a namespace without a policy fails', async (id) => {
  const dns = {
    podSelector: {},
    policyTypes: ['Egress'],
    egress: [{ ports: [{ port: 53, protocol: 'UDP' }] }],
  };
  const closed = [namespace('shop'), pod('shop/web'), policy('shop/deny', denyAll), policy('shop/dns', dns)];
  expect((await evaluate(checkOf(id), closed)).status).toBe('pass');
  expect((await evaluate(checkOf(id), [namespace('shop'), pod('shop/web')])).status).toBe('fail');
});

test.each(ids)('%s: does not count what the platform owns', async (id) => {
  const own = ['kube-system', 'openshift-dns', 'gke-managed-system', 'calico-system'];
  const objects = own.flatMap((name) => [namespace(name), pod(`${name}/agent`)]);
  expect((await evaluate(checkOf(id), objects)).status).toBe('not-applicable');
});

test.each([
  ['ciliumNetworkPolicies', 'CiliumNetworkPolicy', 'cilium.io/v2', 'shop'],
  ['ciliumClusterwideNetworkPolicies', 'CiliumClusterwideNetworkPolicy', 'cilium.io/v2', undefined],
  ['calicoNetworkPolicies', 'NetworkPolicy', 'crd.projectcalico.org/v1', 'shop'],
  ['calicoGlobalNetworkPolicies', 'GlobalNetworkPolicy', 'crd.projectcalico.org/v1', undefined],
  ['adminNetworkPolicies', 'AdminNetworkPolicy', 'policy.networking.k8s.io/v1alpha1', undefined],
  [
    'baselineAdminNetworkPolicies',
    'BaselineAdminNetworkPolicy',
    'policy.networking.k8s.io/v1alpha1',
    undefined,
  ],
  ['clusterNetworkPolicies', 'ClusterNetworkPolicy', 'policy.networking.k8s.io/v1alpha2', undefined],
])('%s make a review of every failure, and the message names one', async (_, kind, apiVersion, of) => {
  const other: Raw = {
    apiVersion,
    kind,
    metadata: { name: 'tenants', ...(of === undefined ? {} : { namespace: of }) },
    spec: {},
  };
  for (const id of ids) {
    const [finding, ...more] = await findings(id, [namespace('shop'), pod('shop/web'), other]);
    expect([id, finding?.verdict, more]).toEqual([id, 'review', []]);
    expect(finding?.message).toContain(`${kind} ${of === undefined ? '' : 'shop/'}tenants`);
  }
});

describe('namespace-isolation', () => {
  const id = 'namespace-isolation';

  test('lets a namespace go on talking to itself only where nothing in it is isolated', async () => {
    const specs = async (...policies: Raw[]) =>
      (
        await findings(id, [
          namespace('shop'),
          pod('shop/web', { app: 'web' }),
          pod('shop/db', { app: 'db' }),
          ...policies,
        ])
      ).map(({ fix }) => fix.manifest?.['spec']);
    expect(await specs()).toEqual([
      { podSelector: {}, policyTypes: ['Ingress'], ingress: [{ from: [{ podSelector: {} }] }] },
    ]);
    const db = policy('shop/db', { podSelector: { matchLabels: { app: 'db' } }, ingress: [] });
    expect(await specs(db)).toEqual([{ podSelector: {}, policyTypes: ['Ingress'] }]);
  });

  test('points at the worst rule, and counts those like it', async () => {
    const [finding, ...more] = await findings(id, [
      namespace('shop'),
      pod('shop/web', { app: 'web' }),
      policy('shop/some', {
        podSelector: { matchLabels: { app: 'web' } },
        ingress: [
          { ports: [{ port: 443 }] },
          { from: [{ namespaceSelector: {}, podSelector: { matchLabels: { app: 'x' } } }] },
          { from: [{ podSelector: {} }, { namespaceSelector: {} }] },
        ],
      }),
    ]);
    expect(more).toEqual([]);
    expect(finding).toMatchObject({
      path: 'spec.ingress[2]',
      verdict: 'fail',
      severity: 'medium',
      fix: { action: 'none' },
    });
    expect(finding?.message).toBe(
      'This rule lets in Pods of every namespace: to Pod shop/web. 3 of its rules are like that.',
    );
  });

  test('is less severe where the rule names ports', async () => {
    const [finding] = await findings(id, [
      namespace('shop'),
      pod('shop/web'),
      policy('shop/web', { podSelector: {}, ingress: [{ ports: [{ port: 443 }] }] }),
    ]);
    expect(finding).toMatchObject({ verdict: 'fail', severity: 'low' });
  });
});
