/**
 * The RBAC engine against the SubjectAccessReviews of real API servers: random roles and bindings, and questions about
 * them. WHO_CAN_QUESTIONS says how many are asked, TEST_SEED repeats a run.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { builtInResources } from '../../src/collect/built-in-resources.ts';
import { projectObject } from '../../src/collect/files.ts';
import {
  can,
  grantsOf,
  isBuiltIn,
  joinBindings,
  rbacSources,
  standsFor,
  whoCan,
  type Grant,
  type RbacHeld,
} from '../../src/kit/rbac.ts';
import type { JsonObject, PolicyRule } from '../../src/model.ts';
import { skipReason, type KubernetesVersion } from '../control-plane/binaries.ts';
import { startControlPlane, type ControlPlane } from '../servers/control-plane.ts';
import { seed } from '../seed.ts';
import { namespaces, questionsAbout, rbacSets, type Question, type RbacSet } from './rbac-sets.ts';

const wanted = Number(process.env['WHO_CAN_QUESTIONS'] ?? 1000);
const questionsPerSet = 50;
const out = new URL('../../out/', import.meta.url);

const rbac = '/apis/rbac.authorization.k8s.io/v1';
const apiVersion = 'rbac.authorization.k8s.io/v1';
const label = 'who-can-set';

interface RawObject {
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  rules?: object[];
  roleRef?: object;
  subjects?: object[];
}
interface Served {
  name: string;
  kind: string;
  shortNames?: string[];
  namespaced: boolean;
}

/** Runs the work on all items, a few at a time. */
async function forEach<T>(items: Iterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  const queue = items[Symbol.iterator]();
  const worker = async () => {
    for (let next = queue.next(); !next.done; next = queue.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}

const versions = [
  { version: '1.37', share: 1 },
  { version: '1.24', share: 0.2 },
] as const;
for (const { version, share } of versions) {
  const skip = skipReason(version, { controllerManager: true });
  describe.skipIf(skip)(`Kubernetes ${version}`, () => {
    agreesOn(version, share);
  });
}

function agreesOn(version: KubernetesVersion, share: number): void {
  let cluster: ControlPlane;
  let fresh: RbacHeld;
  beforeAll(async () => {
    cluster = await startControlPlane({ version, controllerManager: true });
    // The API server makes the last of its own bindings after it calls itself ready.
    fresh = await vi.waitUntil(
      async () => {
        const [before, after] = [await held(), await held()];
        const isFilled = joinBindings(after).some(
          ({ binding }) => binding.metadata.name === 'system:controller:token-cleaner',
        );
        const admin = after.clusterRoles.find(({ metadata }) => metadata.name === 'admin');
        return (
          isFilled &&
          (admin?.rules.length ?? 0) > 10 &&
          JSON.stringify(before) === JSON.stringify(after) &&
          after
        );
      },
      { timeout: 60_000, interval: 500 },
    );
    await forEach(
      namespaces,
      async (name) => void (await post('/api/v1/namespaces', { metadata: { name } })),
    );
  });
  afterAll(() => cluster?.stop());

  async function get(path: string): Promise<unknown> {
    const { status, text } = await cluster.request('GET', path);
    if (status !== 200) throw new Error(`${path}: ${text}`);
    return JSON.parse(text);
  }

  async function post(path: string, body: object): Promise<JsonObject> {
    const { status, text } = await cluster.request('POST', path, { body });
    if (status !== 201) throw new Error(`${path}: ${text}\n${JSON.stringify(body)}`);
    return JSON.parse(text) as JsonObject;
  }

  /** What the audit would hold of the cluster. */
  async function held(): Promise<RbacHeld> {
    const lists = await Promise.all(
      rbacSources.map(async (source) => {
        const { kind, items } = (await get(`${rbac}/${source.toLowerCase()}`)) as {
          kind: string;
          items: JsonObject[];
        };
        return [
          source,
          items.map((item) => project({ ...item, apiVersion, kind: kind.replace(/List$/, '') })),
        ];
      }),
    );
    return Object.fromEntries(lists) as RbacHeld;
  }

  /** Makes the set the only one, and waits until the authorizer knows it. */
  async function install(set: RbacSet, number: number): Promise<RbacHeld> {
    const places = [
      ['roles', 'rolebindings'].flatMap((kind) => namespaces.map((name) => `namespaces/${name}/${kind}`)),
      'clusterroles',
      'clusterrolebindings',
    ].flat();
    await forEach(places, async (place) => {
      const { status, text } = await cluster.request('DELETE', `${rbac}/${place}?labelSelector=${label}`);
      if (status !== 200) throw new Error(text);
    });
    const create = (object: RawObject) => {
      const { kind, metadata } = object;
      const scope = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`;
      const labels = { ...metadata.labels, [label]: String(number) };
      return post(`${rbac}${scope}/${kind.toLowerCase()}s`, { ...object, metadata: { ...metadata, labels } });
    };
    await forEach([...set.roles, ...set.bindings], async (object) => void (await create(object)));

    // The controller has gathered what our own reading of the selectors gathers.
    const expected = asManifests(set, fresh);
    await vi.waitUntil(
      async () => {
        const live = await held();
        return aggregates(set).every((name) => sameRules(rulesOf(live, name), rulesOf(expected, name)));
      },
      { timeout: 30_000, interval: 200 },
    );

    // Each kind is watched in order: what was made before these is known once these are.
    const name = `last-${number}`;
    const rule = { verbs: [name], apiGroups: [''], resources: ['pods'] };
    const rules = [rule];
    const subjects = [{ kind: 'User', name }];
    const roleRef = (kind: string) => ({ apiGroup: 'rbac.authorization.k8s.io', kind, name });
    await create({ kind: 'ClusterRole', metadata: { name }, rules });
    await create({
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef: roleRef('ClusterRole'),
      subjects,
    });
    const user = { user: name, groups: [] };
    const request = { verb: name, apiGroup: '', resource: 'pods' };
    await vi.waitUntil(() => review({ identity: user, request }), { timeout: 30_000 });
    for (const namespace of namespaces) {
      await create({
        kind: 'Role',
        metadata: { name, namespace },
        rules: [{ ...rule, verbs: [namespace] }],
      });
      await create({
        kind: 'RoleBinding',
        metadata: { name, namespace },
        roleRef: roleRef('Role'),
        subjects,
      });
      const here = { ...request, verb: namespace, namespace };
      await vi.waitUntil(() => review({ identity: user, request: here }), { timeout: 30_000 });
    }
    return held();
  }

  /** What the API server answers. */
  async function review({ identity: { user, groups }, request }: Question): Promise<boolean> {
    const { verb, ...rest } = request;
    const { apiGroup: group, ...others } = rest as { apiGroup?: string; [field: string]: string | undefined };
    const attributes =
      'path' in request
        ? { nonResourceAttributes: request }
        : { resourceAttributes: { verb, group, ...others } };
    const answer = await post('/apis/authorization.k8s.io/v1/subjectaccessreviews', {
      spec: { user, groups, ...attributes },
    });
    return (answer as { status: { allowed: boolean } }).status.allowed;
  }

  test('agrees with SubjectAccessReview', { timeout: 1_800_000 }, async () => {
    const count = Math.ceil(wanted * share);
    const sets = fc.sample(rbacSets, { seed, numRuns: Math.ceil(count / questionsPerSet) }).map(withOwnNames);
    const asked = { allowed: 0, denied: 0 };
    const started = Date.now();
    for (const [number, set] of sets.entries()) {
      const live = await install(set, number);
      const manifests = asManifests(set, fresh);
      const numRuns = Math.min(questionsPerSet, count - number * questionsPerSet);
      const questions = fc.sample(questionsAbout(set), { seed: seed + number, numRuns });
      const disagreements: object[] = [];
      await forEach(questions, async (question) => {
        const server = await review(question);
        const ours = answers(live, question);
        const inManifests = can(manifests, question.identity, question.request);
        asked[server ? 'allowed' : 'denied'] += 1;
        if ([...Object.values(ours), inManifests].some((answer) => answer !== server)) {
          disagreements.push({ question, server, ...ours, inManifests });
        }
      });
      if (disagreements.length > 0) throw new Error(explain(number, set, disagreements));
    }
    const seconds = Math.round((Date.now() - started) / 1000);
    console.log(
      `who-can on ${version}, seed ${seed}: ${sets.length} sets of roles and bindings, ${seconds} s`,
      asked,
    );
    expect(asked.allowed + asked.denied).toBe(count);
    // Questions that were nearly all denied would tell little.
    expect(asked.allowed).toBeGreaterThan(count / 5);
    expect(asked.denied).toBeGreaterThan(count / 5);
  });

  test('every grant that the cluster is born with is built in, and none that was tampered with', () => {
    const grants = grantsOf(fresh);
    expect(grants.length).toBeGreaterThan(40);
    expect(grants.filter((grant) => !isBuiltIn(grant)).map(titleOf)).toEqual([]);
    for (const grant of grants) {
      const { binding } = grant;
      const changed: Grant[] = [
        { ...grant, subject: { kind: 'User', name: 'mallory' } },
        { ...grant, subject: { ...grant.subject, kind: grant.subject.kind === 'Group' ? 'User' : 'Group' } },
        { ...grant, binding: { ...binding, roleRef: { ...binding.roleRef, name: 'everything' } } },
        { ...grant, binding: { ...binding, metadata: { ...binding.metadata, name: 'imitation' } } },
        { ...grant, binding: { ...binding, metadata: { ...binding.metadata, labels: {} } } },
      ];
      expect(changed.filter(isBuiltIn).map(titleOf)).toEqual([]);
    }
  });

  test('serves what is taken for granted of manifests', async () => {
    const { groups } = (await get('/apis')) as {
      groups: { preferredVersion: { groupVersion: string } }[];
    };
    const groupVersions = ['v1', ...groups.map(({ preferredVersion }) => preferredVersion.groupVersion)];
    const served = await Promise.all(
      groupVersions.map(async (one) => {
        const { resources } = (await get(one === 'v1' ? '/api/v1' : `/apis/${one}`)) as {
          resources: Served[];
        };
        return resources.map(({ name, kind, shortNames = [], namespaced }) => ({
          group: one.includes('/') ? one.replace(/\/.*/, '') : '',
          name,
          kind,
          shortNames,
          namespaced,
        }));
      }),
    );
    const known = served.flat().filter(({ name }) => !name.includes('/'));
    expect(known.length).toBeGreaterThan(40);
    expect(builtInResources).toEqual(expect.arrayContaining(known));
  });
}

/** A controller may bring back an aggregated role of the set before, so no two sets have roles of one name. */
const withOwnNames = (set: RbacSet, number: number): RbacSet =>
  JSON.parse(JSON.stringify(set).replaceAll('"set-', `"set-${number}-`)) as RbacSet;

/** What we answer, by either way of asking. */
const answers = (live: RbacHeld, { identity, request }: Question) => ({
  can: can(live, identity, request),
  whoCan:
    identity.groups.includes('system:masters') ||
    whoCan(live, request).some(({ subject }) => standsFor(subject, identity)),
});

const project = (raw: JsonObject) => projectObject(raw)?.object;

/** The set as it would be audited before it is applied to a cluster that has nothing but its own. */
function asManifests({ roles, bindings }: RbacSet, fresh: RbacHeld): RbacHeld {
  const bySource = Map.groupBy([...roles, ...bindings], ({ kind }) => kind);
  const projected = (kind: string) =>
    (bySource.get(kind as RbacSet['roles'][number]['kind']) ?? []).map((raw) =>
      project({ apiVersion, ...structuredClone(raw) } as unknown as JsonObject),
    );
  return {
    clusterRoles: [...fresh.clusterRoles, ...projected('ClusterRole')],
    roles: [...fresh.roles, ...projected('Role')],
    clusterRoleBindings: [...fresh.clusterRoleBindings, ...projected('ClusterRoleBinding')],
    roleBindings: [...fresh.roleBindings, ...projected('RoleBinding')],
  } as unknown as RbacHeld;
}

const aggregates = ({ roles }: RbacSet): string[] =>
  roles.filter(({ aggregationRule }) => aggregationRule !== undefined).map(({ metadata }) => metadata.name);

/** The rules that a ClusterRole of this name would grant. */
function rulesOf({ clusterRoles }: RbacHeld, name: string): readonly PolicyRule[] {
  const binding = {
    apiVersion,
    kind: 'ClusterRoleBinding',
    metadata: { name },
    roleRef: { apiGroup: '', kind: 'ClusterRole', name },
    subjects: [],
  };
  const [joined] = joinBindings({
    clusterRoles,
    roles: [],
    roleBindings: [],
    clusterRoleBindings: [binding],
  });
  return joined?.rules ?? [];
}

function sameRules(a: readonly PolicyRule[], b: readonly PolicyRule[]): boolean {
  const [left, right] = [a, b].map((rules) => new Set(rules.map((rule) => JSON.stringify(rule))));
  return JSON.stringify([...(left ?? [])].toSorted()) === JSON.stringify([...(right ?? [])].toSorted());
}

const titleOf = ({ binding, subject }: Grant): string =>
  `${binding.kind} ${binding.metadata.name}: ${subject.kind} ${subject.name}`;

function explain(number: number, set: RbacSet, disagreements: readonly object[]): string {
  mkdirSync(out, { recursive: true });
  const file = new URL(`who-can-${seed}-${number}.json`, out);
  writeFileSync(file, `${JSON.stringify({ seed, number, disagreements, set }, null, 2)}\n`);
  return [
    `${disagreements.length} disagreements with the API server (seed ${seed}, set ${number}); the first of them:`,
    JSON.stringify(disagreements[0], null, 2),
    `All of them, with the roles and bindings: ${file.pathname}`,
  ].join('\n');
}
