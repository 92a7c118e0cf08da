import { Cron } from 'croner';
import * as z from 'zod';
import { messageOf } from '../errors.ts';

/** A mail address as browsers take it; a host without a dot is one, for mail servers of one's own. */
export const mailAddress = z.regexes.html5Email;

/** `Text <name@domain>` or `name@domain`, in parts; undefined if it is neither. */
export function parseMailbox(value: string): { name: string; address: string } | undefined {
  const [, name = '', inBrackets, bare] =
    /^(?:([^<>"\r\n]*?)\s*<([^<>\s]+)>|([^<>\s]+))$/.exec(value.trim()) ?? [];
  const address = inBrackets ?? bare ?? '';
  return mailAddress.test(address) ? { name, address } : undefined;
}

export const clusterName = z.string().min(1, 'must not be empty').max(100, 'must be at most 100 characters');

/** What is wrong with a name of a cluster, if anything. */
export const faultOfClusterName = (name: string): string | undefined =>
  clusterName.safeParse(name).error?.issues[0]?.message;

export function isTimeZone(value: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: value }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** What is wrong with a schedule of five fields, if anything. A date that never comes is wrong too. */
export function faultOfSchedule(schedule: string, timeZone: string): string | undefined {
  const expected = 'expected minute, hour, day of month, month, day of week: "0 7 * * 1" is Mondays at 07:00';
  if (!isTimeZone(timeZone))
    return `cannot be in the time zone "${timeZone}"; expected an IANA name such as Europe/Berlin`;
  try {
    const next = new Cron(schedule, { mode: '5-part', timezone: timeZone, paused: true }).nextRuns(3);
    return next.length > 0 ? undefined : `"${schedule}" never comes; ${expected}`;
  } catch (error) {
    return `"${schedule}" is no cron line (${messageOf(error).replace(/^CronPattern: /, '')}); ${expected}`;
  }
}
