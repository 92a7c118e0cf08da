import { exit, type ExitCode } from '../errors.ts';
import { severities, type Report } from '../model.ts';
import type { GateFlags } from './flags.ts';

/** The exit code the gates give, with a sentence for each gate that failed. Incomplete (4) outranks failed (3). */
export function judgeGates(report: Report, flags: GateFlags): { exitCode: ExitCode; reasons: string[] } {
  const failed: string[] = [];
  const rank = severities.findIndex((severity) => severity === flags.failOn);
  const failing = report.checks.filter(
    ({ findings }) =>
      rank !== -1 &&
      findings.some(
        ({ state, verdict, severity }) =>
          state === 'open' && verdict === 'fail' && severities.indexOf(severity) <= rank,
      ),
  );
  if (failing.length > 0) {
    failed.push(`--fail-on ${flags.failOn}: failing checks: ${failing.map(({ id }) => id).join(', ')}`);
  }
  const { complianceThreshold } = flags;
  if (complianceThreshold !== undefined) {
    for (const { id, score } of report.benchmarks) {
      if (score === null) failed.push(`--compliance-threshold: ${id} has no score: nothing was assessed`);
      else if (score * 100 < complianceThreshold) {
        failed.push(
          `--compliance-threshold: ${id} scores ${Math.floor(score * 100)} %, below ${complianceThreshold} %`,
        );
      }
    }
  }
  const unread = report.checks.filter(
    ({ status, incomplete }) => incomplete === true || status === 'not-assessed',
  );
  const incomplete =
    flags.failOnIncomplete === true && unread.length > 0
      ? [`--fail-on-incomplete: not or not fully assessed: ${unread.map(({ id }) => id).join(', ')}`]
      : [];
  const exitCode = incomplete.length > 0 ? exit.incomplete : failed.length > 0 ? exit.gate : exit.done;
  return { exitCode, reasons: [...incomplete, ...failed] };
}
