/** What the walker cannot know of the checks over broad bindings, cloud identities and constraints of OpenShift. */
import { describe, expect, test } from 'vitest';
import { anonymousBindings } from '../../../src/checks/anonymous-bindings/check.ts';
import { authenticatedBindings } from '../../../src/checks/authenticated-bindings/check.ts';
import { eksAccessEntries } from '../../../src/checks/eks-access-entries/check.ts';
import { saWorkloadIdentity } from '../../../src/checks/sa-workload-identity/check.ts';
import { sccPrivilegedAccess } from '../../../src/checks/scc-privileged-access/check.ts';
import { systemMasters } from '../../../src/checks/system-masters/check.ts';
import { unauthenticatedBindings } from '../../../src/checks/unauthenticated-bindings/check.ts';
import type { Check } from '../../../src/kit/define-check.ts';
import { planFor } from '../../../src/kit/plan.ts';
import type { Finding, JsonObject, Platform } from '../../../src/model.ts';
import { applyPatch } from '../kit/json-patch.ts';
import { evaluate, type Raw } from './fixtures.ts';

const rbac = 'rbac.authorization.k8s.io';
type RawSubject = { kind: string; name: string; namespace?: string };

function binding(name: string, role: string, subjects: RawSubject[], namespace?: string): Raw {
  return {
    apiVersion: `${rbac}/v1`,
    kind: namespace === undefined ? 'ClusterRoleBinding' : 'RoleBinding',
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    roleRef: {
      apiGroup: rbac,
      kind: role.startsWith('Role/') ? 'Role' : 'ClusterRole',
      name: role.replace('Role/', ''),
    },
    subjects,
  };
}
const group = (name: string) => ({ kind: 'Group', name });
const user = (name: string) => ({ kind: 'User', name });
const account = (name: string, namespace = 'shop') => ({ kind: 'ServiceAccount', name, namespace });
const everyone = group('system:authenticated');

const builtIn = (name: string, ...subjects: RawSubject[]): Raw => {
  const raw = binding(name, name, subjects);
  raw.metadata['labels'] = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };
  return raw;
};
const clusterRole = (name: string, ...rules: JsonObject[]): Raw => ({
  apiVersion: `${rbac}/v1`,
  kind: 'ClusterRole',
  metadata: { name },
  rules,
});

const on = async (platform: Platform, check: Check, ...objects: Raw[]): Promise<Finding[]> =>
  (await evaluate(check, objects, {}, platform)).findings;
const findings = (check: Check, ...objects: Raw[]) =>
  on(check.platforms?.[0] ?? 'kubernetes', check, ...objects);

describe('broad bindings', () => {
  const broad = [
    [anonymousBindings, user('system:anonymous'), 'critical', 'critical'],
    [unauthenticatedBindings, group('system:unauthenticated'), 'critical', 'critical'],
    [authenticatedBindings, everyone, 'high', 'critical'],
    [systemMasters, group('system:masters'), 'high', 'high'],
  ] as const;

  test.each(broad)(
    '$id fails at any grant, and weighs it by the platform',
    async (check, subject, severity, onGke) => {
      const grant = binding('grant', 'view', [subject]);
      expect(await findings(check, grant)).toMatchObject([{ severity, verdict: 'fail' }]);
      expect(await on('gke', check, grant)).toMatchObject([{ severity: onGke }]);
    },
  );

  test.each(broad)('$id sees no other subject', async (check, { kind, name }) => {
    const others = broad.filter(([other]) => other !== check).map(([, subject]) => subject);
    const sameName = { kind: kind === 'User' ? 'Group' : 'User', name };
    expect(
      await findings(check, binding('grant', 'view', [...others, sameName, account('default')])),
    ).toEqual([]);
  });

  test('says who may do what, and by which binding', async () => {
    const [inCluster] = await findings(
      anonymousBindings,
      binding('open', 'view', [user('system:anonymous')]),
    );
    expect(inCluster?.message).toBe(
      'ClusterRoleBinding open grants ClusterRole view in the cluster to User system:anonymous: anyone who reaches the API server, without logging in.',
    );
    const [inNamespace] = await findings(
      authenticatedBindings,
      binding('open', 'Role/look', [everyone], 'shop'),
    );
    expect(inNamespace).toMatchObject({
      path: 'subjects[0]',
      message:
        'RoleBinding shop/open grants Role look in namespace shop to Group system:authenticated: every user and every service account.',
    });
  });

  test('a ClusterRole granted in many namespaces is one finding; Roles of one name are as many', async () => {
    const namespaces = Array.from({ length: 100 }, (_, i) => `team-${String(i).padStart(3, '0')}`);
    const [shared, ...more] = await findings(
      authenticatedBindings,
      ...namespaces.map((namespace) => binding('look', 'view', [user('jane'), everyone], namespace)),
    );
    expect(more).toEqual([]);
    expect(shared?.message).toContain('RoleBinding team-000/look grants ClusterRole view');
    expect(shared?.message).toContain('99 more do the same.');
    expect(shared?.members?.map(({ object, path }) => [object.namespace, path])).toEqual(
      namespaces.map((namespace) => [namespace, 'subjects[1]']),
    );
    expect(shared?.members?.[42]?.message).toMatch(
      /^RoleBinding team-042\/look grants ClusterRole view in namespace team-042 to [^0-9]*\.$/,
    );
    expect(shared?.members?.[42]?.fix).toMatchObject({ action: 'patch', target: { namespace: 'team-042' } });
    const own = namespaces.map((namespace) => binding('look', 'Role/view', [everyone], namespace));
    expect(await findings(authenticatedBindings, ...own)).toHaveLength(100);
  });

  test('a grant that two bindings make is one finding, known again by either', async () => {
    const one = await findings(authenticatedBindings, binding('one', 'view', [everyone]));
    const two = await findings(
      authenticatedBindings,
      binding('zwei', 'view', [everyone]),
      binding('one', 'view', [everyone]),
    );
    expect(two.map(({ id }) => id)).toEqual(one.map(({ id }) => id));
    expect(two[0]?.members?.map(({ object }) => object.name)).toEqual(['one', 'zwei']);
    const ofNamespace = await findings(authenticatedBindings, binding('one', 'view', [everyone], 'shop'));
    expect(ofNamespace[0]?.id).not.toBe(one[0]?.id);
  });

  test('what two checks take out of one binding makes one patch', async () => {
    const open = binding('open', 'view', [
      user('system:anonymous'),
      user('jane'),
      group('system:unauthenticated'),
    ]);
    const fixes = [
      ...(await findings(anonymousBindings, open)),
      ...(await findings(unauthenticatedBindings, open)),
    ].map(({ fix }) => fix);
    const { patch, inverse } = planFor(fixes);
    const fixed = applyPatch(open, patch ?? []) as Raw;
    expect(fixed['subjects']).toEqual([user('jane')]);
    expect(applyPatch(fixed, inverse ?? [])).toEqual(open);
  });

  test.each([
    ['its rules', ['/healthz', '/version'], 0],
    ['a URL more', ['/healthz', '/metrics'], 1],
    ['all URLs', ['*'], 1],
  ])('the built-in binding, its role with %s', async (_, nonResourceURLs, count) => {
    const viewer = builtIn('system:public-info-viewer', everyone, group('system:unauthenticated'));
    const role = clusterRole('system:public-info-viewer', { nonResourceURLs, verbs: ['get'] });
    const found = await findings(unauthenticatedBindings, viewer, role);
    expect(found).toHaveLength(count);
    for (const finding of found)
      expect(finding).toMatchObject({ path: 'roleRef.name', fix: { action: 'none' } });
    expect(await findings(authenticatedBindings, viewer, role)).toHaveLength(count);
  });

  test.each<[string, JsonObject, number]>([
    ['as kubeadm makes it', {}, 0],
    ['for all ConfigMaps', { resourceNames: [] }, 1],
    ['for another one', { resourceNames: ['cluster-info', 'kubeadm-config'] }, 1],
    ['for Secrets too', { resources: ['configmaps', 'secrets'] }, 1],
    ['to change it', { verbs: ['get', 'update'] }, 1],
  ])('the grant for joining nodes, %s', async (_, change, count) => {
    const name = 'kubeadm:bootstrap-signer-clusterinfo';
    const rule = {
      apiGroups: [''],
      resources: ['configmaps'],
      resourceNames: ['cluster-info'],
      verbs: ['get'],
    };
    const role = {
      ...clusterRole(name, { ...rule, ...change }),
      kind: 'Role',
      metadata: { name, namespace: 'kube-public' },
    };
    const grant = binding(name, `Role/${name}`, [user('system:anonymous')], 'kube-public');
    expect(await findings(anonymousBindings, grant, role)).toHaveLength(count);
  });

  test('neither the name nor the label of a built-in binding makes another role expected', async () => {
    const imitation = builtIn('system:basic-user', everyone);
    Object.assign(imitation['roleRef'] as JsonObject, { name: 'cluster-admin' });
    expect(await findings(authenticatedBindings, imitation)).toHaveLength(1);
  });

  test('what OpenShift grants everyone is expected there and nowhere else', async () => {
    const users = binding('basic-users', 'basic-user', [everyone]);
    expect(await on('openshift', authenticatedBindings, users)).toEqual([]);
    expect(await on('kubernetes', authenticatedBindings, users)).toHaveLength(1);
    const imitation = binding('basic-users', 'admin', [everyone]);
    expect(await on('openshift', authenticatedBindings, imitation)).toHaveLength(1);
    const masters = binding('system:masters', 'system:master', [group('system:masters')]);
    expect(await on('openshift', systemMasters, masters)).toEqual([]);
    expect(await on('kubernetes', systemMasters, masters)).toHaveLength(1);
    const kept = binding('system:webhooks', 'system:webhook', [everyone, group('system:unauthenticated')]);
    expect(await on('openshift', authenticatedBindings, kept)).toEqual([]);
    expect(await on('openshift', unauthenticatedBindings, kept)).toHaveLength(1);
  });

  test('nobody bound to system:masters is no proof: the plan goes on', async () => {
    const fresh = builtIn('cluster-admin', group('system:masters'));
    const { status, reason } = await evaluate(systemMasters, [fresh]);
    expect([status, reason]).toEqual(['manual', expect.stringContaining('test plan')]);
    expect((await evaluate(anonymousBindings, [fresh])).status).toBe('pass');
  });
});

test.each<[Platform, string]>([
  ['eks', 'manual'],
  ['aks', 'not-applicable'],
  ['kubernetes', 'not-applicable'],
])('eks-access-entries on %s is %s', async (platform, status) => {
  expect((await evaluate(eksAccessEntries, [], {}, platform)).status).toBe(status);
});

describe('sa-workload-identity', () => {
  const annotations: Partial<Record<Platform, JsonObject>> = {
    eks: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/r' },
    aks: { 'azure.workload.identity/client-id': 'some-id' },
    gke: { 'iam.gke.io/gcp-service-account': 'r@p.iam.gserviceaccount.com' },
  };
  const clouds = Object.keys(annotations) as Platform[];
  const serviceAccount = (name: string, annotation: JsonObject = {}): Raw => ({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name, namespace: 'shop', annotations: annotation },
  });
  const owned = (kind: string, name: string): JsonObject => ({
    ownerReferences: [{ apiVersion: 'apps/v1', kind, name, uid: `${kind}/${name}`, controller: true }],
  });
  const pod = (
    name: string,
    serviceAccountName: string,
    env: string[] = [],
    metadata: JsonObject = {},
  ): Raw => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'shop', ...metadata },
    spec: {
      serviceAccountName,
      containers: [
        { name: 'app', image: 'app', env: env.map((variable) => ({ name: variable, value: 'x' })) },
      ],
    },
  });
  const node = (name: string, pool: string, labels: JsonObject = {}): Raw => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'cloud.google.com/gke-nodepool': pool, ...labels } },
  });

  test.each(clouds)('knows the annotation of %s and of no other cloud', async (platform) => {
    const all = clouds.map((cloud) => serviceAccount('default', annotations[cloud]));
    for (const [i, one] of all.entries()) {
      const found = await on(platform, saWorkloadIdentity, one, pod('p', 'default'));
      expect(found).toHaveLength(clouds[i] === platform ? 1 : 0);
      for (const finding of found) {
        expect(finding).toMatchObject({
          verdict: 'review',
          object: { kind: 'ServiceAccount' },
          fix: { action: 'none' },
        });
        expect(finding.message).toContain('every Pod of the namespace');
      }
    }
  });

  test.each<[Platform, string]>([
    ['eks', 'AWS_SECRET_ACCESS_KEY'],
    ['aks', 'AZURE_CLIENT_SECRET'],
    ['gke', 'GOOGLE_APPLICATION_CREDENTIALS'],
  ])('on %s asks about %s', async (platform, variable) => {
    const found = await on(platform, saWorkloadIdentity, pod('p', 'app', [variable]));
    expect(found.map(({ object, message }) => [object.name, message.includes(variable)])).toEqual([
      ['p', true],
    ]);
    expect(await on(platform, saWorkloadIdentity, pod('p', 'app', ['OTHER']))).toEqual([]);
  });

  test('counts the Pods of one workload once, whoever made it', async () => {
    const identity = serviceAccount('app', annotations.eks);
    const replica = (owner: string, name: string) => pod(name, 'app', [], owned('Rollout', owner));
    const one = [replica('pay', 'pay-1'), replica('pay', 'pay-2')];
    expect(await on('eks', saWorkloadIdentity, identity, ...one)).toEqual([]);
    const [shared] = await on('eks', saWorkloadIdentity, identity, ...one, replica('ship', 'ship-1'));
    expect(shared?.message).toContain('2 workloads run as it: Rollout pay, Rollout ship.');
    const many = Array.from({ length: 7 }, (_, i) => replica(`w${i}`, `w${i}-1`));
    const [crowded] = await on('eks', saWorkloadIdentity, identity, ...many);
    expect(crowded?.message).toContain('Rollout w4 and 2 more.');
  });

  test('sees EKS Pod Identity in the live Pods, whichever of them came first', async () => {
    const live = (name: string, ...env: string[]) => pod(name, 'default', env, owned('Rollout', 'pay'));
    const pods = [live('old'), live('new', 'AWS_CONTAINER_CREDENTIALS_FULL_URI')];
    for (const inOrder of [pods, pods.toReversed()]) {
      const found = await on('eks', saWorkloadIdentity, serviceAccount('default'), ...inOrder);
      expect(found.map(({ message }) => message)).toEqual([expect.stringContaining('by EKS Pod Identity')]);
    }
  });

  test('node pools of GKE without the metadata server, one finding each', async () => {
    const server = { 'iam.gke.io/gke-metadata-server-enabled': 'true' };
    const nodes = [node('b2', 'b'), node('b1', 'b'), node('b3', 'b', server), node('a1', 'a', server)];
    const found = await on('gke', saWorkloadIdentity, ...nodes);
    expect(found.map(({ object, message }) => [object.name, message])).toEqual([
      ['b1', expect.stringContaining('2 of 3 nodes of node pool b')],
    ]);
    const afterwards = await on('gke', saWorkloadIdentity, node('b9', 'b'));
    expect(afterwards.map(({ id }) => id)).toEqual(found.map(({ id }) => id));
    expect(await on('eks', saWorkloadIdentity, ...nodes)).toEqual([]);
  });

  test('is manual where there are workloads, and about the three clouds alone', async () => {
    const status = async (platform: Platform, ...objects: Raw[]) =>
      (await evaluate(saWorkloadIdentity, objects, {}, platform)).status;
    expect(await status('aks', pod('p', 'app'))).toBe('manual');
    expect(await status('aks')).toBe('not-applicable');
    expect(await status('kubernetes', pod('p', 'app'))).toBe('not-applicable');
  });
});

describe('scc-privileged-access', () => {
  const scc = (name: string, allowed: JsonObject, users: string[] = [], groups: string[] = []): Raw => ({
    apiVersion: 'security.openshift.io/v1',
    kind: 'SecurityContextConstraints',
    metadata: { name },
    runAsUser: { type: 'MustRunAsRange' },
    ...allowed,
    users,
    groups,
  });
  const use = (name: string, ...resourceNames: string[]) =>
    clusterRole(name, {
      apiGroups: ['security.openshift.io'],
      resources: ['securitycontextconstraints'],
      verbs: ['use'],
      resourceNames,
    });
  const anyUser = { runAsUser: { type: 'RunAsAny' } };

  test.each<[JsonObject, number]>([
    [{ allowPrivilegedContainer: true }, 1],
    [{ allowHostDirVolumePlugin: true }, 1],
    [{ allowHostIPC: true }, 1],
    [{ allowHostNetwork: true }, 1],
    [{ allowHostPID: true }, 1],
    [{ allowHostPorts: true }, 1],
    [anyUser, 1],
    [{ allowPrivilegeEscalation: true }, 0],
    [{ runAsUser: { type: 'MustRunAsNonRoot' } }, 0],
    [{ allowHostPorts: false }, 0],
  ])('constraints with %o', async (allowed, count) => {
    expect(await findings(sccPrivilegedAccess, scc('own', allowed, ['jane']))).toHaveLength(count);
    const bound = [scc('own', allowed), use('use', 'own'), binding('b', 'use', [user('jane')])];
    expect(await findings(sccPrivilegedAccess, ...bound)).toHaveLength(count);
  });

  test.each<[RawSubject, string, string]>([
    [everyone, 'critical', 'fail'],
    [group('system:serviceaccounts'), 'critical', 'fail'],
    [group('system:serviceaccounts:shop'), 'critical', 'fail'],
    [user('system:serviceaccount:shop:default'), 'high', 'fail'],
    [user('system:serviceaccount:openshift-monitoring:default'), 'high', 'fail'],
    [user('system:serviceaccount:shop:agent'), 'high', 'review'],
    [user('jane'), 'medium', 'review'],
    [group('system:nodes'), 'medium', 'review'],
  ])('%o in a list or by RBAC is %s, %s', async (subject, severity, verdict) => {
    const [users, groups] = subject.kind === 'User' ? [[subject.name], []] : [[], [subject.name]];
    const expected = [{ severity, verdict }];
    expect(await findings(sccPrivilegedAccess, scc('own', anyUser, users, groups))).toMatchObject(expected);
    const bound = [scc('own', anyUser), use('use', 'own'), binding('b', 'use', [subject])];
    expect(await findings(sccPrivilegedAccess, ...bound)).toMatchObject(expected);
  });

  test('says what the constraints allow, and by which way they are held', async () => {
    const node = scc('node', { allowPrivilegedContainer: true, allowHostPID: true, ...anyUser }, ['jane']);
    const grant = binding('agents', 'use', [account('agent')], 'shop');
    const found = await findings(
      sccPrivilegedAccess,
      node,
      scc('free', anyUser),
      use('use', 'node', 'free'),
      grant,
    );
    expect(found.map(({ object, path, message }) => [object.name, path, message])).toEqual([
      [
        'agents',
        'subjects[0]',
        'ServiceAccount shop/agent may use SecurityContextConstraints free and node in namespace shop: RoleBinding shop/agents grants it ClusterRole use. That allows any user, root too, privileged containers and the host PID namespace.',
      ],
      [
        'node',
        'users[0]',
        'User jane may use SecurityContextConstraints node, being among its users: it allows privileged containers, the host PID namespace and any user, root too.',
      ],
    ]);
  });

  test('takes all that should not be there out of a list in one patch, and puts it back', async () => {
    const own = scc('own', anyUser, ['jane', 'system:admin', 'joe'], ['system:authenticated']);
    const { patch, inverse } = planFor((await findings(sccPrivilegedAccess, own)).map(({ fix }) => fix));
    const fixed = applyPatch(own, patch ?? []) as Raw;
    expect([fixed['users'], fixed['groups'] ?? []]).toEqual([['system:admin'], []]);
    expect(applyPatch(fixed, inverse ?? [])).toEqual(own);
  });

  test.each([
    ['whoever may do everything', clusterRole('r', { apiGroups: ['*'], resources: ['*'], verbs: ['*'] }), 0],
    [
      'whoever may do everything with constraints',
      clusterRole('r', { apiGroups: ['security.openshift.io'], resources: ['*'], verbs: ['*'] }),
      1,
    ],
    ['whoever may use others', use('r', 'other'), 0],
  ])('%s', async (_, role, count) => {
    const bound = [scc('own', anyUser), role, binding('b', 'r', [user('jane')])];
    expect(await findings(sccPrivilegedAccess, ...bound)).toHaveLength(count);
  });

  test('is about OpenShift alone', async () => {
    const open = scc('own', anyUser, ['jane']);
    expect((await evaluate(sccPrivilegedAccess, [open], {}, 'kubernetes')).status).toBe('not-applicable');
    expect((await evaluate(sccPrivilegedAccess, [scc('own', {}, ['jane'])])).status).toBe('pass');
  });
});
