import { clusterCheck } from '../../kit/define-check.ts';
import { enforcement } from '../../kit/network/enforcement.ts';

export const cniSupportsNetpol = clusterCheck({
  id: 'cni-supports-netpol',
  title: 'CNI enforces NetworkPolicy',
  severity: 'high',
  onNothing: 'manual',
  absenceCounts: true,
  needs: ['daemonSets', 'nodes'],
  test: enforcement,
});
