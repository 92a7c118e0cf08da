import { manualCheck } from '../../kit/define-check.ts';

/** The mode is a setting of the EKS API, and what the ConfigMap aws-auth maps is its data, which is never read. */
export const eksAccessEntries = manualCheck({
  id: 'eks-access-entries',
  title: 'EKS access entries instead of aws-auth',
  severity: 'medium',
  onNothing: 'not-applicable',
  platforms: ['eks'],
});
