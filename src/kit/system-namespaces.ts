/** Namespaces that Kubernetes, its providers and their add-ons bring along, and that their users do not own. */
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

/** True for namespaces that the platform owns, not its users. */
export const isPlatformNamespace = (name: string): boolean =>
  platformNamespaces.has(name) || platformPrefix.test(name);
