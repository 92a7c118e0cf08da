import type { ConnectionOptions } from '../api/connection.ts';
import { benchmarks, chooseBenchmark } from '../benchmarks/index.ts';
import { faultOfClusterName, loadConfig, type Config } from '../config.ts';
import { exit, UserError } from '../errors.ts';
import type { AuditOptions, Target } from '../run.ts';

/** Which cluster, or which manifests. */
export interface TargetFlags {
  kubeconfig?: string;
  context?: string;
  cluster?: string;
  user?: string;
  as?: string;
  asGroup?: string[];
  requestTimeout: string;
  filename?: string[];
}

export interface AuditFlags extends TargetFlags {
  namespace?: string[];
  allNamespaces?: boolean;
  config?: string;
  clusterName?: string;
  benchmark?: string;
  level?: '1' | '2';
  progress: boolean;
  color: boolean;
  quiet?: boolean;
}

export interface WhoCanFlags extends TargetFlags {
  namespace?: string;
  allNamespaces?: boolean;
  subresource?: string;
  output: 'table' | 'wide' | 'json';
  quiet?: boolean;
}

export interface OutputFlags {
  output?: string[];
  color: boolean;
}

export interface GateFlags {
  failOn: string;
  complianceThreshold?: number;
  failOnIncomplete?: boolean;
}

export interface SendFlags extends AuditFlags {
  report?: string;
  slot?: string;
}

export interface ScheduleFlags extends AuditFlags {
  schedule?: string;
  timeZone?: string;
}

export interface ReachFlags extends TargetFlags {
  namespace?: string;
  from?: string;
  to?: string;
  port?: string;
  output: 'table' | 'json';
  quiet?: boolean;
}

/** The configuration without flags: environment over file over default. @throws UserError (exit 2) */
export const readConfig = (file: string | undefined): Config =>
  loadConfig(
    file,
    process.env,
    benchmarks.map(({ id }) => id),
  );

/** The configuration: flag over environment over file over default. @throws UserError (exit 2) */
export function effectiveConfig(flags: AuditFlags): Config {
  const config = readConfig(flags.config);
  requireClusterName(flags);
  requireBenchmark(flags);
  return {
    ...config,
    ...(flags.clusterName === undefined ? {} : { clusterName: flags.clusterName }),
    ...(flags.benchmark === undefined ? {} : { benchmark: flags.benchmark }),
    ...(flags.level === undefined ? {} : { level: flags.level === '2' ? 2 : 1 }),
  };
}

function requireClusterName({ clusterName }: AuditFlags): void {
  const fault = clusterName === undefined ? undefined : faultOfClusterName(clusterName);
  if (fault === undefined) return;
  throw new UserError(`--cluster-name ${fault}.`, {
    exitCode: exit.usage,
    hint: 'Leave it out to have the name of the configuration or of the kubeconfig.',
  });
}

/** A misspelt edition is told before the cluster is read, and to nobody by mail. */
function requireBenchmark({ benchmark }: AuditFlags): void {
  chooseBenchmark({ platform: 'kubernetes', version: 'unknown', requested: benchmark });
}

/** What `run.ts` needs, from the flags. @throws UserError (exit 2) for flags that contradict each other. */
export function auditOptions(flags: AuditFlags, config: Config): AuditOptions {
  const namespaces = flags.allNamespaces === true ? undefined : flags.namespace;
  return {
    target: targetOf(flags),
    ...(namespaces === undefined ? {} : { namespaces }),
    config,
  };
}

/** @throws UserError (exit 2) where both a cluster and manifests are named. */
export function targetOf(flags: TargetFlags): Target {
  if (flags.filename === undefined) return { kind: 'cluster', connection: connectionOptions(flags) };
  requireNoClusterFlags(flags);
  return { kind: 'files', files: flags.filename };
}

/** The flags that choose a cluster, as they are typed. */
const clusterFlags = {
  kubeconfig: '--kubeconfig',
  context: '--context',
  cluster: '--cluster',
  user: '--user',
  as: '--as',
  asGroup: '--as-group',
} as const satisfies Partial<Record<keyof TargetFlags, string>>;

/** Those that choose what is audited and how. */
const auditFlags = {
  ...clusterFlags,
  filename: '-f',
  namespace: '-n',
  allNamespaces: '-A',
  clusterName: '--cluster-name',
  benchmark: '--benchmark',
  level: '--level',
} as const satisfies Partial<Record<keyof AuditFlags, string>>;

function firstGiven<F>(flags: F, names: Partial<Record<keyof F, string>>): string | undefined {
  const given = (Object.keys(names) as (keyof F)[]).find((flag) => flags[flag] !== undefined);
  return given === undefined ? undefined : names[given];
}

function requireNoClusterFlags(flags: TargetFlags): void {
  const given = firstGiven(flags, clusterFlags);
  if (given === undefined) return;
  throw new UserError(`${given} names a cluster and -f names manifests: only one of the two is read.`, {
    exitCode: exit.usage,
    hint: `Leave out ${given}, or leave out -f.`,
  });
}

/** @throws UserError (exit 2) where a saved report is to be sent and something is chosen that it cannot follow any more. */
export function requireNoAuditFlags(flags: SendFlags): void {
  const given = firstGiven<AuditFlags>(flags, auditFlags);
  if (given === undefined || flags.report === undefined) return;
  throw new UserError(`${given} is about an audit, and --report sends a saved report as it is.`, {
    exitCode: exit.usage,
    hint: `Leave out ${given}, or leave out --report to audit anew.`,
  });
}

function connectionOptions(flags: TargetFlags): ConnectionOptions {
  const { kubeconfig, context, cluster, user, as } = flags;
  if (as === '') {
    throw new UserError('--as names nobody to act as.', {
      exitCode: exit.usage,
      hint: 'Name a user, or leave out --as to read with your own permissions.',
    });
  }
  return {
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
    ...(cluster === undefined ? {} : { cluster }),
    ...(user === undefined ? {} : { user }),
    ...(as === undefined ? {} : { as }),
    ...(flags.asGroup === undefined ? {} : { asGroups: flags.asGroup }),
    requestTimeoutMs: duration(flags.requestTimeout),
  };
}

/** What a timer can count, near 25 days. */
const longestMs = 2 ** 31 - 1;
const millisecondsPer: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** kubectl's notation: `30s`, `2m`, `1m30s`, a bare number is seconds. Milliseconds; 0 (kubectl: no timeout) is refused. */
function duration(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  const complete = parts.map(([part]) => part).join('') === text && text !== '';
  const total = complete
    ? parts.reduce((sum, [, number, unit]) => sum + Number(number) * (millisecondsPer[unit ?? 's'] ?? 0), 0)
    : Number(text) * 1000;
  if (total > longestMs) {
    throw new UserError(`--request-timeout is too long: ${text}`, {
      exitCode: exit.usage,
      hint: `The longest is ${Math.floor(longestMs / 3_600_000)}h.`,
    });
  }
  if (text.trim() !== '' && total > 0) return total;
  throw new UserError(`--request-timeout is not a duration: ${text}`, {
    exitCode: exit.usage,
    hint: 'Write it as kubectl does: 30s, 2m, 1m30s. Every wait has an end, so 0 is not taken.',
  });
}
