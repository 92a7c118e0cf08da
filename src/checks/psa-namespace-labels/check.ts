import { blastRadius, overLabels, type Workloads } from '../../kit/admission/blast-radius.ts';
import { enforcing, levelTo, repairs } from '../../kit/admission/label-fix.ts';
import { invalidLabels, levelLabel, podSecurityOf } from '../../kit/admission/pod-security.ts';
import { clusterCheck, type Problem } from '../../kit/define-check.ts';
import { isPlatformNamespace } from '../../kit/system-namespaces.ts';
import { templateSources, type Held, type Namespace } from '../../model.ts';

type Templates = Pick<Held, (typeof templateSources)[number]>;

/** Whether somebody has decided what the namespace admits; whether that is enough is for `pss-baseline-enforced`. */
export const psaNamespaceLabels = clusterCheck({
  id: 'psa-namespace-labels',
  title: 'Pod Security labels on namespaces',
  severity: 'medium',
  onNothing: 'not-applicable',
  ...overLabels,
  test(held, { minor, pods }) {
    const evaluated = held.namespaces.filter(({ metadata }) => !isPlatformNamespace(metadata.name));
    const problems = evaluated.flatMap((object) => {
      const problem = problemOf(object, held, pods, minor);
      return problem === undefined ? [] : [{ object, ...problem }];
    });
    return { evaluated, problems };
  },
});

function problemOf(
  namespace: Namespace,
  held: Templates,
  pods: Workloads,
  minor: number,
): Problem | undefined {
  const { enforce, audit, warn } = podSecurityOf(namespace, minor);
  const invalid = invalidLabels(namespace);
  const [first] = invalid;
  if (enforce.isWritten && enforce.level === 'privileged') {
    const radius = blastRadius(held, pods, namespace, 'enforce', minor);
    const level = radius.restricted.workloads.length === 0 ? 'restricted' : 'baseline';
    return {
      field: ['metadata', 'labels', levelLabel('enforce')],
      message: 'The label enforce: privileged lets every Pod in, whatever it asks of its node.',
      fix: enforcing(namespace, level, radius),
    };
  }
  if (first !== undefined) {
    return {
      field: ['metadata', 'labels', first.label],
      message: invalid
        .map(
          ({ label, value, countsAs }) =>
            `The label ${label} has a value that means nothing, ${JSON.stringify(value)}: the API server takes it for ${countsAs}.`,
        )
        .join(' '),
      fix: { risk: 'safe', changes: repairs(namespace) },
    };
  }
  if ([enforce, audit, warn].some(({ level }) => level !== 'privileged')) return undefined;
  const { baseline, restricted } = blastRadius(held, pods, namespace, 'warn', minor);
  return {
    field: [],
    message:
      'No Pod Security label: nobody has decided what this namespace admits, and by default that is every Pod.',
    verdict: 'review',
    fix: {
      risk: 'safe',
      changes: levelTo(namespace, ['audit', 'warn'], 'restricted'),
      blastRadius: [baseline, restricted],
      note: 'Refuses nothing: who applies a workload that breaks the level is told, and the audit log notes its Pods.',
    },
  };
}
