import type { ClusterCheck, PodFold } from '../kit/define-check.ts';
import type { Held, ObjectRef, Workload } from '../model.ts';

interface Running {
  summary: unknown;
  /** What the fold threw, if it did: its checks have seen only some of the Pods. */
  crash?: { error: unknown };
}

/** The folds of the checks over the live Pods as they stream past: each runs once, whatever the number of its checks. */
export interface Folds {
  readonly checks: readonly ClusterCheck[];
  add(pod: Workload, owner: ObjectRef): void;
  /** Forgets every Pod so far. */
  restart(): void;
  /** @throws what the fold threw */
  summaryOf(check: Pick<ClusterCheck, 'pods'>): unknown;
}

/** @param also folds whose summary is asked for without a check */
export function startFolds(
  checks: readonly ClusterCheck[],
  held: Held,
  also: readonly PodFold<unknown>[] = [],
): Folds {
  const folds = new Set([...checks.flatMap(({ pods }) => pods ?? []), ...also]);
  const begin = () =>
    new Map([...folds].map((fold) => [fold, attempt((running) => (running.summary = fold.start(held)))]));
  let all = begin();
  return {
    checks: checks.filter(({ pods }) => pods !== undefined),
    add(pod, owner) {
      for (const [fold, running] of all) attempt(({ summary }) => fold.add(summary, pod, owner), running);
    },
    restart() {
      all = begin();
    },
    summaryOf({ pods }) {
      const running = all.get(pods as PodFold<unknown>);
      if (running?.crash !== undefined) throw running.crash.error;
      return running?.summary;
    },
  };
}

/** Keeps the first thing thrown; after it the fold does no more. */
function attempt(step: (running: Running) => unknown, running: Running = { summary: undefined }): Running {
  if (running.crash !== undefined) return running;
  try {
    step(running);
  } catch (error) {
    running.crash = { error };
  }
  return running;
}
