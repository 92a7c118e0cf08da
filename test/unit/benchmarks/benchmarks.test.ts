import { describe, expect, test } from 'vitest';
import { benchmarks, chooseBenchmark } from '../../../src/benchmarks/index.ts';
import { checks } from '../../../src/checks/index.ts';
import { exit, UserError } from '../../../src/errors.ts';

const numbers = (id: string): number[] => id.split('.').map(Number);

describe.each(benchmarks)('$id', ({ id, controls }) => {
  test('has its controls once, in numeric order', () => {
    const ids = controls.map((control) => control.id);
    const inOrder = ids.toSorted((a, b) => {
      const [left, right] = [numbers(a), numbers(b)];
      const differing = left.findIndex((part, i) => part !== right[i]);
      return (left[differing] ?? 0) - (right[differing] ?? 0);
    });
    expect(ids).toEqual(inOrder);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('names checks that exist', () => {
    const named = controls.flatMap((control) =>
      control.checks.map((check) => (typeof check === 'string' ? check : check.id)),
    );
    const known = checks.map((check) => check.id);
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
    expect(named).toContain('cluster-admin-usage');
  });

  test('has all its rows', () => {
    const rows = { 'cis-aks-1.8.0': 28, 'cis-kubernetes-2.0.1': 34, 'cis-kubernetes-1.6': 24 };
    expect(controls).toHaveLength(rows[id as keyof typeof rows]);
  });
});

test('the rows of 1.6 on host namespaces are decided by Pods and by policies, each by its own field', () => {
  const edition = benchmarks.find(({ id }) => id === 'cis-kubernetes-1.6');
  const rows = edition?.controls.filter(({ id }) => ['5.2.2', '5.2.3', '5.2.4'].includes(id));
  expect(rows?.map(({ checks: deciding }) => deciding)).toEqual([
    ['host-pid', { id: 'psp-host-namespaces', path: 'spec.hostPID' }],
    ['host-ipc', { id: 'psp-host-namespaces', path: 'spec.hostIPC' }],
    ['host-network', { id: 'psp-host-namespaces', path: 'spec.hostNetwork' }],
  ]);
});

test.each([
  ['kubernetes', 'v1.24.17', 'cis-kubernetes-1.6', 'nearest edition to Kubernetes v1.24.17'],
  ['kubernetes', 'v1.25.0', 'cis-kubernetes-2.0.1', 'nearest edition to Kubernetes v1.25.0'],
  ['gke', 'v1.37.1-gke.100', 'cis-kubernetes-2.0.1', 'nearest edition to Kubernetes v1.37.1-gke.100'],
  ['kubernetes', 'unknown', 'cis-kubernetes-2.0.1', 'newest edition: the server version is unknown'],
  ['aks', 'v1.37.1', 'cis-aks-1.8.0', undefined],
] as const)('%s %s is scored by %s', (platform, version, id, note) => {
  for (const requested of [undefined, 'auto']) {
    const chosen = chooseBenchmark({ platform, version, requested });
    expect([chosen.benchmark.id, chosen.note]).toEqual([id, note]);
  }
});

test('an edition that is asked for is taken, whatever the cluster', () => {
  const chosen = chooseBenchmark({ platform: 'aks', version: 'v1.37.1', requested: 'cis-kubernetes-1.6' });
  expect(chosen).toEqual({ benchmark: expect.objectContaining({ id: 'cis-kubernetes-1.6' }) });
});

test.each([
  ['cis-kubernetes-2.0', 'Did you mean cis-kubernetes-2.0.1? '],
  ['nsa', ''],
])('the unknown benchmark %s is an error of usage that lists the known ones', (requested, meant) => {
  const choose = () => chooseBenchmark({ platform: 'kubernetes', version: 'v1.37.1', requested });
  expect(choose).toThrow(UserError);
  expect(choose).toThrow(
    expect.objectContaining({
      message: `There is no benchmark ${requested}.`,
      hint: `${meant}Benchmarks are: cis-aks-1.8.0, cis-kubernetes-2.0.1, cis-kubernetes-1.6; auto chooses the one that fits the cluster.`,
      exitCode: exit.usage,
    }),
  );
});
