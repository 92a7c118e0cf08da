import { clusterCheck } from '../../kit/define-check.ts';
import { enforcement } from '../../kit/network/enforcement.ts';

/** The provider's API has the truth; what it switches on shows in the cluster as the agents that enforce policies. */
export const netpolEngineEnabled = clusterCheck({
  id: 'netpol-engine-enabled',
  title: 'Provider NetworkPolicy engine switched on',
  severity: 'high',
  onNothing: 'manual',
  platforms: ['eks', 'aks'],
  absenceCounts: true,
  needs: ['daemonSets', 'nodes'],
  test: enforcement,
});
