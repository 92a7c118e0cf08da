import { exit, UserError } from '../errors.ts';
import type { Benchmark, Platform } from '../model.ts';
import { closest } from '../text.ts';
import { cisAks180 } from './cis-aks-1.8.0.ts';
import { cisKubernetes16 } from './cis-kubernetes-1.6.ts';
import { cisKubernetes201 } from './cis-kubernetes-2.0.1.ts';

/** Every edition there is data for, newest first. */
export const benchmarks: readonly Benchmark[] = [cisAks180, cisKubernetes201, cisKubernetes16];

/** Managed platforms that have a benchmark of their own, and its edition. */
const byPlatform: Partial<Record<Platform, Benchmark>> = { aks: cisAks180 };

/**
 * Editions for any other cluster, newest first, each from the server's minor version (of Kubernetes 1) on. 1.25 took
 * PodSecurityPolicy away, so an edition that has its rows never serves a newer server, and below no other does.
 */
const byVersion: readonly { from: number; benchmark: Benchmark }[] = [
  { from: 25, benchmark: cisKubernetes201 },
  { from: 0, benchmark: cisKubernetes16 },
];

/**
 * The edition that is scored: the one asked for (`auto` is the same as none), else the nearest to the platform and the
 * server, with a note that says so.
 * @param cluster.version `gitVersion` of the API server; one that is no version counts as the newest
 * @throws UserError when there is no such edition
 */
export function chooseBenchmark(cluster: {
  platform: Platform;
  version: string;
  requested?: string | undefined;
}): {
  benchmark: Benchmark;
  note?: string;
} {
  const { platform, version, requested = 'auto' } = cluster;
  if (requested !== 'auto') return { benchmark: benchmarkById(requested) };
  const own = byPlatform[platform];
  if (own !== undefined) return { benchmark: own };
  const minor = Number(/^v?1\.(\d+)/.exec(version)?.[1] ?? Infinity);
  const benchmark = byVersion.find(({ from }) => minor >= from)?.benchmark ?? cisKubernetes201;
  return {
    benchmark,
    note:
      minor === Infinity
        ? 'newest edition: the server version is unknown'
        : `nearest edition to Kubernetes ${version}`,
  };
}

function benchmarkById(id: string): Benchmark {
  const found = benchmarks.find((benchmark) => benchmark.id === id);
  if (found !== undefined) return found;
  const known = benchmarks.map((benchmark) => benchmark.id);
  const meant = closest(id, known);
  throw new UserError(`There is no benchmark ${id}.`, {
    hint: `${meant === undefined ? '' : `Did you mean ${meant}? `}Benchmarks are: ${known.join(', ')}; auto chooses the one that fits the cluster.`,
    exitCode: exit.usage,
  });
}
