/** Random roles and bindings, and questions about them that are often to be answered with yes. */
import * as fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import type { Identity, Request } from '../../src/kit/rbac.ts';
import type { JsonObject } from '../../src/model.ts';

export const namespaces = ['one', 'two', 'three'];

interface Rule {
  verbs: string[];
  apiGroups?: string[];
  resources?: string[];
  resourceNames?: string[];
  nonResourceURLs?: string[];
}
interface RawSubject {
  kind: string;
  name: string;
  namespace?: string;
}
export interface RawRole {
  kind: 'Role' | 'ClusterRole';
  metadata: { name: string; namespace?: string; labels: Record<string, string> };
  rules: Rule[];
  aggregationRule?: JsonObject;
}
export interface RawBinding {
  kind: 'RoleBinding' | 'ClusterRoleBinding';
  metadata: { name: string; namespace?: string };
  roleRef: { apiGroup: string; kind: string; name: string };
  subjects: RawSubject[];
}
export interface RbacSet {
  roles: RawRole[];
  bindings: RawBinding[];
}

const words = (text: string): string[] => text.split(' ');

const verbs = words('get list watch create update deletecollection impersonate water');
const groups = ['', 'apps', 'example.com'];
const resources = words('pods secrets deployments nodes namespaces');
const subresources = words('exec log scale *');
/** Resources as rules write them; the last five mean something only by accident. */
const written = [
  ...resources,
  ...words('* pods/exec pods/log deployments/scale */exec */scale pods/* */* */ pods/ /'),
];
const names = ['web', 'db', '*', 'we*', ''];
const urls = words('* /* / /healthz /healthz/* /metrics /metrics* /apis/** /a*s /logs/ ** /healthz*/x');
const paths = words(
  '/ /healthz /healthz/ /healthz/etcd /healthz*/x /metrics /metrics/x /apis /apis/ /apis/a /logs',
);
const users = words('ada Ada bob eve system:anonymous system:serviceaccount:one:robot');
const userGroups = words(
  'dev ops system:authenticated system:unauthenticated system:serviceaccounts system:serviceaccounts:one system:serviceaccounts:two',
);
const accounts = ['robot', 'default'];

const oneOf = <T>(...values: T[]): Arbitrary<T> => fc.constantFrom(...values);
/** Mostly some of the values, now and then the wildcard, alone or between them. */
const some = (values: readonly string[], star: string): Arbitrary<string[]> =>
  fc.oneof(
    { weight: 6, arbitrary: fc.subarray([...values], { minLength: 1, maxLength: 3 }) },
    { weight: 1, arbitrary: fc.constant<string[]>([star]) },
    { weight: 1, arbitrary: fc.subarray([...values, star], { minLength: 1, maxLength: 3 }) },
  );

const resourceRule: Arbitrary<Rule> = fc
  .tuple(
    some(verbs, '*'),
    some(groups, '*'),
    fc.subarray(written, { minLength: 1, maxLength: 3 }),
    fc.oneof(
      { weight: 3, arbitrary: fc.constant<string[]>([]) },
      { weight: 1, arbitrary: fc.subarray(names, { minLength: 1 }) },
    ),
  )
  .map(([verb, apiGroups, rest, resourceNames]) => ({
    verbs: verb,
    apiGroups,
    resources: rest,
    ...(resourceNames.length === 0 ? {} : { resourceNames }),
  }));
const pathRule: Arbitrary<Rule> = fc.record({
  verbs: some(verbs, '*'),
  nonResourceURLs: fc.subarray(urls, { minLength: 1, maxLength: 3 }),
});
const rulesOf = (rule: Arbitrary<Rule>) => fc.array(rule, { minLength: 1, maxLength: 3 });

/** What aggregated roles select by. */
const labels = fc.record({ tier: oneOf('low', 'high', 'none'), team: oneOf('a', 'b') });
const selectors = fc.array(
  oneOf<JsonObject>(
    { matchLabels: { tier: 'low' } },
    { matchLabels: { tier: 'high', team: 'a' } },
    {
      matchExpressions: [{ key: 'tier', operator: 'In', values: ['low', 'high'] }],
      matchLabels: { team: 'b' },
    },
    { matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['low'] }], matchLabels: { team: 'a' } },
    {
      matchExpressions: [
        { key: 'team', operator: 'Exists' },
        { key: 'tier', operator: 'In', values: ['high'] },
      ],
    },
    { matchExpressions: [{ key: 'none', operator: 'DoesNotExist' }], matchLabels: { tier: 'high' } },
  ),
  { minLength: 1, maxLength: 2 },
);

const count = { clusterRoles: 12, aggregated: 4, roles: 4, clusterRoleBindings: 12, roleBindings: 10 };
const many = <T>(value: Arbitrary<T>, length: number) =>
  fc.array(value, { minLength: length, maxLength: length });
const numbered = (kind: string, index: number) => `set-${kind}-${index}`;

const subject = (namespaced: boolean): Arbitrary<RawSubject> =>
  fc.oneof(
    oneOf(...users).map((name) => ({ kind: 'User', name })),
    oneOf(...userGroups).map((name) => ({ kind: 'Group', name })),
    fc
      .tuple(oneOf(...accounts), oneOf(...namespaces, ...(namespaced ? [undefined] : [])))
      .map(([name, namespace]) => ({
        kind: 'ServiceAccount',
        name,
        ...(namespace === undefined ? {} : { namespace }),
      })),
  );
const subjects = (namespaced: boolean) => fc.array(subject(namespaced), { maxLength: 3 });

/** A reference to one of them, or to one more that does not exist. */
const reference = (kind: string, length: number) =>
  fc.nat(length).map((index) => ({
    apiGroup: 'rbac.authorization.k8s.io',
    kind,
    name: numbered(kind.toLowerCase(), index),
  }));
const clusterRoleRef = reference('ClusterRole', count.clusterRoles + count.aggregated);

export const rbacSets: Arbitrary<RbacSet> = fc
  .record({
    clusterRoles: many(
      fc.record({
        labels,
        rules: fc.oneof(rulesOf(resourceRule), rulesOf(fc.oneof(resourceRule, pathRule))),
      }),
      count.clusterRoles,
    ),
    aggregated: many(fc.record({ labels, clusterRoleSelectors: selectors }), count.aggregated),
    roles: many(rulesOf(resourceRule), count.roles * namespaces.length),
    clusterRoleBindings: many(
      fc.record({ roleRef: clusterRoleRef, subjects: subjects(false) }),
      count.clusterRoleBindings,
    ),
    roleBindings: many(
      fc.record({
        roleRef: fc.oneof(clusterRoleRef, reference('Role', count.roles)),
        subjects: subjects(true),
      }),
      count.roleBindings * namespaces.length,
    ),
  })
  .map((drawn) => ({
    roles: [
      ...drawn.clusterRoles.map((role, i) => clusterRole(i, role.labels, role.rules)),
      ...drawn.aggregated.map(({ labels: own, clusterRoleSelectors }, i) => ({
        ...clusterRole(count.clusterRoles + i, own, []),
        aggregationRule: { clusterRoleSelectors },
      })),
      ...drawn.roles.map((rules, i): RawRole => ({
        kind: 'Role',
        metadata: { ...inNamespace('role', i, count.roles), labels: {} },
        rules,
      })),
    ],
    bindings: [
      ...drawn.clusterRoleBindings.map((binding, i): RawBinding => ({
        kind: 'ClusterRoleBinding',
        metadata: { name: numbered('binding', i) },
        ...binding,
      })),
      ...drawn.roleBindings.map((binding, i): RawBinding => ({
        kind: 'RoleBinding',
        metadata: inNamespace('binding', i, count.roleBindings),
        ...binding,
      })),
    ],
  }));

const clusterRole = (index: number, own: Record<string, string>, rules: Rule[]): RawRole => ({
  kind: 'ClusterRole',
  metadata: { name: numbered('clusterrole', index), labels: own },
  rules,
});

const inNamespace = (kind: string, index: number, each: number) => ({
  name: numbered(kind, index % each),
  namespace: namespaces[Math.floor(index / each)] ?? '',
});

// ---------------------------------------------------------------------------------------------------------
// Questions

export interface Question {
  identity: Identity;
  request: Request;
}

const anyIdentity: Arbitrary<Identity> = fc.record({
  user: fc.oneof(oneOf(...users), fc.tuple(oneOf(...namespaces), oneOf(...accounts)).map(login)),
  groups: fc.oneof(
    { weight: 30, arbitrary: fc.subarray(userGroups, { maxLength: 2 }) },
    { weight: 1, arbitrary: fc.constant(['system:masters']) },
  ),
});
const anyRequest: Arbitrary<Request> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record(
      {
        verb: oneOf(...verbs, '*'),
        apiGroup: oneOf(...groups, '*'),
        resource: oneOf(...resources, '*'),
        subresource: oneOf(...subresources),
        name: oneOf(...names, 'other'),
        namespace: oneOf(...namespaces, 'other'),
      },
      { requiredKeys: ['verb', 'apiGroup', 'resource'] },
    ),
  },
  { weight: 1, arbitrary: fc.record({ verb: oneOf(...verbs, '*'), path: oneOf(...paths) }) },
);

/** Questions that some binding of the set should allow, unless one thing in them is then changed, and a few of any kind. */
export function questionsAbout({ roles, bindings }: RbacSet): Arbitrary<Question> {
  const rulesFor = ({ roleRef, metadata }: RawBinding): Rule[] =>
    roles.find(
      ({ kind, metadata: { name, namespace } }) =>
        kind === roleRef.kind &&
        name === roleRef.name &&
        (kind === 'ClusterRole' || namespace === metadata.namespace),
    )?.rules ?? [];
  // What an aggregated role grants is not in it: any rule may do.
  const all = roles.flatMap(({ rules }) => rules);
  const granted = bindings.flatMap((binding) =>
    binding.subjects.map((each) => ({
      binding,
      subject: each,
      rules: [rulesFor(binding), all].find((list) => list.length > 0) ?? [],
    })),
  );
  const right = fc
    .tuple(oneOf(...granted), fc.nat(), anyIdentity)
    .chain(([{ binding, subject: asked, rules }, index, other]) => {
      const rule = rules[index % rules.length];
      return fc.record({
        identity: fc.constant(identityFor(asked, binding.metadata.namespace, other)),
        request: rule === undefined ? anyRequest : requestFor(rule, binding.metadata.namespace),
      });
    });
  const changed = fc
    .tuple(right, anyRequest, anyIdentity, fc.nat(), fc.boolean())
    .map(([question, request, identity, index, who]) => {
      if (who) return { ...question, identity };
      const keys = Object.keys(request);
      const key = keys[index % keys.length] ?? 'verb';
      if ('path' in question.request !== 'path' in request) return { ...question, request };
      return {
        ...question,
        request: {
          ...question.request,
          [key]: (request as unknown as Record<string, string>)[key],
        },
      };
    });
  return fc.oneof(
    { weight: 6, arbitrary: right },
    { weight: 4, arbitrary: changed },
    { weight: 1, arbitrary: fc.record({ identity: anyIdentity, request: anyRequest }) },
  );
}

function login([namespace, name]: [string, string]): string {
  return `system:serviceaccount:${namespace}:${name}`;
}

function identityFor(
  { kind, name, namespace }: RawSubject,
  own: string | undefined,
  other: Identity,
): Identity {
  if (kind === 'User') return { ...other, user: name };
  if (kind === 'Group') return { ...other, groups: [...other.groups, name] };
  return { ...other, user: login([namespace ?? own ?? '', name]) };
}

function requestFor(
  { verbs: allowed, apiGroups = [], resources: what = [], resourceNames = [], nonResourceURLs = [] }: Rule,
  own: string | undefined,
): Arbitrary<Request> {
  const verb = oneOf(...allowed).chain((one) => (one === '*' ? oneOf(...verbs, '*') : fc.constant(one)));
  if (nonResourceURLs.length > 0) {
    const path = fc
      .tuple(oneOf(...nonResourceURLs), oneOf(...paths), oneOf('', 'x'))
      .map(([url, any, end]) => (url === '*' ? any : url.replace(/\*+$/, end)));
    return fc.record({ verb, path });
  }
  const target = fc
    .tuple(oneOf(...what), oneOf(...resources), oneOf(...subresources, undefined))
    .map(([one, anyOf, sub]) => {
      const [resource = '', subresource = one === '*' ? sub : undefined] = one.split('/');
      return {
        resource: resource === '*' ? anyOf : resource,
        ...(subresource === undefined ? {} : { subresource }),
      };
    });
  const name = resourceNames.length > 0 ? oneOf(...resourceNames) : oneOf(undefined, ...names);
  const namespace = own === undefined ? oneOf(undefined, ...namespaces, 'other') : fc.constant(own);
  return fc
    .tuple(verb, oneOf(...apiGroups), oneOf(...groups), target, name, namespace)
    .map(([one, group, anyOf, rest, called, where]) => ({
      verb: one,
      apiGroup: group === '*' ? anyOf : group,
      ...rest,
      ...(called === undefined ? {} : { name: called }),
      ...(where === undefined ? {} : { namespace: where }),
    }));
}
