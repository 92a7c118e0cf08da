import { setTimeout as sleep } from 'node:timers/promises';
import type { RecipientOutcome } from './index.ts';

/** Why an attempt failed. */
export interface Fault {
  message: string;
  hint: string;
  retryable: boolean;
  /** The server may have taken the mail all the same. */
  mayHaveArrived: boolean;
  /** It would be the same for every recipient: nothing was said about this one. */
  ofServer: boolean;
}

export type Attempt = { response: string } | { fault: Fault };

export interface RoundOptions {
  /** No further round begins later than this. */
  retryMs: number;
  signal?: AbortSignal | undefined;
  /** Milliseconds before the round after this one (0, 1, ...). */
  wait?: ((round: number) => number) | undefined;
  onRetry?: ((fault: Fault, pauseMs: number) => void) | undefined;
}

/** 1, 2, 4 ... up to 30 s, each less up to half of it, so that many clusters do not come back at once. */
const backoff = (round: number): number => Math.min(30_000, 1000 * 2 ** round) * (1 - Math.random() / 2);

/**
 * Attempts each recipient, then again those whose fault may pass, until the time is over. A fault of the server ends the
 * round for all. What may have arrived is sent once more at most. Once the signal is aborted no attempt begins.
 */
export async function inRounds(
  recipients: readonly string[],
  attempt: (recipient: string) => Promise<Attempt>,
  { retryMs, signal, wait = backoff, onRetry }: RoundOptions,
): Promise<RecipientOutcome[]> {
  const states: State[] = [...new Set(recipients)].map((recipient) => ({ recipient, uncertain: 0 }));
  const deadline = Date.now() + retryMs;
  for (let round = 0; ; round += 1) {
    const fault = await oneRound(states, attempt, signal);
    const pause = wait(round);
    if (fault === undefined || signal?.aborted === true || Date.now() + pause > deadline) break;
    onRetry?.(fault, pause);
    await sleep(pause, undefined, signal ? { signal } : {}).catch(() => undefined);
  }
  return states.map(outcomeOf);
}

interface State {
  recipient: string;
  response?: string;
  fault?: Fault;
  /** How often it may have arrived. */
  uncertain: number;
}

/** Returns a fault that is worth another round, if there is one. */
async function oneRound(
  states: readonly State[],
  attempt: (recipient: string) => Promise<Attempt>,
  signal: AbortSignal | undefined,
): Promise<Fault | undefined> {
  for (const state of states.filter(isPending)) {
    if (signal?.aborted === true) return undefined;
    const result = await attempt(state.recipient);
    if ('response' in result) {
      state.response = result.response;
      continue;
    }
    state.fault = result.fault;
    if (result.fault.mayHaveArrived) state.uncertain += 1;
    if (!result.fault.ofServer) continue;
    for (const other of states) if (isPending(other)) other.fault = result.fault;
    break;
  }
  return states.find(isPending)?.fault;
}

const isPending = ({ response, fault, uncertain }: State): boolean =>
  response === undefined && (fault === undefined || fault.retryable) && uncertain < 2;

function outcomeOf({ recipient, response, fault = interrupted, uncertain }: State): RecipientOutcome {
  if (response !== undefined) return { recipient, accepted: true, response };
  const { message, hint, retryable } = fault;
  const mayHaveArrived = uncertain > 0;
  const also = mayHaveArrived && !fault.mayHaveArrived ? '; an earlier attempt may have arrived' : '';
  return { recipient, accepted: false, error: { message: message + also, hint, retryable, mayHaveArrived } };
}

const interrupted: Fault = {
  message: 'interrupted before it was sent',
  hint: 'Run it again.',
  retryable: true,
  mayHaveArrived: false,
  ofServer: false,
};
