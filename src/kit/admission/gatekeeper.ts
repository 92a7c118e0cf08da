import type { GatekeeperConstraint, Held, Namespace } from '../../model.ts';
import { objectTitle } from '../titles.ts';
import { effect, type Mode, type PolicyControl } from './control.ts';
import { inNamespace, least, matchesAnyGlob, ofPods, onlyIf, someIf, type Reach } from './match.ts';
import { engineReach } from './webhooks.ts';

/** The constraints of Gatekeeper, as far as its webhook gets to see Pods. */
export function gatekeeperConstraints(
  held: Pick<Held, 'gatekeeperConstraints' | 'validatingWebhookConfigurations'>,
): PolicyControl[] {
  const seen = engineReach(held, 'Gatekeeper');
  return held.gatekeeperConstraints.map((constraint) => ({
    mechanism: 'Gatekeeper',
    title: objectTitle(constraint),
    effectIn: (namespace) =>
      effect(modeOf(constraint), least(matchReach(constraint, namespace), seen(namespace))),
  }));
}

const modes: Readonly<Record<string, Mode>> = { deny: 'enforce', warn: 'warn', dryrun: 'audit' };

/** An action that Gatekeeper does not know does nothing. Of `scoped` ones those of the webhook count. */
function modeOf({
  spec: { enforcementAction = 'deny', scopedEnforcementActions = [] },
}: GatekeeperConstraint): Mode {
  if (enforcementAction !== 'scoped') return modes[enforcementAction] ?? 'off';
  const actions = scopedEnforcementActions
    .filter(({ enforcementPoints = [] }) =>
      enforcementPoints.some(({ name }) => name === '*' || name === webhook),
    )
    .map(({ action = '' }) => action);
  return modes[['deny', 'warn', 'dryrun'].find((action) => actions.includes(action)) ?? ''] ?? 'off';
}
const webhook = 'validation.gatekeeper.sh';

/** Everything that a match does not mention is matched. */
const has = (values: readonly string[] = [], wanted: string): boolean =>
  values.length === 0 || values.includes('*') || values.includes(wanted);

function matchReach({ spec: { match = {} } }: GatekeeperConstraint, namespace: Namespace): Reach {
  const { kinds = [], namespaces = [], excludedNamespaces = [], name = '' } = match;
  const own = namespace.metadata.name;
  return least(
    onlyIf(kinds.length === 0 || kinds.some((each) => has(each.kinds, 'Pod') && has(each.apiGroups, ''))),
    onlyIf(match.scope !== 'Cluster'),
    onlyIf(namespaces.length === 0 || matchesAnyGlob(namespaces, own)),
    onlyIf(!matchesAnyGlob(excludedNamespaces, own)),
    inNamespace(match.namespaceSelector, namespace),
    ofPods(match.labelSelector),
    someIf(name !== '' && name !== '*'),
  );
}
