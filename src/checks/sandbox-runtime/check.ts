import { manualCheck } from '../../kit/define-check.ts';

/** The API shows which workloads run in a sandbox, not which of them nobody trusts. */
export const sandboxRuntime = manualCheck({
  id: 'sandbox-runtime',
  title: 'Untrusted workloads use a sandbox runtime',
  severity: 'medium',
  onNothing: 'not-applicable',
});
