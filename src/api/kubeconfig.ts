import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, isAbsolute, join, resolve, sep } from 'node:path';
import type { Cluster, User } from '@kubernetes/client-node';
import { newClusters, newUsers } from '@kubernetes/client-node/dist/config_types.js';
import { exit, messageOf, UserError } from '../errors.ts';
import { isPrintable, visible } from '../text.ts';
import { entryFields } from './kubeconfig-fields.ts';

/** kubectl's flags of the same names. */
export interface KubeconfigOptions {
  kubeconfig?: string;
  context?: string;
  cluster?: string;
  user?: string;
}

/** Whom to act as: `as`, `as-groups`, `as-uid` and `as-user-extra` of a kubeconfig user, or --as and --as-group. */
export interface Impersonation {
  user?: string;
  groups?: string[];
  uid?: string;
  extra?: Record<string, string[]>;
}

/** Where the API server is and who we are, from a kubeconfig. */
export interface Target {
  clusterName: string;
  cluster: Cluster;
  user: User;
  impersonation: Impersonation;
  inCluster: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;
type Entry = Record<string, unknown>;

/** One entry of `clusters`, `contexts` or `users`, and the file that defines it. */
interface Definition {
  file: string;
  entry: Entry;
}

interface Merged {
  files: string[];
  currentContext: string | undefined;
  clusters: Map<string, Definition>;
  contexts: Map<string, Definition>;
  users: Map<string, Definition>;
}

/**
 * The cluster and user that kubectl would use: `--kubeconfig`, else the list in KUBECONFIG (missing files are skipped;
 * of several definitions the first wins), else ~/.kube/config. Undefined when there is no such file.
 * @throws UserError (usage) for what is missing or malformed, with the file.
 */
export async function readKubeconfig(
  options: KubeconfigOptions,
  env: Environment = process.env,
): Promise<Target | undefined> {
  const files = filesOf(options, env);
  if (files.length === 0) return undefined;
  const merged = await merge(files);
  const contextName = options.context ?? merged.currentContext;
  const context = contextName === undefined ? {} : contextOf(merged, contextName);
  const clusterName = options.cluster ?? context['cluster'];
  if (typeof clusterName !== 'string' || clusterName === '') {
    throw usage(
      `No context is chosen in ${files.join(', ')}.`,
      `Choose one with --context: ${namesOf(merged.contexts)}.`,
    );
  }
  const userName = options.user ?? context['user'];
  const cluster = clusterOf(definitionOf(merged, 'clusters', clusterName));
  if (typeof userName !== 'string' || userName === '') {
    return { clusterName, cluster, user: { name: 'anonymous' }, impersonation: {}, inCluster: false };
  }
  const definition = definitionOf(merged, 'users', userName);
  const user = userOf(definition);
  return { clusterName, cluster, user, impersonation: impersonationOf(definition), inCluster: false };
}

/** The kubeconfig files there are, in order of precedence. */
function filesOf({ kubeconfig }: KubeconfigOptions, env: Environment): string[] {
  if (kubeconfig !== undefined) {
    if (existsSync(kubeconfig)) return [kubeconfig];
    throw usage(`The kubeconfig ${kubeconfig} does not exist.`, 'Check the path given with --kubeconfig.');
  }
  const listed = (env['KUBECONFIG'] ?? '').split(delimiter).filter((file) => file !== '');
  const candidates = listed.length > 0 ? listed : [join(env['HOME'] || homedir(), '.kube', 'config')];
  return candidates.filter((file) => existsSync(file));
}

async function merge(files: string[]): Promise<Merged> {
  const merged: Merged = {
    files,
    currentContext: undefined,
    clusters: new Map(),
    contexts: new Map(),
    users: new Map(),
  };
  for (const file of files) {
    const config = await parse(file);
    const current = config['current-context'];
    if (typeof current === 'string' && current !== '') merged.currentContext ??= current;
    for (const kind of ['clusters', 'contexts', 'users'] as const) {
      for (const entry of entriesOf(config, kind, file)) {
        const name = entry['name'];
        if (typeof name !== 'string') throw malformed(file, `an entry of ${kind} has no name`);
        if (!merged[kind].has(name)) merged[kind].set(name, { file, entry });
      }
    }
  }
  return merged;
}

async function parse(file: string): Promise<Entry> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UserError(`Cannot read the kubeconfig ${file}: ${messageOf(error)}.`, {
      hint: 'Check its permissions, or give another with --kubeconfig.',
      exitCode: exit.usage,
    });
  }
  const { LineCounter, parseDocument } = await import('yaml');
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, logLevel: 'error', merge: true });
  const [problem] = document.errors;
  if (problem) {
    const { line, col } = lineCounter.linePos(problem.pos[0]);
    throw malformed(`${file}:${line}:${col}`, 'it is not valid YAML');
  }
  let config: unknown;
  try {
    config = document.toJS();
  } catch (error) {
    throw malformed(file, visible(messageOf(error)));
  }
  if (config === null) return {};
  if (typeof config !== 'object' || Array.isArray(config)) throw malformed(file, 'it is not a YAML mapping');
  return config as Entry;
}

function entriesOf(config: Entry, kind: string, file: string): Entry[] {
  const list = config[kind] ?? [];
  if (!Array.isArray(list) || list.some((entry) => entry === null || typeof entry !== 'object')) {
    throw malformed(file, `${kind} is not a list of named entries`);
  }
  return list as Entry[];
}

function contextOf(merged: Merged, name: string): Entry {
  const { file, entry } = definitionOf(merged, 'contexts', name);
  const context = entry['context'];
  if (context === null || typeof context !== 'object')
    throw malformed(file, `context "${visible(name)}" is empty`);
  return context as Entry;
}

function definitionOf(merged: Merged, kind: 'clusters' | 'contexts' | 'users', name: string): Definition {
  const definition = merged[kind].get(name);
  const noun = kind.slice(0, -1);
  if (!definition) {
    throw usage(
      `There is no ${noun} "${visible(name)}" in ${merged.files.join(', ')}.`,
      `It has ${kind === 'contexts' ? 'the contexts' : kind}: ${namesOf(merged[kind])}.`,
    );
  }
  const [issue] = entryFields[kind].safeParse(definition.entry).error?.issues ?? [];
  if (!issue) return definition;
  const field = issue.path.length === 1 ? '' : `${issue.path.slice(1).map(String).join('.')} `;
  throw malformed(definition.file, `${noun} "${visible(name)}": ${visible(field)}${issue.message}`);
}

const namesOf = (definitions: ReadonlyMap<string, Definition>): string =>
  [...definitions.keys()].map((name) => visible(name, 80)).join(', ') || 'none';

function clusterOf({ file, entry }: Definition): Cluster {
  const [cluster] = checked(file, entry, () => newClusters([entry]));
  if (!cluster) throw malformed(file, 'a cluster is empty');
  if (!/^https?:\/\//.test(cluster.server) || !URL.canParse(cluster.server)) {
    throw malformed(
      file,
      `the server of cluster "${visible(cluster.name)}" is not an http:// or https:// address`,
    );
  }
  if (cluster.caFile) cluster.caFile = beside(file, cluster.caFile);
  return cluster;
}

/** Paths are relative to the file that holds them. */
function userOf({ file, entry }: Definition): User {
  const given = { ...((entry['user'] ?? {}) as Entry) };
  const tokenFile = (given['tokenFile'] ?? given['token-file']) as string | null | undefined;
  if (tokenFile) {
    delete given['token'];
    given['token-file'] = beside(file, tokenFile);
  }
  const exec = given['exec'] as { command?: string | null } | null | undefined;
  if (exec?.command?.includes(sep)) {
    given['exec'] = { ...exec, command: beside(file, exec.command) };
  }
  const [user] = checked(file, entry, () => newUsers([{ ...entry, user: given }]));
  if (!user) throw malformed(file, 'a user is empty');
  if (user.token && !isPrintable(user.token.trim())) {
    throw malformed(
      file,
      `user "${visible(user.name)}": the token${tokenFile ? ' in its tokenFile' : ''} must be one line of printable text`,
    );
  }
  if (user.certFile) user.certFile = beside(file, user.certFile);
  if (user.keyFile) user.keyFile = beside(file, user.keyFile);
  return user;
}

const beside = (file: string, path: string): string =>
  isAbsolute(path) ? path : join(dirname(resolve(file)), path);

/** The library's own reading of an entry; what it objects to is put into our words. */
function checked<T>(file: string, entry: Entry, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const what = messageOf(error).replace(/^(cluster|user)s\[0\]/, `$1 "${visible(String(entry['name']))}"`);
    throw malformed(file, what);
  }
}

/** @throws UserError where it would be ignored: what is read as oneself is not what the kubeconfig asks for. */
function impersonationOf({ file, entry }: Definition): Impersonation {
  // The types are those of the table of fields.
  const { as, ...more } = (entry['user'] ?? {}) as {
    as?: string | null;
    'as-groups'?: string[] | null;
    'as-uid'?: string | null;
    'as-user-extra'?: Record<string, string[]> | null;
  };
  const { 'as-groups': groups, 'as-uid': uid, 'as-user-extra': extra } = more;
  if (!as && (groups?.length || uid || Object.keys(extra ?? {}).length > 0)) {
    throw malformed(
      file,
      `user "${visible(String(entry['name']))}": as-groups, as-uid and as-user-extra need a user to act as (as)`,
    );
  }
  return {
    ...(as ? { user: as } : {}),
    ...(groups ? { groups } : {}),
    ...(uid ? { uid } : {}),
    ...(extra ? { extra } : {}),
  };
}

const usage = (message: string, hint: string): UserError =>
  new UserError(message, { hint, exitCode: exit.usage });

const malformed = (where: string, what: string): UserError =>
  usage(
    `The kubeconfig ${where} is malformed: ${what}.`,
    'Correct it there, or give another file with --kubeconfig.',
  );
