import type { PodSink, Workload } from '../model.ts';
import type { Evaluation } from './engine.ts';

/** Pages that wait, at most. */
const mostPages = 8;

/**
 * Takes Pods for an evaluation that has not started yet: it gets them in their order when it has. When enough are waiting
 * the next have to wait where they are.
 */
export function sinkBefore(starting: Promise<Pick<Evaluation, 'sink'>>): PodSink {
  const early: Workload[][] = [];
  let sink: PodSink = {
    page: (pods) => (early.push(pods) < mostPages ? undefined : started),
    restart: () => early.splice(0),
  };
  const start = async (): Promise<void> => {
    const evaluation = await starting.catch(() => undefined);
    // Why it did not start is told to who started it.
    if (!evaluation) return;
    ({ sink } = evaluation);
    for (const pods of early.splice(0)) evaluation.sink.page(pods);
  };
  const started = start();
  return { page: (pods) => sink.page(pods), restart: () => sink.restart() };
}
