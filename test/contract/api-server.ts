/**
 * What Passmuster relies on in an API server, as cases. They run against the in-process server in the unit suite and
 * against kube-apiserver in the cluster suite; where the two differ, kube-apiserver is right.
 */
import { afterAll, beforeAll, describe } from 'vitest';
import { accessCases } from './access.ts';
import { createClient } from './client.ts';
import { discoveryCases } from './discovery.ts';
import { listCases } from './lists.ts';
import { pagingCases } from './paging.ts';
import type { ContractServer, Subject } from './subject.ts';
import { wireCases } from './wire.ts';

export type { ContractServer };

export function apiServerContract(start: () => Promise<ContractServer>): void {
  // Filled before the first case runs; the cases only keep hold of it.
  const subject = {} as Subject;
  beforeAll(async () => {
    const server = await start();
    const client = createClient(server.server, server.ca, server.tokens);
    Object.assign(subject, server, client, {
      async status(path, options) {
        const { status, text } = await client.get(path, options);
        return { code: status, body: JSON.parse(text) as Record<string, unknown> };
      },
      async stop() {
        client.close();
        await server.stop();
      },
    } satisfies Partial<Subject>);
  });
  afterAll(() => subject.stop?.());

  describe('discovery', () => {
    discoveryCases(subject);
  });
  describe('lists', () => {
    listCases(subject);
  });
  describe('paging', () => {
    pagingCases(subject);
  });
  describe('access', () => {
    accessCases(subject);
  });
  describe('on the wire', () => {
    wireCases(subject);
  });
}
