/** Report and audience -> what both parts of the mail show. Every string has passed `visible`. */
import type { Audience } from '../config.ts';
import { severities, type Finding, type Report } from '../model.ts';
import { plural, visible } from '../text.ts';
import { neutralBar, severityView } from './mail-colours.ts';
import { mailFindings, type MailFindings } from './mail-findings.ts';
import { objectsFailing } from './mail-scope.ts';
import { figures, namesOf, verdictView } from './mail-verdict.ts';
import { reachSentence } from './reach.ts';
import { stateOf, summarize, type CheckSummary, type Summary } from './summary.ts';
import { duration, percent, platformWords, sourceStateWords } from './words.ts';

export interface MailOptions {
  audience: Audience;
  /** IANA zone of the times shown. */
  timeZone: string;
  /** The planned minute; where it is given, the mail names it instead of the start of the audit. */
  slot?: string;
}

export interface Bar {
  /** Whole percent of the row's width, and what is left of it. */
  width: number;
  rest: number;
}

/** A list that is cut: the rows, and a sentence about those left out (or nothing). */
export interface Cut<T> {
  rows: T[];
  more: string;
}

export type MailView = ReturnType<typeof mailView>;

const limits = { checks: 15, namespaces: 10, unassessed: 12, notes: 8 } as const;

/**
 * @param report holds only what is in the audience's scope (`narrow`)
 * @param objectLimit how many objects to show with their commands; the mail has a size to keep
 */
export function mailView(report: Report, options: MailOptions, objectLimit: number) {
  const { audience, timeZone } = options;
  const { content } = audience;
  const namespaces = audience.namespaces ?? [];
  const summary = summarize(report);
  const failing = summary.checks.filter(({ open }) => open > 0);
  const [benchmark] = report.benchmarks;
  return {
    cluster: visible(report.cluster.name, 80),
    date: localTime(options.slot ?? report.metadata.startedAt, timeZone),
    ...verdictView(summary, failing.length, namespaces),
    figures: figures(report, summary),
    scopeNote:
      namespaces.length === 0
        ? ''
        : `Findings are those in ${namesOf(namespaces)}. Score and coverage are of the whole audit.`,
    benchmark: benchmark === undefined ? '' : `${visible(benchmark.title)}, level ${benchmark.level}`,
    failing: failingRows(report, failing, namespaces),
    namespaces: content === 'counts' ? nothing : namespaceRows(summary),
    findings: content === 'full' ? mailFindings(report, objectLimit) : noFindings,
    unassessed: unassessedRows(summary, content !== 'counts' && namespaces.length === 0),
    exemptions: exemptions(report, summary, content !== 'counts' && namespaces.length === 0),
    measured: measured(report, summary, options),
    why: whyView(audience),
  };
}

/** Why they get it, and how to stop it. */
export const whyView = ({ name }: Audience): string =>
  `You get this mail as a recipient of the audience “${name}” in the configuration of Passmuster. To change or stop that, answer this mail.`;

const nothing: Cut<never> = { rows: [], more: '' };
const noFindings: MailFindings = { rows: [], more: '' };

/** `Mon, 16 Nov 2026, 08:00 CET`; what is no time stays as it is. */
export function localTime(iso: string, timeZone: string): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return visible(iso, 40);
  const parts = { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' } as const;
  const clock = { hour: '2-digit', minute: '2-digit', timeZoneName: 'short' } as const;
  return new Intl.DateTimeFormat('en-GB', { timeZone, ...parts, ...clock }).format(time);
}

function failingRows(report: Report, failing: readonly CheckSummary[], namespaces: readonly string[]) {
  const byId = new Map(report.checks.map((check) => [visible(check.id), check]));
  const rows = failing.map((check) => {
    const failed = namespaces.length === 0 ? check.counts.failed : objectsFailing(byId.get(check.id));
    // Of how many is known for the whole audit alone.
    const count =
      namespaces.length === 0
        ? `${failed} of ${plural(check.counts.evaluated, 'object')}`
        : plural(failed, 'object');
    return {
      title: visible(check.title, 120),
      controls: check.controls.length === 0 ? '' : visible(check.controls.join(', '), 60),
      ...severityView(check.severity),
      count,
      failed,
    };
  });
  const most = Math.max(1, ...rows.map(({ failed }) => failed));
  return cut(
    rows.map((row) => ({ ...row, ...bar(row.failed / most) })),
    limits.checks,
    'failing check',
  );
}

/** Those of the cluster's users first: what the platform brings along, few readers can change. */
function namespaceRows(summary: Summary) {
  const inOrder = summary.namespaces.toSorted((a, b) => Number(a.platform) - Number(b.platform));
  const rows = inOrder.map(({ name, compliance, findings, platform }) => {
    const counts = severities.filter((severity) => findings[severity] > 0);
    return {
      name: visible(name, 63),
      compliance: compliance === null ? 'not judged' : percent(compliance),
      colour: neutralBar,
      ...(compliance === null ? { width: 0, rest: 0 } : bar(compliance)),
      findings: `${counts.map((severity) => `${findings[severity]} ${severity}`).join(', ')}${platform ? '; part of the platform' : ''}`,
    };
  });
  return cut(rows, limits.namespaces, 'namespace');
}

function unassessedRows(summary: Summary, withReasons: boolean) {
  const sources = summary.unread.map(({ source, state, reason }) => ({
    title: source,
    state: sourceStateWords[state],
    reason: withReasons ? visible(reason, 240) : '',
  }));
  const checks = summary.unassessed.map(({ state, reason, checks: group }) => {
    const { rows, more } = cut(group, limits.unassessed, 'check');
    const titles = [...rows.map(({ title }) => visible(title, 120)), ...(more === '' ? [] : [more])];
    return { state, reason: withReasons ? visible(reason, 240) : '', title: titles.join('; ') };
  });
  const withoutCheck =
    summary.withoutCheck === 0
      ? ''
      : `Passmuster has no check yet for ${plural(summary.withoutCheck, 'control')}; ${summary.withoutCheck === 1 ? 'it counts' : 'they count'} as not assessed.`;
  return {
    sources: cut(sources, limits.unassessed, 'source'),
    checks: cut(checks, limits.unassessed, 'group of checks', 'groups of checks'),
    withoutCheck,
    any: checks.length + sources.length + summary.withoutCheck > 0,
  };
}

function exemptions(report: Report, summary: Summary, withNotes: boolean) {
  const exempt = report.checks.flatMap(({ findings }) => findings.filter((one) => stateOf(one) === 'exempt'));
  const [first] = exempt.flatMap(({ exemption }: Finding) => exemption?.expires ?? []).toSorted();
  const ends = first === undefined ? '' : `; the first exemption ends on ${visible(first, 40)}`;
  const notes = withNotes ? summary.exemptionNotes : [];
  return {
    sentence: exempt.length === 0 ? '' : `${plural(exempt.length, 'finding')} exempt${ends}.`,
    notes: cut(
      notes.map((note) => visible(note, 240)),
      limits.notes,
      'note',
    ),
    any: exempt.length > 0 || notes.length > 0,
  };
}

function measured(report: Report, summary: Summary, { audience, timeZone }: MailOptions) {
  const { cluster, metadata, scope, benchmarks } = report;
  const took = duration(metadata.startedAt, metadata.finishedAt);
  const network = reachSentence(report.reach);
  const read = report.sources.filter(({ state }) => state === 'ok').length;
  const wanted = read + summary.unread.length;
  const names =
    audience.content === 'counts' ? plural(scope.namespaces?.length ?? 0, 'namespace') : summary.scope;
  return [
    {
      name: 'Audited',
      value: `${localTime(metadata.startedAt, timeZone)}${took === '' ? '' : `, in ${took}`}`,
    },
    { name: 'Cluster', value: `${platformWords[cluster.platform]} ${visible(cluster.version, 40)}` },
    { name: 'Scope', value: visible(scope.namespaces === undefined ? summary.scope : names, 240) },
    ...(network === '' ? [] : [{ name: 'Network', value: network }]),
    { name: 'Read', value: `${read} of ${plural(wanted, 'source')} completely` },
    ...benchmarks.slice(0, 1).map(({ title, level, note }) => ({
      name: 'Benchmark',
      value: `${visible(title)}, level ${level}${note === undefined ? '' : ` (${visible(note)})`}`,
    })),
    {
      name: 'By',
      value: `Passmuster ${visible(metadata.version, 40)}, report ${visible(metadata.id, 40)}`,
    },
  ];
}

function bar(ratio: number): Bar {
  const width = Math.min(100, Math.max(1, Math.round(ratio * 100)));
  return { width, rest: 100 - width };
}

function cut<T>(rows: readonly T[], limit: number, noun: string, nouns = `${noun}s`): Cut<T> {
  const more = rows.length - limit;
  return {
    rows: rows.slice(0, limit),
    more: more > 0 ? `and ${plural(more, `more ${noun}`, `more ${nouns}`)}` : '',
  };
}
