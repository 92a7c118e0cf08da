/** What people write NetworkPolicies for, each recipe with the connections that it must allow and refuse. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { projectObject } from '../../../../src/collect/files.ts';
import {
  endpointOf,
  hasPort,
  namespaceLabels,
  podClasses,
  policiesByNamespace,
  reach,
  type Endpoint,
} from '../../../../src/kit/network.ts';
import type { KubeObject, NetworkPolicy, Workload } from '../../../../src/model.ts';

interface Cluster {
  namespaces: Record<string, Record<string, string>>;
  pods: Record<string, { labels: object; ip: string; hostNetwork?: boolean; ports?: object[] }>;
}

interface Recipe {
  about: string;
  policies: Record<string, object>;
  allowed: string[];
  refused: string[];
}

const folder = new URL('recipes/', import.meta.url);
const read = (file: string): unknown => parse(readFileSync(new URL(file, folder), 'utf8'));
const recipeIn = (file: string) => read(file) as Recipe;

/** As it comes from the API, through the projection. */
function projected(raw: Record<string, unknown>): KubeObject {
  const found = projectObject(raw);
  if (found === undefined) throw new Error(`${String(raw['kind'])} is not read`);
  return found.object;
}

/** Of `shop/web`. */
function metadataOf(title: string, rest: object = {}) {
  const [namespace, name] = title.split('/');
  return { name, namespace, ...rest };
}

const cluster = read('cluster.yaml') as Cluster;
const namespaces = Object.entries(cluster.namespaces).map(([name, labels]) =>
  projected({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }),
);
const pods = new Map(
  Object.entries(cluster.pods).map(([title, { labels, ip, hostNetwork = false, ports = [] }]) => [
    title,
    projected({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: metadataOf(title, { labels }),
      spec: { hostNetwork, containers: [{ name: 'app', ports }] },
      status: { podIPs: [{ ip }] },
    }) as Workload,
  ]),
);
const labelsOf = namespaceLabels(namespaces);

const policiesOf = (recipe: Recipe): NetworkPolicy[] =>
  Object.entries(recipe.policies).map(([title, spec]) =>
    projected({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: metadataOf(title),
      spec,
    }),
  ) as NetworkPolicy[];

/** Where a Pod is, on its own and as one of its class; what is not a Pod is an address. */
type Find = (title: string) => Endpoint;
const alone: Find = (title) => {
  const pod = pods.get(title);
  return pod === undefined ? { kind: 'address', ip: title } : endpointOf(pod, labelsOf);
};
function inClasses(networkPolicies: readonly NetworkPolicy[]): Find {
  const classes = podClasses({ namespaces, networkPolicies });
  for (const [title, pod] of pods) classes.add(pod, { apiVersion: 'v1', kind: 'Pod', name: title });
  return (title) =>
    classes.all().find(({ owners }) => owners.has(`v1/Pod/${title}`))?.endpoint ?? alone(title);
}

/** Of `shop/web -> shop/db 5432/TCP`; TCP may be left out. */
function mayConnect(networkPolicies: readonly NetworkPolicy[], connection: string, find: Find): boolean {
  const [, from = '', to = '', port, protocol = 'TCP'] =
    /^(\S+) -> (\S+) (\d+)(?:\/(\w+))?$/.exec(connection) ?? [];
  if (port === undefined) throw new Error(`not a connection: ${connection}`);
  for (const end of [from, to]) if (end.includes('/') && !pods.has(end)) throw new Error(`no Pod ${end}`);
  const { ports } = reach(policiesByNamespace(networkPolicies), find(from), find(to));
  return hasPort(ports, protocol, Number(port));
}

const recipes = readdirSync(folder)
  .filter((file) => file !== 'cluster.yaml')
  .map((file) => ({ name: file.replace('.yaml', ''), ...recipeIn(file) }));

describe.each(recipes)('$name: $about', (recipe) => {
  const policies = policiesOf(recipe);
  const expected = [
    ...recipe.allowed.map((connection) => `allowed: ${connection}`),
    ...recipe.refused.map((connection) => `refused: ${connection}`),
  ];

  test.each([
    ['Pods', alone],
    ['classes of Pods', inClasses(policies)],
  ])('between %s', (_, find) => {
    const found = [...recipe.allowed, ...recipe.refused].map(
      (connection) => `${mayConnect(policies, connection, find) ? 'allowed' : 'refused'}: ${connection}`,
    );
    expect(found).toEqual(expected);
  });
});

test('no policy takes away what another allows, however closely it selects', () => {
  const { policies } = recipeIn('most-specific-does-not-win.yaml');
  const connections = [...pods.keys()].flatMap((from) =>
    [80, 5432].map((port) => `${from} -> shop/db ${port}`),
  );
  const allowedBy = (titles: readonly string[]) => {
    const some = Object.fromEntries(Object.entries(policies).filter(([title]) => titles.includes(title)));
    const held = policiesOf({ about: '', policies: some, allowed: [], refused: [] });
    return connections.filter((connection) => mayConnect(held, connection, alone));
  };
  const titles = Object.keys(policies);
  const union = new Set(titles.flatMap((title) => allowedBy([title])));
  expect(union.size).toBeGreaterThan(0);
  expect(union.size).toBeLessThan(connections.length);
  expect(new Set(allowedBy(titles))).toEqual(union);
});
