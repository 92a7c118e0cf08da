import { blastRadius, overLabels } from '../../kit/admission/blast-radius.ts';
import { enforcing } from '../../kit/admission/label-fix.ts';
import { levelLabel, podSecurityOf } from '../../kit/admission/pod-security.ts';
import { clusterCheck, type Problem } from '../../kit/define-check.ts';
import { isPlatformNamespace } from '../../kit/system-namespaces.ts';

/** Whether the namespace refuses what breaks the Baseline level; what only audits or warns refuses nothing. */
export const pssBaselineEnforced = clusterCheck({
  id: 'pss-baseline-enforced',
  title: 'Namespaces enforce Pod Security Baseline or stricter',
  severity: 'medium',
  onNothing: 'not-applicable',
  ...overLabels,
  test(held, { minor, pods }) {
    const evaluated = held.namespaces.filter(({ metadata }) => !isPlatformNamespace(metadata.name));
    const open = evaluated.filter(
      (namespace) => podSecurityOf(namespace, minor).enforce.level === 'privileged',
    );
    return {
      evaluated,
      problems: open.map((object) => {
        const { isWritten } = podSecurityOf(object, minor).enforce;
        return {
          object,
          ...(isWritten ? privileged : unlabelled),
          fix: enforcing(object, 'baseline', blastRadius(held, pods, object, 'enforce', minor)),
        };
      }),
    };
  },
});

const privileged: Pick<Problem, 'field' | 'message' | 'verdict'> = {
  field: ['metadata', 'labels', levelLabel('enforce')],
  message:
    'Enforces privileged, which is to refuse nothing: host namespaces and privileged containers are let in.',
};

const unlabelled: typeof privileged = {
  field: [],
  message:
    'No label enforces a level, so what is refused here is the default of the API server: nothing, unless its configuration file says otherwise, which cannot be read.',
  verdict: 'review',
};
