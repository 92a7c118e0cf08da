import type { CheckResult, Finding, ObjectRef, Report } from '../model.ts';
import { visible } from '../text.ts';
import { stateOf, summarize } from './summary.ts';

/** A spreadsheet runs a cell that begins like this, whatever a cluster put into it (the last four: full-width forms). */
const formula = /^[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/;

/** RFC 4180: every cell in quotes, quotes doubled; what does not print is escaped, what would be run is marked as text. */
export function csvCell(value: string): string {
  const shown = visible(value, 2000);
  const guarded = formula.test(shown) || formula.test(value) ? `'${shown}` : shown;
  return `"${guarded.replaceAll('"', '""')}"`;
}

const columns = [
  'check',
  'title',
  'controls',
  'severity',
  'state',
  'apiVersion',
  'kind',
  'namespace',
  'name',
  'container',
  'path',
  'message',
  'fix',
  'risk',
  'exempt until',
  'exemption',
  'finding',
  'admission',
  'alike',
] as const;

const stateWords = { open: 'fail', review: 'review', exempt: 'exempt' } as const;

/**
 * The findings as a table, worst check first. Ends before `maxBytes` (a mail server refuses what is too large);
 * `rows` of `total` findings fitted.
 */
export function findingsCsv(
  report: Report,
  maxBytes = Infinity,
): { text: string; rows: number; total: number } {
  const byId = new Map(report.checks.map((check) => [check.id, check]));
  const lines = [line(columns)];
  let bytes = Buffer.byteLength(lines[0] ?? '');
  let full = false;
  let total = 0;
  for (const summary of summarize(report).checks) {
    const check = byId.get(summary.id);
    for (const finding of check?.findings ?? []) {
      total += 1;
      if (check === undefined || full) continue;
      const row = line(cells(check, finding, summary.controls));
      bytes += Buffer.byteLength(row);
      full = bytes > maxBytes;
      if (!full) lines.push(row);
    }
  }
  return { text: lines.join(''), rows: lines.length - 1, total };
}

const refWords = ({ kind, namespace, name }: ObjectRef): string =>
  `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;

const line = (values: readonly string[]): string => `${values.map(csvCell).join(',')}\r\n`;

function cells(check: CheckResult, finding: Finding, controls: readonly string[]): string[] {
  const { object, exemption, fix } = finding;
  return [
    check.id,
    check.title,
    controls.join(' '),
    finding.severity,
    stateWords[stateOf(finding)],
    object.apiVersion,
    object.kind,
    object.namespace ?? '',
    object.name,
    finding.container ?? '',
    finding.path ?? '',
    finding.message,
    fix.action,
    fix.risk,
    exemption?.expires ?? '',
    exemption === undefined ? '' : `${exemption.reason} (${exemption.owner})`,
    finding.id,
    finding.admission?.verdict ?? '',
    (finding.members ?? []).map((member) => refWords(member.object)).join('; '),
  ];
}
