import { clusterCheck, type Problem } from '../../kit/define-check.ts';
import { isolating, policiesByNamespace, type Direction, type PodClass } from '../../kit/network.ts';
import { heldByNamespace, namespaceObject } from '../../kit/network/by-namespace.ts';
import { denyEgressFix, egressState } from '../../kit/network/deny-egress-fix.ts';
import { dnsReach } from '../../kit/network/dns.ts';
import { overNetwork, type NetworkPods } from '../../kit/network/fold.ts';
import { unlessHeld } from '../../kit/network/other-policies.ts';
import { creating, denyIngress } from '../../kit/network/policy-fix.ts';
import { refTitle, someOf } from '../../kit/titles.ts';
import type { KubeObject, ObjectRef } from '../../model.ts';

export const podUnselectedByNetpol = clusterCheck({
  id: 'pod-unselected-by-netpol',
  title: 'Every Pod is selected by a policy',
  severity: 'medium',
  onNothing: 'not-applicable',
  byNamespace: true,
  ...overNetwork,
  test(held, { pods, platform }) {
    const byNamespace = [...heldByNamespace(pods)];
    const mayAsk = dnsReach(held, platform, pods);
    const owners = byNamespace.flatMap(([, classes]) => classes.flatMap((one) => [...one.owners.values()]));
    return {
      evaluated: owners.map(({ ref }) => objectOf(ref)),
      problems: byNamespace.flatMap(([namespace, classes]) => {
        const policies = policiesByNamespace(held.networkPolicies).get(namespace) ?? [];
        const state = egressState(classes, pods.policies, mayAsk);
        const fixes = {
          ingress: () => creating(denyIngress(namespace, 'passmuster-isolate-ingress'), policies),
          egress: () => denyEgressFix('isolate-egress', namespace, state, policies, platform),
          both: () => denyEgressFix('isolate', namespace, state, policies, platform),
        };
        const { verdict, also } = unlessHeld(held, namespace);
        return [...unselected(classes, pods)].map(([gap, refs]) => {
          const fix = { ...fixes[gap](), target: namespaceObject(held.namespaces, namespace) };
          const say = (some: readonly ObjectRef[]) => `${messageOf(gap, some, pods)}${also}`;
          return {
            ...alike(refs, fix, say),
            field: [],
            verdict,
            identity: ['', 'Namespace', namespace, gap],
            message: say(refs),
          };
        });
      }),
    };
  },
});

/** For which connections no policy selects a Pod. */
type Gap = keyof typeof gaps;
const gaps = {
  ingress: 'for ingress, so everything may connect to them',
  egress: 'for egress, so they may connect to everything',
  both: 'for ingress or egress, so everything may connect to them, and they to everything',
};

/** The workloads with a Pod that no policy selects, by what for. */
function unselected(classes: readonly PodClass[], { policies }: NetworkPods): Map<Gap, ObjectRef[]> {
  const open = (direction: Direction) =>
    new Map(
      classes
        .filter(({ endpoint }) => isolating(policies, direction, endpoint).length === 0)
        .flatMap(({ owners }) => [...owners.values()].map(({ ref }) => [refTitle(ref), ref] as const)),
    );
  const ingress = open('ingress');
  const egress = open('egress');
  const titles = [...new Set([...ingress.keys(), ...egress.keys()])].toSorted();
  const byGap = Map.groupBy(titles, (title): Gap => {
    if (ingress.has(title) && egress.has(title)) return 'both';
    return ingress.has(title) ? 'ingress' : 'egress';
  });
  const refOf = (title: string) => ingress.get(title) ?? egress.get(title) ?? [];
  return new Map([...byGap].map(([gap, all]) => [gap, all.flatMap(refOf)]));
}

/** One policy for the namespace puts all of them right. */
function alike(
  refs: readonly ObjectRef[],
  fix: NonNullable<Problem['fix']>,
  say: (refs: readonly ObjectRef[]) => string,
) {
  const members = refs.map((ref) => ({ object: objectOf(ref), field: [], message: say([ref]), fix }));
  const [{ object }] = members as [(typeof members)[number]];
  return { object, fix, ...(members.length > 1 ? { members } : {}) };
}

function messageOf(gap: Gap, refs: readonly ObjectRef[], pods: NetworkPods): string {
  const labelled = refs.map((ref) => `${ref.kind} ${ref.name} (${labelsOf(ref, pods)})`);
  const whose = refs.length === 1 ? 'its Pods' : `the Pods of ${refs.length} workloads`;
  return `No NetworkPolicy selects ${whose} ${gaps[gap]}: ${someOf(labelled)}.`;
}

const labelsOf = (ref: ObjectRef, pods: NetworkPods): string => {
  const labels = Object.entries(pods.labelsOf(ref)).map(([key, value]) => `${key}=${value}`);
  return labels.length === 0 ? 'no labels' : someOf(labels.toSorted(), 5);
};

const objectOf = ({ apiVersion, kind, ...metadata }: ObjectRef): KubeObject => ({
  apiVersion,
  kind,
  metadata,
});
