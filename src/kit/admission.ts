import type { Admission, Held, HeldSource, SourceOutcome, Workload } from '../model.ts';

/** What a namespace would say to the Pods of a workload. */
export interface AdmissionControl {
  /** Whether they would be admitted if they were made again; undefined where namespaces are not part of the audit. */
  again(workload: Workload): Admission | undefined;
}

/** Reads what is held once; the answers are remembered by pod spec. */
export function admissionOf(
  _held: Held,
  _minor: number,
  _outcomes: Record<HeldSource, SourceOutcome>,
): AdmissionControl {
  return { again: () => undefined };
}
