import type { Report } from '../model.ts';
import { audit, type AuditOptions } from '../run.ts';
import type { AuditFlags } from './flags.ts';
import { progressLine } from './progress.ts';

/** Audits, and shows the progress if the flags say so. Nothing of it is left when what came of it is printed. */
export async function auditWithProgress(flags: AuditFlags, options: AuditOptions): Promise<Report> {
  if (!flags.progress || flags.quiet === true) return audit(options);
  const progress = progressLine(process.stderr);
  try {
    return await audit({ ...options, onProgress: progress.show });
  } finally {
    progress.end();
  }
}
