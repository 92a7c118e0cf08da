/** Report -> the figures and sentences that every format shows. All strings have passed `visible`. */
import { severities, statuses } from '../model.ts';
import type {
  BenchmarkResult,
  CheckResult,
  ControlResult,
  Finding,
  Report,
  Severity,
  SourceReport,
  Status,
} from '../model.ts';
import { plural, visible } from '../text.ts';
import { failingNamespaces } from './namespaces.ts';
import type { NamespaceSummary } from './namespaces.ts';

/** `partial`: nothing fails, but not everything could be assessed. `none`: nothing was assessed. */
export type VerdictState = 'fail' | 'partial' | 'pass' | 'none';

export interface Verdict {
  state: VerdictState;
  /** Follows the cluster's name: `does not pass muster`. */
  headline: string;
  /** `5 controls fail, 12 could not be assessed`. */
  detail: string;
}

export interface CheckSummary {
  id: string;
  title: string;
  severity: Severity;
  status: Status;
  /** Its verdict stands, but something it reads could not be read. */
  incomplete: boolean;
  reason: string;
  /** Ids of the controls it decides in the first benchmark, and in the others with their benchmark's id. */
  controls: string[];
  counts: CheckResult['counts'];
  open: number;
  review: number;
  exempt: number;
}

export interface Unread {
  source: string;
  state: SourceReport['state'];
  reason: string;
  namespaces: string[];
}

export interface Summary {
  verdict: Verdict;
  /** `all namespaces`, `namespaces a, b`, `3 manifest files`. */
  scope: string;
  /** Worst first. */
  checks: CheckSummary[];
  /** Findings by state, and the open ones by severity. */
  findings: { open: number; review: number; exempt: number; bySeverity: Record<Severity, number> };
  /** Worst first; only namespaces with an open failure. */
  namespaces: NamespaceSummary[];
  /** Sources that should have been read and were not, or not completely. */
  unread: Unread[];
  /** Checks whose verdict lacks something, those together that lack the same. */
  unassessed: Unassessed[];
  /** Scored controls that no check decides yet, over all benchmarks. */
  withoutCheck: number;
  exemptionNotes: string[];
  /** What has no effect where it is written; each names a file, a field and where it belongs. */
  warnings: string[];
}

/** Checks without a verdict, or with one that something is missing from, for the same reason. */
export interface Unassessed {
  state: 'not assessed' | 'assessed in part';
  reason: string;
  checks: { id: string; title: string }[];
}

function groupUnassessed(checks: readonly CheckSummary[]): Unassessed[] {
  const lacking = checks
    .filter((check) => check.status === 'not-assessed' || check.incomplete)
    .map(({ id, title, reason, status }) => ({
      id,
      title,
      reason,
      state: status === 'not-assessed' ? ('not assessed' as const) : ('assessed in part' as const),
    }));
  return [...Map.groupBy(lacking, ({ state, reason }) => `${state} ${reason}`).values()].flatMap((group) =>
    group.slice(0, 1).map(({ state, reason }) => ({
      state,
      reason,
      checks: group.map(({ id, title }) => ({ id, title })),
    })),
  );
}

/** What a finding asks for: a fix, a person's judgement, or nothing for now. */
export type FindingState = 'open' | 'review' | 'exempt';

export function stateOf(finding: Finding): FindingState {
  if (finding.state === 'exempt') return 'exempt';
  return finding.verdict === 'review' ? 'review' : 'open';
}

const countState = (findings: readonly Finding[], state: FindingState): number =>
  findings.filter((finding) => stateOf(finding) === state).length;

/** The controls that count: those up to the level that is scored. */
export const scoredControls = (benchmark: BenchmarkResult): ControlResult[] =>
  benchmark.controls.filter((control) => control.level <= benchmark.level);

/** How many controls or checks have each status. */
export function countStatuses(results: readonly { status: Status }[]): Record<Status, number> {
  const counts = Object.fromEntries(statuses.map((status) => [status, 0])) as Record<Status, number>;
  for (const { status } of results) counts[status] += 1;
  return counts;
}

/** The figures of a benchmark in words. */
export function figuresOf(benchmark: BenchmarkResult) {
  const { pass, fail, exempt, 'not-assessed': unassessed } = countStatuses(scoredControls(benchmark));
  const decided = pass + fail + exempt;
  return {
    level: benchmark.level === 2 ? 'levels 1 and 2' : 'level 1',
    note: visible(benchmark.note ?? ''),
    scoreWords: `${plural(pass, 'control')} ${pass === 1 ? 'passes' : 'pass'}, ${fail} ${fail === 1 ? 'fails' : 'fail'}`,
    coverageWords: `${decided} of ${plural(decided + unassessed, 'control')} ${decided === 1 ? 'has' : 'have'} a verdict`,
  };
}

export function summarize(report: Report): Summary {
  const checks = report.checks.map((check) => summarizeCheck(check, report.benchmarks)).toSorted(worstFirst);
  const findings = report.checks.flatMap((check) => check.findings);
  const open = findings.filter((finding) => stateOf(finding) === 'open');
  return {
    verdict: verdictOf(report),
    scope: scopeSentence(report),
    checks,
    findings: {
      open: open.length,
      review: countState(findings, 'review'),
      exempt: countState(findings, 'exempt'),
      bySeverity: Object.fromEntries(
        severities.map((severity) => [severity, open.filter((one) => one.severity === severity).length]),
      ) as Record<Severity, number>,
    },
    namespaces: failingNamespaces(report),
    unread: report.sources
      .filter(({ state }) => ['partial', 'forbidden', 'failed'].includes(state))
      .map(unreadOf),
    unassessed: groupUnassessed(checks),
    withoutCheck: report.benchmarks.flatMap(scoredControls).filter((control) => control.checks.length === 0)
      .length,
    exemptionNotes: (report.exemptionNotes ?? []).map((note) => visible(note)),
    warnings: (report.warnings ?? []).map((warning) => visible(warning, 1000)),
  };
}

function summarizeCheck(check: CheckResult, benchmarks: readonly BenchmarkResult[]): CheckSummary {
  return {
    id: visible(check.id),
    title: visible(check.title),
    severity: check.severity,
    status: check.status,
    incomplete: check.incomplete === true && check.status !== 'not-assessed',
    reason: visible(check.reason ?? ''),
    controls: benchmarks.flatMap((benchmark, i) =>
      benchmark.controls
        .filter((control) => control.checks.includes(check.id))
        .map((control) => visible(i === 0 ? control.id : `${benchmark.id} ${control.id}`)),
    ),
    counts: check.counts,
    open: countState(check.findings, 'open'),
    review: countState(check.findings, 'review'),
    exempt: countState(check.findings, 'exempt'),
  };
}

const worstFirst = (a: CheckSummary, b: CheckSummary): number =>
  statuses.indexOf(a.status) - statuses.indexOf(b.status) ||
  severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
  b.open + b.review - (a.open + a.review) ||
  (a.id < b.id ? -1 : 1);

function unreadOf(source: SourceReport): Unread {
  return {
    source: visible(source.source),
    state: source.state,
    reason: visible(source.reason ?? ''),
    namespaces: (source.unreadNamespaces ?? []).map((namespace) => visible(namespace)),
  };
}

function scopeSentence({ scope }: Report): string {
  const where =
    scope.namespaces === undefined
      ? 'all namespaces'
      : `${scope.namespaces.length === 1 ? 'namespace' : 'namespaces'} ${scope.namespaces.map((name) => visible(name)).join(', ')}`;
  return scope.kind === 'cluster' ? where : `${plural(scope.files?.length ?? 0, 'manifest file')}, ${where}`;
}

function verdictOf(report: Report): Verdict {
  const noun = report.benchmarks.length > 0 ? 'control' : 'check';
  const results =
    report.benchmarks.length > 0
      ? report.benchmarks.flatMap(scoredControls)
      : report.checks.map((check) => ({ ...check, checks: [check.id] }));
  const counts = countStatuses(results);
  const withoutCheck = results.filter((result) => result.checks.length === 0).length;
  const unassessed = counts['not-assessed'] - withoutCheck;
  const details = [
    counts.fail > 0
      ? `${plural(counts.fail, noun)} ${counts.fail === 1 ? 'fails' : 'fail'}`
      : `no ${noun} assessed fails`,
    counts.manual > 0 && `${counts.manual} ${counts.manual === 1 ? 'needs' : 'need'} a person to judge`,
    unassessed > 0 && `${unassessed} could not be assessed`,
    withoutCheck > 0 && `${withoutCheck} ${withoutCheck === 1 ? 'has' : 'have'} no check yet`,
  ].filter((detail) => detail !== false);
  const state = verdictState(counts);
  if (state === 'none') details.shift();
  return { state, headline: headlines[state], detail: details.join(', ') };
}

function verdictState(counts: Record<Status, number>): VerdictState {
  if (counts.fail > 0) return 'fail';
  if (counts.pass + counts.exempt + counts.manual === 0) return 'none';
  return counts['not-assessed'] > 0 ? 'partial' : 'pass';
}

const headlines = {
  fail: 'does not pass muster',
  partial: 'passes what could be assessed',
  pass: 'passes muster',
  none: 'was not assessed',
} as const satisfies Record<VerdictState, string>;
