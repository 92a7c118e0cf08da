/** What the fixes of the checks over NetworkPolicies must never do. */
import { describe, expect, test } from 'vitest';
import { projectObject } from '../../../src/collect/files.ts';
import {
  endpointOf,
  hasPort,
  namespaceLabels,
  policiesByNamespace,
  reach,
} from '../../../src/kit/network.ts';
import type { Endpoint, PodEndpoint, PortSet } from '../../../src/kit/network.ts';
import { planFor } from '../../../src/kit/plan.ts';
import type { KubeObject, NetworkPolicy, Workload } from '../../../src/model.ts';
import { fixturesOf, type Raw } from './fixtures.ts';
import { findings, ids } from './netpol.ts';

/** The fixtures of all five, each a cluster of its own. */
const clusters = ids.flatMap(fixturesOf);

/** Everything that connections may begin and end at: the Pods, cluster DNS, and some addresses. */
function endsOf(objects: readonly Raw[]) {
  const all = objects.flatMap((raw) => projectObject(structuredClone(raw)) ?? []);
  const of = (source: string): KubeObject[] =>
    all.filter((each) => each.source === source).map(({ object }) => object);
  const labels = namespaceLabels(of('namespaces'));
  const pods = of('pods').map((each) => endpointOf(each as Workload, labels));
  const dns: PodEndpoint = {
    kind: 'pod',
    namespace: 'kube-system',
    namespaceLabels: { 'kubernetes.io/metadata.name': 'kube-system' },
    labels: { 'k8s-app': 'kube-dns' },
    ports: [{ name: 'dns', protocol: 'UDP', port: 53 }],
    hostNetwork: false,
    ips: [],
  };
  const addresses = ['169.254.20.10', '169.254.169.254', '203.0.113.7'].map((ip): Endpoint => ({
    kind: 'address',
    ip,
  }));
  return { policies: policiesByNamespace(of('networkPolicies') as NetworkPolicy[]), pods, dns, addresses };
}

const isWithin = (inner: PortSet, outer: PortSet): boolean =>
  inner.every(({ protocol, from, to }) =>
    outer.some((range) => range.protocol === protocol && range.from <= from && to <= range.to),
  );

describe.each(ids)('the fixes of %s', (id) => {
  const creations = async (objects: Raw[]) =>
    (await findings(id, objects)).flatMap((finding) =>
      finding.fix.action === 'create' ? [{ finding, manifest: finding.fix.manifest as Raw }] : [],
    );

  test('open nothing that was closed, and leave DNS to those who had it', async () => {
    let made = 0;
    for (const { objects } of clusters) {
      for (const { manifest } of await creations(objects)) {
        made += 1;
        const before = endsOf(objects);
        const after = endsOf([...objects, manifest]);
        const ends = [...before.pods, before.dns, ...before.addresses];
        for (const from of ends) {
          const had = hasPort(reach(before.policies, from, before.dns).ports, 'UDP', 53);
          for (const to of ends) {
            // The cache of cluster DNS on the own node, for those who have cluster DNS.
            if (to.kind === 'address' && to.ip === '169.254.20.10' && had) continue;
            const was = reach(before.policies, from, to).ports;
            const is = reach(after.policies, from, to).ports;
            expect([manifest.metadata, from, to, isWithin(is, was)]).toEqual([
              manifest.metadata,
              from,
              to,
              true,
            ]);
          }
          const { ports } = reach(after.policies, from, before.dns);
          expect([manifest.metadata, from, hasPort(ports, 'UDP', 53)]).toEqual([
            manifest.metadata,
            from,
            had,
          ]);
        }
      }
    }
    expect(made).toBeGreaterThan(3);
  });

  test('put the finding right, and are taken back by name', async () => {
    for (const { objects } of clusters) {
      for (const { finding, manifest } of await creations(objects)) {
        const left = await findings(id, [...objects, manifest]);
        expect(left.filter(({ id: same }) => same === finding.id)).toEqual([]);
        const { name, namespace: of } = manifest.metadata as { name: string; namespace: string };
        expect(planFor([finding.fix]).backout).toBe(
          `kubectl delete networkpolicy.networking.k8s.io/${name} -n ${of}`,
        );
      }
    }
  });
});
