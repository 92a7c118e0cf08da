import type { PodSecurityPolicy, PodSpec } from '../../model.ts';
import { withDefaults } from './defaults.ts';
import { containerLists, containersOf, type PspPod } from './pod.ts';
import { objections } from './rules.ts';

/** What one policy makes of a Pod. */
export interface Outcome {
  policy: string;
  /** The Pod with the defaults of the policy. */
  pod: PspPod;
  /** Whether there was anything to fill in. */
  changed: boolean;
  /** The fields of the policy that refuse it. */
  objections: string[];
}

function outcomeOf(policy: PodSecurityPolicy, pod: PspPod): Outcome {
  const filled = withDefaults(policy, pod);
  return {
    policy: policy.metadata.name,
    pod: filled,
    changed: filled !== pod,
    objections: objections(policy, filled),
  };
}

export interface Choice {
  /** Those that admit the Pod, in the order of choice: the first is taken. */
  admitting: Outcome[];
  /** Those that do not, by name. */
  refusing: Outcome[];
}

/**
 * What the admission plugin makes of a new Pod, of policies that may be used. Those that need not change the Pod come
 * before those that do, and within each it goes by name. The plugin takes the first and does not go on to the next where
 * the Pod turns out not to be valid with its defaults: then nothing admits it.
 *
 * The rules are those of Kubernetes 1.24, the last version with the plugin.
 */
export function choose(policies: readonly PodSecurityPolicy[], pod: PspPod): Choice {
  const outcomes = policies
    .map((policy) => outcomeOf(policy, pod))
    .toSorted((a, b) => (a.policy < b.policy ? -1 : 1));
  const [refusing, admits] = partition(outcomes, (outcome) => outcome.objections.length === 0);
  const [changing, asItIs] = partition(admits, (outcome) => !outcome.changed);
  const admitting = [...asItIs, ...changing];
  const [first] = admitting;
  const isKept = first !== undefined && isValid(first.pod.spec) && staysAdmitted(policies, first.pod);
  return { admitting: isKept ? admitting : [], refusing };
}

/** Those for which it is false, and those for which it is true. */
function partition<T>(all: readonly T[], test: (one: T) => boolean): [T[], T[]] {
  return [all.filter((one) => !test(one)), all.filter(test)];
}

/** The API takes no container that may not gain privileges and has them: a policy can make it so. */
const isValid = (spec: PodSpec): boolean =>
  containersOf(spec).every(
    ({ securityContext: { allowPrivilegeEscalation, privileged, capabilities } = {} }) =>
      allowPrivilegeEscalation !== false ||
      (privileged !== true && !capabilities?.add?.includes('CAP_SYS_ADMIN')),
  );

/** The plugin looks a second time, when the API server has set procMount back to the default; then it changes nothing. */
function staysAdmitted(policies: readonly PodSecurityPolicy[], { spec, annotations }: PspPod): boolean {
  if (containersOf(spec).every(({ securityContext }) => isDefault(securityContext?.procMount))) return true;
  const lists = containerLists.flatMap((list) => {
    const containers = spec[list]?.map(({ securityContext = {}, ...rest }) => {
      const { procMount: _, ...others } = securityContext;
      return { ...rest, securityContext: others };
    });
    return containers === undefined ? [] : [[list, containers]];
  });
  const stored: PspPod = { spec: { ...spec, ...Object.fromEntries(lists) } as PodSpec, annotations };
  return policies.some((policy) => {
    const outcome = outcomeOf(policy, stored);
    return !outcome.changed && outcome.objections.length === 0;
  });
}

const isDefault = (procMount: string | undefined): boolean =>
  procMount === undefined || procMount === 'Default';
