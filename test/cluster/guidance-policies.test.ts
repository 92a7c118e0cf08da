/** The admission policies that the guidance prints: what they refuse, what they let pass, and that they leave running Pods alone. */
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { JsonObject } from '../../src/model.ts';
import { skipReason } from '../control-plane/binaries.ts';
import { startControlPlane, type ControlPlane } from '../servers/control-plane.ts';
import { sender, type Send } from './warnings.ts';

interface Printed {
  check: string;
  /** The policy first, then its binding. */
  objects: (JsonObject & { kind: string; metadata: { name: string } })[];
  /** Whether Pods that run are covered when their images change. */
  coversUpdates: boolean;
}

const folder = new URL('../../src/checks/', import.meta.url);
const blocks = /^( *)```yaml\n([\s\S]*?)^ *```$/gm;

/** Those about Pods, as a reader would apply them in the end. */
const printed = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !entry.name.startsWith('_'))
  .flatMap(({ name: check }): Printed[] => {
    const guidance = readFileSync(new URL(`${check}/guidance.md`, folder), 'utf8');
    return [...guidance.matchAll(blocks)]
      .map(([, indent = '', text = '']) => text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''))
      .filter((text) => /^kind: ValidatingAdmissionPolicy$/m.test(text) && text.includes('resources: [pods'))
      .map((text) => ({
        check,
        objects: parseAllDocuments(text.replace('NAMESPACE', check).replace('[Audit]', '[Deny]')).map(
          (document) => document.toJS() as Printed['objects'][number],
        ),
        coversUpdates: text.includes('UPDATE'),
      }));
  });

/** Breaks every one of them. */
const bad = {
  containers: [
    {
      name: 'app',
      image: 'app',
      imagePullPolicy: 'IfNotPresent',
      env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'a', key: 'a' } } }],
      securityContext: { runAsGroup: 0, capabilities: { add: ['NET_RAW'] } },
    },
  ],
};
const good = {
  runtimeClassName: 'gvisor',
  containers: [
    {
      name: 'app',
      // Nothing that a registry could be asked again.
      image: `registry.example/app@sha256:${'0'.repeat(64)}`,
      imagePullPolicy: 'IfNotPresent',
      securityContext: { runAsUser: 10001, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    },
  ],
};

const skip = skipReason('1.37');
describe.skipIf(skip)('the admission policies of the guidance', () => {
  let cluster: ControlPlane;
  let send: Send;
  beforeAll(async () => {
    cluster = await startControlPlane({ version: '1.37' });
    send = sender(cluster);
    await send('POST', '/apis/node.k8s.io/v1/runtimeclasses', {
      metadata: { name: 'gvisor' },
      handler: 'runsc',
    });
  });
  afterAll(() => cluster?.stop());

  test('are found', () => {
    expect(printed.map(({ check }) => check)).toEqual(
      expect.arrayContaining([
        'cap-net-raw',
        'image-pull-always',
        'image-registry-allowlist',
        'sandbox-runtime',
      ]),
    );
  });

  test.each(printed)('$check', async ({ check, objects, coversUpdates }) => {
    const pods = `/api/v1/namespaces/${check}/pods`;
    const create = (name: string, spec: object, query = '?dryRun=All') =>
      send('POST', `${pods}${query}`, { metadata: { name }, spec });
    await send('POST', '/api/v1/namespaces', { metadata: { name: check } });
    expect((await create('running', bad, '')).status).toBe(201);
    for (const object of objects) {
      const path = `/apis/admissionregistration.k8s.io/v1/${object.kind.toLowerCase().replace(/y$/, 'ie')}s`;
      const { status, body } = await send('POST', path, object);
      expect([object.metadata.name, status, body.message]).toEqual([object.metadata.name, 201, undefined]);
    }

    await expect.poll(async () => (await create('new', bad)).status, { timeout: 30_000 }).toBe(422);
    expect((await create('new', good)).body.message).toBeUndefined();

    const change = (patch: object, path = '') => send('PATCH', `${pods}/running${path}`, patch);
    const marks = { labels: { a: 'b' }, finalizers: ['passmuster.example/keep'] };
    expect((await change({ metadata: marks })).body.message).toBeUndefined();
    expect((await change({ metadata: { finalizers: null } })).body.message).toBeUndefined();
    // Where only new Pods are covered, all goes through.
    const changed = coversUpdates ? 422 : 200;
    const image = 'other';
    expect((await change({ spec: { containers: [{ ...bad.containers[0], image }] } })).status).toBe(changed);
    const debug = { name: 'debug', image, imagePullPolicy: 'IfNotPresent' };
    const debugged = await change({ spec: { ephemeralContainers: [debug] } }, '/ephemeralcontainers');
    expect(debugged.status).toBe(changed);
  });
});
