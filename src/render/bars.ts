import type { Status } from '../model.ts';
import { countStatuses } from './summary.ts';
import { percent, statusWords } from './words.ts';

/** The width of a bar that shows a share, as an SVG attribute: the report's policy forbids `style`. */
export const bar = (ratio: number | null): string => `${((ratio ?? 0) * 100).toFixed(2)}%`;

export const scoreView = (ratio: number | null, none: string): { text: string; width: string } => ({
  text: ratio === null ? none : percent(ratio),
  width: bar(ratio),
});

/** One bar cut by status: where each part starts, how wide it is, and its words. */
export function statusBar(results: readonly { status: Status }[]) {
  const counts = countStatuses(results);
  let start = 0;
  return (['pass', 'exempt', 'fail', 'manual', 'not-assessed', 'not-applicable'] as const satisfies Status[])
    .filter((status) => counts[status] > 0)
    .map((status) => {
      const share = counts[status] / results.length;
      const part = {
        status,
        word: statusWords[status],
        count: counts[status],
        x: bar(start),
        width: bar(share),
      };
      start += share;
      return part;
    });
}
