import { severities } from '../model.ts';
import type { CheckResult, Finding, Platform } from '../model.ts';
import { findingView, longCommands, pageRows } from './finding-view.ts';
import type { FindingView } from './finding-view.ts';
import { commandsByTarget, commandsFor, guidanceHtml, planNames, planParts } from './plans.ts';
import type { Commands } from './plans.ts';
import { stateOf } from './summary.ts';
import type { CheckSummary, FindingState } from './summary.ts';
import { severityWords, statusWords } from './words.ts';

export type CheckView = ReturnType<typeof checkView>;

const stateOrder: readonly FindingState[] = ['open', 'review', 'exempt'];
const rank = (finding: Finding): number =>
  stateOrder.indexOf(stateOf(finding)) * severities.length + severities.indexOf(finding.severity);

/** A panel: `share` is how many of its findings stand in the page itself. */
export function checkView(check: CheckSummary, result: CheckResult, platform: Platform, share: number) {
  const commandsOf = commandsByTarget(result);
  const sorted = result.findings
    .map((finding) => ({ finding, rank: rank(finding) }))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ finding }) => finding);
  const findings = sorted.map((finding) => findingView(finding, commandsOf));
  const long = longCommands(findings);
  const example = exampleOf(sorted, findings, long);
  const { guidance } = result;
  const plans = (['test', 'implementation', 'backout'] as const).map((part) => ({
    name: planNames[part],
    parts: planParts(guidance[`${part}Plan`], platform, example?.commands[part] ?? ''),
  }));
  const words = (
    ['description', 'rationale', 'impact', 'defaultValue', 'prerequisites', 'references'] as const
  ).map((part) => [part, guidanceHtml(guidance, part)] as const);
  return {
    ...check,
    statusWord: statusWords[check.status],
    severityWord: severityWords[check.severity],
    controls: check.controls.join(', '),
    tally: tally(check),
    commandsLabel: example?.label ?? '',
    guidance: Object.fromEntries(words) as Record<(typeof words)[number][0], (typeof words)[number][1]>,
    plans,
    findings,
    shown: pageRows(findings.slice(0, share), long),
    hidden: Math.max(0, findings.length - share),
  };
}

/** The commands that stand in the plans of a check: of its first object, or where those are long of one problem. */
function exampleOf(
  sorted: readonly Finding[],
  findings: readonly FindingView[],
  long: ReadonlySet<string>,
): { label: string; commands: Commands } | undefined {
  const at = findings.findIndex(({ implementation, test }) => implementation !== '' || test !== '');
  const [finding, view] = [sorted[at], findings[at]];
  if (finding === undefined || view === undefined) return undefined;
  const object = `${view.kind} ${[view.namespace, view.name].filter(Boolean).join('/')}`;
  if (!long.has(view.implementation)) return { label: `Commands for ${object}`, commands: view };
  return { label: `Commands for one problem of ${object}`, commands: commandsFor([finding.fix]) };
}

/** What a check found, in words: `12 of 240 fail`. */
function tally({ counts, status, review }: CheckSummary): string {
  if (status === 'not-assessed' || status === 'not-applicable' || counts.evaluated === 0) return '';
  const exempt = counts.exempt > 0 ? `, ${counts.exempt} exempt` : '';
  if (counts.failed > 0) return `${counts.failed} of ${counts.evaluated} fail${exempt}`;
  if (review > 0) return `${review} to judge, of ${counts.evaluated}${exempt}`;
  return `${counts.passed} of ${counts.evaluated} pass${exempt}`;
}
