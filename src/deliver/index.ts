import type { Audience, Channel, Environment } from '../config.ts';
import { exit, UserError } from '../errors.ts';
import type { Mail } from '../model.ts';
import { plural, visible } from '../text.ts';
import { sendBySmtp, type SmtpTimeouts } from './smtp.ts';

/** What a channel needs to know beside the mail and who gets it. */
export interface DeliveryOptions {
  /** `report.cluster.id` and the planned minute: with audience and recipient they make the Message-ID. */
  clusterId: string;
  slot: string;
  environment: Environment;
  /** No new attempt begins after it is aborted; the one under way ends in its own time. */
  signal?: AbortSignal;
  /** Told when an attempt failed and another will follow. */
  log?: (message: string) => void;
  /** Milliseconds between rounds of attempts, and limits of one attempt; tests make them short. */
  wait?: (round: number) => number;
  timeouts?: SmtpTimeouts;
}

/** What became of the mail for one recipient. */
export interface RecipientOutcome {
  recipient: string;
  accepted: boolean;
  /** The server's last words. */
  response?: string;
  /** Why it was not accepted, and what to do about it. */
  error?: { message: string; hint: string; retryable: boolean; mayHaveArrived: boolean };
}

export interface Delivery {
  audience: string;
  channel: string;
  recipients: RecipientOutcome[];
}

type Send<C extends Channel> = (
  mail: Mail,
  channel: C,
  audience: Audience,
  options: DeliveryOptions,
) => Promise<RecipientOutcome[]>;

/** Every type of channel. */
const senders = {
  smtp: sendBySmtp,
} as const satisfies { [T in Channel['type']]: Send<Extract<Channel, { type: T }>> };

/**
 * Delivers one mail to every recipient of an audience, and says what became of each; not delivered is an outcome, not
 * an exception. Call `requireDelivered` when all audiences had their turn.
 * @throws UserError (exit 2) when the settings do not suffice: a password or certificate that cannot be read.
 */
export async function deliver(
  mail: Mail,
  channel: Channel,
  audience: Audience,
  options: DeliveryOptions,
): Promise<Delivery> {
  const recipients = await senders[channel.type](mail, channel, audience, options);
  return { audience: audience.name, channel: channel.name, recipients };
}

/** @throws UserError (exit 5) that names each recipient who did not get the mail, why, and what to do. */
export function requireDelivered(deliveries: readonly Delivery[]): void {
  const all = deliveries.flatMap(({ audience, recipients }) =>
    recipients.map((outcome) => ({ audience, ...outcome })),
  );
  const failed = all.filter(({ accepted }) => !accepted);
  if (failed.length === 0) return;
  const lines = failed.map(
    ({ audience, recipient, error }) =>
      `  ${visible(recipient)} (${audience}): ${error?.message ?? 'not accepted'}`,
  );
  const hints = new Set(failed.flatMap(({ error }) => (error === undefined ? [] : [error.hint])));
  throw new UserError(
    [`Not delivered to ${failed.length} of ${plural(all.length, 'recipient')}:`, ...lines].join('\n'),
    { hint: [...hints].join('\n'), exitCode: exit.notDelivered },
  );
}
