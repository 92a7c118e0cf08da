/** Builds the control planes before the first suite starts, so that no test waits for minutes and runs into its timeout. */
import { ensureBinaries, kubernetesVersions, skipReason } from './binaries.ts';

export async function setup(): Promise<void> {
  for (const version of kubernetesVersions) {
    // A suite that cannot run here says so itself.
    if (skipReason(version, { controllerManager: true }) === undefined) {
      await ensureBinaries(version, { controllerManager: true });
    }
  }
}
