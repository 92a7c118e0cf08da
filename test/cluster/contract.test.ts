import { readFileSync } from 'node:fs';
import { describe } from 'vitest';
import { apiServerContract } from '../contract/api-server.ts';
import { seed } from '../contract/seed.ts';
import type { RawObject } from '../servers/api-server.ts';
import { startControlPlane } from '../servers/control-plane.ts';

const versions = [
  // Without the snapshots of its watch cache the server notices a compaction at once.
  { version: '1.37', apiServerArgs: ['--feature-gates=ListFromCacheSnapshot=false'] },
  { version: '1.24', apiServerArgs: [] },
] as const;

describe.each(versions)('kube-apiserver $version', ({ version, apiServerArgs }) => {
  apiServerContract(async () => {
    const plane = await startControlPlane({ version, apiServerArgs, users: [{ name: 'reader' }] });
    await plane.apply(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: seed }));
    return {
      server: plane.server,
      ca: readFileSync(plane.caFile, 'utf8'),
      tokens: { admin: plane.adminToken, reader: plane.tokenOf('reader') },
      minor: Number(version.split('.')[1]),
      add: (object) => plane.apply(JSON.stringify(object)),
      remove: async ({ metadata: { namespace, name } }: RawObject) => {
        const path = `/api/v1/namespaces/${namespace}/pods/${name}?gracePeriodSeconds=0`;
        await plane.request('DELETE', path);
      },
      expire: () => plane.compact(),
      stop: () => plane.stop(),
    };
  });
});
