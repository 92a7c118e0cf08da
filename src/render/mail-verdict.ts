import type { Report } from '../model.ts';
import { plural, visible } from '../text.ts';
import { verdictColours } from './mail-colours.ts';
import type { Summary, Verdict } from './summary.ts';
import { percent } from './words.ts';

/** `namespace a`, `namespaces a, b and 3 more` */
export function namesOf(namespaces: readonly string[], limit = 5): string {
  const shown = namespaces.slice(0, limit).map((name) => visible(name, 63));
  const more = namespaces.length - shown.length;
  return `${namespaces.length === 1 ? 'namespace' : 'namespaces'} ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** The sentence at the top: on the whole audit, or on what the audience is to see of it. */
export function verdictView(summary: Summary, failingChecks: number, namespaces: readonly string[]) {
  const verdict = namespaces.length === 0 ? summary.verdict : verdictIn(namespaces, failingChecks, summary);
  const unread = summary.unread.length;
  const gap = unread === 0 ? '' : `, ${plural(unread, 'source')} could not be read completely`;
  return { verdict: { ...verdict, detail: `${verdict.detail}${gap}`, ...verdictColours[verdict.state] } };
}

function verdictIn(namespaces: readonly string[], failingChecks: number, summary: Summary): Verdict {
  const where = namesOf(namespaces);
  const incomplete = summary.unassessed.reduce((sum, { checks }) => sum + checks.length, 0);
  return {
    state: failingChecks > 0 ? 'fail' : incomplete > 0 ? 'partial' : 'pass',
    headline: failingChecks > 0 ? `has failures in ${where}` : `shows no failure in ${where}`,
    detail:
      `${plural(failingChecks, 'check')} ${failingChecks === 1 ? 'fails' : 'fail'} there` +
      (incomplete > 0 ? `, ${incomplete} could not be assessed, or not completely` : ''),
  };
}

/** The three numbers at the top, with what each is made of. */
export function figures({ benchmarks: [benchmark] }: Report, { findings }: Summary) {
  const count = (...wanted: string[]): number =>
    benchmark?.controls.filter(({ status, level }) => level <= benchmark.level && wanted.includes(status))
      .length ?? 0;
  const passed = count('pass');
  const decided = count('pass', 'fail', 'exempt');
  return [
    {
      name: 'Score',
      value: benchmark?.score == null ? 'none' : percent(benchmark.score),
      meaning: `${passed} of ${plural(count('pass', 'fail'), 'control')} passed`,
    },
    {
      name: 'Coverage',
      value: benchmark?.coverage == null ? 'none' : percent(benchmark.coverage),
      meaning: `${decided} of ${plural(decided + count('not-assessed'), 'control')} assessed`,
    },
    {
      name: 'Findings',
      value: String(findings.open),
      meaning: `open; ${findings.review} to review, ${findings.exempt} exempt`,
    },
  ];
}
