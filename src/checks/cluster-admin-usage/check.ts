import { clusterCheck } from '../../kit/define-check.ts';
import { grantProblems } from '../../kit/grant-problems.ts';
import {
  allowsEverything,
  grantsOf,
  isBootstrapAdmin,
  joinBindings,
  rbacSources,
  type Grant,
} from '../../kit/rbac.ts';

export const clusterAdminUsage = clusterCheck({
  id: 'cluster-admin-usage',
  title: 'cluster-admin bound only where needed',
  severity: 'high',
  onNothing: 'pass',
  needs: rbacSources,
  test(held) {
    const faults = grantsOf(held)
      .filter(isAdmin)
      .filter(({ binding, subject }) => !isBootstrapAdmin(binding, subject))
      .map((grant) => ({ grant, what: 'do anything' }));
    return {
      evaluated: joinBindings(held).map(({ binding }) => binding),
      problems: grantProblems(faults, 'high'),
    };
  },
});

/** By name, for cluster-admin is what it is whatever the audit may read of it; any other role by its rules. */
const isAdmin = ({ binding: { roleRef }, rules }: Grant): boolean =>
  (roleRef.kind === 'ClusterRole' && roleRef.name === 'cluster-admin') || rules.some(allowsEverything);
