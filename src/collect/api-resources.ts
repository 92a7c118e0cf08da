import type { Connection } from '../api/connection.ts';
import { ApiError } from '../api/errors.ts';
import { exit, UserError } from '../errors.ts';
import { closest, visible } from '../text.ts';
import { builtInResources } from './built-in-resources.ts';
import { apiPath } from './definition.ts';

/** A resource as discovery describes it. */
export interface ApiResource {
  /** Empty for the core group. */
  group: string;
  /** The plural, as in paths and in rules. */
  name: string;
  kind: string;
  shortNames: readonly string[];
  namespaced: boolean;
}

/** What rules grant that is no resource of the API: only the authorizer is asked about it, and with these verbs. */
const virtual: readonly (ApiResource & { verbs: RegExp })[] = [
  ...['users', 'groups'].map((name) => ({ group: '', name, verbs: /^impersonate/ })),
  ...['uids', 'userextras'].map((name) => ({ group: 'authentication.k8s.io', name, verbs: /^impersonate/ })),
  { group: 'certificates.k8s.io', name: 'signers', verbs: /^(approve|sign|attest)$/ },
].map((resource) => ({ ...resource, kind: '', shortNames: [], namespaced: false }));

/** Every resource of every group, or of one. */
const anyResource: ApiResource = {
  group: '*',
  name: '*',
  kind: '',
  shortNames: [],
  namespaced: true,
};

/**
 * The resource that somebody means by `TYPE`, `TYPE.GROUP` or `TYPE.VERSION.GROUP`, where the type is a plural, a kind or
 * a short name, or `*`; as kubectl understands it. Without a connection what Kubernetes itself has is known.
 * @throws UserError (usage) for what the server does not have, with what was probably meant.
 */
export async function findResource(
  typed: string,
  verb: string,
  connection?: Connection,
): Promise<ApiResource> {
  const [type = '', ...qualifier] = typed.toLowerCase().split('.');
  const wanted = qualifier.join('.');
  if (type === '*') return { ...anyResource, ...(wanted === '' ? {} : { group: wanted }) };
  const askedFor = virtual.find(
    ({ group, name, verbs }) => name === type && verbs.test(verb) && (wanted === '' || wanted === group),
  );
  if (askedFor !== undefined) return askedFor;

  const unread: string[] = [];
  const seen: ApiResource[] = [];
  const lists = connection === undefined ? [builtInResources] : served(connection, qualifier, unread);
  for await (const resources of lists) {
    const found = resources.find((resource) => isCalled(resource, type) && isIn(resource, qualifier));
    if (found !== undefined) return found;
    seen.push(...resources);
  }
  // Of the extensions of some cluster a manifest tells nothing but what rules call them.
  const isForeign = connection === undefined && wanted !== '' && !seen.some(({ group }) => group === wanted);
  if (isForeign) return { ...anyResource, group: wanted, name: type };
  throw unknown(typed, seen, unread, connection);
}

const isCalled = ({ name, kind, shortNames }: ApiResource, type: string): boolean =>
  name === type || kind.toLowerCase() === type || shortNames.includes(type);

/** `apps`, or `v1.apps`; of a group that has dots either may be meant. */
const isIn = ({ group }: Pick<ApiResource, 'group'>, [first, ...rest]: readonly string[]): boolean =>
  first === undefined ||
  group === [first, ...rest].join('.') ||
  (rest.length > 0 && group === rest.join('.'));

/** The core group first, as it comes first in kubectl; the others all at once, and only if they are needed. */
async function* served(
  connection: Connection,
  qualifier: readonly string[],
  unread: string[],
): AsyncGenerator<readonly ApiResource[]> {
  const read = async (groupVersion: string): Promise<readonly ApiResource[]> => {
    try {
      return resourcesIn(groupVersion, await connection.get(apiPath(groupVersion)));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      unread.push(groupVersion);
      return [];
    }
  };
  if (qualifier.length === 0) yield await read('v1');
  const { groups = [] }: GroupList = await connection.get('/apis');
  const others = groups
    .filter(({ name: group = '' }) => isIn({ group }, qualifier))
    .flatMap(({ versions = [] }) => versions.map(({ groupVersion = '' }) => groupVersion));
  yield (await Promise.all(others.map(read))).flat();
}

interface GroupList {
  groups?: { name?: string; versions?: { groupVersion?: string }[] }[];
}
interface ResourceList {
  resources?: { name?: string; kind?: string; shortNames?: string[]; namespaced?: boolean }[];
}

function resourcesIn(groupVersion: string, { resources = [] }: ResourceList): ApiResource[] {
  const group = groupVersion.includes('/') ? groupVersion.replace(/\/.*/, '') : '';
  return resources
    .filter(({ name = '' }) => name !== '' && !name.includes('/'))
    .map(({ name = '', kind = '', shortNames = [], namespaced = false }) => ({
      group,
      name,
      kind,
      shortNames,
      namespaced,
    }));
}

function unknown(
  typed: string,
  seen: readonly ApiResource[],
  unread: readonly string[],
  connection: Connection | undefined,
): UserError {
  const [type = ''] = typed.split('.');
  const names = [...seen, ...virtual].flatMap(({ name, kind, shortNames }) => [name, kind, ...shortNames]);
  const meant = closest(type, names);
  const where = connection === undefined ? 'Kubernetes' : 'The cluster';
  const hints = [
    ...(meant === undefined ? [] : [`Did you mean ${visible(meant)}?`]),
    ...(unread.length === 0 ? [] : [`These could not be read: ${visible(unread.join(', '))}.`]),
    connection === undefined
      ? 'With -f only what Kubernetes itself has is known by every name; write the rest as rules do: PLURAL.GROUP.'
      : 'See which there are: kubectl api-resources. A path of the API server begins with a slash.',
  ];
  return new UserError(`${where} has no resource "${visible(typed)}".`, {
    hint: hints.join(' '),
    exitCode: exit.usage,
  });
}
