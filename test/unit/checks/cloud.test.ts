/** What the walker cannot know of the checks over load balancers, node pools and the dashboard. */
import { describe, expect, test } from 'vitest';
import { dashboardDisabled } from '../../../src/checks/dashboard-disabled/check.ts';
import { lbTls } from '../../../src/checks/lb-tls/check.ts';
import { metadataServer } from '../../../src/checks/metadata-server/check.ts';
import type { Json, JsonObject } from '../../../src/model.ts';
import { findingsOn, gce, gkeNode, node } from './cloud.ts';
import { evaluate, type Raw } from './fixtures.ts';

test('metadata-server is about GKE, and tells the node pools apart', async () => {
  const inPool = (name: string, pool: string) => node(gce, { 'cloud.google.com/gke-nodepool': pool }, name);
  const nodes = [inPool('c', 'batch'), inPool('a', 'batch'), inPool('b', 'web'), gkeNode('true', 'd')];
  expect((await evaluate(metadataServer, nodes, {}, 'eks')).status).toBe('not-applicable');
  const found = await findingsOn('gke', metadataServer, ...nodes);
  expect(found.map(({ message, members = [] }) => [message.split(':')[0], members.length])).toEqual([
    ['2 of 2 nodes of node pool batch do not run the metadata server of GKE', 2],
    ['1 of 1 nodes of node pool web do not run the metadata server of GKE', 1],
  ]);
});

describe('lb-tls', () => {
  const gateway = (...listeners: JsonObject[]): Raw => ({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: 'gateway', namespace: 'shop' },
    spec: { listeners },
  });
  const listener = (protocol: string, port: number, tls: JsonObject = {}) => ({
    name: 'a',
    protocol,
    port,
    tls,
  });

  test.each<[string, Raw, string]>([
    ['HTTP alone', gateway(listener('HTTP', 80)), 'fail'],
    [
      'HTTP beside HTTPS',
      gateway(listener('HTTP', 80), listener('HTTPS', 443, { mode: 'Terminate' })),
      'pass',
    ],
    ['TLS that passes through', gateway(listener('TLS', 443, { mode: 'Passthrough' })), 'manual'],
    ['TCP', gateway(listener('TCP', 5432)), 'not-applicable'],
  ])('a Gateway with %s', async (_, raw, status) => {
    expect((await evaluate(lbTls, [raw])).status).toBe(status);
  });

  const service = (ports: JsonObject[], annotations: Record<string, string> = {}): Raw => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'service', namespace: 'shop', annotations },
    spec: { type: 'LoadBalancer', ports: ports as Json[] },
  });
  const certificate = {
    'service.beta.kubernetes.io/aws-load-balancer-ssl-cert': 'arn:aws:acm:eu:1:certificate/0',
  };

  test.each<[string, Raw, string]>([
    ['a name that says HTTPS on port 80', service([{ name: 'https', port: 80 }]), 'manual'],
    ['a protocol that says TLS on port 80', service([{ appProtocol: 'HTTPS', port: 80 }]), 'manual'],
    ['UDP on port 443', service([{ protocol: 'UDP', port: 443 }]), 'not-applicable'],
    [
      'another protocol on port 80',
      service([{ appProtocol: 'example.com/own', port: 80 }]),
      'not-applicable',
    ],
    ['a certificate for every port', service([{ port: 80 }], certificate), 'pass'],
    ['an empty certificate', service([{ port: 80 }], { [Object.keys(certificate)[0] ?? '']: '' }), 'fail'],
    ['an annotation of something else', service([{ port: 80 }], { 'example.com/note': 'tls' }), 'fail'],
  ])('a Service with %s', async (_, raw, status) => {
    expect((await evaluate(lbTls, [raw])).status).toBe(status);
  });

  test('asks nothing of a cluster without Gateways', async () => {
    const absent = { gateways: { state: 'absent', count: 0 } } as const;
    expect((await evaluate(lbTls, [service([{ port: 80 }], certificate)], absent)).status).toBe('pass');
  });
});

test('dashboard-disabled: a dashboard that may do anything is worse, and the message says by which binding', async () => {
  const dashboard: Raw = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'ui', namespace: 'tools' },
    spec: {
      template: {
        spec: {
          serviceAccountName: 'ui',
          containers: [{ name: 'ui', image: 'kubernetesui/dashboard:v2.7.0' }],
        },
      },
    },
  };
  const binding = (namespace: string): Raw => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'ui' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'ServiceAccount', name: 'ui', namespace }],
  });
  expect(await findingsOn('kubernetes', dashboardDisabled, dashboard, binding('tools'))).toMatchObject([
    { severity: 'high', message: expect.stringContaining('ClusterRoleBinding ui (cluster-admin)') },
  ]);
  expect(await findingsOn('kubernetes', dashboardDisabled, dashboard, binding('elsewhere'))).toMatchObject([
    { severity: 'low', message: 'The Kubernetes dashboard is deployed in namespace tools.' },
  ]);
});
