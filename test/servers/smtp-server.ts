import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer } from 'smtp-server';
import type { Certificate } from './tls.ts';

export interface SmtpServerOptions {
  /** A free one by default. */
  port?: number;
  /** Offers STARTTLS with it, or TLS from the first byte. */
  tls?: Certificate & { implicit?: boolean };
  /** The one login that is accepted; none may then be left out. */
  auth?: { user: string; pass: string };
  /** Asked for each RCPT TO, with how often this recipient was asked for: a refusal such as `550 5.1.1 unknown`. */
  recipient?: (address: string, attempt: number) => string | undefined;
  /** Asked when a mail has come in whole; `drop` cuts the connection instead of an answer, `hang` never answers. */
  data?: (attempt: number) => string | undefined;
}

export interface ReceivedMail {
  from: string;
  to: string[];
  /** Whether it came over TLS. */
  secure: boolean;
  raw: Buffer;
}

export interface SmtpServer {
  port: number;
  /** Mails whose data came in whole, whatever the answer was. */
  received: ReceivedMail[];
  stop(): Promise<void>;
}

/** A mail server on a free port of 127.0.0.1 that keeps what it gets and misbehaves on request. */
export async function startSmtpServer(options: SmtpServerOptions = {}): Promise<SmtpServer> {
  const { tls, auth } = options;
  const received: ReceivedMail[] = [];
  const asked = new Map<string, number>();
  const server = new SMTPServer({
    logger: false,
    ...(tls === undefined ? {} : { key: tls.key, cert: tls.cert }),
    secure: tls?.implicit === true,
    disabledCommands: tls === undefined ? ['STARTTLS'] : [],
    disableReverseLookup: true,
    authOptional: auth === undefined,
    allowInsecureAuth: true,
    closeTimeout: 200,
    onAuth({ username, password }, _session, done) {
      const right = username === auth?.user && password === auth?.pass;
      return right ? done(null, { user: username }) : done(refusal('535 5.7.8 Authentication failed'));
    },
    onRcptTo({ address }, _session, done) {
      const attempt = (asked.get(address) ?? 0) + 1;
      asked.set(address, attempt);
      const answer = options.recipient?.(address, attempt);
      done(answer === undefined ? null : refusal(answer));
    },
    async onData(stream, session, done) {
      const raw = await buffer(stream);
      const { mailFrom, rcptTo } = session.envelope;
      const from = mailFrom === false ? '' : mailFrom.address;
      received.push({ from, to: rcptTo.map(({ address }) => address), secure: session.secure, raw });
      const answer = options.data?.(received.length);
      if (answer === 'hang') return;
      if (answer === 'drop') return drop(session.id);
      done(answer === undefined ? null : refusal(answer), 'OK: kept');
    },
  });
  const drop = (id: string): void => {
    for (const connection of server.connections) if (connection.id === id) connection.close();
  };
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  return { port, received, stop: () => new Promise((resolve) => server.close(resolve)) };
}

/** The mail as a mail program reads it. */
export const parseMail = (raw: Buffer | string): Promise<Email> => PostalMime.parse(raw);

/** The content of an attachment as text. */
export const attachmentText = (mail: Email, filename: string): string => {
  const content = mail.attachments.find((attachment) => attachment.filename === filename)?.content ?? '';
  return typeof content === 'string' ? content : Buffer.from(new Uint8Array(content)).toString('utf8');
};

function refusal(answer: string): Error {
  const [, code = '554', words = answer] = /^(\d{3}) (.*)$/.exec(answer) ?? [];
  return Object.assign(new Error(words), { responseCode: Number(code) });
}
