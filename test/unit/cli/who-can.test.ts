import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { show } from '../../../src/cli/who-can.ts';
import { UserError } from '../../../src/errors.ts';
import { askWhoCan, type Answer, type Question } from '../../../src/who-can.ts';
import { passmuster } from '../../cli.ts';
import { startApiServer, type ApiServer, type RawObject } from '../../servers/api-server.ts';

const apiVersion = 'rbac.authorization.k8s.io/v1';
const apiGroup = 'rbac.authorization.k8s.io';

const metadata = (place: string) => {
  const [name = '', namespace] = place.split('/').toReversed();
  return { name, ...(namespace === undefined ? {} : { namespace }) };
};
const role = (place: string, ...rules: object[]) =>
  ({
    apiVersion,
    kind: place.includes('/') ? 'Role' : 'ClusterRole',
    metadata: metadata(place),
    rules,
  }) as unknown as RawObject;
const binding = (place: string, kind: string, name: string, ...subjects: object[]) =>
  ({
    apiVersion,
    kind: place.includes('/') ? 'RoleBinding' : 'ClusterRoleBinding',
    metadata: metadata(place),
    roleRef: { apiGroup, kind, name },
    subjects,
  }) as unknown as RawObject;
const rule = (verbs: string, resources: string, group = '') => ({
  verbs: verbs.split(' '),
  apiGroups: [group],
  resources: resources.split(' '),
});
const user = (name: string) => ({ kind: 'User', apiGroup, name });
const namespace = (name: string) =>
  ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }) as RawObject;

const objects = [
  namespace('shop'),
  namespace('bank'),
  role('pods', rule('get list', 'pods')),
  role('exec', rule('create', 'pods/exec')),
  role('deploy', rule('update', 'deployments', 'apps')),
  role('health', { verbs: ['get'], nonResourceURLs: ['/healthz/*'] }),
  role('namespaces', rule('patch', 'namespaces')),
  role('nodes', rule('get', 'nodes')),
  role('admins', { verbs: ['*'], apiGroups: ['*'], resources: ['*'] }),
  role('half', rule('list', 'clusterroles clusterrolebindings', apiGroup)),
  role('shop/local', { ...rule('get', 'pods'), resourceNames: ['web'] }),
  binding('readers', 'ClusterRole', 'pods', { kind: 'Group', apiGroup, name: 'dev' }),
  binding('shop/readers', 'ClusterRole', 'pods', { kind: 'ServiceAccount', name: 'robot' }),
  binding('shop/local', 'Role', 'local', user('system:serviceaccount:bank:robot')),
  binding('bank/readers', 'ClusterRole', 'pods', user('bob\u202e')),
  binding('bank/exec', 'ClusterRole', 'exec', user('ada')),
  binding('deployers', 'ClusterRole', 'deploy', user('ada')),
  binding('probes', 'ClusterRole', 'health', user('prober')),
  binding('bank/probes', 'ClusterRole', 'health', user('nobody')),
  binding('shop/owner', 'ClusterRole', 'namespaces', user('owner')),
  binding('shop/nodes', 'ClusterRole', 'nodes', user('owner')),
  binding('admins', 'ClusterRole', 'admins', user('root')),
  binding('half', 'ClusterRole', 'half', user('half')),
  binding('gone', 'ClusterRole', 'no-such-role', user('ada')),
];

let server: ApiServer;
beforeAll(async () => {
  server = await startApiServer({
    objects,
    users: [{ name: 'admin', groups: ['system:masters'] }, { name: 'half' }, { name: 'stranger' }],
  });
});
afterAll(() => server.stop());

type Options = Omit<Question, 'verb' | 'what'> & { context?: string };

/** As the command asks, without a process of its own. */
function ask(verb: string, what: string, { context, ...rest }: Options = {}): Promise<Answer> {
  const connection = { kubeconfig: server.kubeconfig, ...(context === undefined ? {} : { context }) };
  return askWhoCan({ kind: 'cluster', connection }, { verb, what, ...rest });
}
const command = (...args: string[]) => passmuster(['who-can', ...args, '--kubeconfig', server.kubeconfig]);

/** The rows of the table, without its header and the group that may do anything. */
function rowsOf(answer: Answer): string[] {
  const [header, masters, ...others] = show(answer, 'table').trimEnd().split('\n');
  expect(header).toMatch(/^SUBJECT-KIND +SUBJECT +NAMESPACE +BINDING +ROLE$/);
  expect(masters).toMatch(/^Group +system:masters +\* +<none> +<none>$/);
  return others.map((row) => row.replaceAll(/ {2,}/g, '  '));
}
const root = 'User  root  *  ClusterRoleBinding/admins  ClusterRole/admins';
const dev = 'Group  dev  *  ClusterRoleBinding/readers  ClusterRole/pods';
const robot = 'ServiceAccount  shop/robot  shop  RoleBinding/shop/readers  ClusterRole/pods';
const bob = 'User  bob\\u202e  bank  RoleBinding/bank/readers  ClusterRole/pods';

const deployer = 'User  ada  *  ClusterRoleBinding/deployers  ClusterRole/deploy';
const shop = { namespace: 'shop' };

test.each<[string, Parameters<typeof ask>, string[]]>([
  ['everywhere', ['get', 'pods'], [root, dev, bob, robot]],
  ['in one namespace', ['get', 'pods', shop], [root, dev, robot]],
  ['by short name', ['list', 'po', shop], [root, dev, robot]],
  ['by kind', ['list', 'Pod', shop], [root, dev, robot]],
  [
    'one object, that a rule names',
    ['get', 'pods/web', shop],
    [root, dev, 'ServiceAccount  bank/robot  shop  RoleBinding/shop/local  Role/local', robot],
  ],
  [
    'a subresource',
    ['create', 'pods', { subresource: 'exec' }],
    [root, 'User  ada  bank  RoleBinding/bank/exec  ClusterRole/exec'],
  ],
  ['by group', ['update', 'deployments.apps'], [root, deployer]],
  ['by group and version', ['update', 'deploy.v1.apps', { namespace: 'bank' }], [root, deployer]],
  ['in a group that is not the first', ['update', 'deployments'], [root, deployer]],
  ['a path', ['get', '/healthz/etcd'], ['User  prober  *  ClusterRoleBinding/probes  ClusterRole/health']],
  ['a path that no rule has', ['get', '/metrics'], []],
  ['a resource without namespaces, which no RoleBinding grants', ['get', 'nodes'], [root]],
  // A request for one Namespace counts as made in it.
  [
    'a namespace',
    ['patch', 'ns/shop'],
    [root, 'User  owner  shop  RoleBinding/shop/owner  ClusterRole/namespaces'],
  ],
  ['another namespace', ['patch', 'ns/bank'], [root]],
  ['anything', ['*', '*'], [root]],
  ['anything in a group', ['update', '*.apps'], [root]],
  ['what only the authorizer knows', ['impersonate', 'users'], [root]],
])('%s', async (_, question, expected) => {
  const answer = await ask(...question);
  expect(rowsOf(answer)).toEqual(expected);
  expect([answer.notes, answer.unread]).toEqual([[], []]);
});

test('wide says whether the cluster makes the grant itself, and which rule allows it', async () => {
  const text = show(await ask('get', 'pods/web', shop), 'wide');
  expect(text).toMatch(/ROLE +BUILT-IN +RULE\n/);
  expect(text).toMatch(/ClusterRole\/admins +no +\* \* in \*\n/);
  expect(text).toMatch(/Role\/local +no +get pods \(only web\)\n/);
});

test('json', async () => {
  const answer = JSON.parse(show(await ask('get', 'pods/web', shop), 'json')) as { allowed: object[] };
  expect(answer).toMatchObject({
    apiVersion: 'passmuster/v1',
    kind: 'WhoCan',
    request: { verb: 'get', apiGroup: '', resource: 'pods', name: 'web', namespace: 'shop' },
    complete: true,
    unread: [],
    notSeen: [expect.stringContaining('group'), expect.stringContaining('authorizers')],
  });
  expect(answer.allowed).toContainEqual({
    subject: { kind: 'Group', name: 'system:masters' },
    builtIn: true,
  });
  expect(answer.allowed).toContainEqual({
    subject: { kind: 'ServiceAccount', namespace: 'bank', name: 'robot' },
    namespace: 'shop',
    binding: { kind: 'RoleBinding', namespace: 'shop', name: 'local' },
    role: { kind: 'Role', name: 'local' },
    builtIn: false,
  });
  expect(show(await ask('get', 'pods'), 'json')).not.toContain('\u202e');
});

test('reads nothing but roles, bindings and what the server serves', async () => {
  const before = server.requests.length;
  await ask('get', 'deployments');
  const paths = server.requests.slice(before).map(({ path }) => path);
  const isNeeded = (path: string) =>
    /^\/(version|apis?)$|^\/apis?\/([a-z0-9.]+\/)?v\w+$|roles$|rolebindings$/.test(path);
  expect(paths.filter((path) => !isNeeded(path))).toEqual([]);
  expect(paths).toContain(`/apis/${apiVersion}/roles`);
});

describe('what cannot be seen', () => {
  test('is always said', async () => {
    const { code, stdout, stderr } = await command('get', 'pods', '-n', 'shop', '-A');
    expect([code, stdout.split('\n').length]).toEqual([0, 7]);
    expect(stderr).toMatch(/^note: RBAC only\. Not seen: who is in a group; .*authorizers/m);
  });

  test('where only half can be read, the answer is marked and the exit code is 4', async () => {
    const half = await command('get', 'pods', '--context', 'half', '-q', '-o', 'json');
    expect(half.code).toBe(4);
    expect(half.stderr).toMatch(/^incomplete: rolebindings: .*forbidden/m);
    expect(JSON.parse(half.stdout)).toMatchObject({
      complete: false,
      unread: [expect.stringMatching(/^roles: /), expect.stringMatching(/^rolebindings: /)],
      allowed: expect.arrayContaining([expect.objectContaining({ subject: { kind: 'Group', name: 'dev' } })]),
    });
    // What RoleBindings cannot grant is answered in full.
    expect((await ask('get', 'nodes', { context: 'half' })).unread).toEqual([]);
  });

  test('where nothing can be read there is no answer', async () => {
    const nothing = await command('get', 'pods', '--context', 'stranger');
    expect(nothing).toMatchObject({ code: 1, stdout: '' });
    expect(nothing.stderr).toMatch(/^error: .*forbidden/);
    expect(nothing.stderr).toMatch(/^hint: .*rolebindings/m);
  });
});

describe('a question without meaning', () => {
  test.each<[string, Parameters<typeof ask>, RegExp]>([
    ['a resource that does not exist', ['get', 'podz'], /"podz"[^]*Did you mean pods\?/],
    ['of a group that does not have it', ['get', 'pods.apps'], /"pods\.apps"/],
    ['of a group that does not exist', ['get', 'deployments.app'], /"deployments\.app"/],
    ['a namespace that does not exist', ['get', 'pods', { namespace: 'shap' }], /namespace "shap"/],
    ['a path in a namespace', ['get', '/metrics', shop], /-n has no meaning/],
    ['a subresource of a path', ['get', '/metrics', { subresource: 'x' }], /--subresource has no meaning/],
  ])('%s', async (_, question, says) => {
    const error = await ask(...question).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    const { exitCode, message, hint } = error as UserError;
    expect(exitCode).toBe(2);
    expect(`${message} ${hint}`).toMatch(says);
  });

  test.each<[string, Parameters<typeof ask>, RegExp]>([
    ['a verb that none knows', ['gett', 'pods'], /"gett" is no verb of Kubernetes\. Did you mean get\?/],
    ['a verb for a path', ['list', '/metrics'], /"list" is no verb/],
    ['a namespace that changes nothing', ['get', 'nodes', shop], /nodes belong to no namespace/],
    ['a name that looks like a subresource', ['create', 'pods/exec'], /--subresource exec/],
  ])('%s is answered with a note', async (_, question, says) => {
    expect((await ask(...question)).notes).toEqual([expect.stringMatching(says)]);
  });

  test('no resource at all, or an unknown format', async () => {
    expect(await command('get')).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining("'what'"),
    });
    const yaml = await command('get', 'pods', '-o', 'yaml');
    expect(yaml).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('table, wide, json') });
  });
});

describe('manifests', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'passmuster-who-can-'));
    writeFileSync(
      join(folder, 'all.json'),
      JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
    );
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const askFiles = (verb: string, what: string) =>
    askWhoCan({ kind: 'files', files: [join(folder, 'all.json')] }, { verb, what });

  test('are answered like a cluster, and say which roles are not among them', async () => {
    const answer = await askFiles('update', 'deploy');
    expect(rowsOf(answer)).toEqual([root, deployer]);
    expect(answer.unread).toEqual([
      'ClusterRole no-such-role is not in the files: what ClusterRoleBinding gone may grant by it cannot be told.',
    ]);
  });

  test('need not hold what every cluster has', async () => {
    const input = JSON.stringify(binding('ops', 'ClusterRole', 'cluster-admin', user('ada')));
    const answer = await passmuster(['who-can', 'delete', 'secrets', '-f', '-', '-q'], { input });
    expect(answer).toMatchObject({ code: 0, stderr: '' });
    expect(answer.stdout).toContain('ClusterRoleBinding/ops');
  });

  test('may be about resources of extensions, as rules write them', async () => {
    expect((await askFiles('get', 'certificates.cert-manager.io')).request).toMatchObject({
      apiGroup: 'cert-manager.io',
      resource: 'certificates',
    });
    await expect(askFiles('get', 'certificates')).rejects.toMatchObject({
      exitCode: 2,
      hint: expect.stringContaining('PLURAL.GROUP'),
    });
    await expect(askFiles('get', 'deploymnts.apps')).rejects.toMatchObject({ exitCode: 2 });
  });
});
