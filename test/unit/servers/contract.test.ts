import { apiServerContract } from '../../contract/api-server.ts';
import { seed } from '../../contract/seed.ts';
import { startApiServer } from '../../servers/api-server.ts';
import { describe } from 'vitest';

const users = [{ name: 'admin', groups: ['system:masters'] }, { name: 'reader' }];

describe.each(['v1.37.1', 'v1.24.17'])('the in-process API server as %s', (version) => {
  apiServerContract(async () => {
    const server = await startApiServer({ objects: seed, users, version });
    return {
      server: server.server,
      ca: server.caPem,
      tokens: { admin: server.tokens['admin'] ?? '', reader: server.tokens['reader'] ?? '' },
      minor: Number(version.split('.')[1]),
      add: async (object) => server.objects.add(object),
      remove: async (object) => server.objects.remove(object),
      expire: async () => server.expire(),
      stop: () => server.stop(),
    };
  });
});
