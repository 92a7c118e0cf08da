import { broadBindingsCheck } from '../../kit/broad-bindings.ts';

/** The API server lets the group do everything before RBAC is asked; who is in it stands in certificates, not in the API. */
export const systemMasters = broadBindingsCheck({
  id: 'system-masters',
  title: 'system:masters group not handed out',
  severity: 'high',
  kind: 'Group',
  name: 'system:masters',
  who: 'its members may do everything anyway, whatever is bound, so somebody counts on being one of them',
  note: 'It takes nothing away from members of the group. Find out who relies on being one first.',
  otherwise: 'manual',
  expectedOn: { openshift: { 'ClusterRoleBinding system:masters': 'ClusterRole system:master' } },
});
