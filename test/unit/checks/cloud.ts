/** Objects of a cluster in a cloud, as they stand in manifests. */
import type { Check } from '../../../src/kit/define-check.ts';
import type { Platform } from '../../../src/model.ts';
import { evaluate, type Raw } from './fixtures.ts';

export const gce = 'gce://project/europe-west1-b/gke-1';

export const node = (providerID: string, labels: Record<string, string> = {}, name = 'node-1'): Raw => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels },
  spec: { providerID },
});
export const gkeNode = (value = 'true', name = 'node-1') =>
  node(gce, { 'iam.gke.io/gke-metadata-server-enabled': value }, name);
export const findingsOn = async (platform: Platform, check: Check, ...objects: Raw[]) =>
  (await evaluate(check, objects, {}, platform)).findings;
