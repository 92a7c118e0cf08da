import type { Check } from '../kit/define-check.ts';
import type { Finding } from '../model.ts';

/** What one check has seen so far. */
export interface Ledger {
  /** Every object judged, by its key, and the namespace it lies in. */
  evaluated: Map<string, string | undefined>;
  findings: Map<string, { finding: Finding; objectKeys: readonly string[] }>;
  /** The texts of the findings, each by itself. */
  texts: Map<string, string>;
  /** The first crash of the check, as a sentence. */
  crash?: string;
  /** What a check over the cluster shows the person who must decide. */
  evidence?: string;
}

export type Ledgers = ReadonlyMap<Check, Ledger>;

/** An empty ledger for each check. */
export const openLedgers = (checks: readonly Check[]): Ledgers =>
  new Map(checks.map((check) => [check, { evaluated: new Map(), findings: new Map(), texts: new Map() }]));

export function ledgerOf(ledgers: Ledgers, check: Check): Ledger {
  const ledger = ledgers.get(check);
  if (ledger === undefined) throw new Error(`no ledger for check ${check.id}`);
  return ledger;
}

/** Enters a finding. A check says the same of thousands of objects, at the same place: equal texts are held once. */
export function keep(ledger: Ledger, finding: Finding, objectKeys: readonly string[]): void {
  finding.message = shared(ledger.texts, finding.message);
  if (finding.path !== undefined) finding.path = shared(ledger.texts, finding.path);
  ledger.findings.set(finding.id, { finding, objectKeys });
}

function shared(texts: Map<string, string>, text: string): string {
  const known = texts.get(text);
  if (known === undefined) texts.set(text, text);
  return known ?? text;
}

/** The one place where what a check throws is caught. */
export function guarded(ledger: Ledger, what: () => string, judge: () => void): void {
  try {
    judge();
  } catch (error) {
    ledger.crash ??= `The check crashed on ${what()}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Adds what a check saw of the pods to what it saw of the held objects. */
export function addPods(held: Ledger, pods: Ledger): void {
  for (const [key, namespace] of pods.evaluated) held.evaluated.set(key, namespace);
  for (const [id, entry] of pods.findings) held.findings.set(id, entry);
  if (pods.crash !== undefined) held.crash ??= pods.crash;
}
