import {
  statuses,
  type Benchmark,
  type BenchmarkResult,
  type CheckResult,
  type ControlCheck,
  type ControlResult,
  type Status,
} from '../model.ts';
import { worstVerdict } from './status.ts';

/** The controls of the benchmark up to the level, each decided by its checks, with score and coverage. */
export function scoreBenchmark(
  benchmark: Benchmark,
  level: 1 | 2,
  results: readonly CheckResult[],
  note?: string,
): BenchmarkResult {
  const byId = new Map(results.map((result) => [result.id, result]));
  const controls = benchmark.controls
    .filter((control) => control.level <= level)
    .map((control): ControlResult => {
      const { id, title, checks } = control;
      const decided = checks.map((entry) => decide(entry, byId));
      const status =
        statuses.find((candidate) => decided.some((one) => one.status === candidate)) ?? 'not-assessed';
      const reason =
        checks.length === 0 ? 'no check yet' : decided.find((one) => one.status === status)?.reason;
      const ids = new Set(checks.map((entry) => (typeof entry === 'string' ? entry : entry.id)));
      return {
        id,
        level: control.level,
        title,
        status,
        ...(reason === undefined ? {} : { reason }),
        checks: [...ids],
      };
    });
  const count = (...wanted: Status[]) => controls.filter(({ status }) => wanted.includes(status)).length;
  return {
    id: benchmark.id,
    title: benchmark.title,
    level,
    ...(note === undefined ? {} : { note }),
    score: ratio(count('pass'), count('pass', 'fail')),
    coverage: ratio(count('pass', 'fail', 'exempt'), count('pass', 'fail', 'exempt', 'not-assessed')),
    controls,
  };
}

/** What one check says of a control; of a check that serves several controls only the findings at the control's path. */
function decide(
  entry: ControlCheck,
  results: ReadonlyMap<string, CheckResult>,
): { status: Status; reason?: string } {
  const id = typeof entry === 'string' ? entry : entry.id;
  const result = results.get(id);
  if (result === undefined) throw new Error(`The benchmark names a check that does not exist: ${id}`);
  const reason = result.reason === undefined ? {} : { reason: result.reason };
  if (typeof entry === 'string') return { status: result.status, ...reason };
  const verdict = worstVerdict(result.findings.filter(({ path }) => path === entry.path));
  if (verdict === 'fail') return { status: 'fail' };
  if (result.incomplete === true || result.status === 'not-assessed')
    return { status: 'not-assessed', ...reason };
  if (verdict !== undefined) return { status: verdict };
  return result.findings.length > 0 ? { status: 'pass' } : { status: result.status, ...reason };
}

const ratio = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);
