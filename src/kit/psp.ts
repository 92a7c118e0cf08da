import type { Held, HeldSource, PodSecurityPolicy, Workload } from '../model.ts';
import { once } from './once.ts';
import { choose, type Choice } from './psp/choice.ts';
import { accountIdentity, asCreated, creatorOf } from './psp/created.ts';
import { mayUse } from './psp/use.ts';
import { rbacSources, type Identity } from './rbac.ts';
import { accountNameOf, accountsByName } from './service-accounts.ts';

/**
 * PodSecurityPolicy, as the admission plugin of the API server decides it up to Kubernetes 1.24: who may use which policy,
 * what each admits, and which one is chosen. A test compares all of it with a real API server's answers, pod by pod.
 */

/** What must be read to know which policies would admit a Pod. */
export const pspSources = [
  'podSecurityPolicies',
  'serviceAccounts',
  ...rbacSources,
] as const satisfies readonly HeldSource[];
export type PspHeld = Pick<Held, (typeof pspSources)[number]>;

export interface PspVerdict {
  /** The names of the policies that admit the Pod, in the order of choice: the first is taken. */
  admitted: string[];
  /** The names of all that its service account or its creator may use. */
  usable: string[];
  /** Of those that may be used and do not admit it the fields that refuse it. */
  refused: { policy: string; fields: string[] }[];
}

/**
 * What the PodSecurityPolicy plugin would say to the Pods of a workload, were it on. Without a creator they are those of
 * the workload's controller. A workload without a pod spec has no Pods of its own.
 */
export function pspVerdict(
  held: PspHeld,
  workload: Workload,
  creator: Identity = creatorOf(workload),
): PspVerdict {
  const { usable, admitting, refusing } = pspChoice(held, workload, creator);
  return {
    admitted: admitting.map(({ policy }) => policy),
    usable: usable.map(({ metadata }) => metadata.name),
    refused: refusing.map(({ policy, objections }) => ({ policy, fields: objections })),
  };
}

/** The same with what each policy makes of the Pod. */
export function pspChoice(
  held: PspHeld,
  { podSpec, podAnnotations = {}, metadata: { namespace = 'default' } }: Workload,
  creator: Identity,
): Choice & { usable: PodSecurityPolicy[] } {
  if (podSpec === undefined) return { usable: [], admitting: [], refusing: [] };
  const name = accountNameOf(podSpec);
  const usable = usableBy(held, namespace, name, creator);
  const account = accountsByName(held.serviceAccounts).get(`${namespace}/${name}`);
  const pod = { spec: asCreated(podSpec, account), annotations: podAnnotations };
  return { usable, ...choose(usable, pod) };
}

/** The policies that a service account or whoever creates its Pods may use, by name; found out once for each pair. */
function usableBy(held: PspHeld, namespace: string, name: string, creator: Identity): PodSecurityPolicy[] {
  const known = usableOf(held);
  const key = JSON.stringify([namespace, name, creator]);
  const policies =
    known.get(key) ??
    byName(held.podSecurityPolicies).filter((policy) =>
      mayUse(held, [accountIdentity(namespace, name), creator], namespace, policy),
    );
  known.set(key, policies);
  return policies;
}

const usableOf = once<PspHeld, Map<string, PodSecurityPolicy[]>>(() => new Map());

const byName = once((policies: PspHeld['podSecurityPolicies']) =>
  policies.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1)),
);
