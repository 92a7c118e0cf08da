import type { Severity } from '../model.ts';
import type { VerdictState } from './summary.ts';
import { severityWords } from './words.ts';

// Ink on its background holds 4.5:1, and no colour is so extreme that a mail program's own dark mode, which inverts
// what it likes, makes it unreadable.

export const verdictColours = {
  fail: { ink: '#7d1510', background: '#fbe9e7', edge: '#b3261e' },
  partial: { ink: '#5f3a00', background: '#fdf1d8', edge: '#b57500' },
  pass: { ink: '#0f4d2b', background: '#e3f3e8', edge: '#1b7a45' },
  none: { ink: '#3b4452', background: '#e9ecf1', edge: '#6b7686' },
} as const satisfies Record<VerdictState, object>;

/** `ink` for words, `colour` for bars. */
const severityColours = {
  critical: { ink: '#9b1c16', colour: '#b3261e' },
  high: { ink: '#9a3d08', colour: '#cf5f1c' },
  medium: { ink: '#6f4d00', colour: '#c08a00' },
  low: { ink: '#4d5768', colour: '#7c8798' },
} as const satisfies Record<Severity, object>;

export const neutralBar = '#3f6fb5';

export interface SeverityView {
  severity: Severity;
  severityWord: string;
  ink: string;
  colour: string;
}

export const severityView = (severity: Severity): SeverityView => ({
  severity,
  severityWord: severityWords[severity],
  ...severityColours[severity],
});
