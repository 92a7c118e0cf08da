import type { Held, HeldSource, Namespace } from '../../model.ts';
import {
  podSecurity,
  podSecurityPolicies,
  securityContextConstraints,
  validatingAdmissionPolicies,
} from './built-in.ts';
import type { Effect, PolicyControl } from './control.ts';
import { gatekeeperConstraints } from './gatekeeper.ts';
import { kubewardenPolicies } from './kubewarden.ts';
import { kyvernoPolicies } from './kyverno.ts';

/** Where the policies are that new Pods are held to, beside the labels of their namespaces. */
export const policySources = [
  'podSecurityPolicies',
  'validatingAdmissionPolicies',
  'validatingAdmissionPolicyBindings',
  'validatingWebhookConfigurations',
  'kyvernoClusterPolicies',
  'kyvernoPolicies',
  'kyvernoValidatingPolicies',
  'kyvernoNamespacedValidatingPolicies',
  'kyvernoImageValidatingPolicies',
  'gatekeeperConstraints',
  'kubewardenClusterAdmissionPolicies',
  'kubewardenAdmissionPolicies',
  'securityContextConstraints',
] as const satisfies readonly HeldSource[];

export type PolicyHeld = Pick<Held, (typeof policySources)[number]>;

/** The policies that are asked about Pods, but for those that can be judged exactly: Pod Security labels, PodSecurityPolicies. */
export const otherControls = (held: PolicyHeld): PolicyControl[] => [
  ...validatingAdmissionPolicies(held),
  ...kyvernoPolicies(held),
  ...gatekeeperConstraints(held),
  ...kubewardenPolicies(held),
  ...securityContextConstraints(held),
];

/** All of them. Webhooks that are no known engine's are not among them: what they refuse cannot be told. */
export const policyControls = (held: PolicyHeld, minor: number): PolicyControl[] => [
  podSecurity(minor),
  ...podSecurityPolicies(held, minor),
  ...otherControls(held),
];

/** What acts on the Pods of a namespace, each with what it does there. */
export const actingIn = (
  namespace: Namespace,
  controls: readonly PolicyControl[],
): { control: PolicyControl; effect: Effect }[] =>
  controls.flatMap((control) => {
    const effect = control.effectIn(namespace);
    return effect === undefined ? [] : [{ control, effect }];
  });
