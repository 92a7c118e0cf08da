/** NetworkPolicies on a real API server: what it writes into them and what it refuses, and `passmuster reach` against it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { projectObject } from '../../src/collect/files.ts';
import { policyOf, type Rule } from '../../src/kit/network/policies.ts';
import { portsOf } from '../../src/kit/network/ports.ts';
import type { NetworkPolicy } from '../../src/model.ts';
import { passmuster } from '../cli.ts';
import { skipReason } from '../control-plane/binaries.ts';
import { startControlPlane, type ControlPlane } from '../servers/control-plane.ts';

const list = (...items: object[]) => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
const netpol = (name: string, spec: object, namespace = 'shop') => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name, namespace },
  spec,
});
const policies = '/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies';
const namespaces = ['shop', 'bank'].map((name) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels: { team: name } },
}));
const read = (raw: object): NetworkPolicy =>
  projectObject(raw as Record<string, unknown>)?.object as NetworkPolicy;

describe.skipIf(skipReason('1.37'))('NetworkPolicies on Kubernetes 1.37', () => {
  let cluster: ControlPlane;
  beforeAll(async () => {
    cluster = await startControlPlane({ version: '1.37' });
    await cluster.apply(list(...namespaces));
  });
  afterAll(() => cluster?.stop());

  /** Without storing it. */
  async function dryRun(spec: object): Promise<{ status: number; text: string }> {
    return cluster.request('POST', `${policies}?dryRun=All&fieldValidation=Strict`, {
      body: netpol('dry', spec),
    });
  }
  const named = [{ name: 'http', protocol: 'TCP', port: 8080 }];
  const rulesOf = (rules: readonly Rule[] | undefined) =>
    rules?.map(({ peers, ports }) => ({ peers, ports: portsOf(ports, named) }));
  /** Of a policy the directions that it covers, and what its rules open in them. */
  const meaning = (policy: NetworkPolicy) => {
    const { ingress, egress } = policyOf(policy);
    return { ingress: rulesOf(ingress), egress: rulesOf(egress) };
  };

  test.each<[string, object]>([
    ['nothing', {}],
    ['podSelector alone', { podSelector: {} }],
    ['a rule for ingress', { podSelector: {}, ingress: [{}] }],
    ['a rule for egress', { podSelector: {}, egress: [{}] }],
    [
      'an egress rule with peers',
      { podSelector: {}, egress: [{ to: [{ podSelector: {} }], ports: [{ port: 53 }] }] },
    ],
    ['no rule in the list for egress', { podSelector: {}, egress: [] }],
    ['no types in the list', { podSelector: {}, policyTypes: [], egress: [{}] }],
    ['null for types', { podSelector: {}, policyTypes: null, egress: [{}] }],
    ['one type and rules of the other', { podSelector: {}, policyTypes: ['Egress'], ingress: [{}] }],
    ['peers and ports that are empty', { podSelector: {}, ingress: [{ from: [], ports: [] }] }],
    [
      'a port without a protocol',
      { podSelector: {}, ingress: [{ ports: [{ port: 80, endPort: 90 }, { port: 'http' }] }] },
    ],
  ])('%s means to us what the server writes', async (_, spec) => {
    const { status, text } = await dryRun(spec);
    expect([status, text]).toEqual([201, text]);
    const stored = read(JSON.parse(text) as object);
    expect(stored.spec.policyTypes?.length).toBeGreaterThan(0);
    const ours = meaning(read(netpol('dry', spec)));
    expect(ours).toEqual(meaning(stored));
    const covered = Object.entries({ Ingress: ours.ingress, Egress: ours.egress });
    expect(covered.filter(([, rules]) => rules !== undefined).map(([type]) => type)).toEqual(
      stored.spec.policyTypes,
    );
  });

  const peer = (from: object) => ({ podSelector: {}, ingress: [{ from: [from] }] });
  const port = (one: object) => ({ podSelector: {}, ingress: [{ ports: [one] }] });
  test.each<[string, object]>([
    ['endPort without port', port({ endPort: 90 })],
    ['endPort below port', port({ port: 80, endPort: 70 })],
    ['endPort after a name', port({ port: 'http', endPort: 90 })],
    ['port 0', port({ port: 0 })],
    ['port 65536', port({ port: 65_536 })],
    ['a name that no port can have', port({ port: 'not a name' })],
    ['a protocol that policies do not know', port({ protocol: 'ICMP' })],
    ['a peer that says nothing', peer({})],
    ['a block next to a selector', peer({ ipBlock: { cidr: '10.0.0.0/8' }, podSelector: {} })],
    ['a block that is none', peer({ ipBlock: { cidr: '10.0.0.0' } })],
    ['an exception outside of its block', peer({ ipBlock: { cidr: '10.0.0.0/8', except: ['11.0.0.0/16'] } })],
    ['an exception as wide as its block', peer({ ipBlock: { cidr: '10.0.0.0/8', except: ['10.0.0.0/8'] } })],
    ['a type that is none', { podSelector: {}, policyTypes: ['Both'] }],
    ['three types', { podSelector: {}, policyTypes: ['Ingress', 'Egress', 'Ingress'] }],
    ['an operator that is none', { podSelector: { matchExpressions: [{ key: 'a', operator: 'Is' }] } }],
    ['In without values', { podSelector: { matchExpressions: [{ key: 'a', operator: 'In', values: [] }] } }],
    [
      'Exists with values',
      { podSelector: { matchExpressions: [{ key: 'a', operator: 'Exists', values: ['x'] }] } },
    ],
  ])('the server refuses %s, so we need not judge it', async (_, spec) => {
    expect((await dryRun(spec)).status).toBe(422);
  });

  describe('passmuster reach', () => {
    const pod = (namespace: string, name: string, labels = {}) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace, name, labels },
      spec: {
        containers: [{ name: 'app', image: 'example/app', ports: [{ name: 'http', containerPort: 8080 }] }],
      },
    });
    const objects = [
      // Not a word of policyTypes: the server writes them.
      netpol('all', {
        podSelector: {},
        egress: [{ to: [{ namespaceSelector: {} }], ports: [{ protocol: 'UDP', port: 53 }] }],
      }),
      netpol('web', {
        podSelector: { matchLabels: { app: 'web' } },
        ingress: [
          { from: [{ namespaceSelector: { matchLabels: { team: 'bank' } } }], ports: [{ port: 'http' }] },
        ],
      }),
      pod('shop', 'web', { app: 'web' }),
      pod('shop', 'api', { app: 'api' }),
      pod('bank', 'teller'),
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { namespace: 'bank', name: 'ledger' },
        spec: {
          replicas: 0,
          selector: { matchLabels: { app: 'ledger' } },
          template: {
            metadata: { labels: { app: 'ledger' } },
            spec: { containers: [{ name: 'l', image: 'example/ledger' }] },
          },
        },
      },
    ];
    beforeAll(() => cluster.apply(list(...objects)));
    const reach = (...args: string[]) =>
      passmuster(['reach', ...args, '-q', '--kubeconfig', cluster.kubeconfig]);

    test.each([
      [
        ['shop/web', '--from', 'bank/teller', '--port', 'http'],
        'ALLOWED   Pod bank/teller -> Pod shop/web: TCP 8080',
      ],
      [['web', '-n', 'shop', '--from', 'api'], 'DENIED   Pod shop/api -> Pod shop/web'],
      [
        ['shop/web', '--from', 'bank/deploy/ledger', '--port', '8080'],
        'ALLOWED   Deployment bank/ledger -> Pod shop/web: TCP 8080',
      ],
      [['shop/api', '--to', 'bank/teller'], 'IN PART   Pod shop/api -> Pod bank/teller: UDP 53'],
      [['shop/api', '--to', '169.254.169.254', '--port', '80'], 'DENIED   Pod shop/api -> 169.254.169.254'],
      [
        ['bank/teller', '--to', '169.254.169.254', '--port', '80'],
        'ALLOWED   Pod bank/teller -> 169.254.169.254: TCP 80',
      ],
    ])('%s', async (args, verdict) => {
      const { code, stdout, stderr } = await reach(...args);
      expect([code, stderr, stdout.split('\n')[0]]).toEqual([0, '', verdict]);
    });

    test('says the same of the manifests as of the cluster', async () => {
      const args = ['shop/web', '--from', 'bank/teller', '-o', 'json'];
      const ofCluster = await reach(...args);
      const ofFiles = await passmuster(['reach', ...args, '-q', '-f', '-'], {
        input: list(...namespaces, ...objects),
      });
      const { notSeen: _, ...expected } = JSON.parse(ofCluster.stdout) as Record<string, unknown>;
      expect(JSON.parse(ofFiles.stdout)).toMatchObject(expected);
    });

    test('everything about one Pod, and none that is not there', async () => {
      const { stdout } = await reach('shop/web');
      expect(stdout).toMatch(
        /^from +bank +Pod\/teller +1 +TCP 8080 +egress not isolated; ingress shop\/web spec\.ingress\[0\]\.from\[0\]$/m,
      );
      expect(stdout).toMatch(/^from +shop +Pod\/api +1 +none/m);
      expect(stdout).toMatch(/^to +<outside> +any address +<none> +none +egress isolated by shop\/all$/m);
      const missing = await reach('shop/wen');
      expect(missing).toMatchObject({ code: 2, stdout: '' });
      expect(missing.stderr).toContain('Did you mean shop/web?');
    });

    test('the report of a scan has the matrix', async () => {
      const { stdout } = await passmuster([
        'scan',
        '--kubeconfig',
        cluster.kubeconfig,
        '-o',
        'json',
        '-q',
        '--benchmark',
        'pss-restricted',
      ]);
      expect((JSON.parse(stdout) as { reach: object }).reach).toEqual({
        matrix: { namespaces: ['bank', 'shop'], rows: ['as', 'sn'] },
      });
    });
  });
});
