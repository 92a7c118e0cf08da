import type { Finding } from '../model.ts';
import { severities } from '../model.ts';
import { plural, visible } from '../text.ts';
import { admissionWords, membersWords } from './finding-words.ts';
import { stateOf } from './summary.ts';
import { severityCell, wrap } from './terminal.ts';
import type { Page } from './terminal.ts';

const rank = (finding: Finding): number =>
  (finding.state === 'exempt' ? 10 : 0) + severities.indexOf(finding.severity);

/** The findings of a check, worst first: the object on one line, what is wrong with it below. */
export function findingLines(page: Page, findings: readonly Finding[]): string[] {
  return findings.toSorted((a, b) => rank(a) - rank(b)).flatMap((finding) => lines(page, finding));
}

function lines(page: Page, finding: Finding): string[] {
  const { object, container, path, message, drift, exemption } = finding;
  const name = [object.namespace, object.name]
    .filter((part) => part !== undefined)
    .map((part) => visible(part));
  const state = stateOf(finding);
  const status = state === 'open' ? 'fail' : state === 'review' ? 'manual' : 'exempt';
  const where = [
    ...(container === undefined ? [] : [`container ${visible(container)}`]),
    ...(path === undefined ? [] : [visible(path, 500)]),
  ].join(', ');
  const details = [
    `${where === '' ? '' : `${where}: `}${visible(message, 500)}`,
    ...(drift === undefined
      ? []
      : [`differs from its template: ${plural(drift.pods, 'live Pod')}, such as ${visible(drift.example)}`]),
    ...[admissionWords(finding.admission), membersWords(finding.members)].filter((words) => words !== ''),
    ...(exemption === undefined
      ? []
      : [
          `exempt until ${visible(exemption.expires)} (${visible(exemption.owner)}): ${visible(exemption.reason)}`,
        ]),
  ];
  return [
    `${page.glyphs[status]} ${severityCell(page, finding.severity)}  ${page.paint('bold', `${visible(object.kind)} ${name.join('/')}`)}`,
    ...details.map((detail) => `  ${' '.repeat(8)}  ${page.paint('dim', wrap(detail, page.width, 12))}`),
  ];
}
