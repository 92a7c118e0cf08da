import { clusterCheck } from '../../kit/define-check.ts';
import { refTitle, someOf } from '../../kit/titles.ts';
import { templatesInUse } from '../../kit/workloads.ts';
import { templateSources, type ObjectRef, type Workload } from '../../model.ts';

/** The CSI drivers that mount values from a store outside of the cluster. */
const storeDrivers: ReadonlySet<string> = new Set([
  'secrets-store.csi.k8s.io',
  'secrets-store-gke.csi.k8s.io',
]);
const injection = 'vault.hashicorp.com/agent-inject';

/** Titles of the workloads that get secrets from outside, by how. */
interface Found {
  mounting: Set<string>;
  injected: Set<string>;
}

export const externalSecrets = clusterCheck({
  id: 'external-secrets',
  title: 'External secret store in use',
  severity: 'low',
  onNothing: 'manual',
  otherwise: 'manual',
  needs: ['secretProviderClasses', 'externalSecrets', ...templateSources],
  optional: ['secretProviderClasses', 'externalSecrets'],
  pods: { start: (): Found => ({ mounting: new Set(), injected: new Set() }), add: addTo },
  test({ secretProviderClasses, externalSecrets: synced, ...templates }, { pods }) {
    const found: Found = { mounting: new Set(pods.mounting), injected: new Set(pods.injected) };
    for (const { template, owner } of templatesInUse(templates)) addTo(found, template, owner);
    const counts = [
      ['SecretProviderClasses', secretProviderClasses.length],
      ['workloads that mount from a store by CSI', found.mounting.size],
      ['workloads with an agent of Vault', found.injected.size],
      ['ExternalSecrets, whose values still become Secrets of the cluster', synced.length],
    ] as const;
    const seen = counts.filter(([, count]) => count > 0).map(([what, count]) => `${what}: ${count}`);
    const evidence =
      seen.length === 0
        ? 'Nothing in the cluster gets secrets from a store outside of it, as far as the API shows.'
        : `What gets secrets from a store outside of the cluster: ${someOf(seen, 4)}.`;
    return {
      evaluated: [...secretProviderClasses, ...synced],
      problems: [],
      evidence: `${evidence} Whether the secrets that matter are there is for a person to say: follow the test plan.`,
    };
  },
});

function addTo(found: Found, { podSpec, podAnnotations = {} }: Workload, owner: ObjectRef): void {
  const mounts = podSpec?.volumes?.some(({ csi }) => csi !== undefined && storeDrivers.has(csi.driver));
  if (mounts === true) found.mounting.add(refTitle(owner));
  if (/^(1|t|true)$/i.test(podAnnotations[injection] ?? '')) found.injected.add(refTitle(owner));
}
