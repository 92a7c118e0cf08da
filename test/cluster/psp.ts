import * as fc from 'fast-check';
import { vi } from 'vitest';
import { sources } from '../../src/collect/sources.ts';
import { pspChoice, pspSources, type PspHeld } from '../../src/kit/psp.ts';
import type { Identity } from '../../src/kit/rbac.ts';
import type { JsonObject, Workload } from '../../src/model.ts';
import type { ControlPlane } from '../servers/control-plane.ts';
import {
  admitAll,
  eachPod,
  eachPolicy,
  grants,
  policies,
  runtimeClasses,
  type RawGrant,
  type RawPod,
} from './psp-cases.ts';

export const namespaces = ['shop', ...Array.from({ length: 15 }, (_, i) => `shop-${i}`)];
/** Nobody is granted anything here. */
const quiet = 'quiet';
/** `a2` gives its Pods no token unless they ask for it; without a name it is `default`. */
export const accounts = ['a0', 'a1', 'a2', undefined];
/** `team` is a group that alice is in. */
const people = [
  { name: 'alice', groups: ['team'] },
  { name: 'bob', groups: [] },
];
const waiting = [{ name: 'sentinel-cluster' }, { name: 'sentinel-shop' }];
/** One for each value of a setting of a policy, with the use of that one. */
const singles = eachPolicy.map((_, i) => ({ name: `single-${i}` }));
export const users = [...people, ...waiting, ...singles];

/** A Pod to be created. */
export interface Trial {
  pod: RawPod;
  namespace: string;
  account: string | undefined;
  /** Its own account where it is no user. */
  creator: string;
}

export const trials = (pods: fc.Arbitrary<RawPod>): fc.Arbitrary<Trial> =>
  fc.record({
    pod: pods,
    namespace: fc.constantFrom(...namespaces),
    account: fc.constantFrom(...accounts),
    creator: fc.constantFrom('account', 'account', ...people.map(({ name }) => name)),
  });

/** Each value of a Pod's setting with each of a policy's that it may meet, one user for each policy. */
export const singleTrials: Trial[] = eachPolicy.flatMap(({ topic }, i) =>
  eachPod
    .filter((one) => one.topic === topic)
    .map(({ made }) => ({ pod: made, namespace: quiet, account: undefined, creator: `single-${i}` })),
);

/** What the API server made of a Pod: the policy that admitted it and the Pod, or why it did not. */
export type Answer = { policy: string; pod: RawPod } | { refusal: string };

const rbac = 'rbac.authorization.k8s.io';
const rbacObject = (kind: string, metadata: JsonObject, rest: object) => ({
  apiVersion: `${rbac}/v1`,
  kind,
  metadata,
  ...rest,
});
const refTo = (kind: string, name: string) => ({ roleRef: { apiGroup: rbac, kind, name } });
const group = (name: string) => ({ kind: 'Group', apiGroup: rbac, name });
const user = (name: string) => ({ kind: 'User', apiGroup: rbac, name });

/** A cluster with random policies and grants, and how it is asked. */
export class World {
  readonly #cluster: ControlPlane;
  readonly #tokens = new Map<string, Promise<string>>();
  held!: PspHeld;

  constructor(cluster: ControlPlane) {
    this.#cluster = cluster;
  }

  /** Makes as many policies and grants, and waits until the API server goes by them. */
  async fill(seed: number, count: number): Promise<void> {
    await this.#cluster.apply(list(fixedObjects));
    for (const namespace of [...namespaces, quiet]) await this.#waitForDefaultAccount(namespace);
    const drawn = fc.sample(policies, { seed, numRuns: 2 * count });
    let made = 0;
    for (const { annotations, ...policy } of drawn) {
      if (made === count) break;
      const metadata = { name: policyName(made), annotations };
      const body = { ...policy, metadata };
      const { status, text } = await this.#cluster.request('POST', policyPath, { body });
      if (status === 201) made += 1;
      else if (status !== 422) throw new Error(`unexpected answer ${status}: ${text}`);
    }
    const all = fc.sample(grants(namespaces.length, count), {
      seed,
      numRuns: 9 * namespaces.length,
    });
    await this.#cluster.apply(
      list([...all.flatMap(grantObjects), ...(await this.#makeSingles()), ...sentinels]),
    );
    // What was made before the sentinels is known by when they are.
    for (const { name } of waiting) {
      await vi.waitFor(
        async () => {
          const answer = await this.ask(sentinelPod, 'shop', this.#cluster.tokenOf(name));
          if (!('policy' in answer)) throw new Error(answer.refusal);
        },
        { timeout: 30_000 },
      );
    }
    this.held = await this.#read();
  }

  /** @returns what grants each its user */
  async #makeSingles(): Promise<object[]> {
    const made = eachPolicy.map(async ({ made: { annotations, ...policy } }, i) => {
      const name = `single-${i}`;
      const body = { ...policy, metadata: { name, annotations } };
      const { status, text } = await this.#cluster.request('POST', policyPath, { body });
      if (status === 422) return [];
      if (status !== 201) throw new Error(`unexpected answer ${status}: ${text}`);
      return [
        rbacObject('ClusterRole', { name }, useOf(name)),
        rbacObject('ClusterRoleBinding', { name }, { ...refTo('ClusterRole', name), subjects: [user(name)] }),
      ];
    });
    return (await Promise.all(made)).flat();
  }

  /** A controller makes it. */
  async #waitForDefaultAccount(namespace: string): Promise<void> {
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/default`;
    await vi.waitFor(
      async () => {
        const { status, text } = await this.#cluster.request('GET', path);
        if (status !== 200) throw new Error(text);
      },
      { timeout: 30_000 },
    );
  }

  async #read(): Promise<PspHeld> {
    const read = pspSources.map(async (name) => {
      const { apiVersion, resource, project } = sources[name];
      const path = `${apiVersion === 'v1' ? '/api' : '/apis'}/${apiVersion}/${resource}`;
      const { text } = await this.#cluster.request('GET', path);
      return [name, (JSON.parse(text) as { items: JsonObject[] }).items.map((raw) => project(raw))] as const;
    });
    return Object.fromEntries(await Promise.all(read)) as unknown as PspHeld;
  }

  /** Whether the API takes the Pod, policies aside: an administrator may use the one that admits all. */
  async isValid({ pod, namespace, account }: Trial): Promise<boolean> {
    return 'policy' in (await this.ask(withAccount(pod, account), namespace, this.#cluster.adminToken));
  }

  async server(trial: Trial): Promise<Answer> {
    const { pod, namespace, account, creator } = trial;
    const token = creator === 'account' ? await this.#tokenOf(trial) : this.#cluster.tokenOf(creator);
    return this.ask(withAccount(pod, account), namespace, token);
  }

  kit({ pod, namespace, account, creator }: Trial) {
    const raw = withAccount(pod, account);
    const workload = sources.pods.project({ ...raw, metadata: { ...raw.metadata, namespace } });
    return pspChoice(this.held, workload, identity(namespace, account, creator));
  }

  #tokenOf({ namespace, account = 'default' }: Trial): Promise<string> {
    const key = `${namespace}/${account}`;
    const token = this.#tokens.get(key) ?? this.#cluster.serviceAccountToken(namespace, account);
    this.#tokens.set(key, token);
    return token;
  }

  /** A dry run: nothing is kept. */
  async ask(pod: RawPod, namespace: string, token: string): Promise<Answer> {
    const path = `/api/v1/namespaces/${namespace}/pods?dryRun=All`;
    const { status, text } = await this.#cluster.request('POST', path, { token, body: pod });
    const body = JSON.parse(text) as RawPod & { message?: string };
    const { message = '' } = body;
    const policy = (body.metadata?.['annotations'] as JsonObject | undefined)?.['kubernetes.io/psp'];
    if (status === 201 && typeof policy === 'string') return { policy, pod: body };
    if (status === 422 || status === 400) return { refusal: message };
    if (status === 403 && message.includes('PodSecurityPolicy: ')) return { refusal: message };
    throw new Error(`unexpected answer ${status}: ${text}`);
  }
}

const policyPath = '/apis/policy/v1beta1/podsecuritypolicies';
const policyName = (i: number): string => `p${String(i).padStart(4, '0')}`;
const list = (items: readonly object[]) => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });

const withAccount = (pod: RawPod, account: string | undefined): RawPod => ({
  ...pod,
  spec: { ...pod.spec, ...(account === undefined ? {} : { serviceAccountName: account }) },
});

function identity(namespace: string, account = 'default', creator: string): Identity {
  if (creator !== 'account') {
    const own = people.find(({ name }) => name === creator)?.groups ?? [];
    return { user: creator, groups: [...own, 'system:authenticated'] };
  }
  const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'];
  return { user: `system:serviceaccount:${namespace}:${account}`, groups };
}

function grantObjects(grant: RawGrant, i: number): object[] {
  const { isOwnRole, rule, policies: places, subjects, account } = grant;
  const namespace = grant.namespace === undefined ? undefined : namespaces[grant.namespace];
  const name = `grant-${i}`;
  const here = namespace === undefined ? { name } : { name, namespace };
  const roleKind = isOwnRole && namespace !== undefined ? 'Role' : 'ClusterRole';
  // One in the whole cluster is for one account, or nearly every Pod would be admitted.
  const local = namespace ?? 'shop';
  const byName = {
    account: { kind: 'ServiceAccount', namespace: local, name: accounts[account] ?? 'default' },
    login: user(`system:serviceaccount:${local}:${accounts[account] ?? 'default'}`),
    namespace: group(`system:serviceaccounts:${local}`),
    accounts: group('system:serviceaccounts'),
    user: user('alice'),
    team: group('team'),
    authenticated: group('system:authenticated'),
  };
  const chosen = namespace === undefined ? (['account'] as const) : subjects;
  return [
    rbacObject(roleKind, roleKind === 'Role' ? here : { name }, {
      rules: [{ ...rule, resourceNames: places.map(policyName) }],
    }),
    rbacObject(namespace === undefined ? 'ClusterRoleBinding' : 'RoleBinding', here, {
      ...refTo(roleKind, name),
      subjects: chosen.map((subject) => byName[subject]),
    }),
  ];
}

const fixedObjects = [
  admitAll,
  ...runtimeClasses.map((name) => ({
    apiVersion: 'node.k8s.io/v1',
    kind: 'RuntimeClass',
    metadata: { name },
    handler: name,
  })),
  ...[...namespaces, quiet].flatMap((namespace) => [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    ...['a0', 'a1', 'a2'].map((name) => ({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name, namespace },
      ...(name === 'a2' ? { automountServiceAccountToken: false } : {}),
    })),
  ]),
  rbacObject(
    'ClusterRole',
    { name: 'create-pods' },
    {
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['create'] }],
    },
  ),
  rbacObject(
    'ClusterRoleBinding',
    { name: 'create-pods' },
    {
      ...refTo('ClusterRole', 'create-pods'),
      subjects: [group('system:authenticated')],
    },
  ),
];

const useOf = (name: string) => ({
  rules: [
    { apiGroups: ['policy'], resources: ['podsecuritypolicies'], verbs: ['use'], resourceNames: [name] },
  ],
});
const sentinels = [
  { ...admitAll, metadata: { ...admitAll.metadata, name: 'sentinel' } },
  rbacObject('ClusterRole', { name: 'sentinel' }, useOf('sentinel')),
  rbacObject('Role', { name: 'sentinel', namespace: 'shop' }, useOf('sentinel')),
  rbacObject(
    'ClusterRoleBinding',
    { name: 'sentinel' },
    {
      ...refTo('ClusterRole', 'sentinel'),
      subjects: [user('sentinel-cluster')],
    },
  ),
  rbacObject(
    'RoleBinding',
    { name: 'sentinel', namespace: 'shop' },
    {
      ...refTo('Role', 'sentinel'),
      subjects: [user('sentinel-shop')],
    },
  ),
];
const sentinelPod: RawPod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'sentinel' },
  spec: { containers: [{ name: 'app', image: 'registry.example/app:1' }] },
};

/** What a policy may fill in, of a Pod as projected: the same of our outcome and of the API server's answer. */
export function filledIn({
  podSpec,
  podAnnotations = {},
}: Pick<Workload, 'podSpec' | 'podAnnotations'>): object {
  const { securityContext: { runAsUser: _, ...pod } = {}, runtimeClassName } = podSpec ?? { containers: [] };
  const containers = [...(podSpec?.initContainers ?? []), ...(podSpec?.containers ?? [])];
  const entries = Object.entries(podAnnotations).filter(
    ([key]) => !key.startsWith('container.seccomp') && !key.startsWith('kubernetes.io'),
  );
  return withoutEmpty({
    runtimeClassName,
    fsGroup: pod.fsGroup,
    supplementalGroups: pod.supplementalGroups,
    seLinuxOptions: pod.seLinuxOptions,
    annotations: Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1))),
    containers: containers.map(
      ({ name, securityContext: { seccompProfile: __, procMount: ___, ...own } = {} }) => ({
        name,
        ...Object.fromEntries(Object.entries(own).toSorted(([a], [b]) => (a < b ? -1 : 1))),
      }),
    ),
  }) as object;
}

/** Empty lists and objects are not stored. */
function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (value === null || typeof value !== 'object') return value;
  const kept = Object.entries(value)
    .map(([key, member]) => [key, withoutEmpty(member)] as const)
    .filter(
      ([, member]) =>
        member !== undefined && JSON.stringify(member) !== '{}' && JSON.stringify(member) !== '[]',
    );
  return Object.fromEntries(kept);
}
