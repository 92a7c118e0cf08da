/** The report for a terminal: what fails, what could not be told, and what to type next. */
import { severities } from '../model.ts';
import type { BenchmarkResult, Report } from '../model.ts';
import { plural, visible } from '../text.ts';
import { findingLines } from './findings.ts';
import type { RenderOptions } from './index.ts';
import { reachSentence } from './reach.ts';
import { figuresOf, summarize } from './summary.ts';
import type { Summary } from './summary.ts';
import {
  cut,
  heading,
  meter,
  pageFor,
  severityCell,
  severityWidth,
  statusStyles,
  toAscii,
  wrap,
} from './terminal.ts';
import type { Page } from './terminal.ts';
import { duration, percent, platformWords, sourceStateWords, statusWords, utcTime } from './words.ts';

const namespacesShown = 5;
const warningsShown = 10;
const labelWidth = 12;

export const renderTable = (report: Report, options: RenderOptions): string => render(report, options, false);

/** The same with every finding. */
export const renderWide = (report: Report, options: RenderOptions): string => render(report, options, true);

function render(report: Report, options: RenderOptions, wide: boolean): string {
  const page = pageFor(options);
  const summary = summarize(report);
  const sections = [
    verdict(page, report, summary),
    facts(page, report, summary),
    failing(page, summary),
    others(page, summary),
    wide ? findings(page, report, summary) : [],
    namespaces(page, summary),
    warnings(page, summary, wide),
    notAssessed(page, summary),
    exemptions(page, summary),
    whatNow(page, report, summary, wide),
  ].filter((section) => section.length > 0);
  const text = `${sections.map((section) => section.join('\n')).join('\n\n')}\n`;
  return options.unicode === false ? toAscii(text) : text;
}

function verdict(page: Page, report: Report, { verdict: { state, headline, detail } }: Summary): string[] {
  const style = { fail: 'red', partial: 'yellow', none: 'yellow', pass: 'green' } as const;
  const sentence = wrap(`${visible(report.cluster.name)} ${headline}: ${detail}.`, page.width);
  return sentence.split('\n').map((line) => page.paint(['bold', style[state]], line));
}

function facts(page: Page, report: Report, summary: Summary): string[] {
  const { cluster, metadata } = report;
  const dot = ` ${page.glyphs.dot} `;
  const line = (label: string, text: string): string =>
    page.paint('dim', label.padEnd(labelWidth)) + wrap(text, page.width, labelWidth);
  const live = [visible(cluster.server), visible(cluster.version), platformWords[cluster.platform]];
  const took = duration(metadata.startedAt, metadata.finishedAt);
  const network = reachSentence(report.reach);
  return [
    line('Cluster', [visible(cluster.name), ...(report.scope.kind === 'cluster' ? live : [])].join(dot)),
    line('Scope', summary.scope),
    line('Scanned', utcTime(visible(metadata.startedAt)) + (took === '' ? '' : `, in ${took}`)),
    ...(network === '' ? [] : [line('Network', network)]),
    ...report.benchmarks.flatMap((benchmark) => benchmarkFacts(page, benchmark, line)),
  ];
}

function benchmarkFacts(
  page: Page,
  benchmark: BenchmarkResult,
  line: (label: string, text: string) => string,
): string[] {
  const { level, note, scoreWords, coverageWords } = figuresOf(benchmark);
  const figure = (label: string, ratio: number | null, none: string, words: string): string =>
    page.paint('dim', label.padEnd(labelWidth)) +
    (ratio === null
      ? none
      : `${percent(ratio).padEnd(6)} ${meter(page, ratio)}  ${page.paint('dim', words)}`);
  return [
    line('Benchmark', `${visible(benchmark.title)}, ${level}${note === '' ? '' : ` (${note})`}`),
    figure('Score', benchmark.score, 'no score', scoreWords),
    figure('Coverage', benchmark.coverage, 'none', coverageWords),
  ];
}

function failing(page: Page, { checks }: Summary): string[] {
  const rows = checks.filter((check) => check.status === 'fail');
  if (rows.length === 0) return [];
  const controls = rows.map((check) => cut(check.controls.join(' '), 24));
  const tallies = rows.map(({ counts }) => `${counts.failed} of ${counts.evaluated}`);
  const controlsWidth = widest(controls);
  const tallyWidth = widest(tallies);
  const room = page.width - severityWidth - controlsWidth - tallyWidth - 8;
  return [
    heading(page, 'FAILING CHECKS', 'failed of evaluated'),
    ...rows.map(({ id, title, status, severity }, i) =>
      [
        `${page.paint(statusStyles[status], page.glyphs[status])} ${severityCell(page, severity)}`,
        cut(`${id}: ${title}`, room).padEnd(room),
        page.paint('dim', (controls[i] ?? '').padEnd(controlsWidth)),
        (tallies[i] ?? '').padStart(tallyWidth),
      ].join('  '),
    ),
  ];
}

const widest = (texts: readonly string[]): number => Math.max(...texts.map((text) => text.length));

function others(page: Page, { checks }: Summary): string[] {
  const lines = (['manual', 'exempt', 'pass', 'not-applicable'] as const).flatMap((status) => {
    const ids = checks.filter((check) => check.status === status).map((check) => check.id);
    if (ids.length === 0) return [];
    const label = `${page.glyphs[status]} ${statusWords[status]}`.padEnd(18);
    return [page.paint(statusStyles[status], label) + wrap(ids.join(', '), page.width, 18)];
  });
  return lines.length === 0 ? [] : [heading(page, 'OTHER CHECKS'), ...lines];
}

function findings(page: Page, report: Report, { checks }: Summary): string[] {
  const byId = new Map(report.checks.map((check) => [visible(check.id), check]));
  return checks
    .flatMap(({ id, title }) => {
      const check = byId.get(id);
      return check === undefined || check.findings.length === 0
        ? []
        : ['', heading(page, id.toUpperCase(), title), ...findingLines(page, check.findings)];
    })
    .slice(1);
}

function namespaces(page: Page, summary: Summary): string[] {
  const rows = summary.namespaces.slice(0, namespacesShown);
  if (rows.length === 0) return [];
  const more = summary.namespaces.length - rows.length;
  const room = Math.min(40, page.width - 49);
  const columns = severities.map((severity) => severity.padStart(9)).join('');
  return [
    heading(page, 'WORST NAMESPACES'),
    page.paint('dim', `${''.padEnd(room + 1)}${columns}  compliance`),
    ...rows.map(
      ({ name, platform, findings: counts, compliance }) =>
        `${cut(platform ? `${name} (platform)` : name, room).padEnd(room + 1)}${severities
          .map((severity) => String(counts[severity]).padStart(9))
          .join('')}  ${(compliance === null ? 'none' : percent(compliance)).padStart(10)}`,
    ),
    ...(more > 0 ? [page.paint('dim', `and ${plural(more, 'namespace')} more`)] : []),
  ];
}

function notAssessed(page: Page, { unread, unassessed, withoutCheck }: Summary): string[] {
  const lines = [
    ...unread.map(({ source, state, reason, namespaces: missing }) => {
      const where = missing.length > 0 ? ` (namespaces ${cut(missing.join(', '), 120)})` : '';
      return `${source} ${sourceStateWords[state]}${where}: ${reason}`;
    }),
    ...unassessed.map(
      ({ state, reason, checks }) => `${checks.map(({ id }) => id).join(', ')}: ${state} (${reason})`,
    ),
    ...(withoutCheck > 0
      ? [`${plural(withoutCheck, 'control')} ${withoutCheck === 1 ? 'has' : 'have'} no check yet`]
      : []),
  ];
  if (lines.length === 0) return [];
  const mark = page.paint('yellow', page.glyphs['not-assessed']);
  return [heading(page, 'NOT ASSESSED'), ...lines.map((line) => `${mark} ${wrap(line, page.width, 2)}`)];
}

/** The same mistake is often in every file: a few of them tell. */
function warnings(page: Page, { warnings: all }: Summary, wide: boolean): string[] {
  if (all.length === 0) return [];
  const shown = wide ? all : all.slice(0, warningsShown);
  const more = all.length - shown.length;
  const mark = page.paint('yellow', page.glyphs['not-assessed']);
  return [
    heading(page, 'WITHOUT EFFECT'),
    ...shown.map((line) => `${mark} ${wrap(line, page.width, 2)}`),
    ...(more > 0 ? [page.paint('dim', `and ${more} more, with -o wide`)] : []),
  ];
}

function exemptions(page: Page, { findings: { exempt }, exemptionNotes }: Summary): string[] {
  if (exempt + exemptionNotes.length === 0) return [];
  const count = exempt > 0 ? [`${plural(exempt, 'finding')} ${exempt === 1 ? 'is' : 'are'} exempt`] : [];
  return [
    heading(page, 'EXEMPTIONS'),
    ...[...count, ...exemptionNotes].map((line) => `${page.glyphs.exempt} ${wrap(line, page.width, 2)}`),
  ];
}

/** What to type next. Only commands that read. */
function whatNow(page: Page, { scope }: Report, summary: Summary, wide: boolean): string[] {
  const forbidden = summary.unread.find(({ state }) => state === 'forbidden' || state === 'partial');
  const where = scope.kind === 'files' ? ' -f FILES' : '';
  const commands: [string, string][] = [
    [`passmuster scan${where} -o html=report.html`, 'all findings, with the commands to fix and back out'],
    ...(wide || summary.findings.open + summary.findings.review === 0
      ? []
      : ([[`passmuster scan${where} -o wide`, 'the findings, here']] satisfies [string, string][])),
    ...(forbidden === undefined || scope.kind === 'files'
      ? []
      : ([
          [
            `kubectl auth can-i list ${forbidden.source.toLowerCase()} -A`,
            'whether these credentials may read it',
          ],
        ] satisfies [string, string][])),
    [`passmuster scan${where} -o json=report.json`, 'the report as data, for passmuster render'],
  ];
  const width = widest(commands.map(([command]) => command));
  return [
    heading(page, 'WHAT NOW'),
    ...commands.map(
      ([command, what]) =>
        `  ${command.padEnd(width)}  ${page.paint('dim', cut(what, page.width - width - 4))}`,
    ),
  ];
}
