import type { Held, Namespace, ValidatingWebhookConfiguration } from '../../model.ts';
import { inNamespace, least, most, ofPods, rulesReach, someIf, type Reach } from './match.ts';

/** Webhooks: how policy engines are asked, and what else is asked about Pods. */

type Webhook = NonNullable<ValidatingWebhookConfiguration['webhooks']>[number];
type WebhooksHeld = Pick<Held, 'validatingWebhookConfigurations'>;

/** A webhook that new Pods may be sent to, and where. */
export interface PodWebhook {
  /** How a sentence names it. */
  title: string;
  configuration: ValidatingWebhookConfiguration;
  reachIn: (namespace: Namespace) => Reach;
}

/** The webhooks of an engine, by the names that it gives them. */
export const engines = { Kyverno: /kyverno/, Gatekeeper: /gatekeeper/ } as const;
export type Engine = keyof typeof engines;

/** Those of the platforms that look at Pods for the sake of their network, and refuse none for what it may do. */
const harmless = new Set(['vpc-resource-validating-webhook']);

/** Which new Pods of a namespace an engine gets to see: none where it has no webhook that is about them. */
export function engineReach(held: WebhooksHeld, engine: Engine): (namespace: Namespace) => Reach {
  const webhooks = podWebhooks(held).filter(({ engine: own }) => own === engine);
  return (namespace) => most('none', ...webhooks.map(({ reachIn }) => reachIn(namespace)));
}

/** Webhooks that are about Pods, and of which nobody can tell from outside what they refuse. */
export const opaqueWebhooks = (
  held: WebhooksHeld & Pick<Held, 'kubewardenClusterAdmissionPolicies' | 'kubewardenAdmissionPolicies'>,
): PodWebhook[] => {
  const ofKubewarden = new Set([
    ...held.kubewardenClusterAdmissionPolicies.map(({ metadata }) => `clusterwide-${metadata.name}`),
    ...held.kubewardenAdmissionPolicies.map(
      ({ metadata }) => `namespaced-${metadata.namespace}-${metadata.name}`,
    ),
  ]);
  return podWebhooks(held).filter(
    ({ engine, configuration: { metadata } }) =>
      engine === undefined && !harmless.has(metadata.name) && !ofKubewarden.has(metadata.name),
  );
};

const podWebhooks = ({ validatingWebhookConfigurations }: WebhooksHeld) =>
  validatingWebhookConfigurations.flatMap((configuration) =>
    (configuration.webhooks ?? []).flatMap((webhook) => {
      const about = rulesReach(webhook.rules);
      if (about === 'none') return [];
      const { matchConditions = [], namespaceSelector, objectSelector } = webhook;
      const ofPod = least(about, ofPods(objectSelector), someIf(matchConditions.length > 0));
      return [
        {
          title: `webhook ${webhook.name} of ${configuration.kind} ${configuration.metadata.name}`,
          configuration,
          engine: engineOf(webhook),
          reachIn: (namespace: Namespace) => least(ofPod, inNamespace(namespaceSelector, namespace)),
        },
      ];
    }),
  );

const engineOf = ({ name, clientConfig }: Webhook): Engine | undefined =>
  (Object.keys(engines) as Engine[]).find(
    (engine) => engines[engine].test(name) || engines[engine].test(clientConfig?.service?.name ?? ''),
  );
