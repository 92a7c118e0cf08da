import { closest } from '../text.ts';
import type { Problem } from './issues.ts';

type Path = readonly (string | number)[];
type Kind = 'text' | 'number' | 'boolean' | 'list';

const setting = (path: Path, kind: Kind = 'text') => ({ path, kind });
const channel = (key: string, kind?: Kind) => setting(['channels', 0, key], kind);
const audience = (key: string, kind?: Kind) => setting(['audiences', 0, key], kind);

/** Every variable and the setting it overrides; of channels and audiences, that of the only one. */
export const variables = {
  PASSMUSTER_CLUSTER_NAME: setting(['clusterName']),
  PASSMUSTER_TIME_ZONE: setting(['timeZone']),
  PASSMUSTER_SCHEDULE: setting(['schedule']),
  PASSMUSTER_BENCHMARK: setting(['benchmark']),
  PASSMUSTER_LEVEL: setting(['level'], 'number'),
  PASSMUSTER_SMTP_HOST: channel('host'),
  PASSMUSTER_SMTP_PORT: channel('port', 'number'),
  PASSMUSTER_SMTP_TLS: channel('tls'),
  PASSMUSTER_SMTP_CA_FILE: channel('caFile'),
  PASSMUSTER_SMTP_INSECURE_SKIP_VERIFY: channel('insecureSkipVerify', 'boolean'),
  PASSMUSTER_SMTP_ALLOW_INSECURE_AUTH: channel('allowInsecureAuth', 'boolean'),
  PASSMUSTER_SMTP_USERNAME: channel('username'),
  PASSMUSTER_SMTP_PASSWORD_FILE: channel('passwordFile'),
  PASSMUSTER_SMTP_FROM: channel('from'),
  PASSMUSTER_SMTP_REPLY_TO: channel('replyTo'),
  PASSMUSTER_SMTP_RETRY_SECONDS: channel('retrySeconds', 'number'),
  PASSMUSTER_MAIL_TO: audience('to', 'list'),
  PASSMUSTER_MAIL_NAMESPACES: audience('namespaces', 'list'),
  PASSMUSTER_MAIL_CONTENT: audience('content'),
} as const satisfies Record<string, { path: Path; kind: Kind }>;

/** Read where they are needed, so that no secret is ever part of the configuration. */
export const secretVariables = ['PASSMUSTER_SMTP_PASSWORD'] as const;

const listNames: Record<string, string> = { channels: 'channel', audiences: 'audience' };

/**
 * The raw configuration with the variables laid over it, and which variable each setting came from (by dotted path).
 * Variables alone make a channel `smtp` and an audience `default`. An empty variable counts as unset.
 */
export function applyEnvironment(
  raw: unknown,
  environment: Readonly<Record<string, string | undefined>>,
): { value: unknown; origins: Map<string, string>; problems: Problem[] } {
  const origins = new Map<string, string>();
  const problems = misspelt(environment);
  const value = withoutNulls(structuredClone(raw));
  if (!isRecord(value)) return { value, origins, problems };
  for (const [name, { path, kind }] of Object.entries(variables)) {
    const given = environment[name];
    if (given === undefined || given === '') continue;
    const problem = assign(value, path, convert(given, kind));
    if (problem === undefined) origins.set(path.join('.'), name);
    else problems.push({ where: name, message: problem });
  }
  nameWhatVariablesMade(value, origins);
  return { value, origins, problems };
}

/** Sets the value at the path; returns why that cannot be done. */
function assign(root: Record<string, unknown>, path: Path, value: unknown): string | undefined {
  const [first, index, key] = path;
  if (index === undefined || key === undefined) {
    root[String(first)] = value;
    return undefined;
  }
  const list = (root[String(first)] ??= []);
  // A list of the wrong shape is reported by the schema.
  if (!Array.isArray(list) || (list.length > 0 && !isRecord(list[0]))) return undefined;
  if (list.length > 1)
    return `there are several ${first}; set this in the file, for the ${listNames[String(first)]} it is meant for`;
  const element = (list[0] ??= {}) as Record<string, unknown>;
  element[key] = value;
  return undefined;
}

function nameWhatVariablesMade(value: Record<string, unknown>, origins: ReadonlyMap<string, string>): void {
  const made = (list: 'channels' | 'audiences'): Record<string, unknown> | undefined => {
    const fromVariables = [...origins.keys()].some((path) => path.startsWith(`${list}.`));
    const first: unknown = Array.isArray(value[list]) ? value[list][0] : undefined;
    return fromVariables && isRecord(first) && first['name'] === undefined ? first : undefined;
  };
  const newChannel = made('channels');
  if (newChannel !== undefined) Object.assign(newChannel, { name: 'smtp', type: 'smtp' });
  const newAudience = made('audiences');
  const channels: unknown = value['channels'];
  const only: unknown = Array.isArray(channels) ? channels[0] : undefined;
  if (newAudience !== undefined)
    Object.assign(newAudience, { name: 'default', channel: isRecord(only) ? only['name'] : 'smtp' });
}

function convert(text: string, kind: Kind): unknown {
  if (kind === 'list')
    return text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
  if (kind === 'number' && /^\d+$/.test(text)) return Number(text);
  if (kind === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}

/** Near misses only: Kubernetes itself sets variables that begin with the name of each Service. */
function misspelt(environment: Readonly<Record<string, string | undefined>>): Problem[] {
  const known = [...Object.keys(variables), ...secretVariables];
  return Object.keys(environment).flatMap((name) => {
    if (!name.startsWith('PASSMUSTER_') || known.includes(name)) return [];
    const meant = closest(name, known);
    return meant === undefined ? [] : [{ where: name, message: `no such variable; did you mean ${meant}?` }];
  });
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/** `audiences:` with every entry commented out is null in YAML, and means that there is none. */
function withoutNulls(value: unknown): unknown {
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null));
}
