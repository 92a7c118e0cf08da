import { projectObject } from '../../../../src/collect/files.ts';
import type { Held, JsonObject, Namespace, SourceName } from '../../../../src/model.ts';
import { collectionOf } from '../../collection.ts';

/** What is held of objects as they stand in manifests. */
export function heldOf(...objects: JsonObject[]): Held {
  const bySource = Map.groupBy(
    objects.map((raw) => {
      const projected = projectObject(raw);
      if (projected === undefined) throw new Error(`no source has ${JSON.stringify(raw)}`);
      return projected;
    }),
    ({ source }): SourceName => source,
  );
  const held = Object.fromEntries(
    [...bySource].map(([source, all]) => [source, all.map(({ object }) => object)]),
  ) as Partial<Held>;
  return collectionOf(held).held;
}

export const namespace = (name: string, labels: Record<string, string> = {}): Namespace => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels },
});

/** Labels of Pod Security: `enforce`, `enforce-version`, ... */
export const asked = (labels: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(labels).map(([key, value]) => [`pod-security.kubernetes.io/${key}`, value]),
  );

const podRule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] };

/** A ValidatingWebhookConfiguration that is about Pods, unless its rule says otherwise. */
export const webhook = (
  name: string,
  webhookName: string,
  { rule = {}, service = 'service', ...rest }: JsonObject & { rule?: JsonObject; service?: string } = {},
): JsonObject => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  metadata: { name },
  webhooks: [
    {
      name: webhookName,
      clientConfig: { service: { name: service, namespace: service } },
      rules: [{ ...podRule, ...rule }],
      ...rest,
    },
  ],
});

export const kyvernoWebhook = webhook('kyverno-resource-validating-webhook-cfg', 'validate.kyverno.svc-fail');
export const gatekeeperWebhook = webhook(
  'gatekeeper-validating-webhook-configuration',
  'validation.gatekeeper.sh',
);
