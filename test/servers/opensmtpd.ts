import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startStartTlsFront } from './starttls-front.ts';
import { selfSigned } from './tls.ts';

const program = '/usr/sbin/smtpd';
/** The user that Debian's package makes; mail is delivered as this user. */
const user = 'opensmtpd';

export interface OpenSmtpd {
  port: number;
  /** PEM file of the certificate that the server shows. */
  caFile: string;
  /** Waits for the next mail of a recipient that was not read before. */
  nextMail(recipient: string): Promise<Buffer>;
  stop(): Promise<void>;
}

/** Why OpenSMTPD cannot run here, and what to do; undefined where it can. */
export function openSmtpdMissing(): string | undefined {
  if (!existsSync(program))
    return `OpenSMTPD is not installed (${program}): run scripts/install-test-tools.sh as root on Debian or Ubuntu.`;
  if (process.getuid?.() !== 0)
    return 'OpenSMTPD needs root to change to its own user: run this suite as root.';
  return undefined;
}

/**
 * A real mail server on 127.0.0.1 that takes mail for the given recipients, refuses all others with 550, and delivers
 * into Maildirs. The spool of OpenSMTPD has a fixed place, so there can be one at a time. STARTTLS is demanded by a front
 * of ours: OpenSMTPD 6.8, which Debian 12 has, fails every TLS handshake with OpenSSL 3 (OpenSMTPD issue 1171).
 */
export async function startOpenSmtpd(recipients: readonly string[]): Promise<OpenSmtpd> {
  const folder = mkdtempSync(join(tmpdir(), 'passmuster-opensmtpd-'));
  chmodSync(folder, 0o755);
  const caFile = join(folder, 'cert.pem');
  const certificate = await selfSigned();
  writeFileSync(caFile, certificate.cert);
  const mailbox = join(folder, 'mail');
  mkdirSync(mailbox);
  chownSync(mailbox, idOf('-u'), idOf('-g'));
  const port = await freePort();
  const configFile = join(folder, 'smtpd.conf');
  writeFileSync(configFile, configuration({ port, mailbox, recipients }), { mode: 0o600 });

  const server = spawn(program, ['-d', '-f', configFile], { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [server.stdout, server.stderr])
    stream.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const ended = once(server, 'exit');
  let front: Awaited<ReturnType<typeof startStartTlsFront>> | undefined;
  const stop = async (): Promise<void> => {
    if (server.exitCode === null) server.kill('SIGTERM');
    await ended;
    await front?.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await within(
      10_000,
      () => server.exitCode === null && answers(port),
      () => `OpenSMTPD does not answer:\n${log}`,
    );
    front = await startStartTlsFront(certificate, port);
  } catch (error) {
    await stop();
    throw error;
  }
  const read = new Set<string>();
  return {
    port: front.port,
    caFile,
    stop,
    async nextMail(recipient) {
      const inbox = join(mailbox, recipient.replace(/@.*/, ''), 'new');
      const unread = () =>
        (existsSync(inbox) ? readdirSync(inbox) : [])
          .map((name) => join(inbox, name))
          .filter((file) => !read.has(file));
      await within(
        15_000,
        () => unread().length > 0,
        () => `no mail for ${recipient}:\n${log}`,
      );
      const [file = ''] = unread();
      read.add(file);
      return readFileSync(file);
    },
  };
}

const configuration = (options: { port: number; mailbox: string; recipients: readonly string[] }): string => `
table recipients { ${options.recipients.map((recipient) => `"${recipient}" = "${user}"`).join(', ')} }
listen on 127.0.0.1 port ${options.port} hostname localhost
action "deliver" maildir "${options.mailbox}/%{dest.user:raw}" virtual <recipients>
match from any for any rcpt-to { ${options.recipients.map((recipient) => `"${recipient}"`).join(', ')} } action "deliver"
`;

const idOf = (flag: '-u' | '-g'): number => Number(execFileSync('id', [flag, user], { encoding: 'utf8' }));

async function freePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

/** True when a greeting comes. */
const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.setTimeout(1000, () => socket.destroy());
    socket.once('data', () => {
      resolve(true);
      socket.end('QUIT\r\n');
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });

async function within(
  ms: number,
  test: () => boolean | Promise<boolean>,
  failure: () => string,
): Promise<void> {
  for (const end = Date.now() + ms; Date.now() < end; await sleep(50)) if (await test()) return;
  throw new Error(failure());
}
