import { clusterCheck, type Problem } from '../../kit/define-check.ts';
import { parseImage } from '../../kit/images.ts';
import { someOf } from '../../kit/titles.ts';
import type { Held, KubeObject, RoleBinding, Workload } from '../../model.ts';

const needs = ['deployments', 'services', 'roleBindings', 'clusterRoleBindings'] as const;
type DashboardHeld = Pick<Held, (typeof needs)[number]>;

export const dashboardDisabled = clusterCheck({
  id: 'dashboard-disabled',
  title: 'Kubernetes dashboard not deployed',
  severity: 'low',
  onNothing: 'pass',
  needs,
  test(held) {
    const all = held.deployments.filter((one) => hasLabel(one) || hasImage(one));
    const running = all.filter(({ replicas = 1 }) => replicas > 0).toSorted(byName);
    const known = new Set(all.map(({ metadata }) => metadata.namespace));
    // Without a Deployment beside it, something else runs behind the Service.
    const services = held.services
      .filter((one) => hasLabel(one) && !known.has(one.metadata.namespace))
      .toSorted(byName);
    const byNamespace = Map.groupBy([...running, ...services], ({ metadata }) => metadata.namespace ?? '');
    return {
      evaluated: [...all, ...services],
      problems: [...byNamespace].flatMap(([namespace, members]) => problemsOf(namespace, members, held)),
    };
  },
});

/** Version 7 is made of several Deployments, with a name each. */
const hasLabel = ({ metadata: { labels = {} } }: KubeObject): boolean =>
  ['k8s-app', 'app.kubernetes.io/name', 'app.kubernetes.io/part-of'].some(
    (key) => labels[key] === 'kubernetes-dashboard',
  );

const hasImage = ({ podSpec }: Workload): boolean =>
  (podSpec?.containers ?? []).some(({ image = '' }) =>
    /(^|\/)(kubernetesui\/dashboard(-api|-web|-auth)?|kubernetes-dashboard(-[a-z0-9]+)?)$/.test(
      parseImage(image).repository,
    ),
  );

const byName = (a: KubeObject, b: KubeObject): number => (a.metadata.name < b.metadata.name ? -1 : 1);

function problemsOf(namespace: string, members: readonly (KubeObject | Workload)[], held: DashboardHeld) {
  const [object] = members;
  if (object === undefined) return [];
  const accounts = members.flatMap((member) =>
    'podSpec' in member ? [member.podSpec?.serviceAccountName ?? 'default'] : [],
  );
  const grants = [...held.clusterRoleBindings, ...held.roleBindings].filter(({ subjects }) =>
    subjects.some(
      (subject) =>
        subject.kind === 'ServiceAccount' &&
        subject.namespace === namespace &&
        accounts.includes(subject.name),
    ),
  );
  const isAdmin = grants.some(
    ({ kind, roleRef }) => kind === 'ClusterRoleBinding' && roleRef.name === 'cluster-admin',
  );
  const rights =
    grants.length === 0
      ? ''
      : ` What it runs as is bound by ${someOf(grants.map(grantTitle).toSorted())}: who reaches the dashboard may get these rights.`;
  const problem: Omit<Problem, 'members'> = {
    field: [],
    identity: [namespace],
    ...(isAdmin ? { severity: 'high' } : {}),
    message: `The Kubernetes dashboard is deployed in namespace ${namespace}.${rights}`,
    fix,
  };
  return [{ ...problem, object, members: members.map((member) => ({ object: member, field: [], fix })) }];
}

const fix = {
  action: 'none',
  risk: 'advice',
  note: 'Take it out the way that it came in: its chart, its manifest or the add-on of the platform; see the plan.',
} as const;

const grantTitle = ({ kind, metadata, roleRef }: RoleBinding): string =>
  `${kind} ${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata.name} (${roleRef.name})`;
