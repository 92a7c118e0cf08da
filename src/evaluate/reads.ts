/** What a check reads, and whether enough of it was read to judge. */
import type { Check } from '../kit/define-check.ts';
import {
  podSpecSources,
  type Collection,
  type HeldSource,
  type SourceName,
  type SourceOutcome,
} from '../model.ts';
import { isRead } from './status.ts';

/** The sources that a verdict of the check rests on. */
export function requiredBy(check: Check): readonly SourceName[] {
  const beside: readonly SourceName[] = (check.shape === 'manual' ? undefined : check.beside) ?? [];
  return sourcesOf(check).filter((source) => !beside.includes(source));
}

/** The sources a check reads. */
export function sourcesOf(check: Check): readonly SourceName[] {
  if (check.shape === 'manual') return [];
  const needs: readonly HeldSource[] = check.needs ?? [];
  if (check.shape === 'podSpec') return [...podSpecSources, ...needs];
  if (check.shape === 'object') return [check.source, ...needs];
  return check.pods === undefined ? needs : [...needs, 'pods'];
}

/** Whether a check may be run: nothing is judged against half of what it must be judged against. */
export function canJudge(check: Check, { outcomes, cluster }: Collection): boolean {
  if (check.shape === 'manual' || check.platforms?.includes(cluster.platform) === false) return false;
  const isJudgedAgainst = check.shape !== 'cluster' || check.absenceCounts === true;
  const needs: readonly HeldSource[] = check.needs ?? [];
  return !isJudgedAgainst || needs.every((source) => isKnown(check, source, outcomes[source]));
}

export type Outcomes = Partial<Record<SourceName, SourceOutcome>>;

/** Whether as much is known of a source as the check needs to begin with. */
export function isKnown(check: Check, source: SourceName, outcome: SourceOutcome): boolean {
  if (!requiredBy(check).includes(source) || isRead(source, outcome)) return true;
  return isByNamespace(check) && outcome.state === 'partial' && outcome.unreadNamespaces !== undefined;
}

/** The namespaces of which a check that goes namespace by namespace can say nothing. */
export const unreadNamespaces = (check: Check, outcomes: Outcomes): ReadonlySet<string | undefined> =>
  new Set(
    isByNamespace(check)
      ? requiredBy(check).flatMap((source) => outcomes[source]?.unreadNamespaces ?? [])
      : [],
  );

const isByNamespace = (check: Check): boolean => check.shape === 'cluster' && check.byNamespace === true;
