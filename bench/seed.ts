import { Agent, request } from 'node:https';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import type { JsonObject } from '../src/model.ts';
import type { ControlPlane } from '../test/servers/control-plane.ts';

const namespaces = 20;
const podsPerDeployment = 10;
const atOnce = 24;

export interface Seeded {
  pods: number;
  /** Bytes of a pod's JSON, on average over a sample. */
  podBytes: number;
}

/**
 * Fills the cluster up to `pods` pods of a realistic size: Deployments whose pods the controller-manager makes, with the status and
 * the annotations, and so the managed fields, that a kubelet and a network plugin would have written.
 */
export async function seed(plane: ControlPlane, pods: number): Promise<Seeded> {
  const api = client(plane);
  const limit = pLimit(atOnce);
  const existing = await api.count('/apis/apps/v1/deployments');
  const wanted = Math.ceil(pods / podsPerDeployment);

  if (existing === 0) {
    for (let i = 0; i < namespaces; i += 1) {
      await api.send('POST', '/api/v1/namespaces', { metadata: { name: `team-${i}` } });
    }
  }
  const numbers = Array.from({ length: wanted - existing }, (_, i) => existing + i);
  await Promise.all(
    numbers.map((number) =>
      limit(() =>
        api.send(
          'POST',
          `/apis/apps/v1/namespaces/team-${number % namespaces}/deployments`,
          deployment(number),
        ),
      ),
    ),
  );

  await untilPodsAre(api, wanted * podsPerDeployment);
  const listed = await api.list('/api/v1/pods');
  const fresh = listed.filter(({ status: { phase } }) => phase !== 'Running').map(pathOf);
  await Promise.all(
    fresh.map((path, i) =>
      limit(async () => {
        await api.send('PATCH', `${path}/status?fieldManager=kubelet`, status(i));
        await api.send('PATCH', `${path}?fieldManager=network-plugin`, annotations(i));
      }),
    ),
  );
  const sample = await Promise.all(listed.slice(0, 20).map((pod) => api.send('GET', pathOf(pod))));
  return { pods: listed.length, podBytes: Math.round(sample.join('').length / sample.length) };
}

/** Waits for the controller-manager. */
async function untilPodsAre(api: Client, wanted: number): Promise<void> {
  const deadline = Date.now() + 900_000;
  for (;;) {
    const count = await api.count('/api/v1/pods');
    if (count >= wanted) return;
    if (Date.now() > deadline) throw new Error(`only ${count} of ${wanted} pods were made in 15 minutes`);
    await sleep(1000);
  }
}

interface Listed {
  metadata: { name: string; namespace: string };
  status: { phase?: string };
}
const pathOf = ({ metadata }: Listed): string =>
  `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}`;

interface Client {
  send(method: string, path: string, body?: JsonObject): Promise<string>;
  list(path: string): Promise<Listed[]>;
  count(path: string): Promise<number>;
}

/** One request after another is too slow for thousands: a client that keeps its connections. */
function client(plane: ControlPlane): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce, ca: readFileSync(plane.caFile) });
  const send = (method: string, path: string, body?: JsonObject): Promise<string> =>
    new Promise((done, failed) => {
      const type = method === 'PATCH' ? 'application/strategic-merge-patch+json' : 'application/json';
      const headers = {
        authorization: `Bearer ${plane.adminToken}`,
        'user-agent': 'seed',
        'content-type': type,
      };
      const sent = request(new URL(path, plane.server), { agent, method, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          if ((response.statusCode ?? 500) < 300) return done(text);
          failed(new Error(`${method} ${path} answered ${response.statusCode}: ${text.slice(0, 500)}`));
        });
      });
      sent.once('error', failed);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  const list = async (path: string): Promise<Listed[]> => {
    const items: Listed[] = [];
    let token = '';
    do {
      const page = JSON.parse(
        await send('GET', `${path}?limit=500&continue=${encodeURIComponent(token)}`),
      ) as {
        metadata: { continue?: string };
        items: Listed[];
      };
      items.push(...page.items);
      token = page.metadata.continue ?? '';
    } while (token !== '');
    return items;
  };
  const count = async (path: string): Promise<number> => {
    const { metadata, items } = JSON.parse(await send('GET', `${path}?limit=1`)) as {
      metadata: { remainingItemCount?: number };
      items: Listed[];
    };
    return items.length + (metadata.remainingItemCount ?? 0);
  };
  return { send, list, count };
}

// What is typical: most are in order, some break a rule.
function deployment(number: number): JsonObject {
  const name = `service-${number}`;
  const labels = {
    app: name,
    'app.kubernetes.io/name': name,
    'app.kubernetes.io/part-of': `team-${number % namespaces}`,
  };
  const orderly = number % 4 !== 0;
  return {
    metadata: { name, labels },
    spec: {
      replicas: podsPerDeployment,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels, annotations: { 'prometheus.io/scrape': 'true', 'prometheus.io/port': '8080' } },
        spec: {
          hostNetwork: number % 50 === 0,
          securityContext: orderly ? { runAsNonRoot: true, runAsUser: 1000 } : {},
          containers: [container('app', orderly), container('proxy', true)],
          initContainers: [{ name: 'migrate', image: `registry.example/team/${name}-migrate:1.${number}.0` }],
          volumes: [
            { name: 'config', configMap: { name: `${name}-config` } },
            { name: 'credentials', secret: { secretName: `${name}-credentials` } },
            { name: 'tmp', emptyDir: { medium: 'Memory', sizeLimit: '64Mi' } },
          ],
        },
      },
    },
  };
}

const probe = (path: string): JsonObject => ({
  httpGet: { path, port: 8080 },
  initialDelaySeconds: 5,
  periodSeconds: 10,
  failureThreshold: 5,
});

function container(name: string, orderly: boolean): JsonObject {
  return {
    name,
    image: `registry.example/platform/${name}@sha256:${'0123456789abcdef'.repeat(4)}`,
    args: ['--listen=:8080', '--log-format=json', `--config=/etc/${name}/config.yaml`],
    ports: [{ name: `http-${name}`, containerPort: name === 'app' ? 8080 : 15001 }],
    env: Array.from({ length: 5 }, (_, i) => ({
      name: `SETTING_${i}`,
      value: `value of setting ${i}, of a usual length`,
    })),
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
    livenessProbe: probe('/healthz'),
    readinessProbe: probe('/readyz'),
    volumeMounts: [
      { name: 'config', mountPath: `/etc/${name}`, readOnly: true },
      { name: 'credentials', mountPath: '/run/credentials', readOnly: true },
      { name: 'tmp', mountPath: '/tmp' },
    ],
    securityContext: orderly
      ? { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } }
      : { privileged: true },
  };
}

/** What a kubelet writes. */
function status(i: number): JsonObject {
  const time = '2026-11-02T07:00:00Z';
  const ip = `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`;
  const running = (name: string): JsonObject => ({
    name,
    ready: true,
    started: true,
    restartCount: 0,
    image: `registry.example/platform/${name}:1.0.0`,
    imageID: `registry.example/platform/${name}@sha256:${'0123456789abcdef'.repeat(4)}`,
    containerID: `containerd://${'fedcba9876543210'.repeat(4)}`,
    state: { running: { startedAt: time } },
  });
  return {
    status: {
      phase: 'Running',
      podIP: ip,
      podIPs: [{ ip }],
      hostIP: '192.0.2.10',
      startTime: time,
      conditions: [
        'PodReadyToStartContainers',
        'Initialized',
        'Ready',
        'ContainersReady',
        'PodScheduled',
      ].map((type) => ({ type, status: 'True', lastTransitionTime: time })),
      containerStatuses: ['app', 'proxy'].map(running),
      initContainerStatuses: ['migrate'].map(running),
    },
  };
}

/** What a network plugin and a service mesh write. */
function annotations(i: number): JsonObject {
  return {
    metadata: {
      annotations: {
        'network.example.com/addresses': JSON.stringify([
          { interface: 'eth0', address: `10.0.${i % 256}.1/24` },
        ]),
        'mesh.example.com/status': JSON.stringify({
          injected: ['proxy'],
          revision: 'default',
          volumes: ['tmp'],
        }),
      },
    },
  };
}
