import { template, version } from '../assets.ts';
import type { Audience } from '../config.ts';
import { messageOf, UserError } from '../errors.ts';
import type { Mail, Report, SourceState } from '../model.ts';
import { visible } from '../text.ts';
import { findingsCsv } from './csv.ts';
import { narrow } from './mail-scope.ts';
import { failureText, mailText } from './mail-text.ts';
import { localTime, mailView, whyView, type MailOptions } from './mail-view.ts';
import { scoredControls } from './summary.ts';
import { percent } from './words.ts';

/** Mail programs cut what is longer than about 100 KB; this leaves room for their own encoding. */
const maxHtmlBytes = 78_000;
/** How many objects are shown with their findings and commands: the first number that keeps the mail in its size. */
const objectLimits = [5, 3, 1, 0] as const;
/** Base64 adds a third, and many servers stop at 10 MB. */
const maxCsvBytes = 7_000_000;

/** The mail about a report for one audience. Both parts say the same, and hold only what the audience is to see. */
export function renderMail(report: Report, options: MailOptions): Mail {
  const { audience } = options;
  const scoped = audience.namespaces === undefined ? report : narrow(report, audience.namespaces);
  const csv = audience.content === 'full' ? csvOf(scoped) : undefined;
  const subject = subjectOf(scoped, audience);
  const render = template('mail');
  let parts = { text: '', html: '' };
  for (const limit of objectLimits) {
    const view = { subject, attached: csv?.note ?? '', ...mailView(scoped, options, limit) };
    parts = { text: mailText(view), html: render(view) };
    if (Buffer.byteLength(parts.html) <= maxHtmlBytes) break;
  }
  return { kind: 'report', subject, ...parts, attachments: csv === undefined ? [] : [csv.file] };
}

/** What the audience gets when there is no report: silence would read as health. */
export function renderFailureMail(error: unknown, options: MailOptions & { cluster: string }): Mail {
  const view = failureView(error, options);
  return {
    kind: 'failure',
    subject: view.subject,
    text: failureText(view),
    html: template('mail-failure')(view),
    attachments: [],
  };
}

export type FailureView = ReturnType<typeof failureView>;

function failureView(
  error: unknown,
  { audience, timeZone, slot, cluster }: MailOptions & { cluster: string },
) {
  const named = visible(cluster, 80);
  // A message may name objects and servers; who gets counts only is told that there is nothing to count.
  const open = audience.content !== 'counts';
  const hint =
    error instanceof UserError ? (error.hint ?? '') : 'This is a defect of Passmuster: please report it.';
  return {
    subject: `[${visible(cluster, 24)}] could not audit: there is no report`,
    cluster: named,
    date: localTime(slot ?? new Date().toISOString(), timeZone),
    lines: open ? linesOf(messageOf(error)) : ['The reason is in the log of the run.'],
    hint: open ? visible(hint, 600) : '',
    meaning:
      'Nothing is known about the state of the cluster since the last report: this is no sign of health.',
    by: `Passmuster ${version}`,
    why: whyView(audience),
  };
}

const linesOf = (message: string): string[] =>
  message
    .split(/\r?\n/)
    .slice(0, 12)
    .map((line) => visible(line, 500));

/** Cluster first, for filters; what was not assessed or read always shows. Some 75 characters at most. */
function subjectOf(report: Report, { namespaces = [] }: Audience): string {
  const cluster = `[${visible(report.cluster.name, 24)}]`;
  const [benchmark] = report.benchmarks;
  const coverage = benchmark?.coverage;
  const unread = report.sources.some(({ state }) => isUnread(state)) ? ', incomplete' : '';
  const assessed = (coverage == null ? 'nothing assessed' : `${compact(coverage)} assessed`) + unread;
  if (namespaces.length > 0) {
    const checks = report.checks.filter(({ findings }) => findings.some(isFailure)).length;
    const more = namespaces.length > 1 ? ` +${namespaces.length - 1}` : '';
    return `${cluster} ${visible(namespaces[0] ?? '', 20)}${more}: ${checks} ${checks === 1 ? 'check' : 'checks'} failing, ${assessed}`;
  }
  const failing = (benchmark === undefined ? report.checks : scoredControls(benchmark)).filter(
    ({ status }) => status === 'fail',
  ).length;
  const name =
    benchmark === undefined
      ? 'audit'
      : `${benchmark.id.startsWith('cis-') ? 'CIS ' : ''}L${benchmark.level} audit`;
  const score = benchmark?.score == null ? 'no score' : compact(benchmark.score);
  return `${cluster} ${name}: ${score}, ${failing} failing, ${assessed}`;
}

const isUnread = (state: SourceState): boolean => ['partial', 'forbidden', 'failed'].includes(state);

const isFailure = ({ state, verdict }: { state: string; verdict: string }): boolean =>
  state === 'open' && verdict === 'fail';

const compact = (ratio: number): string => percent(ratio).replace(/\s/, '');

function csvOf(report: Report): { file: Mail['attachments'][number]; note: string } {
  const { text, rows, total } = findingsCsv(report, maxCsvBytes);
  const cluster = report.cluster.name.replaceAll(/[^\w.-]+/g, '-').slice(0, 60);
  const filename = `findings-${cluster}-${report.metadata.startedAt.slice(0, 10)}.csv`;
  const note =
    rows === total
      ? `Attached: ${filename} with every finding.`
      : `Attached: ${filename} with the first ${rows} of ${total} findings; the rest would be too large for a mail.`;
  return { file: { filename, contentType: 'text/csv; charset=utf-8', content: text }, note };
}
