import type { AdmissionRule, LabelSelector, MatchResources, Namespace } from '../../model.ts';
import { selects } from '../label-selector.ts';

/**
 * Which of the Pods that are created in a namespace something is asked about: all; some, where it looks at the Pod's
 * labels or name, or at what only a CEL expression can tell; none.
 */
export type Reach = 'none' | 'some' | 'all';

const byReach: readonly Reach[] = ['none', 'some', 'all'];

/** Where several things have to hold. */
export const least = (...reaches: readonly Reach[]): Reach =>
  byReach.find((reach) => reaches.includes(reach)) ?? 'all';

/** Where any of several is enough. */
export const most = (...reaches: readonly Reach[]): Reach =>
  byReach.findLast((reach) => reaches.includes(reach)) ?? 'none';

/** What is left after something takes Pods out. */
export const except = (excluded: Reach): Reach =>
  excluded === 'all' ? 'none' : excluded === 'some' ? 'some' : 'all';

export const onlyIf = (condition: boolean): Reach => (condition ? 'all' : 'none');

/** A condition on the Pod itself that is not evaluated. */
export const someIf = (narrows: boolean): Reach => (narrows ? 'some' : 'all');

/** The labels of a namespace as every API server has them. */
export const labelsOf = ({ metadata }: Namespace): Record<string, string> => ({
  ...metadata.labels,
  'kubernetes.io/metadata.name': metadata.name,
});

/** A missing selector counts as an empty one, in all kinds of admission policies. */
export const inNamespace = (selector: LabelSelector | undefined, namespace: Namespace): Reach =>
  onlyIf(selects(selector ?? {}, labelsOf(namespace)));

/** A selector of Pods: an empty one selects all, any other some. */
export const ofPods = ({ matchLabels = {}, matchExpressions = [] }: LabelSelector = {}): Reach =>
  someIf(Object.keys(matchLabels).length > 0 || matchExpressions.length > 0);

const has = (values: readonly string[] | undefined, ...wanted: string[]): boolean =>
  wanted.some((value) => values?.includes(value) ?? false);

/** Whether a rule is about the creation of Pods. `pods/*` is about Pods too, `pods/exec` is not. */
function ruleReach(rule: AdmissionRule): Reach {
  const isAbout =
    has(rule.operations, '*', 'CREATE') &&
    has(rule.apiGroups, '*', '') &&
    has(rule.apiVersions, '*', 'v1') &&
    has(rule.resources, '*', '*/*', 'pods', 'pods/*') &&
    ['*', 'Namespaced'].includes(rule.scope ?? '*');
  return isAbout ? someIf((rule.resourceNames ?? []).length > 0) : 'none';
}

export const rulesReach = (rules: readonly AdmissionRule[] = []): Reach =>
  most('none', ...rules.map(ruleReach));

/** What a policy or a binding is asked about; without rules every resource. */
export function matchReach(match: MatchResources, namespace: Namespace): Reach {
  const { resourceRules = [], excludeResourceRules = [] } = match;
  return least(
    inNamespace(match.namespaceSelector, namespace),
    ofPods(match.objectSelector),
    resourceRules.length === 0 ? 'all' : rulesReach(resourceRules),
    except(rulesReach(excludeResourceRules)),
  );
}

/**
 * `*` and `?`, as policy engines write names of namespaces. Not by a regular expression, which can be made to take for
 * ever by whoever writes the policy.
 */
export function matchesGlob(glob: string, name: string): boolean {
  let [g, n] = [0, 0];
  // Where the last star is, and how much of the name it has taken so far.
  let [star, taken] = [-1, 0];
  while (n < name.length) {
    if (glob[g] === '*') [star, taken, g] = [g, n, g + 1];
    else if (glob[g] === '?' || glob[g] === name[n]) [g, n] = [g + 1, n + 1];
    else if (star === -1) return false;
    else [taken, n, g] = [taken + 1, taken + 1, star + 1];
  }
  return /^\**$/.test(glob.slice(g));
}

export const matchesAnyGlob = (globs: readonly string[], name: string): boolean =>
  globs.some((glob) => matchesGlob(glob, name));
