import type { Platform, Severity, SourceState, Status } from '../model.ts';

/** The words every format uses, so that a report reads the same in a terminal, a browser and a mail. */
export const statusWords = {
  fail: 'Fail',
  'not-assessed': 'Not assessed',
  manual: 'Manual',
  exempt: 'Exempt',
  pass: 'Pass',
  'not-applicable': 'Not applicable',
} as const satisfies Record<Status, string>;

export const severityWords = {
  critical: 'Critical',
  high: 'High',
  medium: 'Medium',
  low: 'Low',
} as const satisfies Record<Severity, string>;

export const platformWords = {
  aks: 'AKS',
  eks: 'EKS',
  gke: 'GKE',
  openshift: 'OpenShift',
  kubernetes: 'Kubernetes',
} as const satisfies Record<Platform, string>;

export const sourceStateWords = {
  ok: 'read',
  partial: 'read in part',
  forbidden: 'forbidden',
  absent: 'not served',
  failed: 'failed',
  'not-requested': 'not requested',
} as const satisfies Record<SourceState, string>;

/** `62 %`; only all of it is 100 % and only nothing at all is 0 %. */
export function percent(ratio: number): string {
  const rounded = Math.round(ratio * 100);
  if (ratio < 1 && rounded === 100) return '99 %';
  if (ratio > 0 && rounded === 0) return '1 %';
  return `${rounded} %`;
}

/** `2026-11-16 07:00:04 UTC` from ISO 8601; anything else as it is. */
export const utcTime = (iso: string): string =>
  iso.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?Z$/, '$1 $2 UTC');

/** `1.4 s`, `3 min 20 s`; empty when the times make no sense. */
export function duration(from: string, to: string): string {
  const seconds = (Date.parse(to) - Date.parse(from)) / 1000;
  if (!(seconds >= 0)) return '';
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
