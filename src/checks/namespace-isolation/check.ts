import { clusterCheck, type Problem } from '../../kit/define-check.ts';
import { selects } from '../../kit/label-selector.ts';
import { isolating, policiesByNamespace, type Policy } from '../../kit/network.ts';
import { heldByNamespace, ownNamespaces, titlesOf } from '../../kit/network/by-namespace.ts';
import type { PodClass } from '../../kit/network/classes.ts';
import { overNetwork } from '../../kit/network/fold.ts';
import { openingOf } from '../../kit/network/openness.ts';
import { unlessHeld } from '../../kit/network/other-policies.ts';
import { creating, denyIngress, type NewPolicy } from '../../kit/network/policy-fix.ts';
import { someOf } from '../../kit/titles.ts';
import type { NetworkPolicy } from '../../model.ts';

type Unless = ReturnType<typeof unlessHeld>;

export const namespaceIsolation = clusterCheck({
  id: 'namespace-isolation',
  title: 'Traffic between namespaces is restricted',
  severity: 'medium',
  onNothing: 'not-applicable',
  byNamespace: true,
  ...overNetwork,
  test(held, { pods }) {
    const byNamespace = heldByNamespace(pods);
    const all = pods.all();
    const namespaces = ownNamespaces(held.namespaces).filter(({ metadata }) =>
      byNamespace.has(metadata.name),
    );
    const problems = namespaces.flatMap((object) => {
      const { name } = object.metadata;
      const classes = byNamespace.get(name) ?? [];
      const policies = policiesByNamespace(held.networkPolicies).get(name) ?? [];
      const unless = unlessHeld(held, name);
      const open = classes.filter(
        ({ endpoint }) => isolating(pods.policies, 'ingress', endpoint).length === 0,
      );
      const byRule = policies.flatMap((policy) => {
        const selected = classes.filter(({ endpoint }) => selects(policy.podSelector, endpoint.labels));
        return selected.length === 0 ? [] : ruleProblem(policy, selected, all, unless);
      });
      if (open.length === 0) return byRule;
      const fix = creating(
        open.length === classes.length ? allowSameNamespace(name) : denyIngress(name),
        policies,
      );
      const { verdict, also } = unless;
      const message = `No NetworkPolicy isolates ${someOf(titlesOf(open))} for ingress: Pods of every namespace may connect to them.${also}`;
      return [{ object, field: [], verdict, message, fix }, ...byRule];
    });
    return { evaluated: [...namespaces, ...problems.map(({ object }) => object)], problems };
  },
});

/** One finding for each policy, at the worst of its rules. */
function ruleProblem(
  policy: Policy,
  selected: readonly PodClass[],
  all: readonly PodClass[],
  { verdict: least, also }: Unless,
): (Problem & { object: NetworkPolicy })[] {
  const openings = (policy.ingress ?? []).flatMap((rule, index) => {
    const opening = openingOf(rule, policy, all);
    return opening === undefined ? [] : [{ ...opening, index, isNarrow: rule.ports !== undefined }];
  });
  const failing = openings.filter(({ verdict }) => verdict === 'fail');
  const worst = failing.find(({ isNarrow }) => !isNarrow) ?? failing[0] ?? openings[0];
  if (worst === undefined) return [];
  const more = openings.length === 1 ? '' : ` ${openings.length} of its rules are like that.`;
  return [
    {
      object: policy.source,
      field: ['spec', 'ingress', { index: worst.index, where: {} }],
      verdict: least === 'review' ? least : worst.verdict,
      ...(worst.isNarrow ? { severity: 'low' as const } : {}),
      message: `This rule lets in ${worst.who}${worst.isNarrow ? ', on the ports it names' : ''}: to ${someOf(titlesOf(selected))}.${more}${also}`,
      fix: {
        action: 'none',
        risk: 'advice',
        note: 'Name the peers that are meant in this rule. Another policy cannot close what this one opens, for policies only add up.',
      },
    },
  ];
}

/** For a namespace in which no Pod is isolated yet: others would be opened by it to each other. */
const allowSameNamespace = (namespace: string): NewPolicy => ({
  name: 'passmuster-allow-same-namespace',
  namespace,
  spec: { podSelector: {}, policyTypes: ['Ingress'], ingress: [{ from: [{ podSelector: {} }] }] },
  note: 'Connections from other namespaces, from ingress controllers and from outside stop at once, unless another policy allows them: write those policies first.',
});
