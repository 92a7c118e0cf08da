/** Report -> what the HTML templates show: plain objects, every field defined, every string through `visible`. */
import { severities } from '../model.ts';
import type { BenchmarkResult, CheckResult, Report } from '../model.ts';
import { plural, visible } from '../text.ts';
import { bar, scoreView, statusBar } from './bars.ts';
import { checkView } from './check-view.ts';
import { blankFinding } from './finding-view.ts';
import { namespaceOf, objectsOf } from '../kit/members.ts';
import { isPlatformNamespace } from '../kit/system-namespaces.ts';
import type { NamespaceSummary } from './namespaces.ts';
import { reachView } from './reach.ts';
import { figuresOf, scoredControls, summarize } from './summary.ts';
import type { Summary } from './summary.ts';
import {
  duration,
  percent,
  platformWords,
  severityWords,
  sourceStateWords,
  statusWords,
  utcTime,
} from './words.ts';

/** How many findings stand in the page itself; the script shows the others from the data, a page at a time. */
const findingsInPage = 2000;
const namespacesShown = 50;

export function reportView(report: Report) {
  const summary = summarize(report);
  const byId = new Map(report.checks.map((check) => [visible(check.id), check]));
  const share = sharePerCheck(report.checks.map((check) => check.findings.length));
  const checks = summary.checks.flatMap((check) => {
    const result = byId.get(check.id);
    return result === undefined ? [] : [checkView(check, result, report.cluster.platform, share)];
  });
  const findings = checks.reduce((count, check) => count + check.findings.length, 0);
  return {
    cluster: {
      name: visible(report.cluster.name),
      id: visible(report.cluster.id),
    },
    verdict: { ...summary.verdict, fails: summary.verdict.state === 'fail' },
    scope: summary.scope,
    facts: facts(report, summary),
    took: duration(report.metadata.startedAt, report.metadata.finishedAt),
    benchmarks: report.benchmarks.map(benchmarkView),
    totals: totals(summary),
    unread: summary.unread.map((source) => ({
      ...source,
      stateWord: sourceStateWords[source.state],
      namespaces: source.namespaces.join(', '),
    })),
    unassessed: summary.unassessed,
    withoutCheck:
      summary.withoutCheck === 0
        ? ''
        : `${plural(summary.withoutCheck, 'control')} ${summary.withoutCheck === 1 ? 'has' : 'have'} no check yet`,
    notAssessed: summary.unread.length + summary.unassessed.length + summary.withoutCheck > 0,
    checks,
    findings,
    facets: facets(report.checks),
    blank: blankFinding,
    namespaces: summary.namespaces.slice(0, namespacesShown).map(namespaceView),
    moreNamespaces: moreNamespaces(summary.namespaces.length - namespacesShown),
    reach: reachView(report.reach),
    exemptionNotes: summary.exemptionNotes,
    warnings: summary.warnings,
    about: {
      version: visible(report.metadata.version),
      id: visible(report.metadata.id),
      configDigest: visible(report.metadata.configDigest),
      startedAt: utcTime(visible(report.metadata.startedAt)),
      finishedAt: utcTime(visible(report.metadata.finishedAt)),
    },
    sources: report.sources.map(({ source, state, count, reason }) => ({
      source: visible(source),
      count,
      stateWord: sourceStateWords[state],
      reason: visible(reason ?? ''),
    })),
  };
}

/** The most findings of one check that can stand in the page, if all checks shall have their share of it. */
function sharePerCheck(counts: readonly number[]): number {
  let room = findingsInPage;
  for (const [i, count] of counts.toSorted((a, b) => a - b).entries()) {
    const share = Math.floor(room / (counts.length - i));
    if (count > share) return share;
    room -= count;
  }
  return findingsInPage;
}

/** What was looked at and when; manifest files have no server. */
function facts({ cluster, scope, metadata }: Report, summary: Summary) {
  const live = [
    { label: 'Server', text: visible(cluster.server) },
    { label: 'Version', text: `${visible(cluster.version)} · ${platformWords[cluster.platform]}` },
  ];
  return [
    ...(scope.kind === 'cluster' ? live : []),
    { label: 'Scope', text: summary.scope },
    { label: 'Scanned', text: utcTime(visible(metadata.startedAt)) },
  ];
}

function totals({ findings }: Summary) {
  return {
    open: findings.open,
    openWord: findings.open === 1 ? 'open finding' : 'open findings',
    severities: severities.map((severity) => ({
      severity,
      word: severityWords[severity],
      count: findings.bySeverity[severity],
    })),
    notes: [
      ...(findings.review > 0 ? [`${findings.review} more for a person to judge`] : []),
      ...(findings.exempt > 0 ? [`${findings.exempt} exempt`] : []),
    ].join(', '),
  };
}

/** What the filter offers: the namespaces that an object lies in, or is. */
function facets(checks: readonly CheckResult[]) {
  const namespaces = new Set<string>();
  const kinds = new Set<string>();
  for (const object of checks.flatMap(({ findings }) => findings).flatMap(objectsOf)) {
    namespaces.add(namespaceOf(object) ?? '');
    kinds.add(object.kind);
  }
  namespaces.delete('');
  return {
    severities: severities.map((severity) => ({ severity, word: severityWords[severity] })),
    namespaces: [...namespaces]
      .toSorted()
      .map((name) => ({ name: visible(name), platform: isPlatformNamespace(name) })),
    kinds: [...kinds].toSorted().map((kind) => visible(kind)),
  };
}

function benchmarkView(benchmark: BenchmarkResult) {
  const scored = scoredControls(benchmark);
  return {
    id: visible(benchmark.id),
    title: visible(benchmark.title),
    ...figuresOf(benchmark),
    score: scoreView(benchmark.score, 'no score'),
    coverage: scoreView(benchmark.coverage, 'none'),
    bar: statusBar(scored),
    controls: benchmark.controls.map((control) => ({
      id: visible(control.id),
      title: visible(control.title),
      level: control.level,
      scored: control.level <= benchmark.level,
      status: control.status,
      statusWord: statusWords[control.status],
      reason: visible(control.reason ?? ''),
      checks: control.checks.map((check) => visible(check)),
    })),
  };
}

const moreNamespaces = (count: number): string =>
  count > 0
    ? `and ${plural(count, 'namespace')} more with fewer problems; the filter above knows all of them`
    : '';

const namespaceView = (namespace: NamespaceSummary) => ({
  ...namespace,
  query: encodeURIComponent(namespace.name),
  severities: severities.map((severity) => namespace.findings[severity]),
  compliance: namespace.compliance === null ? 'none' : percent(namespace.compliance),
  bar: bar(namespace.compliance),
});
