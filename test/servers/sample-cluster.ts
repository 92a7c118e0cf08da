import { fileURLToPath } from 'node:url';
import { startApiServer } from './api-server.ts';
import type { ApiServer, ApiServerOptions } from './api-server.ts';

/** The folder of manifests that make up the sample cluster. */
export const examples = fileURLToPath(new URL('../../examples', import.meta.url));

/**
 * The sample cluster of `examples/`. The kubeconfig's current context is the auditor, whose rights are in
 * examples/passmuster.yaml; the context `admin` may read everything.
 */
export const startSampleCluster = (options: ApiServerOptions = {}): Promise<ApiServer> =>
  startApiServer({
    manifests: examples,
    version: 'v1.31.4',
    clusterName: 'orchard',
    users: [
      { context: 'auditor', name: 'system:serviceaccount:passmuster:passmuster' },
      { context: 'admin', name: 'admin', groups: ['system:masters'] },
    ],
    ...options,
  });
