import { isPlatformNamespace } from '../kit/system-namespaces.ts';
import { severities } from '../model.ts';
import type { NamespaceResult, Report } from '../model.ts';
import { visible } from '../text.ts';

export interface NamespaceSummary extends NamespaceResult {
  /** True for namespaces that the platform owns, not its users. */
  platform: boolean;
}

/** The namespaces with an open failure, in the report's order: worst first. */
export const failingNamespaces = (report: Report): NamespaceSummary[] =>
  (report.namespaces ?? [])
    .filter(({ findings }) => severities.some((severity) => findings[severity] > 0))
    .map((namespace) => ({
      ...namespace,
      name: visible(namespace.name),
      platform: isPlatformNamespace(namespace.name),
    }));
