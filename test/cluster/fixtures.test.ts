/** The fixtures of the checks hold no field that Kubernetes does not know: the API server itself is asked. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { anyKind } from '../../src/collect/definition.ts';
import { sources } from '../../src/collect/sources.ts';
import type { KubernetesVersion } from '../control-plane/binaries.ts';
import { skipReason } from '../control-plane/binaries.ts';
import { startControlPlane, type ControlPlane } from '../servers/control-plane.ts';
import { checkFolders, fixturesOf, type Fixture, type Raw } from '../unit/checks/fixtures.ts';

/** Of a group of Kubernetes itself: what others define with a CustomResourceDefinition, no bare server knows. */
const isBuiltIn = ({ apiVersion }: Raw) => /^(\w+|[\w.]+\.k8s\.io)(\/|$)/.test(apiVersion);

const sourceOf = ({ apiVersion, kind }: Raw) =>
  Object.values(sources).find(
    (each) => each.apiVersion === apiVersion && (each.kind === kind || each.kind === anyKind),
  );

const fixtures = checkFolders
  .flatMap(fixturesOf)
  .map((fixture) => ({
    ...fixture,
    objects: fixture.objects.filter((raw) => isBuiltIn(raw) || sourceOf(raw) !== undefined),
  }))
  .filter(({ objects }) => objects.length > 0);

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

/** Kinds that a server does not have by itself, each with a definition that takes any object of it. */
function definitionsOf(objects: readonly Raw[]) {
  const all = objects.flatMap((raw) => {
    const source = sourceOf(raw);
    if (source === undefined || isBuiltIn(raw)) return [];
    const { apiVersion, kind } = raw;
    const [group = '', version = ''] = apiVersion.split('/');
    const plural = source.kind === anyKind ? kind.toLowerCase() : source.resource;
    const definition = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `${plural}.${group}` },
      spec: {
        group,
        scope: source.namespaced ? 'Namespaced' : 'Cluster',
        names: { plural, kind },
        versions: [
          {
            name: version,
            served: true,
            storage: true,
            schema: {
              openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
            },
          },
        ],
      },
    };
    return [[definition.metadata.name, definition] as const];
  });
  return [...new Map(all).values()];
}

describe.each<[KubernetesVersion, typeof fixtures]>([
  ['1.37', fixtures.filter((fixture) => !isOld(fixture))],
  ['1.24', fixtures.filter(isOld)],
])('Kubernetes %s', (version, ofVersion) => {
  const skip = skipReason(version);
  let cluster: ControlPlane;
  beforeAll(async () => {
    if (skip) return;
    cluster = await startControlPlane({ version });
    const objects = ofVersion.flatMap((fixture) => fixture.objects);
    await cluster.apply(list(namespacesOf(objects)));
    const definitions = definitionsOf(objects);
    if (definitions.length === 0) return;
    await cluster.apply(list(definitions));
    const names = definitions.map(({ metadata }) => `crd/${metadata.name}`);
    await cluster.kubectl(['wait', '--for=condition=Established', '--timeout=60s', ...names]);
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
