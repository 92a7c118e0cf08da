/** Random small clusters in which policies, Pods and namespaces meet often. */
import * as fc from 'fast-check';
import type { RawCluster, RawPeer, RawPolicy, RawPort, RawSelector } from './oracle.ts';

const namespaces = ['a', 'b', 'c'];
const keys = ['app', 'tier', 'constructor'];
const values = ['x', 'y'];

const labels = fc.dictionary(fc.constantFrom(...keys), fc.constantFrom(...values), { maxKeys: 2 });

const optional = <T extends object>(
  model: { [K in keyof T]: fc.Arbitrary<T[K]> },
  requiredKeys: (keyof T)[] = [],
) => fc.record(model, { requiredKeys }) as unknown as fc.Arbitrary<T>;

const expression = (key: fc.Arbitrary<string>) =>
  fc.oneof(
    fc.record({
      key,
      operator: fc.constantFrom('In', 'NotIn'),
      values: fc.uniqueArray(fc.constantFrom(...values), { minLength: 1 }),
    }),
    fc.record({ key, operator: fc.constantFrom('Exists', 'DoesNotExist') }),
  );

const podSelector: fc.Arbitrary<RawSelector> = optional<RawSelector>({
  matchLabels: fc.dictionary(fc.constantFrom(...keys), fc.constantFrom(...values), { maxKeys: 1 }),
  matchExpressions: fc.array(expression(fc.constantFrom(...keys)), { maxLength: 1 }),
});

const nameLabel = 'kubernetes.io/metadata.name';
const namespaceSelector: fc.Arbitrary<RawSelector> = fc.oneof(
  fc.constant({}),
  fc.record({ matchLabels: fc.record({ [nameLabel]: fc.constantFrom(...namespaces) }) }),
  fc.record({ matchLabels: fc.record({ team: fc.constantFrom(...values) }) }),
  fc.record({ matchExpressions: fc.array(expression(fc.constant('team')), { minLength: 1, maxLength: 1 }) }),
);

const ipBlock = fc.constantFrom<NonNullable<RawPeer['ipBlock']>>(
  { cidr: '0.0.0.0/0' },
  { cidr: '0.0.0.0/0', except: ['169.254.169.254/32'] },
  { cidr: '0.0.0.0/0', except: ['169.254.0.0/16', '10.0.0.0/30'] },
  { cidr: '10.0.0.0/29' },
  { cidr: '10.0.0.2/31', except: ['10.0.0.3/32'] },
  { cidr: '192.168.0.0/16' },
);

const peer: fc.Arbitrary<RawPeer> = fc.oneof(
  fc.record({ podSelector }),
  fc.record({ namespaceSelector }),
  fc.record({ podSelector, namespaceSelector }),
  fc.record({ ipBlock }),
);

const protocol = fc.constantFrom('TCP', 'UDP');
const port: fc.Arbitrary<RawPort> = fc.oneof(
  fc.constant({}),
  optional<RawPort>({ protocol, port: fc.constantFrom<number | string>(53, 80, 443, 'web', 'dns') }),
  fc.record({ protocol, port: fc.constantFrom(52, 79), endPort: fc.constantFrom(79, 80, 81) }),
);

const peers = fc.array(peer, { maxLength: 2 });
const ports = fc.array(port, { maxLength: 2 });

const policy: fc.Arbitrary<RawPolicy> = optional<RawPolicy>(
  {
    namespace: fc.constantFrom(...namespaces),
    podSelector,
    policyTypes: fc.uniqueArray(fc.constantFrom('Ingress', 'Egress')),
    ingress: fc.array(optional<{ from: RawPeer[]; ports: RawPort[] }>({ from: peers, ports }), {
      maxLength: 2,
    }),
    egress: fc.array(optional<{ to: RawPeer[]; ports: RawPort[] }>({ to: peers, ports }), { maxLength: 2 }),
  },
  ['namespace', 'podSelector'],
);

const containerPort = fc.record({
  name: fc.constantFrom('web', 'dns'),
  protocol,
  containerPort: fc.constantFrom(53, 80, 8080),
});

export const clusters: fc.Arbitrary<RawCluster> = fc
  .record({
    teams: fc.tuple(...namespaces.map(() => fc.option(fc.constantFrom(...values), { nil: undefined }))),
    pods: fc.array(
      fc.record({
        namespace: fc.constantFrom(...namespaces),
        labels,
        hostNetwork: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
        ports: fc.uniqueArray(containerPort, { maxLength: 2, selector: ({ name }) => name }),
      }),
      { minLength: 2, maxLength: 5 },
    ),
    policies: fc.array(policy, { minLength: 1, maxLength: 4 }),
  })
  .map(({ teams, pods, policies }) => ({
    namespaces: namespaces.map((name, i) => ({
      name,
      labels: { [nameLabel]: name, ...(teams[i] === undefined ? {} : { team: teams[i] }) },
    })),
    pods: pods.map((pod, i) => ({ ...pod, name: `p${i}`, ip: `10.0.0.${i + 1}` })),
    policies,
  }));
