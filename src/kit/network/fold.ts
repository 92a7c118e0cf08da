import { templateSources, type HeldSource, type ObjectRef } from '../../model.ts';
import type { PodFold } from '../define-check.ts';
import { templatesInUse } from '../workloads.ts';
import { podClasses, type PodClasses } from './classes.ts';
import { otherPolicySources } from './other-policies.ts';

/** What a check over `networkFold` must need. */
const networkSources = [
  'namespaces',
  'networkPolicies',
  ...templateSources,
] as const satisfies readonly HeldSource[];
export type NetworkSource = (typeof networkSources)[number];

type Labels = Readonly<Record<string, string>>;

/** The Pods of the cluster by what its policies can tell of them, with the labels as they are written. */
export interface NetworkPods extends PodClasses {
  /** Those that all of its Pods have. */
  labelsOf(owner: ObjectRef): Labels;
}

/**
 * All that runs and all that would run: the live Pods, and the templates too, for those scaled to zero and those of a
 * CronJob have no Pod now and will. Checks with this fold share one run of it.
 */
export const networkFold: PodFold<NetworkPods, NetworkSource> = {
  start(held) {
    const classes = podClasses(held);
    const labels = new Map<string, Labels>();
    const pods: NetworkPods = {
      ...classes,
      add(workload, owner) {
        classes.add(workload, owner);
        const key = keyOf(owner);
        labels.set(key, common(labels.get(key), workload.podLabels));
      },
      labelsOf: (owner) => labels.get(keyOf(owner)) ?? {},
    };
    for (const { template, owner } of templatesInUse(held)) pods.add(template, owner);
    return pods;
  },
  add: (pods, pod, owner) => pods.add(pod, owner),
};

function common(known: Labels | undefined, labels: Labels = {}): Labels {
  if (known === undefined) return labels;
  const shared = Object.entries(known).filter(([key, value]) => labels[key] === value);
  return shared.length === Object.keys(known).length ? known : Object.fromEntries(shared);
}

const keyOf = ({ apiVersion, kind, namespace, name }: ObjectRef): string =>
  JSON.stringify([apiVersion, kind, namespace, name]);

/** What all checks of NetworkPolicies read, and on what their verdicts rest. */
export const overNetwork = {
  absenceCounts: true,
  needs: [...networkSources, ...otherPolicySources],
  beside: otherPolicySources,
  pods: networkFold,
} as const;
