import { accessCheck } from '../../kit/access-check.ts';

const rbac = 'rbac.authorization.k8s.io';
const authentication = 'authentication.k8s.io';
const anyRole = ['roles', 'clusterroles'];

/** Without one of these nobody impersonates anybody: a uid or an extra field only comes on top of a user. */
export const rbacEscalationVerbs = accessCheck({
  id: 'rbac-escalation-verbs',
  title: 'bind, escalate and impersonate are restricted',
  severity: 'high',
  accesses: [
    { verbs: ['bind'], apiGroups: [rbac], resources: anyRole, what: 'bind roles that it does not hold' },
    { verbs: ['escalate'], apiGroups: [rbac], resources: anyRole, what: 'write any rule into roles' },
    {
      verbs: ['impersonate'],
      apiGroups: [''],
      resources: ['users', 'groups'],
      what: 'impersonate users or groups',
    },
    {
      verbs: ['impersonate'],
      apiGroups: [''],
      resources: ['serviceaccounts'],
      what: 'impersonate service accounts',
    },
    // Since 1.35 a narrower way to the same, which takes another right for each request.
    {
      verbs: ['impersonate:user-info'],
      apiGroups: [authentication],
      resources: ['users', 'groups'],
      what: 'impersonate users or groups',
    },
    {
      verbs: ['impersonate:serviceaccount'],
      apiGroups: [authentication],
      resources: ['serviceaccounts'],
      what: 'impersonate service accounts',
    },
    {
      verbs: ['impersonate:arbitrary-node', 'impersonate:associated-node'],
      apiGroups: [authentication],
      resources: ['nodes'],
      what: 'impersonate nodes',
    },
  ],
  expected: ['cluster-admin', 'system:controller:clusterrole-aggregation-controller'],
  whenNamed: 'medium',
});
