import { clusterCheck, type Problem } from '../../kit/define-check.ts';
import { changeTo } from '../../kit/field.ts';
import { grantProblems, type Fault } from '../../kit/grant-problems.ts';
import {
  allowsEverything,
  audienceOf,
  grantsOf,
  principalOf,
  rbacSources,
  ruleAllows,
  subjectTitle,
  type Audience,
  type RbacHeld,
} from '../../kit/rbac.ts';
import { isPlatformNamespace } from '../../kit/system-namespaces.ts';
import type { SecurityContextConstraints, Severity, Subject } from '../../model.ts';

/** Constraints count by what they allow, whatever they are called, and by both ways to hold them: their own lists, and RBAC. */
export const sccPrivilegedAccess = clusterCheck({
  id: 'scc-privileged-access',
  title: 'Few subjects may use privileged SCC',
  severity: 'high',
  onNothing: 'pass',
  platforms: ['openshift'],
  needs: ['securityContextConstraints', ...rbacSources],
  test(held) {
    const permissive = held.securityContextConstraints
      .filter((scc) => permits(scc).length > 0)
      .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
    return {
      evaluated: [...held.securityContextConstraints, ...held.clusterRoleBindings, ...held.roleBindings],
      problems: [...permissive.flatMap(listed), ...grantProblems(faultsOf(held, permissive), 'high')],
    };
  },
});

const flags = {
  allowPrivilegedContainer: 'privileged containers',
  allowHostDirVolumePlugin: 'hostPath volumes',
  allowHostIPC: 'the host IPC namespace',
  allowHostNetwork: 'the host network',
  allowHostPID: 'the host PID namespace',
  allowHostPorts: 'host ports',
} as const satisfies Partial<Record<keyof SecurityContextConstraints, string>>;

/** What the constraints allow beyond those that everyone may use. */
const permits = (scc: SecurityContextConstraints): string[] => [
  ...Object.entries(flags).flatMap(([flag, words]) =>
    scc[flag as keyof typeof flags] === true ? [words] : [],
  ),
  ...(scc.runAsUser?.type === 'RunAsAny' ? ['any user, root too'] : []),
];

/** Those who may do everything anyway, and the components of the platform: projects of such names are for administrators. */
const isExpected = ({ kind, namespace = '', name }: Subject): boolean =>
  kind === 'ServiceAccount'
    ? isPlatformNamespace(namespace) && name !== 'default'
    : administrators.has(`${kind} ${name}`);
const administrators = new Set(['User system:admin', 'Group system:cluster-admins', 'Group system:masters']);

/** The kubelets hold the constraints that the platform makes for static Pods, and no others. */
const isKubelets = (scc: SecurityContextConstraints, { kind, name }: Subject): boolean =>
  scc.metadata.name === 'privileged' && kind === 'Group' && name === 'system:nodes';

const severityOf = {
  everyone: 'critical',
  'service-account': 'high',
  named: 'medium',
} as const satisfies Record<Audience, Severity>;

/** The findings in the lists of one object. The list is changed as one field, so that several findings make one patch. */
function listed(scc: SecurityContextConstraints): (Problem & { object: SecurityContextConstraints })[] {
  const { users = [], groups = [] } = scc;
  const entries = [
    ...users.map((name, index) => ({ list: 'users', index, all: users, subject: { kind: 'User', name } })),
    ...groups.map((name, index) => ({
      list: 'groups',
      index,
      all: groups,
      subject: { kind: 'Group', name },
    })),
  ];
  return entries.flatMap(({ list, index, all, subject: { kind, name } }) => {
    const subject = principalOf({ kind, name });
    if (isExpected(subject) || isKubelets(scc, subject)) return [];
    const audience = audienceOf(subject);
    const isDefaultAccount = subject.kind === 'ServiceAccount' && subject.name === 'default';
    const left = all.filter((other) => other !== name);
    return [
      {
        object: scc,
        field: [list, { index, where: {} }],
        message: `${subjectTitle(subject)} may use SecurityContextConstraints ${scc.metadata.name}, being among its ${list}: it allows ${inWords(permits(scc))}.`,
        severity: severityOf[audience],
        verdict: audience === 'everyone' || isDefaultAccount ? ('fail' as const) : ('review' as const),
        identity: ['list', scc.metadata.name, kind, name],
        fix: {
          risk: 'advice' as const,
          changes: [changeTo(scc, [list], left)],
          note: 'Its Pods that need it are refused when they are next made: give their service account constraints of its own first.',
        },
      },
    ];
  });
}

/** The grants by RBAC. Whoever may do everything in the cluster or a namespace is the matter of cluster-admin-usage. */
const faultsOf = (held: RbacHeld, permissive: readonly SecurityContextConstraints[]): Fault[] =>
  grantsOf(held)
    .filter(({ subject, rules }) => !isExpected(subject) && !rules.some(allowsEverything))
    .flatMap((grant) => {
      const usable = permissive.filter(({ metadata: { name } }) =>
        grant.rules.some((rule) => ruleAllows(rule, { ...use, name })),
      );
      if (usable.length === 0) return [];
      const names = usable.map(({ metadata }) => metadata.name);
      const also = `That allows ${inWords([...new Set(usable.flatMap(permits))])}.`;
      return [{ grant, what: `use SecurityContextConstraints ${inWords(names)}`, also, key: 'use' }];
    });
const use = { verb: 'use', apiGroup: 'security.openshift.io', resource: 'securitycontextconstraints' };

const inWords = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
