import type { Channel } from '../config.ts';
import { visible } from '../text.ts';
import type { Fault } from './rounds.ts';

/** What nodemailer throws, as far as we read it. */
export interface SmtpError extends Error {
  code?: string;
  originalCode?: string;
  command?: string;
  response?: string;
  responseCode?: number;
}

/** Codes of node:tls and OpenSSL for a certificate that does not hold. */
const certificateFaults =
  /CERT|SELF_SIGNED|UNABLE_TO_(?:GET_ISSUER|VERIFY_LEAF)|ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH/;

/**
 * What a failed attempt means, in words a person can act on. `dataSent`: the whole mail, the final dot included, had
 * left when it failed, so the server may have taken it.
 */
export function explain(error: SmtpError, channel: Channel, dataSent: boolean): Fault {
  const where = `${channel.host}:${portOf(channel)}`;
  const said = error.response === undefined ? '' : `: ${visible(error.response)}`;
  const words = visible(error.message.trim());
  const cause = `${error.originalCode ?? ''} ${error.message}`;
  const ofServer = { ofServer: true, mayHaveArrived: false };

  if (error.responseCode === undefined && dataSent) {
    return {
      message: `the connection to ${where} broke after the whole mail was sent; it may have arrived`,
      hint: 'Look into the mailbox before you send again; the same run repeats the same Message-ID.',
      retryable: true,
      mayHaveArrived: true,
      ofServer: false,
    };
  }
  if (error.code === 'EAUTH' || error.code === 'ENOAUTH') {
    return {
      message: `${where} refused the login of "${visible(channel.username ?? '')}"${said}`,
      hint: `Check username and passwordFile (or PASSMUSTER_SMTP_PASSWORD) of channel "${channel.name}".`,
      retryable: (error.responseCode ?? 500) < 500,
      ...ofServer,
    };
  }
  if (certificateFaults.test(cause)) {
    return {
      message: `the certificate of ${where} is not trusted: ${words}`,
      hint: `If the server's certificate is signed by an authority of your own, name its PEM file in caFile of channel "${channel.name}"; the host must be a name that the certificate holds.`,
      retryable: false,
      ...ofServer,
    };
  }
  if (error.code === 'ETLS' || /STARTTLS/.test(error.command ?? '') || /SSL routines/.test(cause)) {
    const refused = /STARTTLS/.test(cause + said);
    return {
      message: refused
        ? `${where} does not offer STARTTLS, so nothing was sent${said}`
        : `no TLS connection to ${where}: ${words}`,
      hint: `Use the server's submission port (587) with tls: required, or its TLS port (465) with tls: implicit, in channel "${channel.name}".`,
      retryable: false,
      ...ofServer,
    };
  }
  if (error.responseCode !== undefined) {
    const later = error.responseCode < 500 || error.responseCode === 503;
    return {
      message: `${where} answered ${visible(error.response ?? String(error.responseCode))}`,
      hint: later
        ? `The server asks to come back later; raise retrySeconds of channel "${channel.name}" (now ${channel.retrySeconds}) if it does so every time.`
        : 'Check the address, and whether the server accepts this sender for it.',
      retryable: later,
      mayHaveArrived: false,
      ofServer: error.command === undefined || ['CONN', 'EHLO', 'HELO'].includes(error.command),
    };
  }
  return {
    message: `no usable answer from ${where}: ${words}`,
    hint: `Check host, port and tls of channel "${channel.name}", and that a firewall or NetworkPolicy lets it through.`,
    retryable: true,
    ...ofServer,
  };
}

const defaultPorts = { required: 587, implicit: 465, none: 25 } as const;

export const portOf = (channel: Channel): number => channel.port ?? defaultPorts[channel.tls];
