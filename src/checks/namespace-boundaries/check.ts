import { clusterCheck } from '../../kit/define-check.ts';
import { isPlatformNamespace } from '../../kit/system-namespaces.ts';
import { refTitle, someOf } from '../../kit/titles.ts';
import { templatesInUse } from '../../kit/workloads.ts';
import { templateSources, type ObjectRef } from '../../model.ts';

/** The workloads of each namespace, by their titles. */
type Workloads = Map<string, Set<string>>;

export const namespaceBoundaries = clusterCheck({
  id: 'namespace-boundaries',
  title: 'Namespaces separate workloads and teams',
  severity: 'low',
  onNothing: 'pass',
  otherwise: 'manual',
  needs: ['namespaces', ...templateSources],
  pods: { start: (): Workloads => new Map(), add: (workloads, _, owner) => addTo(workloads, owner) },
  test({ namespaces, ...templates }, { pods }) {
    const workloads: Workloads = new Map([...pods].map(([name, known]) => [name, new Set(known)]));
    for (const { owner } of templatesInUse(templates)) addTo(workloads, owner);
    const own = namespaces.filter(({ metadata }) => !isPlatformNamespace(metadata.name));
    const countOf = (name: string) => workloads.get(name)?.size ?? 0;
    const used = own.filter(({ metadata }) => countOf(metadata.name) > 0);
    const [only] = used;
    const isShared = used.length === 1 && only !== undefined && countOf(only.metadata.name) > 1;
    return {
      evaluated: own,
      problems: isShared
        ? [
            {
              object: only,
              field: [],
              verdict: 'review',
              message: `All ${countOf(only.metadata.name)} workloads that are not the platform's are in this namespace: no right, quota or policy can tell them apart.`,
            },
          ]
        : [],
      evidence: evidenceOf(used.map(({ metadata }) => [metadata.name, countOf(metadata.name)])),
    };
  },
});

function addTo(workloads: Workloads, owner: ObjectRef): void {
  const { namespace = '' } = owner;
  const known = workloads.get(namespace) ?? new Set<string>();
  workloads.set(namespace, known.add(refTitle(owner)));
}

/** The fullest first. */
function evidenceOf(counts: readonly (readonly [name: string, count: number])[]): string {
  if (counts.length === 0) return "No namespace but the platform's holds a workload: follow the test plan.";
  const names = counts
    .toSorted(([a, most], [b, least]) => least - most || (a < b ? -1 : 1))
    .map(([name, count]) => `${name} (${count})`);
  return `Namespaces with workloads, and how many: ${someOf(names, 10)}. Whether each belongs to one team and one purpose is for a person to say: follow the test plan.`;
}
