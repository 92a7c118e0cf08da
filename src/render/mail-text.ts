import type { FailureView } from './mail.ts';
import type { MailView } from './mail-view.ts';
import { wrap } from './terminal.ts';

/** The plain-text part: the same view as the HTML part, so the same numbers. */
export function mailText(view: MailView & { attached: string }): string {
  const { cluster, verdict, figures, failing, namespaces, findings, unassessed, exemptions } = view;
  const sections = [
    [prose(`${cluster} ${verdict.headline}`), prose(`${verdict.detail}.`), '', view.date],
    [
      ...figures.map(({ name, value, meaning }) => `${name.padEnd(9)} ${value.padStart(6)}   ${meaning}`),
      ...given(view.scopeNote).map((note) => `\n${prose(note)}`),
    ],
    section('Failing checks', [
      ...failing.rows.map(
        ({ severityWord, title, controls, count }) =>
          `${severityWord.padEnd(9)} ${count.padEnd(18)} ${title}${controls === '' ? '' : ` (${controls})`}`,
      ),
      ...given(failing.more),
    ]),
    section('Namespaces, worst first', [
      ...namespaces.rows.map(
        ({ name, compliance, findings: counts }) => `${compliance.padStart(6)}  ${name}: ${counts}`,
      ),
      ...given(namespaces.more),
    ]),
    section('What to fix first', [
      ...findings.rows.flatMap((finding) => [
        `${finding.severityWord}: ${finding.object}`,
        ...finding.problems.map(({ title, message }) => item(`${title}: ${message}`, 2)),
        ...given(finding.moreProblems).map((more) => item(more, 2)),
        ...finding.notes.map((note) => prose(note, 2)),
        ...finding.commands.flatMap(({ label, text }) => [
          '',
          `  ${label}:`,
          '',
          ...text.split('\n').map((line) => `    ${line}`),
        ]),
        ...given(finding.rest).flatMap((words) => ['', prose(words, 2)]),
        '',
      ]),
      ...given(findings.more),
    ]),
    section('Not assessed', [
      ...[...unassessed.sources.rows, ...unassessed.checks.rows].map(({ title, state, reason }) =>
        item(`${title}: ${state}${reason === '' ? '' : `. ${reason}`}`),
      ),
      ...given(unassessed.sources.more),
      ...given(unassessed.checks.more),
      ...given(unassessed.withoutCheck).map((sentence) => prose(sentence)),
    ]),
    section('Exemptions', [
      ...given(exemptions.sentence),
      ...exemptions.notes.rows.map((note) => item(note)),
      ...given(exemptions.notes.more),
    ]),
    section('How this was measured', [
      ...view.measured.map(({ name, value }) => `${name.padEnd(10)} ${value}`),
      ...given(view.attached).map((sentence) => `\n${prose(sentence)}`),
    ]),
    [prose(view.why)],
  ];
  return join(sections);
}

/** The plain-text part of a mail that says that there is no report. */
export const failureText = (view: FailureView): string =>
  join(
    [
      [`${view.cluster} could not be audited`, view.date],
      view.lines,
      given(view.hint),
      [view.meaning],
      [`${view.by}. ${view.why}`],
    ].map((lines) => lines.map((line) => prose(line))),
  );

const given = (text: string): string[] => (text === '' ? [] : [text]);

/** Prose, in lines that no mail program needs to break; the rest of an item stands below its beginning. */
const prose = (text: string, indent = 0): string => ' '.repeat(indent) + wrap(text, 76, indent);
/** An item of a list, set in by `indent`. */
const item = (text: string, indent = 0): string => `${' '.repeat(indent)}- ${wrap(text, 76, indent + 2)}`;

/** A heading and its lines; nothing where there are none. */
const section = (title: string, lines: string[]): string[] =>
  lines.length === 0 ? [] : [title, '-'.repeat(title.length), ...lines];

const join = (sections: string[][]): string =>
  `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n').trimEnd())
    .join('\n\n')}\n`;
