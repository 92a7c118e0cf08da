import type { Audience, Config } from '../config.ts';
import { deliver, requireDelivered, type Delivery } from '../deliver/index.ts';
import { exit, UserError } from '../errors.ts';
import { readReport } from '../history/report-file.ts';
import type { Mail, Report } from '../model.ts';
import { renderFailureMail, renderMail } from '../render/mail.ts';
import { unaudited } from '../run.ts';
import { slotOf } from '../schedule.ts';
import { visible } from '../text.ts';
import { auditWithProgress } from './audit.ts';
import { complain, eachInTurn } from './complain.ts';
import {
  auditOptions,
  effectiveConfig,
  requireNoAuditFlags,
  type AuditFlags,
  type SendFlags,
} from './flags.ts';

/** `passmuster send`: audits, or takes a saved report, and delivers to every audience. */
export async function send(flags: SendFlags): Promise<void> {
  requireNoAuditFlags(flags);
  const config = effectiveConfig(flags);
  requireAudiences(config, flags);
  const slot = plannedSlot(flags.slot, process.env);
  const said = (line: string) => flags.quiet !== true && process.stdout.write(`${line}\n`);
  const options = { slot, said };
  if (flags.report !== undefined) return deliverReport(readReport(flags.report), config, options);
  return auditAndSend(flags, config, options);
}

interface SendOptions {
  /** The planned minute, `2026-11-16T07:00Z`: the same slot is the same mail. */
  slot: string;
  said: (line: string) => void;
  signal?: AbortSignal;
}

/**
 * Audits and delivers; when the audit fails, the audiences are told so, because silence reads as health. What is given up
 * at the signal is not: there is no time to.
 */
export async function auditAndSend(flags: AuditFlags, config: Config, options: SendOptions): Promise<void> {
  const { signal } = options;
  const audited = auditOptions(flags, config);
  let report: Report;
  try {
    report = await auditWithProgress(flags, { ...audited, ...(signal === undefined ? {} : { signal }) });
  } catch (error) {
    if (signal?.aborted !== true) await reportFailure(error, await unaudited(audited), config, options);
    throw error;
  }
  await deliverReport(report, config, options);
}

async function deliverReport(report: Report, config: Config, options: SendOptions): Promise<void> {
  await deliverToAll(config, report.cluster.id, options, (audience) =>
    renderMail(report, { audience, timeZone: config.timeZone, slot: options.slot }),
  );
}

async function reportFailure(
  error: unknown,
  cluster: { id: string; name: string },
  config: Config,
  options: SendOptions,
): Promise<void> {
  try {
    await deliverToAll(config, cluster.id, options, (audience) =>
      renderFailureMail(error, {
        audience,
        cluster: cluster.name,
        timeZone: config.timeZone,
        slot: options.slot,
      }),
    );
  } catch (delivery) {
    // The audit's own error decides the exit code; that nobody could be told is said beside it.
    complain(delivery);
  }
}

/**
 * Every audience has its turn before anybody's failure ends the run: settings that do not suffice, else mail that did not
 * arrive.
 */
async function deliverToAll(
  config: Config,
  clusterId: string,
  { slot, said, signal }: SendOptions,
  render: (audience: Audience) => Mail,
): Promise<void> {
  const deliveries: Delivery[] = [];
  const attempts = config.audiences.map((audience) => async () => {
    const channel = config.channels.find(({ name }) => name === audience.channel);
    if (channel === undefined)
      throw new Error(`no channel ${audience.channel}: the configuration was not checked`);
    const delivery = await deliver(render(audience), channel, audience, {
      clusterId,
      slot,
      environment: process.env,
      log: (message) => process.stderr.write(`${visible(message, 1000)}\n`),
      ...(signal === undefined ? {} : { signal }),
    });
    deliveries.push(delivery);
    for (const { recipient, accepted } of delivery.recipients) {
      if (accepted) said(visible(`sent to ${recipient} (${audience.name})`));
    }
  });
  await eachInTurn([...attempts, () => requireDelivered(deliveries)]);
}

export function requireAudiences(config: Config, { config: file }: AuditFlags): void {
  if (config.audiences.length > 0) return;
  throw new UserError(`There is nobody to send to: ${file ?? 'the configuration'} names no audiences.`, {
    exitCode: exit.usage,
    hint: 'Write a configuration with `passmuster config init FILE`, edit its channels and audiences, and give it with -c FILE.',
  });
}

/**
 * The planned minute: as given, else from the name of the CronJob's Job, which ends in the minutes since 1970 that it
 * was planned for (JOB_NAME, by the downward API), else this minute.
 */
function plannedSlot(given: string | undefined, environment: NodeJS.ProcessEnv): string {
  if (given === undefined) {
    const minutes = /-(\d{8,9})$/.exec(environment['JOB_NAME'] ?? '')?.[1];
    return slotOf(minutes === undefined ? new Date() : new Date(Number(minutes) * 60_000));
  }
  const date = new Date(given);
  if (!Number.isNaN(date.getTime())) return slotOf(date);
  throw new UserError(`--slot is not a time: ${given}`, {
    exitCode: exit.usage,
    hint: 'Write it as ISO 8601, in UTC: 2026-11-16T07:00Z',
  });
}
