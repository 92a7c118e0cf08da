import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { createTransport } from 'nodemailer';
import type { Audience, Channel, Environment } from '../config.ts';
import { exit, messageOf, UserError } from '../errors.ts';
import type { Mail } from '../model.ts';
import { explain, portOf, type SmtpError } from './faults.ts';
import type { DeliveryOptions, RecipientOutcome } from './index.ts';
import { compose, type Message } from './message.ts';
import { inRounds, type Attempt } from './rounds.ts';

const defaultTimeouts = {
  dnsTimeout: 10_000,
  connectionTimeout: 15_000,
  greetingTimeout: 15_000,
  /** Of silence. Servers may scan a mail before they answer the final dot. */
  socketTimeout: 60_000,
  socketCloseTimeout: 1000,
  /** However slowly a server trickles, one mail takes no longer than this. */
  attemptTimeout: 120_000,
};
export type SmtpTimeouts = Partial<typeof defaultTimeouts>;

/**
 * One mail per recipient, each in a transaction of its own.
 * @throws UserError (exit 2) when the password or certificate file cannot be read.
 */
export async function sendBySmtp(
  mail: Mail,
  channel: Channel,
  audience: Audience,
  options: DeliveryOptions,
): Promise<RecipientOutcome[]> {
  const timeouts = { ...defaultTimeouts, ...options.timeouts };
  const transport = transportOptions(channel, options.environment);
  const attempt = async (recipient: string): Promise<Attempt> => {
    const message = await compose(mail, channel, audience, recipient, options);
    return attemptOnce({ ...transport, ...timeouts }, message, channel, timeouts.attemptTimeout);
  };
  return inRounds(audience.to, attempt, {
    retryMs: channel.retrySeconds * 1000,
    signal: options.signal,
    wait: options.wait,
    onRetry: ({ message }, pause) =>
      options.log?.(`${audience.name}: ${message}; trying again in ${Math.ceil(pause / 1000)} s`),
  });
}

type TransportOptions = Parameters<typeof createTransport>[0] & object;

async function attemptOnce(
  transport: TransportOptions,
  { envelope, bytes }: Message,
  channel: Channel,
  timeoutMs: number,
): Promise<Attempt> {
  // In pieces, so that the end of the stream means that hardly anything waits on our side.
  const raw = Readable.from(pieces(bytes, 16_384));
  let dataSent = false;
  raw.once('end', () => (dataSent = true));
  const transporter = createTransport(transport);
  try {
    const { response } = await transporter.sendMail({
      envelope,
      raw,
      signal: AbortSignal.timeout(timeoutMs),
    });
    return { response };
  } catch (error) {
    return { fault: explain(error as SmtpError, channel, dataSent) };
  } finally {
    raw.destroy();
    transporter.close();
  }
}

function* pieces(bytes: Buffer, size: number): Generator<Buffer> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

function transportOptions(channel: Channel, environment: Environment) {
  const { host, tls, insecureSkipVerify, caFile, username } = channel;
  return {
    host,
    port: portOf(channel),
    secure: tls === 'implicit',
    requireTLS: tls === 'required',
    ignoreTLS: tls === 'none',
    tls: {
      minVersion: 'TLSv1.2' as const,
      rejectUnauthorized: !insecureSkipVerify,
      ...(caFile === undefined ? {} : { ca: readSetting(caFile, 'caFile', channel) }),
    },
    // A login that was asked for is never skipped because the server does not offer one.
    forceAuth: username !== undefined,
    ...(username === undefined ? {} : { auth: { user: username, pass: password(channel, environment) } }),
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

function password(channel: Channel, environment: Environment): string {
  const fromFile =
    channel.passwordFile === undefined
      ? undefined
      : readSetting(channel.passwordFile, 'passwordFile', channel).replace(/\r?\n$/, '');
  const found = fromFile ?? environment['PASSMUSTER_SMTP_PASSWORD'];
  if (found !== undefined && found !== '') return found;
  throw new UserError(`Channel "${channel.name}" has a username and no password.`, {
    hint: 'Name the file that holds it in passwordFile, or set PASSMUSTER_SMTP_PASSWORD.',
    exitCode: exit.usage,
  });
}

function readSetting(file: string, setting: string, channel: Channel): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UserError(`${setting} of channel "${channel.name}" cannot be read: ${messageOf(error)}`, {
      hint: 'Paths in the configuration are relative to its file; in a Pod, check the volume that holds it.',
      exitCode: exit.usage,
      cause: error,
    });
  }
}
