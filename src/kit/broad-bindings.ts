import type { KubeObject, Platform, PolicyRule, RoleBinding, Severity } from '../model.ts';
import { clusterCheck, type Check, type Problem } from './define-check.ts';
import { removalFix } from './grant-problems.ts';
import { grantsOf, isBuiltIn, rbacSources, subjectStep, subjectTitle, type Grant } from './rbac.ts';
import { objectTitle } from './titles.ts';

/** A check that a user or group which nobody should grant anything holds no more than the cluster itself gives it. */
export interface BroadBindings {
  id: string;
  title: string;
  severity: Severity;
  /** Where it weighs more. */
  severityOn?: Partial<Record<Platform, Severity>>;
  kind: 'User' | 'Group';
  name: string;
  /** Who that is, as a sentence ends: `anyone, without logging in`. */
  who: string;
  /** What to read before a binding goes. */
  note: string;
  otherwise?: 'manual';
  /** What a platform grants it beside Kubernetes: the binding and its role, written as messages name them. */
  expectedOn?: Partial<Record<Platform, Readonly<Record<string, string>>>>;
}

type Faulty = Problem & { object: KubeObject };

/**
 * Every grant to the subject but the cluster's own is a finding; grants of one ClusterRole in the cluster, or in many
 * namespaces, are one. The cluster's own is one too where somebody has added to the rules of its role, which the API
 * server never takes back.
 */
export function broadBindingsCheck(definition: BroadBindings): Check {
  const { id, title, severity, otherwise, kind, name } = definition;
  return clusterCheck({
    id,
    title,
    severity,
    onNothing: 'pass',
    ...(otherwise === undefined ? {} : { otherwise }),
    needs: rbacSources,
    test(held, { platform }) {
      const expected = definition.expectedOn?.[platform] ?? {};
      const isExpected = (grant: Grant) =>
        isBuiltIn(grant) || expected[objectTitle(grant.binding)] === roleTitle(grant.binding);
      const granted = grantsOf(held).filter(({ subject }) => subject.kind === kind && subject.name === name);
      const own = granted.filter(isExpected).filter(isWidened);
      const problems = [
        ...own.map((grant) => widened(definition, grant)),
        ...alike(granted.filter((grant) => !isExpected(grant))).map((group) => problemOf(definition, group)),
      ];
      return {
        evaluated: [...held.clusterRoleBindings, ...held.roleBindings],
        problems: problems.map((problem) => ({
          ...problem,
          severity: definition.severityOn?.[platform] ?? severity,
        })),
      };
    },
  });
}

const alike = (grants: readonly Grant[]) =>
  [...Map.groupBy(grants, (grant) => JSON.stringify(identityOf(grant))).values()] as [Grant, ...Grant[]][];

/** Roles of the same name in two namespaces are two roles; a ClusterRole is the same everywhere. */
function identityOf({ binding: { roleRef }, subject, namespace }: Grant): string[] {
  const scope = namespace === undefined ? 'cluster' : roleRef.kind === 'Role' ? namespace : 'namespaces';
  return [subject.kind, subject.name, roleRef.kind, roleRef.name, scope];
}

function problemOf(definition: BroadBindings, [first, ...others]: readonly [Grant, ...Grant[]]): Faulty {
  const alone = memberOf(definition, first);
  const identity = identityOf(first);
  if (others.length === 0) return { ...alone, identity };
  return {
    ...alone,
    message: `${alone.message} ${others.length} more do the same.`,
    identity,
    members: [alone, ...others.map((grant) => memberOf(definition, grant))],
  };
}

function memberOf({ who, note }: BroadBindings, grant: Grant) {
  const { binding, subject, namespace, index } = grant;
  const scope = namespace === undefined ? 'the cluster' : `namespace ${namespace}`;
  return {
    object: binding,
    field: ['subjects', subjectStep(index, subject)],
    message: `${objectTitle(binding)} grants ${roleTitle(binding)} in ${scope} to ${subjectTitle(subject)}: ${who}.`,
    fix: { ...removalFix(grant), note },
  };
}

const widened = ({ who }: BroadBindings, grant: Grant): Faulty => {
  const { binding, subject } = grant;
  return {
    object: binding,
    field: ['roleRef', 'name'],
    message: `${roleTitle(binding)} allows more than the cluster gives it, and ${objectTitle(binding)} grants it to ${subjectTitle(subject)}: ${who}.`,
    identity: [subject.kind, subject.name, binding.roleRef.kind, binding.roleRef.name, 'widened'],
    fix: removalFix(grant),
  };
};

const roleTitle = ({ roleRef }: RoleBinding): string => `${roleRef.kind} ${roleRef.name}`;

const urls = (...nonResourceURLs: string[]): PolicyRule => ({ verbs: ['get'], nonResourceURLs });
const health = ['/healthz', '/livez', '/readyz', '/version', '/version/'];

/** What the roles that everyone holds have ever allowed by themselves, from Kubernetes 1.6 to 1.37 and from kubeadm. */
const ownRules: Readonly<Record<string, readonly PolicyRule[]>> = {
  'ClusterRole system:public-info-viewer': [urls(...health)],
  'ClusterRole system:discovery': [
    urls(
      ...health,
      '/api',
      '/api/*',
      '/apis',
      '/apis/*',
      '/openapi',
      '/openapi/*',
      '/swagger.json',
      '/swagger-2.0.0.pb-v1',
      '/swaggerapi',
      '/swaggerapi/*',
    ),
  ],
  'ClusterRole system:basic-user': [
    {
      verbs: ['create'],
      apiGroups: ['authorization.k8s.io'],
      resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
    },
    { verbs: ['create'], apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'] },
  ],
  'Role kubeadm:bootstrap-signer-clusterinfo': [
    { verbs: ['get'], apiGroups: [''], resources: ['configmaps'], resourceNames: ['cluster-info'] },
  ],
};

function isWidened({ binding, rules }: Grant): boolean {
  const own = ownRules[roleTitle(binding)];
  return own !== undefined && !rules.every((rule) => own.some((wider) => isWithin(rule, wider)));
}

const lists = ['verbs', 'apiGroups', 'resources', 'nonResourceURLs'] as const;

/** Whether a rule, written as the other is, allows nothing that the other does not. */
const isWithin = (rule: PolicyRule, wider: PolicyRule): boolean =>
  lists.every((list) => (rule[list] ?? []).every((value) => wider[list]?.includes(value))) &&
  (wider.resourceNames === undefined || isSome(rule.resourceNames, wider.resourceNames));

/** No names at all are all names. */
const isSome = (names: readonly string[] = [], known: readonly string[]): boolean =>
  names.length > 0 && names.every((name) => known.includes(name));
