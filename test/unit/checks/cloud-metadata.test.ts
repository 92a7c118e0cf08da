/** metadata-egress: addresses by cloud, ports, what its fixes leave open and what they close. */
import { describe, expect, test } from 'vitest';
import { metadataEgress } from '../../../src/checks/metadata-egress/check.ts';
import { projectObject } from '../../../src/collect/files.ts';
import { endpointOf, hasPort, policiesByNamespace, reach } from '../../../src/kit/network.ts';
import { planFor } from '../../../src/kit/plan.ts';
import type { JsonObject, NetworkPolicy, Workload } from '../../../src/model.ts';
import { applyPatch } from '../kit/json-patch.ts';
import { findingsOn, gce, gkeNode, node } from './cloud.ts';
import { evaluate, type Raw } from './fixtures.ts';

const aws = 'aws:///eu-west-1a/i-0a1b2c3d4e5f60718';
const azure = 'azure:///subscriptions/0';
const shop: Raw = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } };
const pod = (
  name: string,
  labels: Record<string, string> = {},
  spec: JsonObject = {},
  namespace = 'shop',
): Raw => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace, labels },
  spec: { containers: [{ name: 'app', image: 'app' }], ...spec },
});
const policy = (name: string, spec: JsonObject): Raw => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name, namespace: 'shop' },
  spec: { podSelector: {}, ...spec },
});
const egress = (name: string, ...rules: JsonObject[]): Raw =>
  policy(name, { policyTypes: ['Egress'], egress: rules });
const block = (cidr: string, ...except: string[]): JsonObject => ({
  ipBlock: { cidr, ...(except.length === 0 ? {} : { except }) },
});

const ofMetadata = (...objects: Raw[]) => findingsOn('kubernetes', metadataEgress, shop, ...objects);

/** Whether a Pod with these labels may open an address, by policies as they are in a manifest. */
function opens(
  policies: readonly Raw[],
  labels: Record<string, string>,
  ip: string,
  port: number,
  protocol = 'TCP',
) {
  const held = policies.map((raw) => projectObject(raw)?.object as NetworkPolicy);
  const from = endpointOf(projectObject(pod('probe', labels))?.object as Workload, new Map());
  const { ports } = reach(policiesByNamespace(held), from, { kind: 'address', ip }).egress;
  return hasPort(ports, protocol, port);
}

describe('metadata-egress', () => {
  test.each([
    [aws, 'AWS', '169.254.169.254:80, [fd00:ec2::254]:80'],
    [azure, 'Azure', '169.254.169.254:80, 168.63.129.16:80, 168.63.129.16:32526'],
    [gce, 'Google Cloud', '169.254.169.254:80'],
    ['openstack:///0', 'OpenStack', '169.254.169.254:80'],
    ['ocid1.instance.oc1.fra.a', 'Oracle Cloud', '169.254.169.254:80'],
    ['cn-hangzhou.i-1a2b', 'Alibaba Cloud', '100.100.100.200:80'],
  ])('%s is %s', async (providerID, cloud, addresses) => {
    expect(await ofMetadata(node(providerID), pod('web'))).toMatchObject([
      {
        verdict: 'fail',
        message: `No NetworkPolicy isolates it for egress: it can open ${addresses}, the metadata of ${cloud}.`,
      },
    ]);
  });

  test.each(['', 'kind://docker/kind/kind-worker', 'k3s://a', 'aws:///eu-west-1a/0d/fargate-ip-10-0-1-7'])(
    'a node of %j has no metadata',
    async (providerID) => {
      const { status, findings } = await evaluate(metadataEgress, [shop, node(providerID), pod('web')]);
      expect([status, findings]).toEqual(['not-applicable', []]);
    },
  );

  test.each<[string, string, JsonObject[], string | undefined]>([
    ['a hole in the range', aws, [{ to: [block('0.0.0.0/0', '169.254.0.0/16')] }], undefined],
    [
      'IPv6 forgotten',
      aws,
      [{ to: [block('0.0.0.0/0', '169.254.0.0/16'), block('::/0')] }],
      '[fd00:ec2::254]:80',
    ],
    [
      'IPv4 forgotten',
      aws,
      [{ to: [block('0.0.0.0/0'), block('::/0', 'fd00:ec2::/32')] }],
      '169.254.169.254:80',
    ],
    [
      'the address of Azure forgotten',
      azure,
      [{ to: [block('0.0.0.0/0', '169.254.0.0/16')] }],
      '168.63.129.16:80, 168.63.129.16:32526',
    ],
    [
      'a range of ports',
      aws,
      [{ to: [block('169.254.0.0/16')], ports: [{ port: 79, endPort: 81 }] }],
      '169.254.169.254:80',
    ],
    [
      'name servers alone',
      gce,
      [{ to: [block('169.254.169.254/32')], ports: [{ protocol: 'UDP', port: 53 }, { port: 53 }] }],
      undefined,
    ],
    ['UDP alone', aws, [{ ports: [{ protocol: 'UDP' }] }], undefined],
    ['EKS Pod Identity', aws, [{ to: [block('169.254.170.23/32')] }], undefined],
    [
      'the metadata server of GKE, where nodes do not run it',
      gce,
      [{ to: [block('169.254.169.252/32')], ports: [{ port: 988 }] }],
      undefined,
    ],
    ['every Pod of every namespace', aws, [{ to: [{ namespaceSelector: {} }] }], undefined],
  ])('%s', async (_, providerID, rules, addresses) => {
    const found = await ofMetadata(node(providerID), pod('web'), egress('out', ...rules));
    expect(
      found.map(
        ({ message }) => /^NetworkPolicy shop\/out lets it open (.*), the metadata/.exec(message)?.[1],
      ),
    ).toEqual(addresses === undefined ? [] : [addresses]);
  });

  test('each policy that lets a Pod is a finding of its own: policies add up, and none beats another', async () => {
    const closest = policy('closest', {
      podSelector: { matchLabels: { app: 'web' } },
      policyTypes: ['Egress'],
    });
    const found = await ofMetadata(
      node(aws),
      pod('web', { app: 'web' }),
      closest,
      egress('a', {}),
      egress('b', { to: [block('169.254.0.0/16')] }),
    );
    expect(found.map(({ fix: { target, action } }) => [target.kind, target.name, action])).toEqual([
      ['NetworkPolicy', 'a', 'patch'],
      ['NetworkPolicy', 'b', 'patch'],
    ]);
  });

  test('workloads alike are one finding, which is the same one when another joins them', async () => {
    const one = await ofMetadata(node(aws), pod('web'));
    const two = await ofMetadata(node(aws), pod('api'), pod('web'));
    expect(two).toMatchObject([
      { id: one[0]?.id, members: [{ object: { name: 'api' } }, { object: { name: 'web' } }] },
    ]);
    // One plan for all of them, which is about the namespace.
    const targets = two[0]?.members?.map(({ fix }) => `${fix.action} ${fix.target.kind} ${fix.target.name}`);
    expect(targets).toEqual([
      'create NetworkPolicy passmuster-deny-metadata',
      'create NetworkPolicy passmuster-deny-metadata',
    ]);
  });

  test('only what differs is changed, and name servers at the address stay open', async () => {
    const out = egress(
      'out',
      { to: [{ namespaceSelector: {} }, block('10.0.0.0/8')] },
      { to: [block('0.0.0.0/0', '10.0.0.0/8')] },
    );
    const [finding] = await ofMetadata(node(azure), pod('web'), out);
    const { patch = [] } = planFor(finding === undefined ? [] : [finding.fix]);
    const fixed = applyPatch(out, patch) as Raw;
    expect((fixed['spec'] as JsonObject)['egress']).toEqual([
      { to: [{ namespaceSelector: {} }, block('10.0.0.0/8')] },
      { to: [block('0.0.0.0/0', '10.0.0.0/8', '169.254.169.254/32', '168.63.129.16/32')] },
      {
        to: [block('168.63.129.16/32')],
        ports: [
          { protocol: 'UDP', port: 53 },
          { protocol: 'TCP', port: 53 },
        ],
      },
    ]);
    expect([
      opens([fixed], {}, '168.63.129.16', 53, 'UDP'),
      opens([fixed], {}, '168.63.129.16', 80),
      opens([fixed], {}, '1.1.1.1', 443),
    ]).toEqual([true, false, true]);
  });

  test.each([
    [{ matchLabels: { app: 'db' } }, { key: 'app', operator: 'NotIn', values: ['db'] }],
    [{ matchExpressions: [{ key: 'app', operator: 'Exists' }] }, { key: 'app', operator: 'DoesNotExist' }],
    [
      { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] },
      { key: 'app', operator: 'In', values: ['web'] },
    ],
  ])('the policy it makes selects just what %j does not', async (podSelector, opposite) => {
    const db = policy('db', { podSelector, policyTypes: ['Egress'] });
    const open = opposite.operator === 'DoesNotExist' ? {} : { app: 'web' };
    const [finding] = await ofMetadata(node(aws), pod('db', { app: 'db' }), pod('web', open), db);
    const manifest = finding?.fix.manifest as Raw;
    expect((manifest['spec'] as JsonObject)['podSelector']).toEqual({ matchExpressions: [opposite] });
    const all = [db, manifest];
    expect([
      opens(all, { app: 'db' }, '1.1.1.1', 443),
      opens(all, open, '1.1.1.1', 443),
      opens(all, open, '169.254.169.254', 80),
      opens(all, open, 'fd00:ec2::254', 80),
      opens(all, open, '169.254.170.23', 80),
    ]).toEqual([false, true, false, false, true]);
  });

  test.each([
    [
      'selectors that have no opposite',
      [policy('db', { podSelector: { matchLabels: { app: 'db', tier: 'back' } }, policyTypes: ['Egress'] })],
    ],
    [
      'a policy of ours that somebody changed',
      [policy('passmuster-deny-metadata', { policyTypes: ['Ingress'] })],
    ],
  ])('makes no policy beside %s', async (_, policies) => {
    expect(await ofMetadata(node(aws), pod('web'), ...policies)).toMatchObject([
      { verdict: 'fail', fix: { action: 'none', risk: 'advice' } },
    ]);
  });

  test('policies of other kinds may hold what no NetworkPolicy does, and a NetworkPolicy may open what they hold', async () => {
    const cilium: Raw = {
      apiVersion: 'cilium.io/v2',
      kind: 'CiliumNetworkPolicy',
      metadata: { name: 'out', namespace: 'shop' },
    };
    expect(await ofMetadata(node(aws), pod('web'), cilium)).toMatchObject([
      { verdict: 'review', message: expect.stringContaining('CiliumNetworkPolicy'), fix: { action: 'none' } },
    ]);
    expect(await ofMetadata(node(aws), pod('agent', {}, { hostNetwork: true }), cilium)).toMatchObject([
      { verdict: 'fail', message: expect.stringContaining('network of its node') },
    ]);
  });

  test('with the metadata server of GKE on every node a Pod gets its own identity, but on the network of the node', async () => {
    const onGke = (...objects: Raw[]) => findingsOn('gke', metadataEgress, shop, ...objects);
    const own = { verdict: 'review', severity: 'low', fix: { action: 'none' } };
    expect(await onGke(gkeNode(), pod('web'))).toMatchObject([
      { ...own, message: expect.stringContaining('169.254.169.254:80, 169.254.169.252:988') },
    ]);
    const redirected = egress('out', { to: [block('169.254.169.252/32')] });
    expect(await onGke(gkeNode(), pod('web'), redirected)).toMatchObject([own]);
    expect(await onGke(gkeNode(), pod('agent', {}, { hostNetwork: true }))).toMatchObject([
      { verdict: 'fail', severity: 'high' },
    ]);
    expect(await onGke(gkeNode(), gkeNode('false', 'node-2'), pod('web'))).toMatchObject([
      { verdict: 'fail', severity: 'high', fix: { action: 'create' } },
    ]);
  });

  test('where policies allow what is closed already, the policy it makes has the name servers too', async () => {
    const [finding] = await ofMetadata(node(gce), pod('web'));
    const all = [finding?.fix.manifest as Raw];
    expect([
      opens(all, {}, '169.254.169.254', 53, 'UDP'),
      opens(all, {}, '169.254.169.254', 53),
      opens(all, {}, '169.254.169.254', 80),
    ]).toEqual([true, true, false]);
  });
});
