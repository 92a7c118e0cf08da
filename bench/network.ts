/**
 * The NetworkPolicy engine on 5,000 Pods and 500 policies: wall time and memory, without a cluster. `npm run bench` starts it
 * in a process of its own, where nothing else takes memory.
 */
import { podClasses, reachMatrix } from '../src/kit/network.ts';
import type { Namespace, NetworkPolicy, Workload } from '../src/model.ts';

const size = { namespaces: 50, pods: 5000, policies: 500, apps: 100 };

const inNamespace = (i: number): string => `team-${i % size.namespaces}`;

const namespaces = (): Namespace[] =>
  Array.from({ length: size.namespaces }, (_, i) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: inNamespace(i), labels: { stage: i % 2 === 0 ? 'live' : 'test' } },
  }));

/** Every Pod has labels of its own besides the few that policies ask for, as those of a StatefulSet have. */
const pods = (): Workload[] =>
  Array.from({ length: size.pods }, (_, i) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `pod-${i}`, namespace: inNamespace(i) },
    podLabels: {
      app: `app-${i % size.apps}`,
      tier: `tier-${i % 3}`,
      'pod-template-hash': String(i % 700),
      'apps.kubernetes.io/pod-index': String(i),
    },
    podIPs: [`10.${Math.trunc(i / 65_536)}.${Math.trunc(i / 256) % 256}.${i % 256}`],
    podSpec: { containers: [{ name: 'app', ports: [{ name: 'http', containerPort: 8080 }] }] },
  }));

/** A default deny for each namespace, then what lets single applications talk: by label, by namespace, by address. */
const policies = (): NetworkPolicy[] =>
  Array.from({ length: size.policies }, (_, i) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: `policy-${i}`, namespace: inNamespace(i) },
    spec:
      i < size.namespaces
        ? { podSelector: {}, policyTypes: ['Ingress', 'Egress'] }
        : {
            podSelector:
              i % 50 === 0
                ? { matchLabels: { 'apps.kubernetes.io/pod-index': String(i) } }
                : { matchLabels: { app: `app-${i % size.apps}` } },
            policyTypes: ['Ingress', 'Egress'],
            ingress: [
              {
                from: [{ podSelector: { matchLabels: { tier: `tier-${i % 3}` } } }],
                ports: [{ port: 'http' }],
              },
              { from: [{ namespaceSelector: { matchLabels: { stage: 'live' } }, podSelector: {} }] },
            ],
            egress: [
              { to: [{ ipBlock: { cidr: '0.0.0.0/0', except: ['169.254.169.254/32'] } }] },
              {
                to: [
                  {
                    namespaceSelector: {},
                    podSelector: { matchExpressions: [{ key: 'app', operator: 'Exists' }] },
                  },
                ],
                ports: [{ protocol: 'TCP', port: 8000, endPort: 8999 }],
              },
            ],
          },
  }));

export interface NetworkFigures {
  pods: number;
  policies: number;
  /** Seconds from the first Pod to the matrix. */
  wall: number;
  /** Megabytes of resident memory, at its highest, that came on top of the objects themselves. */
  memory: number;
  classes: number;
}

/** One run. */
function measureNetwork(): NetworkFigures {
  const held = { namespaces: namespaces(), networkPolicies: policies() };
  const stream = pods();
  const before = process.memoryUsage.rss();
  const start = performance.now();
  const classes = podClasses(held);
  for (const pod of stream) classes.add(pod, { apiVersion: 'v1', kind: 'Pod', name: pod.metadata.name });
  const matrix = reachMatrix(classes);
  const wall = (performance.now() - start) / 1000;
  if (matrix.namespaces.length !== size.namespaces) throw new Error('the matrix lacks namespaces');
  return {
    pods: size.pods,
    policies: size.policies,
    wall,
    memory: process.resourceUsage().maxRSS / 2 ** 10 - before / 2 ** 20,
    classes: classes.all().length,
  };
}

console.log(JSON.stringify(measureNetwork()));
