import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { json } from '../../../src/cli/reach-json.ts';
import { table } from '../../../src/cli/reach-table.ts';
import { UserError } from '../../../src/errors.ts';
import { askReach, type Answer, type Question } from '../../../src/reach/ask.ts';
import { isPrintable } from '../../../src/text.ts';
import { passmuster } from '../../cli.ts';
import { startApiServer, type ApiServer, type RawObject } from '../../servers/api-server.ts';
import { hostileStrings } from '../render/hostile.ts';

const raw = (apiVersion: string, kind: string, place: string, rest: object, metadata: object = {}) => {
  const [name = '', namespace] = place.split('/').toReversed();
  const where = namespace === undefined ? {} : { namespace };
  return { apiVersion, kind, metadata: { name, ...where, ...metadata }, ...rest } as unknown as RawObject;
};
const namespace = (name: string, labels = {}) => raw('v1', 'Namespace', name, {}, { labels });
const netpol = (place: string, spec: object) => raw('networking.k8s.io/v1', 'NetworkPolicy', place, { spec });
const container = { name: 'app', image: 'x', ports: [{ name: 'http', containerPort: 8080 }] };
interface PodParts {
  ip?: string;
  /** Of the ReplicaSet that controls it. */
  hash?: string;
  phase?: string;
  hostNetwork?: boolean;
}
function pod(place: string, app: string, { ip, hash, phase = 'Running', ...spec }: PodParts = {}) {
  const name = `${app}-${hash ?? ''}`;
  const controller = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name, uid: name, controller: true };
  return raw(
    'v1',
    'Pod',
    place,
    {
      spec: { containers: [container], ...spec },
      status: { phase, ...(ip === undefined ? {} : { podIPs: [{ ip }] }) },
    },
    hash === undefined
      ? { labels: { app } }
      : { labels: { app, 'pod-template-hash': hash }, ownerReferences: [controller] },
  );
}
const deployment = (place: string, app: string) =>
  raw('apps/v1', 'Deployment', place, {
    spec: {
      replicas: 0,
      selector: { matchLabels: { app } },
      template: { metadata: { labels: { app } }, spec: { containers: [container] } },
    },
  });

const policies = [
  netpol('shop/deny', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] }),
  netpol('shop/web', {
    podSelector: { matchLabels: { app: 'web' } },
    ingress: [
      {
        from: [
          { podSelector: { matchLabels: { app: 'api' } } },
          { namespaceSelector: { matchLabels: { team: 'bank' } } },
        ],
        ports: [{ port: 'http' }],
      },
      {
        from: [{ ipBlock: { cidr: '203.0.113.0/24', except: ['203.0.113.128/25'] } }],
        ports: [{ port: 443 }],
      },
    ],
    egress: [{ to: [{ namespaceSelector: {} }], ports: [{ protocol: 'UDP', port: 53 }] }],
  }),
  netpol('shop/api', { podSelector: { matchLabels: { app: 'api' } }, policyTypes: ['Egress'], egress: [{}] }),
];
const namespaces = [namespace('shop'), namespace('bank', { team: 'bank' }), namespace('ops')];
const pods = [
  pod('shop/web-0', 'web', { ip: '10.0.0.1' }),
  pod('shop/api-5c5d-a', 'api', { ip: '10.0.0.2', hash: '5c5d' }),
  pod('shop/api-5c5d-b', 'api', { ip: '10.0.0.3', hash: '5c5d' }),
  pod('shop/db-0', 'db', { ip: '10.0.0.4' }),
  pod('shop/old', 'api', { phase: 'Succeeded' }),
  pod('bank/teller', 'teller', { ip: '10.0.1.1' }),
  pod('ops/agent', 'agent', { ip: '192.0.2.1', hostNetwork: true }),
  pod('ops/web-0', 'web', { ip: '10.0.2.2' }),
];
const objects = [...namespaces, ...policies, ...pods, deployment('shop/api', 'api')];

const rbac = 'rbac.authorization.k8s.io';
const mayList = (user: string, place: string, ...resources: string[]) => {
  const kind = place.includes('/') ? 'Role' : 'ClusterRole';
  return [
    raw(`${rbac}/v1`, kind, place, {
      rules: [{ apiGroups: ['', 'apps', 'networking.k8s.io'], resources, verbs: ['get', 'list'] }],
    }),
    raw(`${rbac}/v1`, `${kind}Binding`, place, {
      roleRef: { apiGroup: rbac, kind, name: place.split('/').at(-1) },
      subjects: [{ kind: 'User', apiGroup: rbac, name: user }],
    }),
  ];
};

let server: ApiServer;
beforeAll(async () => {
  server = await startApiServer({
    objects: [
      ...objects,
      ...mayList('shopkeeper', 'shop/keeper', 'pods', 'networkpolicies', 'deployments'),
      ...mayList('guest', 'guests', 'pods', 'namespaces'),
      ...mayList('half', 'halves', 'pods', 'namespaces'),
      ...mayList('half', 'shop/half', 'networkpolicies'),
    ],
    users: [
      { name: 'admin', groups: ['system:masters'] },
      { name: 'shopkeeper' },
      { name: 'guest' },
      { name: 'half' },
    ],
  });
});
afterAll(() => server.stop());

function ask(
  name: string,
  { context, ...rest }: Omit<Question, 'pod'> & { context?: string } = {},
): Promise<Answer> {
  const connection = { kubeconfig: server.kubeconfig, ...(context === undefined ? {} : { context }) };
  return askReach({ kind: 'cluster', connection }, { pod: name, ...rest });
}
const command = (...args: string[]) => passmuster(['reach', ...args, '--kubeconfig', server.kubeconfig]);
const lines = (answer: Answer): string[] =>
  table(answer)
    .trimEnd()
    .split('\n')
    .map((row) => row.replaceAll(/ {2,}/g, '  '));
const refusal = (asked: Promise<unknown>) =>
  asked.then(
    () => undefined,
    (error: unknown) => error,
  ) as Promise<UserError>;

test('without a peer: who can reach the Pod, what it can reach, and why', async () => {
  expect(lines(await ask('shop/web-0'))).toEqual([
    'Pod shop/web-0',
    'ingress: isolated by shop/deny, shop/web',
    'egress: isolated by shop/deny, shop/web',
    '',
    'DIRECTION  NAMESPACE  WORKLOAD  PODS  PORTS  BECAUSE',
    'from  bank  Pod/teller  1  TCP 8080  egress not isolated; ingress shop/web spec.ingress[0].from[1]',
    'from  shop  Deployment/api  2  TCP 8080  egress shop/api spec.egress[0]; ingress shop/web spec.ingress[0].from[0]',
    'from  ops  Pod/agent (host network), Pod/web-0  2  none  ingress isolated by shop/deny, shop/web',
    'from  shop  Pod/db-0  1  none  egress isolated by shop/deny; ingress isolated by shop/deny, shop/web',
    'from  <outside>  203.0.113.0/24 except 203.0.113.128/25  <none>  TCP 443  ingress shop/web spec.ingress[1].from[0]',
    'to  bank  Pod/teller  1  UDP 53  egress shop/web spec.egress[0].to[0]; ingress not isolated',
    'to  ops  Pod/web-0  1  UDP 53  egress shop/web spec.egress[0].to[0]; ingress not isolated',
    'to  ops  Pod/agent (host network)  1  none  egress isolated by shop/deny, shop/web',
    'to  shop  Deployment/api, Pod/db-0  3  none  ingress isolated by shop/deny',
    'to  <outside>  any address  <none>  none  egress isolated by shop/deny, shop/web',
  ]);
});

test('namespaces of which the same is true are one row', async () => {
  const text = lines(await ask('bank/teller'));
  expect(text).toContain('ingress: not isolated, no NetworkPolicy covers it');
  expect(text).toContain(
    'from  ops  Pod/agent (host network), Pod/web-0  2  all  egress not isolated; ingress not isolated',
  );
  expect(text).toContain('to  <outside>  any address  <none>  all  egress not isolated');
});

test.each<[string, string, Omit<Question, 'pod'>, string[]]>([
  [
    'a Pod of its namespace, by each side',
    'shop/web-0',
    { from: 'api-5c5d-a', port: '8080' },
    [
      'ALLOWED  Pod shop/api-5c5d-a -> Pod shop/web-0: TCP 8080',
      'egress  Pod shop/api-5c5d-a  shop/api  allows  spec.egress[0]  TCP 8080',
      'egress  Pod shop/api-5c5d-a  shop/deny  isolates  <none>  none',
      'ingress  Pod shop/web-0  shop/web  allows  spec.ingress[0].from[0]  TCP 8080',
      'ingress  Pod shop/web-0  shop/deny  isolates  <none>  none',
    ],
  ],
  [
    'by the name of a port, on the end that is reached',
    'web-0',
    { namespace: 'shop', from: 'deploy/api', port: 'http' },
    ['ALLOWED  Deployment shop/api -> Pod shop/web-0: TCP 8080'],
  ],
  [
    'all ports, of which some are open',
    'shop/web-0',
    { from: 'bank/teller' },
    [
      'IN PART  Pod bank/teller -> Pod shop/web-0: TCP 8080',
      'egress  Pod bank/teller  <none>  not isolated  <none>  all',
    ],
  ],
  [
    'another port',
    'shop/web-0',
    { from: 'bank/pod/teller', port: '9090' },
    ['DENIED  Pod bank/teller -> Pod shop/web-0'],
  ],
  [
    'another protocol',
    'shop/web-0',
    { to: 'bank/teller', port: '53' },
    ['DENIED  Pod shop/web-0 -> Pod bank/teller'],
  ],
  [
    'that protocol',
    'shop/web-0',
    { to: 'bank/teller', port: '53/udp' },
    ['ALLOWED  Pod shop/web-0 -> Pod bank/teller: UDP 53'],
  ],
  [
    'an address outside of the cluster',
    'shop/web-0',
    { to: '169.254.169.254', port: '80' },
    [
      'DENIED  Pod shop/web-0 -> 169.254.169.254',
      'egress  Pod shop/web-0  shop/deny  isolates  <none>  none',
      'ingress  169.254.169.254  <none>  not isolated  <none>  TCP 80',
    ],
  ],
  [
    'in a block',
    'shop/web-0',
    { from: '203.0.113.7', port: '443' },
    ['ALLOWED  203.0.113.7 -> Pod shop/web-0: TCP 443'],
  ],
  [
    'in what a block leaves out',
    'shop/web-0',
    { from: '203.0.113.200' },
    ['DENIED  203.0.113.200 -> Pod shop/web-0'],
  ],
  [
    'the address of a Pod is the Pod',
    'shop/web-0',
    { from: '10.0.1.1' },
    ['IN PART  Pod bank/teller -> Pod shop/web-0: TCP 8080'],
  ],
  [
    'the address of a node',
    'shop/web-0',
    { from: '192.0.2.1' },
    ['DENIED  192.0.2.1 (a node) -> Pod shop/web-0'],
  ],
])('%s', async (_, name, rest, expected) => {
  const answer = await ask(name, rest);
  expect(lines(answer)).toEqual(expect.arrayContaining(expected));
  expect(lines(answer)[0]).toBe(expected[0]);
  expect(answer.unread).toEqual([]);
});

test.each<[string, string, Omit<Question, 'pod'>, RegExp]>([
  ['a template', 'shop/deploy/api', { to: 'bank/teller' }, /^Deployment shop\/api is judged by its template/],
  ['the network of the node', 'bank/teller', { to: 'ops/agent' }, /agent is on the network of its node/],
  ['the address of a node', 'bank/teller', { to: '192.0.2.1' }, /always reaches the Pods that run on it/],
  ['the Pod itself', 'shop/web-0', { to: 'web-0' }, /always reaches itself/],
  ['a Pod that has ended', 'shop/old', {}, /Pod shop\/old has ended/],
  ['a name of a port without a peer', 'shop/web-0', { port: 'http' }, /What it can reach is left out/],
])('%s is noted', async (_, name, rest, says) => {
  expect((await ask(name, rest)).notes).toEqual(expect.arrayContaining([expect.stringMatching(says)]));
});

test('json', async () => {
  const connection = JSON.parse(
    json(await ask('shop/web-0', { from: 'bank/teller', port: '8080' })),
  ) as object;
  const tcp = [{ protocol: 'TCP', from: 8080, to: 8080 }];
  const [deny, web] = ['deny', 'web'].map((name) => ({ namespace: 'shop', name }));
  expect(connection).toMatchObject({
    apiVersion: 'passmuster/v1',
    kind: 'Reach',
    request: { pod: 'shop/web-0', from: 'bank/teller', port: '8080' },
    complete: true,
    unread: [],
    notSeen: expect.arrayContaining([expect.stringContaining('enforces')]),
    connection: {
      from: { kind: 'Pod', namespace: 'bank', name: 'teller', hostNetwork: false },
      verdict: 'allowed',
      ports: tcp,
      egress: { isolatedBy: [], allowedBy: [], ports: tcp },
      ingress: {
        isolatedBy: [deny, web],
        allowedBy: [{ policy: web, path: 'spec.ingress[0].from[1]', ports: tcp }],
        ports: tcp,
      },
    },
  });
  const overview = JSON.parse(json(await ask('shop/web-0'))) as {
    ingress: { workloads: object[]; outside: object[] };
  };
  expect(overview.ingress.workloads).toContainEqual(
    expect.objectContaining({
      namespace: 'shop',
      members: [{ kind: 'Deployment', name: 'api', pods: 2 }],
      verdict: 'partial',
    }),
  );
  expect(overview.ingress.outside).toEqual([
    {
      block: { cidr: '203.0.113.0/24', except: ['203.0.113.128/25'] },
      ports: [{ protocol: 'TCP', from: 443, to: 443 }],
      allowedBy: { policy: web, path: 'spec.ingress[1].from[0]' },
    },
  ]);
});

test('reads nothing but namespaces, policies, Pods and what is named', async () => {
  const before = server.requests.length;
  await ask('shop/web-0', { from: 'deploy/api' });
  const paths = server.requests.slice(before).map(({ path }) => path);
  expect(
    paths.filter((path) => !/^\/(version|apis)$|namespaces$|networkpolicies$|pods$|deployments$/.test(path)),
  ).toEqual([]);
  expect(paths.filter((path) => path.includes('/namespaces/bank'))).toEqual([]);
});

describe('what is not there', () => {
  test.each<[string, string, Omit<Question, 'pod'>, RegExp]>([
    ['a Pod, with one like it', 'shop/wbe-0', {}, /no pod "wbe-0" in namespace shop[^]*shop\/web-0\?/],
    ['the name of a workload', 'shop/api', {}, /Did you mean shop\/api-5c5d-a, shop\/api-5c5d-b\?/],
    ['a Pod of another namespace', 'bank/db-0', {}, /Did you mean shop\/db-0\?/],
    ['a Pod like no other', 'bank/xyz', {}, /kubectl get pods -n bank/],
    ['a name that two have', 'web-0', {}, /There are 2[^]*: ops\/web-0, shop\/web-0\./],
    ['a workload', 'shop/deploy/apy', {}, /no deployment "apy"[^]*shop\/deployment\/api\?/],
    ['a peer', 'shop/web-0', { from: 'telller' }, /no pod "telller" in namespace shop/],
    ['a namespace', 'shop/web-0', { from: 'bnak/teller' }, /no namespace "bnak"/],
    [
      'a port',
      'shop/web-0',
      { from: 'db-0', port: 'htttp' },
      /no port called "htttp"[^]*Did you mean http\?/,
    ],
    [
      'the name of a port of an address',
      'shop/web-0',
      { to: '192.0.2.9', port: 'http' },
      /Its names are none/,
    ],
  ])('%s', async (_, name, rest, says) => {
    const error = await refusal(ask(name, rest));
    expect(`${error.message} ${error.hint}`).toMatch(says);
    expect(error.exitCode).toBe(2);
  });

  test.each<[string, string, Omit<Question, 'pod'>, RegExp]>([
    ['an address for the Pod', '10.0.0.1', {}, /names no Pod/],
    ['too many slashes', 'a/b/c/d', {}, /names no Pod/],
    ['an unknown kind', 'shop/service/web', {}, /where KIND is/],
    ['both ends', 'a', { from: 'b', to: 'c' }, /both given/],
    ['port 0', 'a', { port: '0' }, /not a port/],
    ['port 65536', 'a', { port: '65536' }, /not a port/],
    ['a protocol that policies do not know', 'a', { port: '1/ICMP' }, /not a port/],
  ])('%s has no meaning, and nothing is read', async (_, name, rest, says) => {
    const before = server.requests.length;
    const error = await refusal(ask(name, rest));
    expect(`${error.message} ${error.hint}`).toMatch(says);
    expect([error.exitCode, server.requests.length]).toEqual([2, before]);
  });
});

describe('what cannot be seen', () => {
  test('is always said', async () => {
    const { code, stdout, stderr } = await command('web-0', '-n', 'shop', '--from', '198.51.100.1');
    expect([code, stdout.split('\n')[0]]).toEqual([0, 'DENIED   198.51.100.1 -> Pod shop/web-0']);
    expect(stderr).toMatch(/^note: NetworkPolicies only\. Not seen: .*enforces.*Cilium/m);
  });

  test('policies of other kinds are named where the server has them', async () => {
    const other = await startApiServer({
      objects: [...objects, raw('cilium.io/v2', 'CiliumNetworkPolicy', 'shop/x', {})],
    });
    const { notSeen } = await askReach(
      { kind: 'cluster', connection: { kubeconfig: other.kubeconfig } },
      { pod: 'bank/teller' },
    );
    await other.stop();
    expect(notSeen.join()).toMatch(/there are some: CiliumNetworkPolicy of cilium\.io/);
  });

  test('without the policies there is no answer', async () => {
    const nothing = await command('shop/web-0', '--context', 'guest');
    expect(nothing).toMatchObject({ code: 1, stdout: '' });
    expect(nothing.stderr).toMatch(/^error: networkpolicies could not be read: .*forbidden/m);
  });

  test('with the policies of some namespaces there is half of an answer, with exit code 4', async () => {
    const half = await command('shop/web-0', '--context', 'half', '-q');
    expect(half.code).toBe(4);
    expect(half.stderr).toMatch(/^incomplete: networkpolicies: .*2 namespaces of 3/m);
    expect(half.stdout).toMatch(/Deployment\/api/);
    expect(half.stdout).not.toMatch(/teller/);
    const other = await refusal(ask('bank/teller', { context: 'half' }));
    expect(other.message).toMatch(/NetworkPolicies of bank could not be read/);
    expect(other.exitCode).toBe(1);
  });

  test('who may read one namespace gets an answer about it, without the labels of namespaces', async () => {
    const answer = await ask('shop/web-0', { from: 'api-5c5d-a', context: 'shopkeeper' });
    expect(answer.connection?.verdict).toBe('partial');
    expect(answer.unread).toEqual(
      expect.arrayContaining([expect.stringMatching(/^namespaces: .*forbidden.*labels/)]),
    );
    const address = await ask('shop/web-0', { to: '10.9.9.9', context: 'shopkeeper' });
    expect(address.unread.join()).toMatch(/10\.9\.9\.9 is taken for an address outside/);
  });
});

describe('manifests', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'passmuster-reach-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  function askFile(items: object[], question: Question): Promise<Answer> {
    const file = join(folder, 'all.json');
    writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    return askReach({ kind: 'files', files: [file] }, question);
  }

  test('templates have Pods to be', async () => {
    const answer = await askFile(
      [...namespaces, ...policies, pods[0] as object, deployment('shop/api', 'api')],
      { pod: 'web-0' },
    );
    expect(lines(answer)).toContainEqual(
      expect.stringMatching(/^from {2}shop {2}Deployment\/api {2}<none> {2}TCP 8080/),
    );
    expect(answer.unread).toEqual([]);
  });

  test('a namespace without its labels makes the answer incomplete, where policies ask for labels', async () => {
    const answer = await askFile([...policies, ...pods], { pod: 'shop/web-0', from: 'bank/teller' });
    expect(answer.unread).toEqual([
      'Policies ask for labels of namespaces, and those of bank, shop are not known.',
    ]);
    const [deny] = policies;
    const without = await askFile([deny as object, ...pods], { pod: 'shop/web-0', from: 'bank/teller' });
    expect(without.unread).toEqual([]);
  });

  test('no string of them brings a control character or a line of its own', async () => {
    for (const payload of hostileStrings.filter((text) => text.length < 1000)) {
      const name = `x${payload}`;
      const items = [
        raw(
          'networking.k8s.io/v1',
          'NetworkPolicy',
          'n',
          { spec: { podSelector: {} } },
          { name, namespace: name },
        ),
        raw('v1', 'Pod', 'p', { spec: { containers: [container] } }, { name: 'p', namespace: name }),
        raw('v1', 'Pod', 'p', { spec: { containers: [container] } }, { name: `q${name}`, namespace: name }),
      ];
      const answer = await askFile(items, { pod: 'p' });
      const text = table(answer);
      expect(isPrintable(text.replaceAll('\n', ''))).toBe(true);
      expect(text.split('\n')).toHaveLength(10);
      expect(isPrintable(json(answer).replaceAll('\n', ''))).toBe(true);
    }
  });
});
