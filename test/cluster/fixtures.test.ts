/** The fixtures of the checks hold no field that Kubernetes does not know: the API server itself is asked. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KubernetesVersion } from '../control-plane/binaries.ts';
import { skipReason } from '../control-plane/binaries.ts';
import { startControlPlane, type ControlPlane } from '../servers/control-plane.ts';
import { checkFolders, fixturesOf, type Fixture, type Raw } from '../unit/checks/fixtures.ts';

const fixtures = checkFolders.flatMap(fixturesOf);

/** What the newest server takes no more: policies, and an unmasked /proc without a user namespace. */
const isOld = ({ check, file, objects }: Fixture) =>
  objects.some(({ kind }) => kind === 'PodSecurityPolicy') ||
  (check === 'proc-mount' && file === 'unmasked.yaml');

const list = (items: readonly object[]) => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });

/** The namespaces that the objects lie in. */
const namespacesOf = (objects: readonly Raw[]) =>
  [...new Set(objects.flatMap(({ metadata }) => metadata['namespace'] ?? []))].map((name) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name },
  }));

describe.each<[KubernetesVersion, typeof fixtures]>([
  ['1.37', fixtures.filter((fixture) => !isOld(fixture))],
  ['1.24', fixtures.filter(isOld)],
])('Kubernetes %s', (version, ofVersion) => {
  const skip = skipReason(version);
  let cluster: ControlPlane;
  beforeAll(async () => {
    if (skip) return;
    cluster = await startControlPlane({ version });
    await cluster.apply(list(namespacesOf(ofVersion.flatMap(({ objects }) => objects))));
  }, 120_000);
  afterAll(() => cluster?.stop());

  test.skipIf(skip).each(ofVersion)('takes $check/fixtures/$file', async ({ objects }) => {
    const { code, stderr } = await cluster.kubectl(
      ['apply', '--dry-run=server', '--validate=strict', '-f', '-'],
      { input: list(objects) },
    );
    expect([code, code === 0 ? '' : stderr]).toEqual([0, '']);
  });

  test.skipIf(skip)('would refuse a field that it does not know', async () => {
    const [raw] = ofVersion[0]?.objects ?? [];
    const { code, stderr } = await cluster.kubectl(
      ['apply', '--dry-run=server', '--validate=strict', '-f', '-'],
      { input: list([{ ...raw, noSuchField: true }]) },
    );
    expect([code, stderr]).toEqual([1, expect.stringContaining('noSuchField')]);
  });
});
