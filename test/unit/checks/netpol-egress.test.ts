/** The default deny for egress, and whether Pods may ask cluster DNS. */
import { describe, expect, test } from 'vitest';
import type { Json, JsonObject, Platform } from '../../../src/model.ts';
import type { Raw } from './fixtures.ts';
import { denyAll, findings, namespace, pod, policy } from './netpol.ts';

describe('default-deny-egress', () => {
  const id = 'default-deny-egress';
  const bare = [namespace('shop'), pod('shop/web')];
  const egressOf = async (objects: Raw[], platform?: Platform) => {
    const [finding] = await findings(id, objects, platform);
    return (finding?.fix.manifest?.['spec'] as JsonObject | undefined)?.['egress'];
  };
  const dnsIn = (name: string) => ({
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } },
  });
  const both = (port: number) => [
    { protocol: 'UDP', port },
    { protocol: 'TCP', port },
  ];

  test.each<[Platform, Json[], number]>([
    ['kubernetes', [dnsIn('kube-system'), { ipBlock: { cidr: '169.254.20.10/32' } }], 53],
    [
      'gke',
      [
        dnsIn('kube-system'),
        { ipBlock: { cidr: '169.254.20.10/32' } },
        { ipBlock: { cidr: '169.254.169.254/32' } },
      ],
      53,
    ],
    ['openshift', [dnsIn('openshift-dns')], 5353],
  ])('the policy allows DNS where %s has it', async (platform, to, port) => {
    expect(await egressOf(bare, platform)).toEqual([{ to, ports: both(port) }]);
  });

  test.each<[string, Json, boolean]>([
    ['port 53 for everyone', { ports: [{ port: 53, protocol: 'UDP' }] }, true],
    ['port 53 of DNS', { to: [dnsIn('kube-system')], ports: [{ port: 53, protocol: 'UDP' }] }, true],
    ['every port of DNS', { to: [dnsIn('kube-system')] }, true],
    [
      'the port by its name',
      { to: [{ namespaceSelector: {} }], ports: [{ port: 'dns', protocol: 'UDP' }] },
      true,
    ],
    [
      'an address with the port',
      { to: [{ ipBlock: { cidr: '10.96.0.10/32' } }], ports: [{ port: 53, protocol: 'UDP' }] },
      true,
    ],
    ['TCP alone', { to: [dnsIn('kube-system')], ports: [{ port: 53 }] }, false],
    [
      'port 53 of the wrong Pods',
      { to: [{ podSelector: {} }], ports: [{ port: 53, protocol: 'UDP' }] },
      false,
    ],
    ['another port', { to: [dnsIn('kube-system')], ports: [{ port: 443 }] }, false],
    ['addresses outside', { to: [{ ipBlock: { cidr: '203.0.113.0/24' } }] }, false],
  ])('tells whether Pods may ask DNS: %s', async (_, rule, mayAsk) => {
    const dnsPod: Raw = {
      ...pod('kube-system/dns', { 'k8s-app': 'kube-dns' }),
      status: { podIPs: [{ ip: '10.244.0.2' }] },
    };
    const found = await findings(id, [
      ...bare,
      dnsPod,
      policy('shop/deny', denyAll),
      policy('shop/some', { podSelector: {}, policyTypes: ['Egress'], egress: [rule] }),
    ]);
    expect(found.map(({ object, verdict, severity }) => [object.name, verdict, severity])).toEqual(
      mayAsk ? [] : [['deny', 'review', 'low']],
    );
    expect(found.map(({ message }) => message.includes('Pod shop/web'))).toEqual(mayAsk ? [] : [true]);
  });

  test('looks for cluster DNS where its workload says that it is', async () => {
    const dns: Raw = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'coredns', namespace: 'kube-system' },
      spec: {
        selector: { matchLabels: { name: 'coredns' } },
        template: {
          metadata: { labels: { name: 'coredns' } },
          spec: {
            containers: [
              {
                name: 'c',
                image: 'registry.example/c:1',
                ports: [{ containerPort: 53, protocol: 'UDP', name: 'dns-udp' }],
              },
            ],
          },
        },
      },
    };
    const to = (labels: JsonObject) => [{ ...dnsIn('kube-system'), podSelector: { matchLabels: labels } }];
    const found = (labels: JsonObject, port: Json) =>
      findings(id, [
        ...bare,
        dns,
        policy('shop/dns', {
          podSelector: {},
          policyTypes: ['Egress'],
          egress: [{ to: to(labels), ports: [{ port, protocol: 'UDP' }] }],
        }),
        policy('shop/deny', denyAll),
      ]);
    expect(await found({ name: 'coredns' }, 'dns-udp')).toEqual([]);
    expect(await found({ 'k8s-app': 'kube-dns' }, 53)).toHaveLength(1);
  });

  test('makes no policy where none is right for all', async () => {
    const db = policy('shop/db', { podSelector: { matchLabels: { app: 'db' } }, policyTypes: ['Egress'] });
    const objects = [...bare, pod('shop/db', { app: 'db' }), db];
    const [open, mute, ...more] = await findings(id, objects);
    expect(more).toEqual([]);
    expect(open).toMatchObject({
      object: { kind: 'Namespace' },
      fix: { action: 'none', note: expect.stringContaining('Pod shop/db') },
    });
    expect(mute).toMatchObject({ object: { name: 'db' }, verdict: 'review', fix: { action: 'none' } });
  });
});
