import { connect, type Connection } from './api/connection.ts';
import { findResource, type ApiResource } from './collect/api-resources.ts';
import { collectFiles } from './collect/files.ts';
import { collectRbac, type RbacCollection } from './collect/rbac.ts';
import { exit, UserError } from './errors.ts';
import {
  grantAllows,
  grantsOf,
  isAskedInNamespaces,
  joinBindings,
  rbacSources,
  type Grant,
  type RbacHeld,
  type Request,
} from './kit/rbac.ts';
import { objectTitle } from './kit/titles.ts';
import type { Role } from './model.ts';
import type { Target } from './run.ts';
import { closest, plural, visible } from './text.ts';

/** A question as it is typed. */
export interface Question {
  verb: string;
  /** `TYPE`, `TYPE.GROUP`, either with `/NAME`, or a path of the API server, which begins with a slash. */
  what: string;
  subresource?: string;
  /** Missing: in every namespace. */
  namespace?: string;
}

export interface Answer {
  request: Request;
  /** Those who may, cluster-wide grants first. The group system:masters may anyway, and is not among them. */
  grants: Grant[];
  /** Why others may be missing, as sentences; empty when everything was read. */
  unread: string[];
  /** What to know about the question, as sentences. */
  notes: string[];
}

/**
 * Answers one question about a cluster or manifests.
 * @throws UserError when the question has no meaning (usage), or nothing could be read.
 */
export async function askWhoCan(target: Target, question: Question): Promise<Answer> {
  requireMeaning(question);
  if (target.kind === 'files') {
    const asked = await understand(question);
    const held = withClusterAdmin((await collectFiles(target.files)).held);
    return answer(asked, held, dangling(held));
  }
  const connection = await connect(target.connection);
  try {
    const asked = await understand(question, connection);
    const { held, outcomes } = await collectRbac(connection, asked.scope);
    return answer(asked, held, unreadOf(outcomes));
  } finally {
    await connection.close();
  }
}

function requireMeaning({ what, subresource, namespace }: Question): void {
  const given = subresource !== undefined ? '--subresource' : namespace !== undefined ? '-n' : undefined;
  if (!what.startsWith('/') || given === undefined) return;
  throw new UserError(`${visible(what)} is a path of the API server, for which ${given} has no meaning.`, {
    hint: `Leave out ${given}, or write the resource without the slash.`,
    exitCode: exit.usage,
  });
}

/** A question with its resource found out. */
interface Asked {
  request: Request;
  scope: Parameters<typeof collectRbac>[1];
  notes: string[];
}

async function understand(question: Question, connection?: Connection): Promise<Asked> {
  const { verb, what, subresource } = question;
  if (what.startsWith('/')) {
    return { request: { verb, path: what }, scope: 'cluster', notes: verbNotes(verb, pathVerbs) };
  }
  const slash = what.indexOf('/');
  const [type, name] = slash === -1 ? [what] : [what.slice(0, slash), what.slice(slash + 1)];
  const resource = await findResource(type, verb, connection);
  const request = {
    verb,
    apiGroup: resource.group,
    resource: resource.name,
    ...(subresource === undefined ? {} : { subresource }),
    ...(name === undefined ? {} : { name }),
  };
  const notes = [...verbNotes(verb, resourceVerbs), ...nameNotes(name, subresource)];
  // A request for one Namespace counts as made in it, so that its RoleBindings count, too.
  const isNamespace = resource.group === '' && resource.name === 'namespaces';
  const namespace = isNamespace && name !== undefined ? name : question.namespace;
  if (!isNamespace && !isAskedIn(resource, verb)) {
    const ignored = `${resource.name} belong to no namespace: -n ${visible(namespace ?? '')} changes nothing, and RoleBindings do not count.`;
    return { request, scope: 'cluster', notes: namespace === undefined ? notes : [...notes, ignored] };
  }
  if (namespace !== undefined) return { request: { ...request, namespace }, scope: { namespace }, notes };
  return { request, scope: isNamespace ? 'cluster' : 'everywhere', notes };
}

const isAskedIn = ({ namespaced, name, group }: ApiResource, verb: string): boolean =>
  namespaced || isAskedInNamespaces({ verb, apiGroup: group, resource: name });

const resourceVerbs =
  'get list watch create update patch delete deletecollection use bind escalate impersonate approve sign attest proxy *'.split(
    ' ',
  );
const pathVerbs = 'get post put patch delete head options *'.split(' ');

/** An unknown verb is no mistake, for rules may hold any; who gets it wrong is told all the same. */
function verbNotes(verb: string, known: readonly string[]): string[] {
  if (known.includes(verb) || verb.includes(':')) return [];
  const meant = closest(verb, known);
  const question = meant === undefined ? '' : ` Did you mean ${meant}?`;
  return [`"${visible(verb)}" is no verb of Kubernetes.${question}`];
}

const subresources =
  'exec log attach portforward proxy eviction ephemeralcontainers token scale status approval binding finalize resize'.split(
    ' ',
  );

function nameNotes(name: string | undefined, subresource: string | undefined): string[] {
  if (name === undefined || subresource !== undefined || !subresources.includes(name)) return [];
  return [`"${name}" is taken for the name of an object: for the subresource write --subresource ${name}.`];
}

function answer({ request, scope, notes }: Asked, held: RbacHeld, unread: string[]): Answer {
  const grants = grantsOf(held).filter((grant) => {
    const { namespace } = grant;
    const inItsNamespace = scope === 'everywhere' && namespace !== undefined ? { namespace } : {};
    return grantAllows(grant, { ...request, ...inItsNamespace });
  });
  return { request, grants, unread, notes };
}

/** What could not be read, as sentences. @throws UserError when that is everything. */
function unreadOf(outcomes: RbacCollection['outcomes']): string[] {
  const asked = rbacSources.flatMap((source) => {
    const outcome = outcomes[source];
    return outcome === undefined ? [] : [{ source: source.toLowerCase(), ...outcome }];
  });
  const unread = asked.filter(({ state, reason }) => state !== 'ok' || reason !== undefined);
  const sentences = unread.map(({ source, state, reason = state }) => `${source}: ${reason}.`);
  const [first] = sentences;
  if (first === undefined || unread.some(({ count }) => count > 0) || unread.length < asked.length) {
    return sentences;
  }
  throw new UserError(`Roles and bindings could not be read: ${first}`, {
    hint: 'Give the credentials get and list on roles, rolebindings, clusterroles and clusterrolebindings.',
  });
}

/** Bindings in manifests whose role is elsewhere: what it grants cannot be told. */
function dangling(held: RbacHeld): string[] {
  const bindings = joinBindings(held).filter(({ role }) => role === undefined);
  const byRole = Map.groupBy(bindings, ({ binding: { roleRef } }) => `${roleRef.kind} ${roleRef.name}`);
  return [...byRole].map(([role, [first, ...others]]) => {
    const more = others.length === 0 ? '' : ` and ${plural(others.length, 'other binding')}`;
    return `${role} is not in the files: what ${first === undefined ? '' : objectTitle(first.binding)}${more} may grant by it cannot be told.`;
  });
}

const everything = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];

/** What every cluster has is seldom in manifests. */
function withClusterAdmin(held: RbacHeld): RbacHeld {
  const name = 'cluster-admin';
  if (held.clusterRoles.some(({ metadata }) => metadata.name === name)) return held;
  const role: Role = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name },
    rules: everything,
  };
  return { ...held, clusterRoles: [...held.clusterRoles, role] };
}
