import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, type ApiErrorReason } from './errors.ts';

export interface RetryPolicy {
  /** How long one list (or single request) may wait between its tries, all waits together. */
  budgetMs: number;
  /** The first wait; each further one is twice as long. */
  firstWaitMs: number;
}

export const defaultRetryPolicy: RetryPolicy = { budgetMs: 30_000, firstWaitMs: 250 };

/** Waits before the next try; false when the budget does not allow it. */
export type Budget = (attempt: number, retryAfterMs?: number, signal?: AbortSignal) => Promise<boolean>;

/** A budget of waiting: exponential backoff with jitter, or what the server asked for. */
export function retryBudget({ budgetMs, firstWaitMs }: RetryPolicy): Budget {
  let left = budgetMs;
  return async (attempt, retryAfterMs = 0, signal) => {
    const backoff = firstWaitMs * 2 ** attempt * (0.5 + Math.random() / 2);
    const wait = Math.max(backoff, retryAfterMs);
    if (wait > left) return false;
    left -= wait;
    await sleep(wait, undefined, signal === undefined ? {} : { signal });
    return true;
  };
}

const worthRetrying: ReadonlySet<ApiErrorReason> = new Set([
  'overloaded',
  'server',
  'interrupted',
  'timeout',
]);

/**
 * Tries until it works, fails for good, or time or budget is used up. `send` gets the milliseconds left for it: what
 * the tries take together never exceeds `timeoutMs`, waits between them not counted.
 */
export async function withRetries<T>(
  send: (timeoutMs: number) => Promise<T>,
  options: {
    timeoutMs: number;
    budget: Budget;
    signal?: AbortSignal;
    alsoRetry?: (error: ApiError) => boolean;
  },
): Promise<T> {
  let left = options.timeoutMs;
  for (let attempt = 0; ; attempt += 1) {
    const started = performance.now();
    try {
      return await send(left);
    } catch (error) {
      left -= performance.now() - started;
      if (!(error instanceof ApiError) || left <= 0 || options.signal?.aborted) throw error;
      if (!worthRetrying.has(error.reason) && !options.alsoRetry?.(error)) throw error;
      if (!(await options.budget(attempt, error.retryAfterMs, options.signal))) throw error;
    }
  }
}
