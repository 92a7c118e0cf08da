import type { Check } from '../kit/define-check.ts';
import { severities, type CheckResult, type Finding, type Guidance } from '../model.ts';
import type { ExemptionBook } from './exemptions.ts';
import type { Ledger } from './ledger.ts';
import { conclude, type Assessability } from './status.ts';

/** What a check has come to: its ledger, with the exemptions and what could be read. */
export function resultOf(
  check: Check,
  ledger: Ledger,
  { book, readable, guidance }: { book: ExemptionBook; readable: Assessability; guidance: Guidance },
): CheckResult {
  const entries = [...ledger.findings.values()].flatMap(({ finding, objectKeys }) =>
    book.apply(check.id, finding).map((part) => ({
      finding: part.finding,
      objectKeys: part.members.flatMap((index) => objectKeys[index] ?? []),
    })),
  );
  const findings = entries.map(({ finding }) => finding).toSorted(worstFirst);
  const open = new Set(
    entries.filter(({ finding }) => finding.state === 'open').flatMap(({ objectKeys }) => objectKeys),
  );
  const exempt = new Set(entries.flatMap(({ objectKeys }) => objectKeys).filter((key) => !open.has(key)));
  const evaluated = ledger.evaluated.size;
  const { id, title, severity } = check;
  return {
    id,
    title,
    severity,
    ...conclude(check, evaluated, findings, readable, ledger.evidence),
    guidance,
    counts: {
      evaluated,
      passed: Math.max(0, evaluated - open.size - exempt.size),
      failed: open.size,
      exempt: exempt.size,
    },
    findings,
  };
}

function worstFirst(a: Finding, b: Finding): number {
  return (
    severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
    compare(a.object.namespace ?? '', b.object.namespace ?? '') ||
    compare(a.object.kind, b.object.kind) ||
    compare(a.object.name, b.object.name) ||
    compare(a.path ?? '', b.path ?? '') ||
    compare(a.id, b.id)
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
