import { expect, test } from 'vitest';
import { scoreBenchmark } from '../../../src/evaluate/score.ts';
import type { Benchmark, CheckResult, Finding, Status } from '../../../src/model.ts';

const check = (id: string, status: Status, rest: Partial<CheckResult> = {}): CheckResult =>
  ({
    id,
    status,
    title: id,
    severity: 'high',
    findings: [],
    counts: {},
    guidance: {},
    ...rest,
  }) as unknown as CheckResult;

const benchmark = (
  ...controls: { checks: Benchmark['controls'][number]['checks']; level?: 1 | 2 }[]
): Benchmark => ({
  id: 'test-1',
  title: 'Test 1',
  controls: controls.map(({ checks, level = 1 }, i) => ({
    id: `5.${i + 1}`,
    level,
    title: '',
    assessment: 'Manual',
    checks,
  })),
});

test('the worst check decides a control, and what was not assessed is worse than what passed', () => {
  const results = [
    check('f', 'fail'),
    check('u', 'not-assessed', { reason: 'pods forbidden' }),
    check('p', 'pass'),
    check('x', 'not-applicable'),
  ];
  const { controls } = scoreBenchmark(
    benchmark(
      { checks: ['p', 'u', 'f'] },
      { checks: ['p', 'u'] },
      { checks: ['p', 'x'] },
      { checks: ['x'] },
      { checks: [] },
    ),
    1,
    results,
  );
  expect(controls.map(({ status }) => status)).toEqual([
    'fail',
    'not-assessed',
    'pass',
    'not-applicable',
    'not-assessed',
  ]);
  expect(controls[1]?.reason).toBe('pods forbidden');
  expect(controls[4]?.reason).toBe('no check yet');
});

test('score is passed of passed and failed; coverage counts what got a verdict', () => {
  const results = [
    check('f', 'fail'),
    check('p', 'pass'),
    check('e', 'exempt'),
    check('m', 'manual'),
    check('u', 'not-assessed'),
  ];
  const { score, coverage } = scoreBenchmark(
    benchmark(...results.map(({ id }) => ({ checks: [id] }))),
    1,
    results,
  );
  expect(score).toBe(1 / 2);
  expect(coverage).toBe(3 / 4);
});

test('nothing assessed has no score, and level 2 counts only when asked for', () => {
  const results = [check('u', 'not-assessed'), check('p', 'pass')];
  const both = benchmark({ checks: ['u'] }, { checks: ['p'], level: 2 });
  expect(scoreBenchmark(both, 1, results)).toMatchObject({
    score: null,
    coverage: 0,
    controls: [{ id: '5.1' }],
  });
  expect(scoreBenchmark(both, 2, results)).toMatchObject({ score: 1, coverage: 1 / 2 });
});

test('of a check that serves several controls only the findings at the control’s path count', () => {
  const finding = (path: string) => ({ path, state: 'open', verdict: 'fail' }) as unknown as Finding;
  const psp = check('psp', 'fail', { findings: [finding('spec.hostIPC')] });
  const { controls } = scoreBenchmark(
    benchmark(
      { checks: [{ id: 'psp', path: 'spec.hostPID' }] },
      { checks: [{ id: 'psp', path: 'spec.hostIPC' }] },
    ),
    1,
    [psp],
  );
  expect(controls.map(({ status }) => status)).toEqual(['pass', 'fail']);
  const partly = { ...psp, incomplete: true };
  expect(
    scoreBenchmark(benchmark({ checks: [{ id: 'psp', path: 'spec.hostPID' }] }), 1, [partly]).controls[0]
      ?.status,
  ).toBe('not-assessed');
});
