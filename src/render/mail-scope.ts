import type { CheckResult, Finding, ObjectRef, Report } from '../model.ts';
import { stateOf } from './summary.ts';

/** The report with only the findings in these namespaces; what is cluster-scoped concerns no one namespace. */
export function narrow(report: Report, namespaces: readonly string[]): Report {
  const wanted = new Set(namespaces);
  const inScope = ({ object }: Finding): boolean => wanted.has(namespaceOf(object));
  return {
    ...report,
    checks: report.checks.map((check) => ({ ...check, findings: check.findings.filter(inScope) })),
    namespaces: (report.namespaces ?? []).filter(({ name }) => wanted.has(name)),
  };
}

/** How many objects have an open failure of the check. */
export function objectsFailing(check: CheckResult | undefined): number {
  const open = (check?.findings ?? []).filter((finding) => stateOf(finding) === 'open');
  return new Set(open.map(({ object }) => keyOf(object))).size;
}

export const keyOf = ({ apiVersion, kind, namespace, name }: ObjectRef): string =>
  JSON.stringify([apiVersion, kind, namespace, name]);

/** The namespace it lies in, or is; empty for anything else that is cluster-scoped. */
export const namespaceOf = ({ kind, namespace, name }: ObjectRef): string =>
  namespace ?? (kind === 'Namespace' ? name : '');
