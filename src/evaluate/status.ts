import type { Check } from '../kit/define-check.ts';
import { podSpecSources } from '../model.ts';
import type { CheckResult, Finding, Platform, SourceName, SourceOutcome, Status } from '../model.ts';

/** Whether what a check reads could be read. */
export type Assessability =
  { state: 'complete' } | { state: 'absent'; reason: string } | { state: 'unread'; reason: string };

const specs: ReadonlySet<SourceName> = new Set(podSpecSources);

/** Whether all there is of it is known. Of a kind that holds pod specs and is out of scope there is none to know. */
export const isRead = (source: SourceName, { state }: SourceOutcome): boolean =>
  state === 'ok' || state === 'absent' || (state === 'not-requested' && specs.has(source));

const unreadStates = new Set(['partial', 'forbidden', 'failed']);

/**
 * Decides from the outcomes of the sources a check rests on. Of those that hold pod specs it takes whatever is in scope, for
 * manifest files rarely hold every kind; everything else must have been read, but for what the check calls optional and the
 * API server does not have.
 */
export function assessability(
  check: Check,
  needed: readonly SourceName[],
  outcomes: Record<SourceName, SourceOutcome>,
  platform: Platform,
): Assessability {
  if (check.platforms?.includes(platform) === false) {
    return { state: 'absent', reason: `It is about ${check.platforms.join(', ')}, and this is ${platform}` };
  }
  const stateOf = (source: SourceName) => outcomes[source].state;
  const hasSpecs = podSpecSources.some((source) => stateOf(source) !== 'not-requested');
  const unread = needed.filter((source) => {
    if (stateOf(source) === 'not-requested') return !(specs.has(source) && hasSpecs);
    return unreadStates.has(stateOf(source));
  });
  if (unread.length > 0) {
    return { state: 'unread', reason: unread.map((source) => explain(source, outcomes[source])).join('; ') };
  }
  const optional: ReadonlySet<SourceName> = new Set(check.shape === 'manual' ? [] : check.optional);
  const absent = needed.filter(
    (source) => stateOf(source) === 'absent' && !specs.has(source) && !optional.has(source),
  );
  if (absent.length > 0) {
    return { state: 'absent', reason: absent.map((source) => explain(source, outcomes[source])).join('; ') };
  }
  return { state: 'complete' };
}

/** One clause; the whole story of a source stands once in the report, with the source. */
export function explain(source: SourceName, { state, reason, unreadNamespaces = [] }: SourceOutcome): string {
  if (state === 'partial' && unreadNamespaces.length > 0) {
    const more = unreadNamespaces.length > 5 ? `, and ${unreadNamespaces.length - 5} more` : '';
    return `${source} could not be read in ${unreadNamespaces.slice(0, 5).join(', ')}${more}`;
  }
  if (state === 'absent' || state === 'not-requested') return `${source}: ${reason ?? state}`;
  return `${source} ${state === 'partial' ? 'could be read only in part' : state}`;
}

/**
 * The status of a check: what failed is never hidden by what was unread, what was unread never passes. Where a person must
 * decide, the reason is the evidence, if there is any.
 */
export function conclude(
  check: Check,
  evaluated: number,
  findings: readonly Finding[],
  readable: Assessability,
  evidence?: string,
): Pick<CheckResult, 'status' | 'incomplete' | 'reason'> {
  const unread = readable.state === 'unread' ? { incomplete: true, reason: readable.reason } : {};
  const verdict = worstVerdict(findings);
  if (verdict === 'fail') return { status: 'fail', ...unread };
  if (readable.state === 'unread') return { status: 'not-assessed', ...unread };
  if (verdict === 'manual')
    return { status: verdict, ...(evidence === undefined ? {} : { reason: evidence }) };
  if (verdict === undefined && readable.state === 'absent')
    return { status: 'not-applicable', reason: readable.reason };
  if (check.shape === 'manual')
    return { status: 'manual', reason: 'The API cannot answer: follow the test plan.' };
  const status = verdict ?? (evaluated > 0 ? 'pass' : check.onNothing);
  const isManual = status === 'manual' || (check.otherwise !== undefined && status !== 'not-applicable');
  if (isManual) {
    const reason = evidence ?? 'The API shows only part of the answer: follow the test plan.';
    return { status: 'manual', reason };
  }
  if (verdict === undefined && evaluated === 0)
    return { status, reason: 'There is nothing in scope that it could apply to.' };
  return { status };
}

/** The status that findings alone give, if any. */
export function worstVerdict(
  findings: readonly Finding[],
): Extract<Status, 'fail' | 'manual' | 'exempt'> | undefined {
  const open = findings.filter(({ state }) => state === 'open');
  if (open.some(({ verdict }) => verdict === 'fail')) return 'fail';
  if (open.length > 0) return 'manual';
  return findings.length > 0 ? 'exempt' : undefined;
}
