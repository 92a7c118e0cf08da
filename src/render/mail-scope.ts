import { namespaceOf, objectsOf, ofMembers } from '../kit/members.ts';
import type { CheckResult, Finding, ObjectRef, Report } from '../model.ts';
import { stateOf } from './summary.ts';

/** The report with only the findings in these namespaces; what is cluster-scoped concerns no one namespace. */
export function narrow(report: Report, namespaces: readonly string[]): Report {
  const wanted = new Set(namespaces);
  // What other namespaces can reach is not theirs to know.
  const { reach: _, ...rest } = report;
  return {
    ...rest,
    checks: report.checks.map((check) => ({
      ...check,
      findings: check.findings.flatMap((finding) => narrowFinding(finding, wanted)),
    })),
    namespaces: (report.namespaces ?? []).filter(({ name }) => wanted.has(name)),
  };
}

/** Of several alike those in these namespaces. */
function narrowFinding(finding: Finding, wanted: ReadonlySet<string>): Finding[] {
  const inScope = ({ object }: { object: ObjectRef }): boolean => wanted.has(namespaceOf(object) ?? '');
  if (finding.members === undefined) return inScope(finding) ? [finding] : [];
  const members = finding.members.filter(inScope);
  return members.length === 0 ? [] : [ofMembers(finding, members)];
}

/** How many objects have an open failure of the check. */
export function objectsFailing(check: CheckResult | undefined): number {
  const open = (check?.findings ?? []).filter((finding) => stateOf(finding) === 'open');
  return new Set(open.flatMap(objectsOf).map(keyOf)).size;
}

export const keyOf = ({ apiVersion, kind, namespace, name }: ObjectRef): string =>
  JSON.stringify([apiVersion, kind, namespace, name]);
