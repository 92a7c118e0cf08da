/** The engine against brute force: every pair of Pods and addresses of 10,000 random small clusters. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { projectObject } from '../../../../src/collect/files.ts';
import { hasPort, podClasses, reach, type Endpoint, type PodClass } from '../../../../src/kit/network.ts';
import type { KubeObject, Namespace, NetworkPolicy, Workload } from '../../../../src/model.ts';
import { seed } from '../../../seed.ts';
import { clusters } from './clusters.ts';
import { mayConnect, type End, type RawCluster } from './oracle.ts';

const runs = Number(process.env['NETWORK_CLUSTERS'] ?? 10_000);

const outside = ['169.254.169.254', '192.168.1.1', '10.0.0.2'];
const asked = [
  ['TCP', 53],
  ['UDP', 53],
  ['TCP', 80],
  ['UDP', 80],
  ['TCP', 443],
  ['TCP', 8080],
] as const;

/** The objects as they come from the API, through the projection. */
function projected(kind: string, apiVersion: string, metadata: object, rest: object): KubeObject {
  const found = projectObject(structuredClone({ apiVersion, kind, metadata, ...rest }));
  if (found === undefined) throw new Error(`${kind} is not read`);
  return found.object;
}

const policiesOf = ({ policies }: RawCluster): NetworkPolicy[] =>
  policies.map(({ namespace, ...spec }, i) => {
    const metadata = { name: `n${i}`, namespace };
    return projected('NetworkPolicy', 'networking.k8s.io/v1', metadata, { spec }) as NetworkPolicy;
  });

const namespacesOf = ({ namespaces }: RawCluster): Namespace[] =>
  namespaces.map((metadata) => projected('Namespace', 'v1', metadata, {}));

const podsOf = ({ pods }: RawCluster): Workload[] =>
  pods.map(({ name, namespace, labels, ip, hostNetwork, ports }) => {
    const spec = { hostNetwork, containers: [{ name: 'c', ports }] };
    const status = { podIPs: [{ ip }] };
    return projected('Pod', 'v1', { name, namespace, labels }, { spec, status });
  });

/** The connections that one of the two allows and the other does not. */
function disagreements(cluster: RawCluster) {
  const classes = podClasses({ namespaces: namespacesOf(cluster), networkPolicies: policiesOf(cluster) });
  for (const pod of podsOf(cluster)) {
    classes.add(pod, { apiVersion: 'v1', kind: 'Pod', name: pod.metadata.name });
  }
  const classOf = (name: string): PodClass => {
    const found = classes.all().find(({ owners }) => owners.has(`v1/Pod/${name}`));
    if (found === undefined) throw new Error(`${name} is in no class`);
    return found;
  };
  const ends: { name: string; end: End; endpoint: Endpoint }[] = [
    ...cluster.pods.map((pod) => ({ name: pod.name, end: { pod }, endpoint: classOf(pod.name).endpoint })),
    ...outside.map((ip) => ({ name: ip, end: { ip }, endpoint: { kind: 'address' as const, ip } })),
  ];
  let allowed = 0;
  const found = ends.flatMap((from) =>
    ends.flatMap((to) => {
      if (!('pod' in from.end) && !('pod' in to.end)) return [];
      const { ports } = reach(classes.policies, from.endpoint, to.endpoint);
      return asked.flatMap(([protocol, port]) => {
        const ours = hasPort(ports, protocol, port);
        if (ours) allowed += 1;
        if (ours === mayConnect(cluster, from.end, to.end, protocol, port)) return [];
        return [
          `${from.name} -> ${to.name} ${protocol} ${port}: ${ours ? 'allowed by us alone' : 'refused by us alone'}`,
        ];
      });
    }),
  );
  return { found, allowed };
}

test(`agrees on ${runs} random clusters, seed ${seed}`, { timeout: 120_000 }, () => {
  let allowed = 0;
  let refused = 0;
  fc.assert(
    fc.property(clusters, (cluster) => {
      const result = disagreements(cluster);
      expect(result.found).toEqual([]);
      const { length } = cluster.pods;
      allowed += result.allowed;
      refused += (length * length + 2 * length * outside.length) * asked.length - result.allowed;
    }),
    { numRuns: runs, seed },
  );
  console.log(`${allowed} connections allowed, ${refused} refused`);
  expect(Math.min(allowed, refused) / (allowed + refused)).toBeGreaterThan(0.1);
});
