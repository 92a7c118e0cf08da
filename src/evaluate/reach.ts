import { reachMatrix, type Openness } from '../kit/network.ts';
import { networkFold, type NetworkPods } from '../kit/network/fold.ts';
import type { PodFold } from '../kit/define-check.ts';
import type { Collection, ReachReport, SourceName, SourceOutcome } from '../model.ts';
import type { Folds } from './folds.ts';
import { explain } from './status.ts';

const needed = ['namespaces', 'networkPolicies'] as const;
const fold = networkFold as unknown as PodFold<unknown>;

/** What the matrix needs of the live Pods: nothing where it cannot be drawn. */
export const reachFolds = (outcomes: Collection['outcomes']): PodFold<unknown>[] =>
  needed.every((source) => outcomes[source].state === 'ok') ? [fold] : [];

const letters: Readonly<Record<Openness, string>> = { all: 'a', some: 's', none: 'n' };

/** Namespace by namespace what can reach what; of half of the policies or Pods there is no saying. */
export function reachReport(outcomes: Record<SourceName, SourceOutcome>, folds: Folds): ReachReport {
  const unread = [...needed, 'pods' as const].filter((source) => outcomes[source].state !== 'ok');
  if (unread.length > 0) {
    return { reason: unread.map((source) => explain(source, outcomes[source])).join('; ') };
  }
  try {
    const { namespaces, rows } = reachMatrix(folds.summaryOf({ pods: fold }) as NetworkPods);
    return {
      matrix: { namespaces, rows: rows.map((row) => row.map((openness) => letters[openness]).join('')) },
    };
  } catch (error) {
    return { reason: `it could not be computed: ${error instanceof Error ? error.message : String(error)}` };
  }
}
