/** Tokens of service accounts: what the checks say of them is what a real API server does with them. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { planFor } from '../../src/kit/plan.ts';
import type { CheckResult, Finding, Json, JsonObject, Report } from '../../src/model.ts';
import { passmuster } from '../cli.ts';
import { skipReason } from '../control-plane/binaries.ts';
import { startControlPlane, type ControlPlane } from '../servers/control-plane.ts';
import { openShell, type Shell } from './shell.ts';

const skip = skipReason('1.37');
const issuer = 'https://kubernetes.default.svc.cluster.local';
const tokenPath = '/var/run/secrets/kubernetes.io/serviceaccount';

let cluster: ControlPlane;
let shell: Shell;

const flags = { silent: undefined, yes: true, no: false } as const;
const volumes = {
  none: undefined,
  api: {},
  issuer: { audience: issuer },
  other: { audience: 'vault.example' },
} as const;
const places = ['free', 'covered', 'half'] as const;
type Flag = keyof typeof flags;

/** One combination of all that decides whether a container holds a token. */
interface Case {
  name: string;
  account: Flag;
  pod: Flag;
  volume: keyof typeof volumes;
  place: (typeof places)[number];
}

const cases: Case[] = (Object.keys(flags) as Flag[]).flatMap((account) =>
  (Object.keys(flags) as Flag[]).flatMap((pod) =>
    (Object.keys(volumes) as (keyof typeof volumes)[]).flatMap((volume) =>
      places.map((place) => ({
        name: ['case', account, pod, volume, place].join('-'),
        account,
        pod,
        volume,
        place,
      })),
    ),
  ),
);

const automount = (flag: boolean | undefined): JsonObject =>
  flag === undefined ? {} : { automountServiceAccountToken: flag };

function podSpec({ account, pod, volume, place }: Case): JsonObject {
  const covered = { name: 'nothing', mountPath: tokenPath };
  const token = volumes[volume];
  const own = token === undefined ? [] : [{ name: 'own', mountPath: '/run/own', readOnly: true }];
  const container = (name: string, isCovered: boolean): JsonObject => ({
    name,
    image: 'registry.example/app:1.0',
    volumeMounts: [...own, ...(isCovered ? [covered] : [])],
  });
  return {
    serviceAccountName: account,
    ...automount(flags[pod]),
    initContainers: [container('setup', place !== 'free')],
    containers: [container('app', place === 'covered')],
    volumes: [
      { name: 'nothing', emptyDir: {} },
      ...(token === undefined
        ? []
        : [{ name: 'own', projected: { sources: [{ serviceAccountToken: { path: 'token', ...token } }] } }]),
    ],
  };
}

const namespace = 'tokens';
const labels = (name: string) => ({ app: name });
const deployment = (name: string, spec: JsonObject, own = namespace): JsonObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: own },
  spec: {
    selector: { matchLabels: labels(name) },
    template: { metadata: { labels: labels(name) }, spec },
  },
});
const account = (name: string, flag: boolean | undefined, own = namespace): JsonObject => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name, namespace: own },
  ...automount(flag),
});
const list = (items: Json[]) => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });

interface LivePod {
  metadata: { name: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  spec: {
    volumes?: { name: string; projected?: { sources: { serviceAccountToken?: { audience?: string } }[] } }[];
  } & Record<'containers' | 'initContainers', { volumeMounts?: { name: string }[] }[] | undefined>;
}

async function get<T>(path: string): Promise<T> {
  const { status, text } = await cluster.request('GET', path);
  expect([path, status]).toEqual([path, 200]);
  return JSON.parse(text) as T;
}

const podsIn = async (own: string) =>
  (await get<{ items: LivePod[] }>(`/api/v1/namespaces/${own}/pods`)).items;

/** The volumes with a token that the API server takes, of those that a container mounts. */
function tokensOf({ spec }: LivePod): string[] {
  const mounted = new Set(
    [...(spec.initContainers ?? []), ...(spec.containers ?? [])].flatMap(({ volumeMounts = [] }) =>
      volumeMounts.map(({ name }) => name),
    ),
  );
  return (spec.volumes ?? [])
    .filter(({ name, projected }) => {
      const tokens = (projected?.sources ?? []).flatMap((source) => source.serviceAccountToken ?? []);
      return mounted.has(name) && tokens.some(({ audience = issuer }) => audience === issuer);
    })
    .map(({ name }) => name.replace(/^kube-api-access-.*/, 'kube-api-access'))
    .toSorted();
}

async function scan(): Promise<Record<'sa-token-mount' | 'default-sa-unused', CheckResult>> {
  const { stdout, stderr } = await passmuster(['scan', '--kubeconfig', cluster.kubeconfig, '-o', 'json']);
  expect(stderr).toBe('');
  const { checks } = JSON.parse(stdout) as Report;
  return Object.fromEntries(checks.map((check) => [check.id, check])) as Awaited<ReturnType<typeof scan>>;
}

const of = ({ findings }: CheckResult, name: string, kind: string, own = namespace): Finding[] =>
  findings.filter(({ object }) => object.kind === kind && object.name === name && object.namespace === own);

/** The volumes that the findings stand for. */
const reported = (findings: readonly Finding[]): string[] =>
  findings.map(({ path = '' }) => (/volumes\[\d+\]$/.test(path) ? 'own' : 'kube-api-access')).toSorted();

const waitFor = (what: () => Promise<unknown>) => vi.waitFor(what, { timeout: 120_000, interval: 500 });

/** Whether no Pod of the app is older than the template. */
const tokensOfApp = async (own: string, app: string) =>
  (await podsIn(own)).filter(({ metadata }) => metadata.labels?.['app'] === app).map(tokensOf);

describe.skipIf(skip !== undefined)('on Kubernetes 1.37', () => {
  beforeAll(async () => {
    cluster = await startControlPlane({ version: '1.37', controllerManager: true });
    shell = openShell(cluster);
    await cluster.apply(
      list([namespace, 'shop'].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }))),
    );
    await cluster.apply(list(Object.entries(flags).map(([name, flag]) => account(name, flag))));
    await waitFor(() => get('/api/v1/namespaces/shop/serviceaccounts/default'));
    await cluster.apply(
      list([
        ...cases.map((one) => deployment(one.name, podSpec(one))),
        ...cases.map((one) => ({
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: one.name, namespace },
          spec: podSpec(one),
        })),
        deployment('web', { containers: [{ name: 'app', image: 'registry.example/app:1.0' }] }, 'shop'),
      ]),
    );
    await waitFor(async () => {
      const missing = 2 * cases.length - (await podsIn(namespace)).length;
      if (missing !== 0) throw new Error(`${missing} pods are missing`);
      if ((await podsIn('shop')).length === 0) throw new Error('the pod of web is missing');
    });
  }, 240_000);
  afterAll(async () => {
    shell?.close();
    await cluster?.stop();
  });

  test('the API server takes tokens of its own audience alone', async () => {
    const accepted = await Promise.all(
      [[], [issuer], ['vault.example']].map(async (audiences) => {
        const { text } = await cluster.request(
          'POST',
          `/api/v1/namespaces/${namespace}/serviceaccounts/silent/token`,
          { body: { spec: { audiences } } },
        );
        const { token } = (JSON.parse(text) as { status: { token: string } }).status;
        return (await cluster.request('GET', '/api', { token })).status;
      }),
    );
    expect(accepted).toEqual([200, 200, 401]);
  });

  test('sa-token-mount reports exactly the tokens that Pods were given, of templates and live Pods alike', async () => {
    const result = (await scan())['sa-token-mount'];
    const live = await podsIn(namespace);
    const wrong = cases.flatMap((one) =>
      live
        .filter(({ metadata }) => metadata.name === one.name || metadata.labels?.['app'] === one.name)
        .map((pod) => {
          const kind = pod.metadata.name === one.name ? 'Pod' : 'Deployment';
          const findings = of(result, one.name, kind);
          return {
            kind,
            name: one.name,
            given: tokensOf(pod),
            reported: reported(findings),
            drift: findings.flatMap(({ drift }) => drift ?? []),
          };
        })
        .filter(
          ({ given, reported: found, drift }) =>
            JSON.stringify(given) !== JSON.stringify(found) || drift.length > 0,
        ),
    );
    expect(wrong).toEqual([]);
    // Not that nothing was given at all.
    expect(live.filter((pod) => tokensOf(pod).length > 0).length).toBeGreaterThan(cases.length);
    expect(live.filter((pod) => tokensOf(pod).length === 0).length).toBeGreaterThan(cases.length / 4);
  });

  test('a static Pod has no token', async () => {
    await cluster.apply(
      list([
        { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node' } },
        {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: {
            name: 'static-node',
            namespace,
            annotations: { 'kubernetes.io/config.mirror': 'hash' },
          },
          spec: { nodeName: 'node', containers: [{ name: 'app', image: 'registry.example/app:1.0' }] },
        },
      ]),
    );
    const mirror = (await podsIn(namespace)).find(({ metadata }) => metadata.name === 'static-node');
    expect(mirror && tokensOf(mirror)).toEqual([]);
    expect(of((await scan())['sa-token-mount'], 'static-node', 'Pod')).toEqual([]);
  });

  test('a right makes it a question, and the fix and backout of a template do as they say', async () => {
    const name = 'case-yes-silent-none-free';
    const [before] = of((await scan())['sa-token-mount'], name, 'Deployment');
    expect(before).toMatchObject({ verdict: 'fail', fix: { action: 'patch', risk: 'safe' } });
    await cluster.apply(
      list([
        {
          apiVersion: 'rbac.authorization.k8s.io/v1',
          kind: 'RoleBinding',
          metadata: { name: 'viewer', namespace },
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
          subjects: [{ kind: 'ServiceAccount', name: 'yes', namespace }],
        },
      ]),
    );
    const [asked] = of((await scan())['sa-token-mount'], name, 'Deployment');
    expect(asked).toMatchObject({ id: before?.id, verdict: 'review', fix: { risk: 'review' } });
    expect(asked?.message).toContain('RoleBinding tokens/viewer grants the account ClusterRole view');

    const { implementation, backout } = planFor(asked === undefined ? [] : [asked.fix]);
    const { spec } = await get<{ spec: JsonObject }>(
      `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`,
    );
    await shell.succeed(implementation);
    await waitFor(async () => {
      const tokens = await tokensOfApp(namespace, name);
      // No node ends the old Pod, so the rollout keeps it beside the new one.
      if (!tokens.some((held) => held.length === 0)) throw new Error('the new pod is missing');
    });
    expect(of((await scan())['sa-token-mount'], name, 'Deployment')).toMatchObject([
      { id: before?.id, drift: { pods: 1 }, fix: { action: 'none' } },
    ]);
    await shell.succeed(backout);
    const after = await get<{ spec: JsonObject }>(
      `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`,
    );
    expect(after.spec).toEqual(spec);
  });

  test('an account that changes its mind does not change the Pods that are there', async () => {
    await cluster.apply(list([account('yes', false), account('no', true)]));
    const result = (await scan())['sa-token-mount'];
    expect(of(result, 'case-yes-silent-none-half', 'Deployment')).toMatchObject([
      { drift: { pods: 1 }, message: expect.stringContaining('older than the setting') },
    ]);
    expect(of(result, 'case-yes-silent-none-half', 'Pod')).toMatchObject([
      { fix: { action: 'none' }, message: expect.stringContaining('older than the setting') },
    ]);
    // The next Pod of the template would get one; the one that is there has none.
    const [next] = of(result, 'case-no-silent-none-half', 'Deployment');
    expect(next?.drift).toBeUndefined();
    expect(next?.fix.action).toBe('patch');
    expect(of(result, 'case-no-silent-none-half', 'Pod')).toEqual([]);
  });

  test('an account that is gone is named as such', async () => {
    await cluster.kubectl(['delete', 'serviceaccount', 'silent', '-n', namespace]);
    const [gone] = of((await scan())['sa-token-mount'], 'case-silent-silent-none-free', 'Deployment');
    expect(gone?.message).toContain('does not exist');
    const { stderr } = await cluster.kubectl(['create', '-f', '-'], {
      input: JSON.stringify({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'late', namespace },
        spec: { serviceAccountName: 'silent', containers: [{ name: 'app', image: 'registry.example/app' }] },
      }),
    });
    expect(stderr).toContain('"silent" not found');
  });

  test('the fix of default-sa-unused takes the token from the next Pods, and the backout gives it back', async () => {
    const path = '/api/v1/namespaces/shop/serviceaccounts/default';
    const [before, ...others] = of((await scan())['default-sa-unused'], 'default', 'ServiceAccount', 'shop');
    expect(others).toEqual([]);
    expect(before).toMatchObject({ verdict: 'fail', message: expect.stringContaining('Deployment web') });
    const { test: reading, implementation, backout } = planFor(before === undefined ? [] : [before.fix]);
    await shell.succeed(reading);
    await shell.succeed(implementation);
    expect(await get(path)).toMatchObject({ automountServiceAccountToken: false });

    const [held] = of((await scan())['default-sa-unused'], 'default', 'ServiceAccount', 'shop');
    expect(held).toMatchObject({ verdict: 'fail', fix: { action: 'none' } });
    await cluster.kubectl(['delete', 'pods', '--all', '-n', 'shop', '--wait=false']);
    await waitFor(async () => {
      const tokens = await tokensOfApp('shop', 'web');
      if (JSON.stringify(tokens) !== '[[]]') throw new Error(`tokens of web: ${JSON.stringify(tokens)}`);
    });
    const right = await scan();
    expect(of(right['default-sa-unused'], 'default', 'ServiceAccount', 'shop')).toEqual([]);
    expect(of(right['sa-token-mount'], 'web', 'Deployment', 'shop')).toEqual([]);

    await shell.succeed(backout);
    expect(await get(path)).not.toHaveProperty('automountServiceAccountToken');
    expect(of((await scan())['default-sa-unused'], 'default', 'ServiceAccount', 'shop')).toMatchObject([
      { id: before?.id },
    ]);
  });

  test('the default accounts that nothing uses are asked about in every namespace', async () => {
    const { findings } = (await scan())['default-sa-unused'];
    const asked = findings
      .filter(({ verdict }) => verdict === 'review')
      .map(({ object }) => object.namespace);
    expect(asked).toEqual(
      expect.arrayContaining(['default', 'kube-node-lease', 'kube-public', 'kube-system', namespace]),
    );
  });
});
