import { expect, test } from 'vitest';
import type { Report, Status } from '../../../src/model.ts';
import { isPlatformNamespace } from '../../../src/kit/system-namespaces.ts';
import { summarize } from '../../../src/render/summary.ts';
import { duration, percent, utcTime } from '../../../src/render/words.ts';
import { sampleReport } from './sample-report.ts';

/** The sample with one control per status given, each decided by a check. */
function withControls(statuses: readonly Status[], { checks = ['privileged'] } = {}): Report {
  const report = sampleReport();
  const [benchmark] = report.benchmarks;
  if (benchmark === undefined) throw new Error('the sample has no benchmark');
  benchmark.controls = statuses.map((status, i) => ({ id: `1.${i}`, level: 1, title: '', status, checks }));
  return report;
}

test.each([
  [['fail', 'pass'], 'fail', '1 control fails'],
  [
    ['fail', 'fail', 'manual', 'not-assessed'],
    'fail',
    '2 controls fail, 1 needs a person to judge, 1 could not be assessed',
  ],
  [['pass', 'not-assessed'], 'partial', 'no control assessed fails, 1 could not be assessed'],
  [['pass', 'manual'], 'pass', 'no control assessed fails, 1 needs a person to judge'],
  [['exempt', 'not-applicable'], 'pass', 'no control assessed fails'],
  [['not-assessed'], 'none', '1 could not be assessed'],
] satisfies [Status[], string, string][])('the verdict over %j is %s', (statuses, state, detail) => {
  const { verdict } = summarize(withControls(statuses));
  expect(verdict).toMatchObject({ state, detail });
});

test('a control without a check never lets a cluster pass', () => {
  const { verdict, withoutCheck } = summarize(withControls(['not-assessed'], { checks: [] }));
  expect(verdict).toMatchObject({ state: 'none', detail: '1 has no check yet' });
  expect(withoutCheck).toBe(1);
});

test('a control above the scored level does not count', () => {
  const report = withControls(['fail', 'pass']);
  for (const control of report.benchmarks[0]?.controls ?? [])
    if (control.status === 'fail') control.level = 2;
  expect(summarize(report).verdict.state).toBe('pass');
});

test('without a benchmark the checks decide', () => {
  const report = sampleReport();
  report.benchmarks = [];
  expect(summarize(report).verdict).toMatchObject({
    state: 'fail',
    detail: expect.stringMatching(/^3 checks fail/),
  });
});

test('checks stand worst first, what was not assessed right behind the failures', () => {
  expect(summarize(sampleReport()).checks.map(({ id }) => id)).toEqual([
    'privileged',
    'cluster-admin-usage',
    'host-network',
    'default-deny-ingress',
    'psa-namespace-labels',
    'secrets-as-files',
    'host-ipc',
    'host-pid',
    'psp-host-namespaces',
  ]);
});

test('a source that the server does not have is not a gap', () => {
  expect(summarize(sampleReport()).unread.map(({ source }) => source)).toEqual(['networkPolicies', 'pods']);
});

test('only all is 100 % and only nothing is 0 %', () => {
  expect([0, 0.001, 0.5, 0.999, 1].map(percent)).toEqual(['0 %', '1 %', '50 %', '99 %', '100 %']);
});

test('times', () => {
  expect(utcTime('2026-11-16T07:00:04.123Z')).toBe('2026-11-16 07:00:04 UTC');
  expect(duration('2026-11-16T07:00:00Z', '2026-11-16T07:03:20Z')).toBe('3 min 20 s');
  expect(duration('2026-11-16T07:00:00.000Z', '2026-11-16T07:01:59.700Z')).toBe('2 min 0 s');
  expect(duration('2026-11-16T07:00:00.000Z', '2026-11-16T07:00:59.970Z')).toBe('1 min 0 s');
  expect(duration('x', 'y')).toBe('');
});

test.each([
  ['kube-system', true],
  ['openshift-monitoring', true],
  ['gatekeeper-system', true],
  ['kubecost', false],
  ['shop', false],
])('namespace %s belongs to the platform: %s', (name, expected) => {
  expect(isPlatformNamespace(name)).toBe(expected);
});
