import type { Held, KyvernoFilter, KyvernoMatch, KyvernoPolicy, Namespace } from '../../model.ts';
import { selects } from '../label-selector.ts';
import { objectTitle } from '../titles.ts';
import { effect, modeOfActions, strongest, type Effect, type Mode, type PolicyControl } from './control.ts';
import {
  except,
  inNamespace,
  labelsOf,
  least,
  matchesAnyGlob,
  matchesGlob,
  matchReach,
  most,
  ofPods,
  onlyIf,
  someIf,
  type Reach,
} from './match.ts';
import { engineReach } from './webhooks.ts';

export type KyvernoHeld = Pick<
  Held,
  | 'kyvernoClusterPolicies'
  | 'kyvernoPolicies'
  | 'kyvernoValidatingPolicies'
  | 'kyvernoNamespacedValidatingPolicies'
  | 'kyvernoImageValidatingPolicies'
  | 'validatingWebhookConfigurations'
>;

/** The policies of Kyverno, as far as its webhook gets to see Pods. */
export function kyvernoPolicies(held: KyvernoHeld): PolicyControl[] {
  const seen = engineReach(held, 'Kyverno');
  const controls = [
    ...[...held.kyvernoClusterPolicies, ...held.kyvernoPolicies].flatMap((policy) =>
      ofRules(policy).map((control) => ({ policy, control })),
    ),
    ...[...held.kyvernoValidatingPolicies, ...held.kyvernoNamespacedValidatingPolicies].map((policy) => ({
      policy,
      control: ofExpressions(policy, false),
    })),
    ...held.kyvernoImageValidatingPolicies.map((policy) => ({
      policy,
      control: ofExpressions(policy, true),
    })),
  ];
  return controls.map(({ policy, control }) => ({
    ...control,
    effectIn(namespace) {
      const { name } = namespace.metadata;
      const found = (policy.metadata.namespace ?? name) === name ? control.effectIn(namespace) : undefined;
      return found && effect(found.mode, least(found.reach, seen(namespace)));
    },
  }));
}

// ---------------------------------------------------------------------------------------------------------
// ValidatingPolicy and ImageValidatingPolicy

function ofExpressions(
  policy: KyvernoHeld['kyvernoValidatingPolicies'][number],
  imagesOnly: boolean,
): PolicyControl {
  const {
    validationActions = [],
    matchConstraints = {},
    matchConditions = [],
    evaluation = {},
  } = policy.spec;
  const isAsked =
    evaluation.admission?.enabled !== false && (evaluation.mode ?? 'Kubernetes') === 'Kubernetes';
  const mode = isAsked ? modeOfActions(validationActions.length === 0 ? ['Deny'] : validationActions) : 'off';
  return {
    mechanism: 'Kyverno',
    title: objectTitle(policy),
    imagesOnly,
    effectIn: (namespace) =>
      effect(mode, least(matchReach(matchConstraints, namespace), someIf(matchConditions.length > 0))),
  };
}

// ---------------------------------------------------------------------------------------------------------
// ClusterPolicy and Policy

type Rule = NonNullable<KyvernoPolicy['spec']['rules']>[number];
type Overrides = KyvernoPolicy['spec']['validationFailureActionOverrides'];

/** Two controls where a policy both validates Pods and verifies their images. */
function ofRules(policy: KyvernoPolicy): PolicyControl[] {
  const { rules = [], admission } = policy.spec;
  const control = (imagesOnly: boolean, own: readonly Rule[]): PolicyControl[] =>
    own.length === 0
      ? []
      : [
          {
            mechanism: 'Kyverno',
            title: objectTitle(policy),
            imagesOnly,
            effectIn: (namespace) =>
              strongest(own.map((rule) => effectOfRule(policy, rule, namespace, admission !== false))),
          },
        ];
  return [
    ...control(
      false,
      rules.filter(({ validate }) => validate !== undefined),
    ),
    ...control(
      true,
      rules.filter(({ validate, verifyImages }) => validate === undefined && verifyImages !== undefined),
    ),
  ];
}

function effectOfRule(
  { spec }: KyvernoPolicy,
  { validate, verifyImages, match, exclude }: Rule,
  namespace: Namespace,
  isAsked: boolean,
): Effect | undefined {
  const ofImages = verifyImages?.flatMap(({ failureAction }) => failureAction ?? []) ?? [];
  // What the rule says goes before what the policy says, and an exception of either before its rule.
  const action =
    overriding(validate?.failureActionOverrides, namespace) ??
    validate?.failureAction ??
    ofImages.find(isEnforce) ??
    ofImages[0] ??
    overriding(spec.validationFailureActionOverrides, namespace) ??
    spec.validationFailureAction ??
    'Audit';
  const mode: Mode = !isAsked ? 'off' : isEnforce(action) ? 'enforce' : 'audit';
  return effect(mode, least(matched(match, namespace), except(excluded(exclude, namespace))));
}

const isEnforce = (action: string): boolean => action.toLowerCase() === 'enforce';

/** The first override that is for the namespace: by name, by labels, or by both. */
const overriding = (overrides: Overrides, namespace: Namespace): string | undefined =>
  overrides?.find(
    ({ namespaces, namespaceSelector }) =>
      (namespaces === undefined || matchesAnyGlob(namespaces, namespace.metadata.name)) &&
      (namespaceSelector === undefined
        ? namespaces !== undefined
        : selects(namespaceSelector, labelsOf(namespace))),
  )?.action;

/** Which Pods a rule is for. Without a filter it is for none. */
function matched(match: KyvernoMatch = {}, namespace: Namespace): Reach {
  const { any, all, ...own } = match;
  if (any !== undefined) return most('none', ...any.map((filter) => filterReach(filter, namespace)));
  if (all !== undefined)
    return all.length === 0 ? 'none' : least(...all.map((filter) => filterReach(filter, namespace)));
  return own.resources === undefined ? 'none' : filterReach(own, namespace);
}

const excluded = (exclude: KyvernoMatch | undefined, namespace: Namespace): Reach =>
  exclude === undefined ? 'none' : matched(exclude, namespace);

/** A filter without resources is about who asks, which no one can tell of a Pod beforehand. */
function filterReach({ resources }: KyvernoFilter, namespace: Namespace): Reach {
  if (resources === undefined) return 'some';
  const { kinds, namespaces, names = [], operations = ['CREATE'], namespaceSelector, selector } = resources;
  return least(
    onlyIf(kinds === undefined || kinds.some(isPodKind)),
    onlyIf(namespaces === undefined || matchesAnyGlob(namespaces, namespace.metadata.name)),
    onlyIf(operations.includes('CREATE')),
    inNamespace(namespaceSelector, namespace),
    ofPods(selector),
    someIf(!names.every((name) => name === '*') && names.length > 0),
  );
}

// `Pod`, `v1/Pod`, `*/Pod`, `*`; `Pod/exec` and `Pod.status` are something else.
function isPodKind(selector: string): boolean {
  const parts = selector.split('/');
  const kind = parts.at(-1) ?? '';
  const [version, group] = [parts.at(-2) ?? '*', parts.at(-3) ?? '*'];
  return (
    parts.length <= 3 &&
    matchesGlob(kind, 'Pod') &&
    matchesGlob(version, 'v1') &&
    (group === '*' || group === '')
  );
}
