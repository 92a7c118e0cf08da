import { readReport } from '../history/report-file.ts';
import type { OutputFlags } from './flags.ts';
import { parseOutputs, writeOutputs } from './output.ts';

/** `passmuster render REPORT`: shows a saved report in any format; what is in it decides, not today's checks. */
export async function render(file: string, flags: OutputFlags): Promise<void> {
  const outputs = parseOutputs(flags.output);
  await writeOutputs(readReport(file), outputs, flags.color);
}
