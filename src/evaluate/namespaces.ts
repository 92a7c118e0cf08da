import type { Check } from '../kit/define-check.ts';
import { namespaceOf, objectsOf } from '../kit/members.ts';
import type { Finding, NamespaceResult, Severity } from '../model.ts';

/** What one check says of the namespaces. */
export interface Judgement {
  check: Check;
  /** Of every object it judged the namespace; undefined where it lies in none. */
  namespaces: Iterable<string | undefined>;
  failed: readonly Finding[];
}

/** How much a check counts in the compliance of a namespace, by its severity. */
const weight: Record<Severity, number> = { critical: 10, high: 5, medium: 2, low: 1 };

/**
 * Severity-weighted compliance per namespace: of all (object, check) pairs judged there, weighted by the severity of
 * the check, the part without an open failure. Worst first.
 */
export function namespaceResults(judgements: Iterable<Judgement>): NamespaceResult[] {
  const totals = new Map<
    string,
    { weight: number; failedWeight: number; findings: NamespaceResult['findings'] }
  >();
  const total = (name: string) => {
    const known = totals.get(name);
    if (known !== undefined) return known;
    const created = { weight: 0, failedWeight: 0, findings: { critical: 0, high: 0, medium: 0, low: 0 } };
    totals.set(name, created);
    return created;
  };
  for (const { check, namespaces, failed } of judgements) {
    for (const namespace of namespaces)
      if (namespace !== undefined) total(namespace).weight += weight[check.severity];
    const failedObjects = new Set<string>();
    for (const finding of failed) {
      if (finding.state !== 'open' || finding.verdict !== 'fail') continue;
      for (const [namespace, objects] of Map.groupBy(objectsOf(finding), namespaceOf)) {
        if (namespace === undefined) continue;
        total(namespace).findings[finding.severity] += 1;
        for (const { kind, name } of objects) {
          const object = `${namespace}/${kind}/${name}`;
          if (!failedObjects.has(object)) total(namespace).failedWeight += weight[check.severity];
          failedObjects.add(object);
        }
      }
    }
  }
  return [...totals]
    .map(([name, { weight: all, failedWeight, findings }]) => ({
      name,
      compliance: all === 0 ? null : Math.max(0, (all - failedWeight) / all),
      findings,
    }))
    .toSorted((a, b) => (a.compliance ?? 1) - (b.compliance ?? 1) || (a.name < b.name ? -1 : 1));
}
