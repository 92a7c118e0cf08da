import { clusterCheck, type Problem } from '../../kit/define-check.ts';
import { selects } from '../../kit/label-selector.ts';
import { audienceOf, grantsOf, rbacSources, subjectTitle, type Grant } from '../../kit/rbac.ts';
import { objectTitle } from '../../kit/titles.ts';
import type { PolicyRule, Role, Severity } from '../../model.ts';
import { isBuiltInRule } from './built-in.ts';

/** A rule with a star, and how much that says. */
interface Wildcard {
  index: number;
  member: Member;
  rule: PolicyRule;
  strength: keyof typeof judgement;
}
type Member = (typeof members)[number];

/** Where a star stands, the worst place first. */
const members = ['verbs', 'resources', 'apiGroups', 'nonResourceURLs'] as const;

/** Of a role that somebody holds, the worst first. One that nobody holds is low, and for a person to judge. */
const judgement = {
  broad: { severity: 'high', forEveryone: 'critical', verdict: 'fail' },
  narrow: { severity: 'medium', forEveryone: 'high', verdict: 'review' },
  weak: { severity: 'low', forEveryone: 'medium', verdict: 'review' },
} as const satisfies Record<
  string,
  { severity: Severity; forEveryone: Severity; verdict: Problem['verdict'] }
>;
const strengths = Object.keys(judgement);

export const rbacWildcards = clusterCheck({
  id: 'rbac-wildcards',
  title: 'No wildcard verbs or resources in roles',
  severity: 'high',
  onNothing: 'pass',
  needs: rbacSources,
  test(held) {
    const { clusterRoles } = held;
    const evaluated = [...held.roles, ...clusterRoles];
    const grants = Map.groupBy(grantsOf(held), ({ role }) => role);
    const problems = evaluated.flatMap((role) => {
      const wildcards = wildcardsOf(role, clusterRoles);
      const [worst] = wildcards;
      if (worst === undefined) return [];
      const holders = receivers(role, clusterRoles).flatMap((receiver) => grants.get(receiver) ?? []);
      return { object: role, ...problemOf(role, worst, wildcards.length - 1, holders) };
    });
    return { evaluated, problems };
  },
});

/** The rules of a role with a star that Kubernetes does not put there itself, the worst first. */
const wildcardsOf = (role: Role, clusterRoles: readonly Role[]): Wildcard[] =>
  role.rules
    .flatMap((rule, index) => {
      const member = members.find((each) => rule[each]?.some(isWildcard));
      return member === undefined ? [] : { index, member, rule, strength: strengthOf(rule) };
    })
    .filter(({ rule }) => !isBuiltInRule(role, rule) && !isCopied(role, rule, clusterRoles))
    .toSorted((a, b) => strengths.indexOf(a.strength) - strengths.indexOf(b.strength));

// `*`, and as a resource also `*/scale`. A path that ends in a star is a prefix, nothing more.
const isWildcard = (value: string): boolean => value === '*' || value.startsWith('*/');

function strengthOf({
  verbs,
  apiGroups = [],
  resources = [],
  resourceNames = [],
}: PolicyRule): Wildcard['strength'] {
  const isStar = verbs.includes('*') || resources.includes('*');
  if (!isStar || resources.length === 0) return 'weak';
  return resourceNames.length > 0 || apiGroups.every(isCustom) ? 'narrow' : 'broad';
}

/** API groups that are not Kubernetes' own: whose resources only what installed them knows. */
const isCustom = (apiGroup: string): boolean => /\./.test(apiGroup) && !apiGroup.endsWith('.k8s.io');

/** Rules of an aggregated role come from others: there they are reported, for here a controller puts them back. */
const isCopied = (role: Role, rule: PolicyRule, clusterRoles: readonly Role[]): boolean =>
  clusterRoles.some(
    (source) =>
      source !== role &&
      gathers(role, source) &&
      source.rules.some((other) => JSON.stringify(other) === JSON.stringify(rule)),
  );

const gathers = ({ aggregationRule }: Role, { kind, metadata }: Role): boolean =>
  kind === 'ClusterRole' &&
  (aggregationRule?.clusterRoleSelectors ?? []).some((selector) => selects(selector, metadata.labels));

/** The role, and the aggregated roles that its rules are copied to, perhaps by way of others. */
function receivers(role: Role, clusterRoles: readonly Role[]): Role[] {
  const found = new Set([role]);
  // Those that are added meanwhile have their turn too.
  for (const source of found) {
    for (const other of clusterRoles) if (gathers(other, source)) found.add(other);
  }
  return [...found];
}

function problemOf(
  { kind, metadata }: Role,
  { index, member, rule, strength }: Wildcard,
  others: number,
  holders: readonly Grant[],
): Problem {
  const { severity, forEveryone, verdict } = judgement[strength];
  const everyone = holders.find(({ subject }) => audienceOf(subject) === 'everyone');
  const first = everyone ?? holders[0];
  const more = others === 0 ? '' : `, and has * in ${others} more rule${others === 1 ? '' : 's'}`;
  return {
    field: ['rules', { index, where: {} }, member],
    message: `It allows ${wordsOf(rule)}${more}. ${holdersIn(first, holders.length - 1)}`,
    severity: first === undefined ? 'low' : everyone === undefined ? severity : forEveryone,
    verdict: first === undefined ? 'review' : verdict,
    identity: [kind, metadata.namespace ?? '', metadata.name],
    fix: {
      action: 'none',
      risk: 'advice',
      note: 'Which verbs and resources take the place of * only its subjects can tell: see the plan.',
    },
  };
}

function holdersIn(first: Grant | undefined, others: number): string {
  if (first === undefined) return 'Nobody is bound to it.';
  const more = others === 0 ? '' : `, and ${others} more subject${others === 1 ? '' : 's'}`;
  return `${subjectTitle(first.subject)} has it by ${objectTitle(first.binding)}${more}.`;
}

function wordsOf({ verbs, apiGroups, resources, resourceNames, nonResourceURLs = [] }: PolicyRule): string {
  if (nonResourceURLs.length > 0)
    return `${listed(verbs, 'every verb')} on ${listed(nonResourceURLs, 'every path')}`;
  const names = resourceNames === undefined ? '' : ` named ${listed(resourceNames)}`;
  return `${listed(verbs, 'every verb')} on ${listed(resources, 'every resource')}${names} of ${groupsIn(apiGroups)}`;
}

function groupsIn(apiGroups: readonly string[] = []): string {
  if (apiGroups.includes('*')) return 'every API group';
  return `API group${apiGroups.length > 1 ? 's' : ''} ${listed(apiGroups.map((group) => group || 'core'))}`;
}

const shown = 4;

/** `get, list`, or the words for all where there is a star. */
function listed(values: readonly string[] = [], all?: string): string {
  if (all !== undefined && values.includes('*')) return all;
  const more = values.length > shown ? ` and ${values.length - shown} more` : '';
  return `${values.slice(0, shown).join(', ')}${more}`;
}
