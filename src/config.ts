/** Every setting: what it is called, what it may be, where it comes from. */
import { createHash } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import { LineCounter } from 'yaml';
import * as z from 'zod';
import { applyEnvironment } from './config/environment.ts';
import { exampleConfig } from './config/example.ts';
import { readConfigFile } from './config/file.ts';
import { describeIssues, type Problem } from './config/issues.ts';
import { dnsLabel, dnsLabelWords } from './config/label.ts';
import { referenceTables } from './config/reference.ts';
import {
  clusterName,
  faultOfClusterName,
  faultOfSchedule,
  isTimeZone,
  mailAddress,
  parseMailbox,
} from './config/values.ts';
import { exit, UserError } from './errors.ts';
import { closest } from './text.ts';

export { faultOfClusterName, faultOfSchedule, parseMailbox };

// The schema is interpreted, not compiled: the program evaluates no code.
z.config({ jitless: true });

const label = z.string().regex(dnsLabel, { error: `must be ${dnsLabelWords}` });
const address = z.email({ pattern: mailAddress, error: 'must be a mail address: name@domain' });
const mailbox = z
  .string()
  .refine(
    (text) => parseMailbox(text) !== undefined,
    'must be a mail address: name@domain or Text <name@domain>',
  );
const text = z.string().min(1, 'must not be empty').max(200, 'must be at most 200 characters');
const path = z.string().min(1, 'must not be empty');

const smtpChannel = z.strictObject({
  name: label.describe('What audiences call it.'),
  type: z.literal('smtp').describe('How it delivers.'),
  host: text.describe('Name or address of the mail server.'),
  port: z
    .int()
    .min(1)
    .max(65_535)
    .exactOptional()
    .describe('By default 587 with `tls: required`, 465 with `implicit`, 25 with `none`.'),
  tls: z
    .enum(['required', 'implicit', 'none'])
    .default('required')
    .describe(
      '`required`: STARTTLS, and no mail to a server that does not offer it. `implicit`: TLS from the first byte. `none`: everything in the clear.',
    ),
  caFile: path
    .exactOptional()
    .describe(
      'PEM file of the certificate authority that signed the server certificate, where it is a private one.',
    ),
  insecureSkipVerify: z
    .boolean()
    .default(false)
    .describe('Accept any server certificate. Whoever sits in between can then read reports and password.'),
  allowInsecureAuth: z
    .boolean()
    .default(false)
    .describe(
      'Allow to log in although `tls` is `none`: the password then crosses the network in the clear.',
    ),
  username: text.exactOptional().describe('To log in with; without it no login is tried.'),
  passwordFile: path
    .exactOptional()
    .describe('File that holds the password, read anew for every delivery; else `PASSMUSTER_SMTP_PASSWORD`.'),
  from: mailbox.describe('Sender: `audit@example.com` or `Passmuster <audit@example.com>`.'),
  replyTo: mailbox.exactOptional().describe('Who answers questions about the report.'),
  retrySeconds: z
    .int()
    .min(0)
    .max(3600)
    .default(120)
    .describe(
      'How long to try again when the server is unreachable or says to come back later (greylisting).',
    ),
});

const audience = z.strictObject({
  name: label.describe('Appears in the mail and in its List-Id.'),
  channel: label.describe('Name of the channel.'),
  to: z
    .array(address)
    .min(1, 'needs at least one address')
    .describe('Recipients; each gets a mail of their own.'),
  namespaces: z
    .array(text)
    .min(1, 'needs at least one namespace; leave it out for all')
    .exactOptional()
    .describe('Only findings in these namespaces; without it, everything.'),
  content: z
    .enum(['counts', 'summary', 'full'])
    .default('full')
    .describe(
      '`counts`: numbers only, no name of any object. `summary`: also namespaces and reasons. `full`: also findings with their commands, and all of them as CSV.',
    ),
});

const exemption = z.strictObject({
  check: text.describe('Id of the check; here and below `*` stands for any characters.'),
  namespace: text.exactOptional().describe('Namespace of the object.'),
  kind: text.exactOptional().describe('Kind of the object: `Deployment`.'),
  name: text.exactOptional().describe('Name of the object.'),
  reason: text.describe('Why this is accepted; appears in the report.'),
  owner: text.describe('Who accepted it.'),
  expires: z.iso
    .date({ error: 'must be a date that exists: YYYY-MM-DD' })
    .describe('Last day it holds: `2027-06-30`.'),
});

const schema = z
  .strictObject({
    apiVersion: z.literal('passmuster/v1').describe('Version of this format.'),
    kind: z.literal('Config').describe('Always `Config`.'),
    clusterName: clusterName
      .exactOptional()
      .describe('What people call the cluster; else the name in the kubeconfig.'),
    timeZone: z
      .string()
      .refine(isTimeZone, 'must be an IANA time zone: Europe/Berlin, America/New_York, UTC')
      .default('UTC')
      .describe('IANA time zone of the schedule and of the times in mails.'),
    schedule: z
      .string()
      .default('0 7 * * 1')
      .describe(
        'When `passmuster schedule` sends: minute, hour, day of month, month, day of week. Hours from 1 to 3 may be skipped or repeated when clocks change.',
      ),
    benchmark: text
      .default('auto')
      .describe('Benchmark edition that is scored, by id; `auto` chooses by platform and server version.'),
    level: z
      .union([z.literal(1), z.literal(2)], { error: 'must be 1 or 2' })
      .default(1)
      .describe('Level of the benchmark that is scored: 1, or 2 for both.'),
    channels: z.array(smtpChannel).default([]).describe('Where reports can go.'),
    audiences: z
      .array(audience)
      .default([])
      .describe('Who gets the report, over which channel, and how much of it.'),
    exemptions: z
      .array(exemption)
      .default([])
      .describe('Findings that are accepted, for a reason and for a time.'),
  })
  .superRefine((config, context) => {
    const report = (message: string, ...where: (string | number)[]): void => {
      context.addIssue({ code: 'custom', message, path: where });
    };
    const cronFault = isTimeZone(config.timeZone) && faultOfSchedule(config.schedule, config.timeZone);
    if (cronFault) report(cronFault, 'schedule');
    for (const list of ['channels', 'audiences'] as const) {
      const names = config[list].map(({ name }) => name);
      for (const [i, name] of names.entries()) {
        if (names.indexOf(name) !== i) report(`"${name}" is taken; names are unique`, list, i, 'name');
      }
    }
    for (const [i, channel] of config.channels.entries()) {
      if (channel.tls === 'none' && channel.username !== undefined && !channel.allowInsecureAuth) {
        report(
          'none would send the password in the clear; use required or implicit, or accept that with allowInsecureAuth: true',
          'channels',
          i,
          'tls',
        );
      }
    }
    const known = config.channels.map(({ name }) => name);
    for (const [i, { channel }] of config.audiences.entries()) {
      if (known.includes(channel)) continue;
      const choice = known.length === 0 ? 'channels is empty' : `channels are ${known.join(', ')}`;
      report(`there is no channel "${channel}"; ${choice}`, 'audiences', i, 'channel');
    }
  });

/** The schema that knows which benchmarks there are. They are given, not imported: the stages import this file. */
const schemaFor = (benchmarks: readonly string[]) =>
  schema.superRefine(({ benchmark }, context) => {
    const known = ['auto', ...benchmarks];
    if (known.includes(benchmark)) return;
    const meant = closest(benchmark, known);
    const choice = meant === undefined ? `benchmarks are ${known.join(', ')}` : `did you mean ${meant}?`;
    const message = `there is no benchmark "${benchmark}"; ${choice}`;
    context.addIssue({ code: 'custom', message, path: ['benchmark'] });
  });

export type Config = z.output<typeof schema>;
export type Channel = Config['channels'][number];
export type Audience = Config['audiences'][number];

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The effective configuration: the file if there is one, environment variables over it, defaults under it.
 * @param benchmarks ids of the benchmarks there are; without it any is taken
 * @throws UserError (exit 2) that names every problem with its line and column, or its variable.
 */
export function loadConfig(
  file: string | undefined,
  environment: Environment,
  benchmarks?: readonly string[],
): Config {
  const {
    value: raw,
    document,
    lines,
    problems: syntax,
  } = file === undefined ? noFile : readConfigFile(file);
  if (syntax.length > 0) throw rejected(syntax, file);
  const { value, origins, problems } = applyEnvironment(raw, environment);
  const parsed = (benchmarks === undefined ? schema : schemaFor(benchmarks)).safeParse(value);
  const context = { file, document, lines, value, origins, schema: configJsonSchema() };
  const found = [...problems, ...(parsed.success ? [] : describeIssues(parsed.error.issues, context))];
  if (found.length > 0 || !parsed.success) throw rejected(found, file);
  return atAbsolutePaths(parsed.data, origins, file);
}

/** SHA-256 of the effective configuration. It holds no secret: those are read from files when they are needed. */
export const configDigest = (config: Config): string =>
  createHash('sha256').update(JSON.stringify(config, canonical)).digest('hex');

/** The commented example that `passmuster config init` writes. */
export const configTemplate = (): string => exampleConfig;

/** JSON Schema of the file, for editors. */
export const configJsonSchema = (): z.core.JSONSchema.BaseSchema => z.toJSONSchema(schema, { io: 'input' });

/** All settings as Markdown tables. */
export const configReference = (): string => referenceTables(configJsonSchema());

const noFile = {
  value: { apiVersion: 'passmuster/v1', kind: 'Config' },
  document: undefined,
  lines: new LineCounter(),
  problems: [],
};

function rejected(problems: readonly Problem[], file: string | undefined): UserError {
  const name = file ?? 'The environment';
  const inOrder = problems.toSorted((a, b) => a.where.localeCompare(b.where, 'en', { numeric: true }));
  const lines = inOrder.map(({ where, message }) => `  ${where}: ${message}`);
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  return new UserError([`${name} has ${count}:`, ...lines].join('\n'), {
    hint: '`passmuster config init` writes a commented example; docs/configuration.md lists every setting.',
    exitCode: exit.usage,
  });
}

/** Paths in the file are relative to the file, those in variables to the working directory. */
function atAbsolutePaths(
  config: Config,
  origins: ReadonlyMap<string, string>,
  file: string | undefined,
): Config {
  const folder = file === undefined ? '.' : dirname(file);
  const channels = config.channels.map((channel, i) => {
    const absolute = (key: 'caFile' | 'passwordFile') => {
      const base = origins.has(`channels.${i}.${key}`) ? '.' : folder;
      return channel[key] === undefined ? {} : { [key]: resolve(base, channel[key]) };
    };
    return { ...channel, ...absolute('caFile'), ...absolute('passwordFile') };
  });
  return { ...config, channels };
}

/** For JSON.stringify: members in one order, and without the paths of secrets. */
const canonical = (key: string, value: unknown): unknown => {
  if (key === 'passwordFile') return undefined;
  return value !== null && typeof value === 'object' && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
    : value;
};
