/** What is at which path: discovery documents, lists and single objects. */
import type { Attributes } from './access.ts';
import {
  apiGroup,
  apiGroupList,
  apiResourceList,
  apiVersions,
  groupVersionOf,
  resourcesFor,
} from './resources.ts';
import type { Resource } from './resources.ts';
import type { Answer } from './respond.ts';
import { methodNotAllowed, noSuchResource, notFound } from './status.ts';
import type { RawObject, Store } from './store.ts';

export interface Asked {
  method: string;
  path: string;
  query: Record<string, string>;
}

/** Throws where the user may not do this. */
type Authorize = (attributes: Attributes) => void;

const minorOf = (version: string): number => Number(version.split('.')[1]);
const groupNames = (resources: Resource[]): Set<string> => new Set(resources.map(({ group }) => group));
const pageNotFound: Answer = { code: 404, body: '404 page not found\n' };

export function route(asked: Asked, objects: Store, version: string, authorize: Authorize): Answer {
  const served = resourcesFor(minorOf(version), objects.kinds());
  const [, groupVersion, rest] = /^\/apis?\/(v1|[^/]+\/[^/]+)\/(.+)$/.exec(asked.path) ?? [];
  if (groupVersion !== undefined && rest !== undefined) {
    return answerFromObjects(asked, { groupVersion, ...parse(rest) }, served, objects, authorize);
  }
  authorize({ verb: asked.method.toLowerCase(), group: '', resource: '', path: asked.path });
  if (asked.method !== 'GET') throw methodNotAllowed();
  const body = document(asked.path, served, version);
  return body === undefined ? pageNotFound : { code: 200, body };
}

/** What is at a path that is no resource. */
function document(path: string, served: Resource[], version: string): object | string | undefined {
  if (path === '/version') return versionDocument(version);
  if (['/healthz', '/livez', '/readyz'].includes(path)) return 'ok';
  if (path === '/api') return apiVersions();
  if (path === '/apis') return apiGroupList(served);
  const [, groupVersion = '', group = ''] = /^\/apis?\/(([^/]+)(?:\/[^/]+)?)$/.exec(path) ?? [];
  if (served.some((each) => groupVersionOf(each) === groupVersion)) {
    return apiResourceList(groupVersion, served);
  }
  if (!groupNames(served).has(group)) return undefined;
  if (groupVersion !== group) throw noSuchResource();
  return { kind: 'APIGroup', apiVersion: 'v1', ...apiGroup(group, served) };
}

const verbs: Record<string, string> = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' };

function answerFromObjects(
  { method, query }: Asked,
  target: { groupVersion: string; resource: string; namespace?: string; name?: string },
  served: Resource[],
  objects: Store,
  authorize: Authorize,
): Answer {
  const { groupVersion, namespace, name } = target;
  const group = groupVersion.includes('/') ? groupVersion.replace(/\/.*/, '') : '';
  const verb = verbs[method] ?? (name === undefined ? 'list' : 'get');
  authorize({ verb, group, ...target });

  if (!groupNames(served).has(group)) return pageNotFound;
  const resource = served.find(
    (each) => groupVersionOf(each) === groupVersion && each.name === target.resource,
  );
  if (resource === undefined) throw noSuchResource();
  if (method !== 'GET') throw methodNotAllowed();

  const { kind } = resource;
  if (name !== undefined) {
    const found = objects.get(kind, resource.namespaced ? `${namespace}/${name}` : name);
    if (found === undefined) throw notFound(resource.name, group, name);
    return { code: 200, body: { kind, apiVersion: groupVersion, ...withoutType(found) } };
  }
  const { limit = '0', ...selection } = query;
  const scope = namespace === undefined ? {} : { namespace };
  const page = objects.list(resource, { ...selection, ...scope, limit: Number(limit) });
  // Metadata before items, and items without kind and apiVersion: both as a real server writes a list.
  const items = page.items.map(withoutType);
  return {
    code: 200,
    body: { kind: `${kind}List`, apiVersion: groupVersion, metadata: page.metadata, items },
  };
}

const withoutType = ({ kind: _kind, apiVersion: _apiVersion, ...fields }: RawObject): object => fields;

/** `pods`, `pods/NAME`, `namespaces/NS`, `namespaces/NS/pods`, `namespaces/NS/pods/NAME` */
function parse(rest: string): { resource: string; namespace?: string; name?: string } {
  const [first = '', second, third, fourth] = rest.split('/').map((part) => decodeURIComponent(part));
  if (first !== 'namespaces') return { resource: first, ...(second === undefined ? {} : { name: second }) };
  if (second === undefined) return { resource: first };
  if (third === undefined) return { resource: first, namespace: second, name: second };
  return { resource: third, namespace: second, ...(fourth === undefined ? {} : { name: fourth }) };
}

const versionDocument = (gitVersion: string): object => ({
  major: '1',
  minor: String(minorOf(gitVersion)),
  gitVersion,
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '2026-01-01T00:00:00Z',
  goVersion: 'go1.26.0',
  compiler: 'gc',
  platform: 'linux/amd64',
});
