/** Matrix and explanations against the effective policy of each pair of Pods, on random clusters. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { projectObject } from '../../../../src/collect/files.ts';
import {
  endpointOf,
  isAllPorts,
  namespaceLabels,
  podClasses,
  reach,
  reachMatrix,
  type Openness,
} from '../../../../src/kit/network.ts';
import { explain } from '../../../../src/kit/network/explain.ts';
import { union } from '../../../../src/kit/network/ports.ts';
import type { Namespace, NetworkPolicy, Workload } from '../../../../src/model.ts';
import { seed } from '../../../seed.ts';
import { clusters } from './clusters.ts';
import type { RawCluster } from './oracle.ts';

const runs = 2000;

const projected = (raw: object) => projectObject(raw as Record<string, unknown>)?.object;

const modelOf = ({ namespaces, policies, pods }: RawCluster) => ({
  namespaces: namespaces.map(
    (metadata) => projected({ apiVersion: 'v1', kind: 'Namespace', metadata }) as Namespace,
  ),
  networkPolicies: policies.map(
    ({ namespace, ...spec }, i) =>
      projected({
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name: `n${i}`, namespace },
        spec,
      }) as NetworkPolicy,
  ),
  pods: pods.map(
    ({ name, namespace, labels, ip, hostNetwork, ports }) =>
      projected({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace, labels },
        spec: { hostNetwork, containers: [{ name: 'c', ports }] },
        status: { podIPs: [{ ip }] },
      }) as Workload,
  ),
});

function classesOf({ pods, ...held }: ReturnType<typeof modelOf>) {
  const classes = podClasses(held);
  for (const pod of pods) classes.add(pod, { apiVersion: 'v1', kind: 'Pod', name: pod.metadata.name });
  return classes;
}

test(`the matrix is the sum of its pairs, seed ${seed}`, { timeout: 60_000 }, () => {
  const seen = { all: 0, some: 0, none: 0 };
  fc.assert(
    fc.property(clusters, (cluster) => {
      const model = modelOf(cluster);
      const classes = classesOf(model);
      const ends = model.pods
        .map((pod) => endpointOf(pod, namespaceLabels(model.namespaces)))
        .filter(({ hostNetwork }) => !hostNetwork);
      const { namespaces, rows } = reachMatrix(classes);
      expect(namespaces).toEqual([...new Set(ends.map(({ namespace }) => namespace))].toSorted());
      for (const [i, from] of namespaces.entries()) {
        for (const [j, to] of namespaces.entries()) {
          const pairs = ends
            .filter(({ namespace }) => namespace === from)
            .flatMap((a) =>
              ends
                .filter(({ namespace }) => namespace === to)
                .map((b): Openness => {
                  const { ports } = reach(classes.policies, a, b);
                  return ports.length === 0 ? 'none' : isAllPorts(ports) ? 'all' : 'some';
                }),
            );
          const [first = 'none'] = pairs;
          const expected = pairs.every((one) => one === first) ? first : 'some';
          expect(rows[i]?.[j]).toBe(expected);
          seen[expected] += 1;
        }
      }
    }),
    { numRuns: runs, seed },
  );
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(100);
});

test(`the rules named are those that open the ports, seed ${seed}`, { timeout: 60_000 }, () => {
  let rules = 0;
  fc.assert(
    fc.property(clusters, (cluster) => {
      const model = modelOf(cluster);
      const { policies } = classesOf(model);
      const ends = model.pods.map((pod) => endpointOf(pod, namespaceLabels(model.namespaces)));
      for (const from of ends) {
        for (const to of ends) {
          const { egress, ingress, ports } = explain(policies, { from, to });
          expect(ports).toEqual(reach(policies, from, to).ports);
          for (const side of [egress, ingress]) {
            if (side.isolatedBy.length === 0) continue;
            expect(union(side.allowedBy.flatMap((rule) => rule.ports))).toEqual(side.ports);
            rules += side.allowedBy.length;
          }
        }
      }
    }),
    { numRuns: runs / 10, seed },
  );
  expect(rules).toBeGreaterThan(100);
});
