import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { benchmarks, chooseBenchmark } from '../../../src/benchmarks/index.ts';
import { checks } from '../../../src/checks/index.ts';
import { exit, UserError } from '../../../src/errors.ts';
import { pssControls } from '../../../src/kit/pss.ts';
import type { Benchmark } from '../../../src/model.ts';

interface Row {
  edition: string;
  control: string;
  level: number;
  assessment: string;
  topic: string;
}

/** What each edition holds, gathered apart from the data that is tested. */
const rows = readFileSync(new URL('rows.csv', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map((line): Row => {
    const [edition = '', control = '', level, assessment = '', topic = ''] = line.split(',');
    return { edition, control, level: Number(level), assessment, topic };
  });
const editions = benchmarks.filter(({ id }) => id.startsWith('cis-'));
const known = checks.map(({ id }) => id);
const idsOf = (control: Benchmark['controls'][number]): string[] => [
  ...new Set(control.checks.map((check) => (typeof check === 'string' ? check : check.id))),
];

/** What is decided by the containers, volumes and images of a pod spec. */
const podTopics = [
  'host-ipc',
  'host-pid',
  'host-network',
  'host-ports',
  'host-path',
  'windows-host-process',
  'privileged',
  'privilege-escalation',
  'run-as-root',
  'cap-net-raw',
  'cap-added',
  'cap-drop-all',
  'seccomp-default',
  'security-context-set',
  'image-registry-allowlist',
  'secrets-as-env',
  'sandbox-runtime',
];

/** What CIS Kubernetes 1.6 asks of PodSecurityPolicies under the same topic. */
const policyTopics: Readonly<Record<string, string>> = {
  privileged: 'psp-privileged',
  'host-pid': 'psp-host-namespaces',
  'host-ipc': 'psp-host-namespaces',
  'host-network': 'psp-host-namespaces',
  'privilege-escalation': 'psp-privilege-escalation',
  'run-as-root': 'psp-run-as-user',
  'cap-net-raw': 'psp-capabilities',
  'cap-added': 'psp-capabilities',
  'cap-drop-all': 'psp-capabilities',
};

test('there is data for every edition', () => {
  expect(editions.map(({ id }) => id).toSorted()).toEqual(
    [...new Set(rows.map(({ edition }) => edition))].toSorted(),
  );
  expect(new Set(benchmarks.map(({ id }) => id)).size).toBe(benchmarks.length);
});

describe.each(editions)('$id', ({ id, controls }) => {
  const own = rows.filter(({ edition }) => edition === id);

  test('has all its rows in its order, with level and assessment', () => {
    expect(controls.map(({ id: control, level, assessment }) => [control, level, assessment])).toEqual(
      own.map(({ control, level, assessment }) => [control, level, assessment]),
    );
  });

  test('has each control about pods decided by the check of its topic, and no other check astray', () => {
    const decided = controls.map((control) => [control.id, ...idsOf(control)]);
    const wanted = own.map(({ control, topic }) => {
      if (!podTopics.includes(topic) && !known.includes(topic)) return [control];
      if (topic === 'host-path') return [control, topic, 'runtime-socket-mount'];
      const policy = id === 'cis-kubernetes-1.6' ? policyTopics[topic] : undefined;
      return [control, topic, ...(policy === undefined ? [] : [policy])];
    });
    expect(decided).toEqual(wanted);
  });
});

test.each(benchmarks)('$id names checks that exist', ({ controls }) => {
  const named = new Set(controls.flatMap(idsOf));
  expect([...named].filter((name) => !known.includes(name))).toEqual([]);
  expect(named.size).toBeGreaterThan(0);
});

test('the rows of 1.6 on host namespaces are decided by Pods and by policies, each by its own field', () => {
  const edition = benchmarks.find(({ id }) => id === 'cis-kubernetes-1.6');
  const some = edition?.controls.filter(({ id }) => ['5.2.2', '5.2.3', '5.2.4'].includes(id));
  expect(some?.map(({ checks: deciding }) => deciding)).toEqual([
    ['host-pid', { id: 'psp-host-namespaces', path: 'spec.hostPID' }],
    ['host-ipc', { id: 'psp-host-namespaces', path: 'spec.hostIPC' }],
    ['host-network', { id: 'psp-host-namespaces', path: 'spec.hostNetwork' }],
  ]);
});

test.each(['baseline', 'restricted'] as const)('the Pod Security level %s has all its controls', (level) => {
  const { controls } = benchmarks.find(({ id }) => id === `pss-${level}`) ?? { controls: [] };
  const wanted = pssControls.filter((control) => level === 'restricted' || control.level === 'baseline');
  expect(controls.map(({ id }) => id)).toEqual(wanted.map(({ id }) => id));
  expect(controls.filter(({ checks: deciding }) => deciding.length === 0)).toEqual([]);
});

test.each([
  ['kubernetes', 'v1.15.12', 'cis-kubernetes-1.6', 'nearest edition to Kubernetes v1.15.12'],
  ['kubernetes', 'v1.18.20', 'cis-kubernetes-1.6', undefined],
  ['kubernetes', 'v1.24.17', 'cis-kubernetes-1.6', 'nearest edition to Kubernetes v1.24.17'],
  ['kubernetes', 'v1.25.0', 'cis-kubernetes-1.8', 'nearest edition to Kubernetes v1.25.0'],
  ['kubernetes', 'v1.26.1', 'cis-kubernetes-1.8', undefined],
  ['kubernetes', 'v1.27.1', 'cis-kubernetes-1.8', 'nearest edition to Kubernetes v1.27.1'],
  ['kubernetes', 'v1.28.1', 'cis-kubernetes-1.10', undefined],
  ['kubernetes', 'v1.31.1+k3s1', 'cis-kubernetes-1.11.1', undefined],
  ['kubernetes', 'v1.32.0', 'cis-kubernetes-1.12.0', undefined],
  ['kubernetes', 'v1.35.0', 'cis-kubernetes-2.0.1', undefined],
  ['kubernetes', 'v1.37.1', 'cis-kubernetes-2.0.1', 'nearest edition to Kubernetes v1.37.1'],
  ['kubernetes', 'unknown', 'cis-kubernetes-2.0.1', 'newest edition: the server version is unknown'],
  ['aks', 'v1.37.1', 'cis-aks-1.8.0', undefined],
  ['eks', 'v1.24.17-eks-1', 'cis-eks-1.8.0', undefined],
  ['gke', 'v1.37.1-gke.100', 'cis-gke-1.9.0', undefined],
  ['openshift', 'v1.33.0', 'cis-openshift-1.9.0', undefined],
] as const)('%s %s is scored by %s', (platform, version, id, note) => {
  for (const requested of [undefined, 'auto']) {
    const chosen = chooseBenchmark({ platform, version, requested });
    expect([chosen.benchmark.id, chosen.note]).toEqual([id, note]);
  }
});

test.each(['cis-kubernetes-1.6', 'cis-gke-autopilot-1.3.0', 'pss-restricted'])(
  '%s is taken where it is asked for, whatever the cluster',
  (requested) => {
    const chosen = chooseBenchmark({ platform: 'aks', version: 'v1.37.1', requested });
    expect(chosen).toEqual({ benchmark: expect.objectContaining({ id: requested }) });
  },
);

test.each([
  ['cis-kubernetes-2.0', 'Did you mean cis-kubernetes-2.0.1? '],
  ['nsa', ''],
])('the unknown benchmark %s is an error of usage that lists the known ones', (requested, meant) => {
  const choose = () => chooseBenchmark({ platform: 'kubernetes', version: 'v1.37.1', requested });
  const ids = benchmarks.map(({ id }) => id).join(', ');
  expect(choose).toThrow(UserError);
  expect(choose).toThrow(
    expect.objectContaining({
      message: `There is no benchmark ${requested}.`,
      hint: `${meant}Benchmarks are: ${ids}; auto chooses the one that fits the cluster.`,
      exitCode: exit.usage,
    }),
  );
});
