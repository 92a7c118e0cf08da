import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { connect, locate, type ConnectionOptions } from './api/connection.ts';
import { orEnded } from './api/transport.ts';
import { guidanceMarkdown, platformMarkdown, version } from './assets.ts';
import { chooseBenchmark } from './benchmarks/index.ts';
import { checks } from './checks/index.ts';
import { collectCluster, hashOf, type Progress } from './collect/cluster.ts';
import { collectFiles } from './collect/files.ts';
import { configDigest, type Config } from './config.ts';
import { UserError } from './errors.ts';
import { sinkBefore } from './evaluate/early.ts';
import { startEvaluation } from './evaluate/engine.ts';
import { scoreBenchmark } from './evaluate/score.ts';
import { parseGuidance } from './kit/guidance.ts';
import { podSpecSources, type Collection, type Report, type SourceName, type SourceReport } from './model.ts';

/** What to audit: a cluster by its connection, or manifest files. */
export type Target =
  { kind: 'cluster'; connection: ConnectionOptions } | { kind: 'files'; files: readonly string[] };

export interface AuditOptions {
  target: Target;
  /** kubectl's -n; absent means all namespaces. */
  namespaces?: readonly string[];
  config: Config;
  onProgress?: (progress: Progress) => void;
  /** Once it is aborted the audit of a cluster is given up, and its connections are ended. */
  signal?: AbortSignal;
}

/**
 * One audit: collect, evaluate, report.
 * @throws UserError when there is nothing to report: no cluster could be reached, or no source could be read. The reason of the
 * signal when it is given up.
 */
export async function audit(options: AuditOptions): Promise<Report> {
  const startedAt = new Date();
  const { target, config, signal = new AbortController().signal } = options;
  if (target.kind === 'files') {
    return assess(await collectFiles(target.files, scopeOf(options)), config, startedAt);
  }
  const connection = await orEnded(connect(target.connection), signal);
  const collecting = collectCluster(connection, {
    ...scopeOf(options),
    ...(config.clusterName === undefined ? {} : { clusterName: config.clusterName }),
    ...(options.onProgress ? { onProgress: options.onProgress } : {}),
  });
  const assessing = collecting.then((collection) => assess(collection, config, startedAt));
  try {
    return await orEnded(assessing, signal);
  } finally {
    await connection.close();
  }
}

/**
 * Of which cluster there is no report when its audit fails. The same one is the same the next time, and never another:
 * those whose mails look the same are told as one. Of a kubeconfig that says nothing the machine is known.
 */
export async function unaudited({
  target,
  config: { clusterName },
}: AuditOptions): Promise<{ id: string; name: string }> {
  const named = (name: string, ...known: readonly string[]) => ({
    id: hashOf([...(clusterName === undefined ? [] : [clusterName]), ...known].join('\n')),
    name: clusterName ?? name,
  });
  if (target.kind === 'files') return named('this set of manifests', ...target.files);
  try {
    const cluster = await locate(target.connection);
    return named(cluster.clusterName, cluster.server);
  } catch {
    const { kubeconfig = '', context = '', cluster = '' } = target.connection;
    return named(context || `a cluster of ${hostname()}`, hostname(), kubeconfig, context, cluster);
  }
}

const scopeOf = ({ namespaces }: AuditOptions) =>
  namespaces === undefined ? {} : { namespaces: [...namespaces] };

/** Evaluates what was collected while the pods stream, and puts the report together. */
async function assess(collection: Collection, config: Config, startedAt: Date): Promise<Report> {
  const { cluster, scope, warnings } = collection;
  const chosen = chooseBenchmark({
    platform: cluster.platform,
    version: cluster.version,
    requested: config.benchmark,
  });
  const starting = startEvaluation(collection, {
    checks,
    guidance: (id) => parseGuidance(guidanceMarkdown(id), platformMarkdown),
    exemptions: config.exemptions,
    now: startedAt,
  });
  // The first Pods are on their way while everything held is judged.
  const [evaluation, podsOutcome] = await Promise.all([
    starting,
    collection.streamPods(sinkBefore(starting)),
  ]);
  const evaluated = evaluation.finish(podsOutcome);
  const sources = sourceReports(evaluated.outcomes);
  requireSomethingRead(sources);
  return {
    apiVersion: 'passmuster/v1',
    kind: 'Report',
    metadata: {
      id: randomUUID(),
      startedAt: startedAt.toISOString(),
      finishedAt: new Date().toISOString(),
      version,
      configDigest: configDigest(config),
    },
    cluster,
    scope,
    sources,
    benchmarks: [scoreBenchmark(chosen.benchmark, config.level, evaluated.checks, chosen.note)],
    checks: evaluated.checks,
    namespaces: evaluated.namespaces,
    reach: evaluated.reach,
    exemptionNotes: evaluated.exemptionNotes,
    ...(warnings === undefined ? {} : { warnings }),
  };
}

function sourceReports(outcomes: Record<SourceName, Omit<SourceReport, 'source'>>): SourceReport[] {
  return Object.entries(outcomes).map(([source, outcome]) => ({ source: source as SourceName, ...outcome }));
}

/** A report in which nothing could be read would only look like an audit. */
function requireSomethingRead(sources: readonly SourceReport[]): void {
  if (sources.some(({ state }) => state === 'ok' || state === 'partial')) return;
  const unread = sources.find(({ state }) => state === 'forbidden' || state === 'failed');
  throw new UserError(
    `Not one source could be read: ${unread?.reason ?? 'the given files hold nothing to audit'}.`,
    {
      hint:
        unread === undefined
          ? `Give manifests that hold one of: ${podSpecSources.join(', ')}, namespaces, roleBindings, …`
          : 'Give the credentials the read-only ClusterRole of k8s/base/clusterrole.yaml.',
    },
  );
}
