import { ApiError, protocolError } from './errors.ts';
import { accept, decoderOf, type ListMetadata } from './decode.ts';
import type { Client } from './client.ts';
import { retryBudget, withRetries, type RetryPolicy } from './retry.ts';

export interface ListQuery {
  apiVersion: string;
  /** Of what is listed: `Pod` for a `PodList`. */
  kind: string;
  fieldSelector?: string;
}

/**
 * What happens while a list is read: pages, at most once `restart` (forget all pages so far), and after it, as often as
 * the list expires again, `inconsistent` (what follows is newer than what came before; what existed throughout is in it
 * exactly once).
 */
export type ListEvent =
  | { type: 'page'; items: unknown[]; remaining?: number }
  | { type: 'restart'; reason: string }
  | { type: 'inconsistent'; reason: string };

export interface ListOptions {
  timeoutMs: number;
  maxBytes: number;
  retry: RetryPolicy;
}

/**
 * From 100 objects a page on the time hardly changes. Small pages leave less garbage at a time (a sixth less memory at 10,000 Pods
 * than with 250), and take two seats of API Priority and Fairness each where 500 take ten.
 */
const pageSize = 100;

interface Page {
  items: unknown[];
  continue: string | undefined;
  remaining: number | undefined;
}

/** A page that has been asked for. */
interface PageRequest {
  /** The continue token that it was asked with. */
  token: string | undefined;
  /** The token of the next page, as soon as the first bytes tell it; undefined when only the whole page does. */
  next: Promise<string | undefined>;
  page: Promise<Page>;
  abort: () => void;
}

/** Pages under way or waiting while the caller works on one: the API server, and both connections, always have something to do. */
const pagesAhead = 2;

/**
 * Reads a list page by page. Each next page is asked for as soon as its token is known, so that it travels while the
 * caller works; never more than `pagesAhead` and the one in work are in memory.
 * @throws ApiError when the list cannot be read to its end.
 */
export async function* listPages(
  client: Client,
  path: string,
  query: ListQuery,
  options: ListOptions,
): AsyncGenerator<ListEvent, void, undefined> {
  const requestPage = pageRequester(client, path, query, options);
  let queue = queueFrom(undefined, requestPage);
  /** The tokens of all pages since the list began. */
  const given = new Set<string>();
  let restarted = false;
  let readSinceExpiry = false;
  try {
    for (;;) {
      const page: Page | ApiError | undefined = await queue.take().catch(onlyExpired);
      if (page === undefined) return;
      if (page instanceof ApiError) {
        queue.abort();
        const reason = 'the API server expired the list while it was read';
        if (!restarted) {
          restarted = true;
          given.clear();
          queue = queueFrom(undefined, requestPage);
          yield { type: 'restart', reason };
        } else if (page.continueToken !== undefined && readSinceExpiry) {
          queue = queueFrom(page.continueToken, requestPage);
          yield {
            type: 'inconsistent',
            reason: `${reason}, twice: the rest is of a later time than the beginning`,
          };
        } else throw page;
        readSinceExpiry = false;
      } else {
        readSinceExpiry = true;
        // A token that comes again would lead round in circles for ever.
        if (page.continue !== undefined && given.has(page.continue)) {
          throw protocolError(
            { server: client.server, path },
            'it leads back to a page that was read before',
          );
        }
        if (page.continue !== undefined) given.add(page.continue);
        yield pageEvent(page);
      }
    }
  } finally {
    queue.abort();
  }
}

/** The pages of a list from one token on, in their order. */
interface PageQueue {
  /** The next page; undefined after the last. @throws what became of it */
  take(): Promise<Page | undefined>;
  abort(): void;
}

function queueFrom(
  first: string | undefined,
  requestPage: (token: string | undefined) => PageRequest,
): PageQueue {
  const asked: PageRequest[] = [];
  const ask = (token: string | undefined): void => {
    asked.push(requestPage(token));
    void askAhead();
  };
  const askAhead = async (): Promise<void> => {
    const last = asked.at(-1);
    const token = await last?.next;
    if (token !== undefined && last === asked.at(-1) && asked.length < pagesAhead) ask(token);
  };
  const abort = (): void => {
    for (const request of asked.splice(0)) request.abort();
  };
  ask(first);
  return {
    async take() {
      const page = await asked[0]?.page;
      if (page === undefined) return undefined;
      asked.shift();
      if (asked[0]?.token === page.continue) {
        void askAhead();
      } else {
        // The first bytes said something else than the whole, or nothing.
        abort();
        if (page.continue !== undefined) ask(page.continue);
      }
      return page;
    },
    abort,
  };
}

const pageEvent = ({ items, remaining }: Page): ListEvent => ({
  type: 'page',
  items,
  ...(remaining === undefined ? {} : { remaining }),
});

/** A list that expired goes on another way; everything else ends it. */
function onlyExpired(error: unknown): ApiError {
  if (error instanceof ApiError && error.reason === 'expired') return error;
  throw error;
}

function pageRequester(client: Client, path: string, query: ListQuery, options: ListOptions) {
  const budget = retryBudget(options.retry);
  let limit = pageSize;

  const url = (token: string | undefined): string => {
    const parameters = new URLSearchParams({ limit: String(limit) });
    if (query.fieldSelector !== undefined) parameters.set('fieldSelector', query.fieldSelector);
    if (token !== undefined) parameters.set('continue', token);
    return `${path}?${parameters.toString()}`;
  };

  return (token: string | undefined): PageRequest => {
    const { signal, abort } = abortable();
    const next = Promise.withResolvers<string | undefined>();
    const onHead = (head: Buffer, contentType: string): boolean => {
      const metadata = decoderOf(contentType)?.decodeListHead(head);
      if (metadata) next.resolve(tokenOf(metadata));
      return metadata !== undefined;
    };
    /** A page that is too large is asked for anew at once, half as large: to wait would not make it smaller. */
    const fetchPage = async (timeoutMs: number): Promise<Page> => {
      const asked = limit;
      const started = performance.now();
      try {
        const list = await client.fetch({
          path: url(token),
          accept: accept(query),
          timeoutMs,
          maxBytes: options.maxBytes,
          signal,
          onHead,
        });
        return pageOf(list, `${query.kind}List`, { server: client.server, path });
      } catch (error) {
        const left = timeoutMs - (performance.now() - started);
        const tooLarge = error instanceof ApiError && error.reason === 'too-large';
        if (!tooLarge || asked === 1 || left <= 0) throw error;
        limit = Math.min(limit, Math.ceil(asked / 2));
        return fetchPage(left);
      }
    };
    const page = withRetries(fetchPage, {
      timeoutMs: options.timeoutMs,
      budget,
      signal,
      alsoRetry: ({ reason }) => reason === 'unreachable' && client.answered,
    });
    page.then(
      (read) => next.resolve(read.continue),
      () => next.resolve(undefined),
    );
    return { token, next: next.promise, page, abort };
  };
}

function abortable(): { signal: AbortSignal; abort: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}

const tokenOf = ({ continue: token }: ListMetadata): string | undefined =>
  typeof token === 'string' && token !== '' ? token : undefined;

/** An answer of the wrong kind, or without items, is an error: taken for an empty list it would hide the cluster. */
function pageOf(list: object, kind: string, where: { server: string; path: string }): Page {
  const given = list as { kind?: unknown; items?: unknown; metadata?: ListMetadata };
  if (given.kind !== kind) {
    throw protocolError(
      where,
      `the answer is ${typeof given.kind === 'string' ? `a ${given.kind.slice(0, 80)}` : 'of no kind'}, not a ${kind}`,
    );
  }
  if (!Array.isArray(given.items)) throw protocolError(where, `the ${kind} has no items`);
  const { metadata = {} } = given;
  const remaining = metadata.remainingItemCount;
  return {
    items: given.items,
    continue: tokenOf(metadata),
    remaining: typeof remaining === 'number' ? remaining : undefined,
  };
}
