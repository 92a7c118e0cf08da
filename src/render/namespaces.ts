import { severities } from '../model.ts';
import type { NamespaceResult, Report } from '../model.ts';
import { visible } from '../text.ts';

export interface NamespaceSummary extends NamespaceResult {
  /** True for namespaces that the platform owns, not its users. */
  platform: boolean;
}

/** Namespaces that Kubernetes, its providers and their add-ons bring along. */
const platformNamespaces = new Set([
  'aks-command',
  'aks-istio-ingress',
  'aks-istio-system',
  'amazon-cloudwatch',
  'amazon-guardduty',
  'app-routing-system',
  'calico-apiserver',
  'calico-system',
  'gatekeeper-system',
  'local-path-storage',
  'tigera-operator',
]);
const platformPrefix = /^(kube|openshift|gke|gmp|config-management)-/;

export const isPlatformNamespace = (name: string): boolean =>
  platformNamespaces.has(name) || platformPrefix.test(name);

/** The namespaces with an open failure, in the report's order: worst first. */
export const failingNamespaces = (report: Report): NamespaceSummary[] =>
  (report.namespaces ?? [])
    .filter(({ findings }) => severities.some((severity) => findings[severity] > 0))
    .map((namespace) => ({
      ...namespace,
      name: visible(namespace.name),
      platform: isPlatformNamespace(namespace.name),
    }));
