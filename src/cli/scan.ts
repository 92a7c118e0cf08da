import { auditWithProgress } from './audit.ts';
import { auditOptions, effectiveConfig, type AuditFlags, type GateFlags, type OutputFlags } from './flags.ts';
import { judgeGates } from './gates.ts';
import { parseOutputs, writeOutputs } from './output.ts';

/** `passmuster scan`: audits and prints or writes; never delivers. */
export async function scan(flags: AuditFlags & OutputFlags & GateFlags): Promise<void> {
  const outputs = parseOutputs(flags.output);
  const config = effectiveConfig(flags);
  const report = await auditWithProgress(flags, auditOptions(flags, config));
  await writeOutputs(report, outputs, flags.color);
  const { exitCode, reasons } = judgeGates(report, flags);
  for (const reason of reasons) process.stderr.write(`gate failed: ${reason}\n`);
  process.exitCode = exitCode;
}
