import { exit, UserError } from '../errors.ts';
import type { Benchmark, Platform } from '../model.ts';
import { closest } from '../text.ts';
import { cisAks180 } from './cis-aks-1.8.0.ts';
import { cisEks180 } from './cis-eks-1.8.0.ts';
import { cisGke190 } from './cis-gke-1.9.0.ts';
import { cisGkeAutopilot130 } from './cis-gke-autopilot-1.3.0.ts';
import { cisKubernetes110 } from './cis-kubernetes-1.10.ts';
import { cisKubernetes1111 } from './cis-kubernetes-1.11.1.ts';
import { cisKubernetes1120 } from './cis-kubernetes-1.12.0.ts';
import { cisKubernetes16 } from './cis-kubernetes-1.6.ts';
import { cisKubernetes18 } from './cis-kubernetes-1.8.ts';
import { cisKubernetes201 } from './cis-kubernetes-2.0.1.ts';
import { cisOpenshift190 } from './cis-openshift-1.9.0.ts';
import { pssBaseline, pssRestricted } from './pss.ts';

/** Every edition there is data for; of the same platform the newest first. */
export const benchmarks: readonly Benchmark[] = [
  cisKubernetes201,
  cisKubernetes1120,
  cisKubernetes1111,
  cisKubernetes110,
  cisKubernetes18,
  cisKubernetes16,
  cisAks180,
  cisEks180,
  cisGke190,
  cisGkeAutopilot130,
  cisOpenshift190,
  pssBaseline,
  pssRestricted,
];

/**
 * Platforms that have a benchmark of their own, and its edition. The API does not say whether a GKE cluster is an
 * Autopilot one: that edition has to be asked for.
 */
const byPlatform: Partial<Record<Platform, Benchmark>> = {
  aks: cisAks180,
  eks: cisEks180,
  gke: cisGke190,
  openshift: cisOpenshift190,
};

/**
 * Editions for any other cluster, newest first: the minor version (of Kubernetes 1) that each serves from, and those
 * it is meant for, as kube-bench publishes them. Between them lie versions whose own edition there is no data for.
 */
const byVersion = [
  { from: 34, benchmark: cisKubernetes201, meantFor: [34, 35] },
  { from: 32, benchmark: cisKubernetes1120, meantFor: [32, 33] },
  { from: 29, benchmark: cisKubernetes1111, meantFor: [29, 30, 31] },
  { from: 28, benchmark: cisKubernetes110, meantFor: [28] },
  { from: 25, benchmark: cisKubernetes18, meantFor: [26] },
];

/** For every older server: 1.25 took PodSecurityPolicy away, and no other edition has its rows. */
const oldest = { benchmark: cisKubernetes16, meantFor: [16, 17, 18] };

/**
 * The edition that is scored: the one asked for (`auto` is the same as none), else that of the platform, else the nearest
 * to the server, with a note where it is not meant for that version.
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
  const { benchmark, meantFor } = byVersion.find(({ from }) => minor >= from) ?? oldest;
  if (meantFor.includes(minor)) return { benchmark };
  if (minor === Infinity) return { benchmark, note: 'newest edition: the server version is unknown' };
  return { benchmark, note: `nearest edition to Kubernetes ${version}` };
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
