import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Audience, Channel } from '../../../src/config.ts';
import { deliver, requireDelivered, type DeliveryOptions } from '../../../src/deliver/index.ts';
import type { UserError } from '../../../src/errors.ts';
import type { Mail } from '../../../src/model.ts';
import {
  parseMail,
  startSmtpServer,
  type SmtpServer,
  type SmtpServerOptions,
} from '../../servers/smtp-server.ts';
import { selfSigned, type Certificate } from '../../servers/tls.ts';

const mail: Mail = {
  kind: 'report',
  subject: '[prod] CIS L1 audit: 62%',
  text: 'plain words',
  html: '<p>words</p>',
  attachments: [
    { filename: 'findings.csv', contentType: 'text/csv; charset=utf-8', content: 'a,b\r\n1,ü\r\n' },
  ],
};

const folder = mkdtempSync(join(tmpdir(), 'passmuster-deliver-'));
const caFile = join(folder, 'ca.pem');
let tls: Certificate;
beforeAll(async () => {
  tls = await selfSigned();
  writeFileSync(caFile, tls.cert);
});
afterAll(() => rmSync(folder, { recursive: true }));

const running: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

async function start(options: SmtpServerOptions = { tls }): Promise<SmtpServer> {
  const server = await startSmtpServer(options);
  running.push(server);
  return server;
}

const channelTo = (port: number, changes: Partial<Channel> = {}): Channel => ({
  name: 'mail',
  type: 'smtp',
  host: 'localhost',
  port,
  tls: 'required',
  caFile,
  insecureSkipVerify: false,
  allowInsecureAuth: false,
  from: 'Passmuster <audit@example.com>',
  retrySeconds: 1,
  ...changes,
});

const audienceOf = (...to: string[]): Audience => ({ name: 'team', channel: 'mail', to, content: 'full' });

const send = async (channel: Channel, to: string[], changes: Partial<DeliveryOptions> = {}, what = mail) => {
  const options = { clusterId: 'c-1', slot: '2026-11-16T07:00', environment: {}, wait: () => 20, ...changes };
  return (await deliver(what, channel, audienceOf(...to), options)).recipients;
};

/** The one error of a delivery to one recipient. */
const errorOf = async (channel: Channel, changes: Partial<DeliveryOptions> = {}) => {
  const [outcome] = await send(channel, ['a@x.example'], changes);
  expect(outcome?.accepted).toBe(false);
  return outcome?.error;
};

describe('a mail that is accepted', () => {
  it('goes to each recipient alone, over TLS, with the headers of a machine', async () => {
    const server = await start();
    const outcomes = await send(channelTo(server.port, { replyTo: 'team@example.com' }), [
      'a@x.example',
      'b@x.example',
    ]);
    expect(outcomes).toEqual([
      { recipient: 'a@x.example', accepted: true, response: '250 OK: kept' },
      { recipient: 'b@x.example', accepted: true, response: '250 OK: kept' },
    ]);
    expect(server.received.map(({ to, secure }) => ({ to, secure }))).toEqual([
      { to: ['a@x.example'], secure: true },
      { to: ['b@x.example'], secure: true },
    ]);
    const parsed = await parseMail(server.received[0]?.raw ?? '');
    const header = (key: string) => parsed.headers.find((one) => one.key === key)?.value;
    expect(parsed.to).toEqual([{ address: 'a@x.example', name: '' }]);
    expect(parsed.from).toEqual({ address: 'audit@example.com', name: 'Passmuster' });
    expect(parsed.replyTo).toMatchObject([{ address: 'team@example.com' }]);
    expect(parsed.subject).toBe(mail.subject);
    expect(parsed.text?.trim()).toBe('plain words');
    expect(parsed.html?.trim()).toBe('<p>words</p>');
    expect(parsed.messageId).toMatch(/^<[0-9a-f]{40}@example\.com>$/);
    expect(header('auto-submitted')).toBe('auto-generated');
    expect(header('x-auto-response-suppress')).toBe('OOF, AutoReply');
    expect(header('list-id')).toBe('Passmuster <team.c-1.passmuster>');
    expect(Date.now() - Date.parse(parsed.date ?? '')).toBeLessThan(60_000);
    expect(parsed.attachments[0]).toMatchObject({ filename: 'findings.csv', mimeType: 'text/csv' });
  });

  it('has the same Message-ID when the run is repeated, another for another recipient, slot or kind', async () => {
    const server = await start();
    const channel = channelTo(server.port);
    await send(channel, ['a@x.example', 'b@x.example']);
    await send(channel, ['a@x.example']);
    await send(channel, ['a@x.example'], { slot: '2026-11-23T07:00' });
    await send(channel, ['a@x.example'], {}, { ...mail, kind: 'failure' });
    const ids = await Promise.all(server.received.map(async ({ raw }) => (await parseMail(raw)).messageId));
    expect(ids[2]).toBe(ids[0]);
    expect(new Set(ids).size).toBe(4);
  });

  it('may go over implicit TLS, and in the clear where that is asked for', async () => {
    const implicit = await start({ tls: { ...tls, implicit: true } });
    expect(await send(channelTo(implicit.port, { tls: 'implicit' }), ['a@x.example'])).toMatchObject([
      { accepted: true },
    ]);
    const clear = await start({});
    expect(await send(channelTo(clear.port, { tls: 'none' }), ['a@x.example'])).toMatchObject([
      { accepted: true },
    ]);
    expect(clear.received[0]?.secure).toBe(false);
  });

  it('may come from a login, with the password of a file or of the environment', async () => {
    const server = await start({ tls, auth: { user: 'me', pass: 'hunter2' } });
    const passwordFile = join(folder, 'password');
    writeFileSync(passwordFile, 'hunter2\n');
    const channel = channelTo(server.port, { username: 'me' });
    expect(await send({ ...channel, passwordFile }, ['a@x.example'])).toMatchObject([{ accepted: true }]);
    const environment = { PASSMUSTER_SMTP_PASSWORD: 'hunter2' };
    expect(await send(channel, ['a@x.example'], { environment })).toMatchObject([{ accepted: true }]);
    await expect(send(channel, ['a@x.example'])).rejects.toMatchObject({ exitCode: 2 });
    await expect(send({ ...channel, passwordFile: '/no/such/file' }, ['a@x.example'])).rejects.toThrow(
      /passwordFile of channel "mail" cannot be read: ENOENT/,
    );
  });

  it('cannot be given headers by a subject or a cluster', async () => {
    const server = await start();
    const subject = '[x\r\nBcc: evil@x.example\n\u202e] audit';
    await send(
      channelTo(server.port),
      ['a@x.example'],
      { clusterId: 'c\r\nX-Evil: 1' },
      { ...mail, subject },
    );
    const parsed = await parseMail(server.received[0]?.raw ?? '');
    expect(parsed.subject).toBe('[x\\u000d\\u000aBcc: evil@x.example\\u000a\\u202e] audit');
    const names = parsed.headers.map(({ key }) => key);
    expect(names).not.toContain('bcc');
    expect(names).not.toContain('x-evil');
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('a mail that is not accepted', () => {
  it('names each refused recipient, and reaches the others', async () => {
    const server = await start({
      tls,
      recipient: (to) => (to.startsWith('gone') ? '550 5.1.1 No such user' : undefined),
    });
    const recipients = await send(channelTo(server.port), ['gone@x.example', 'here@x.example']);
    expect(server.received).toHaveLength(1);
    expect(() => requireDelivered([{ audience: 'team', channel: 'mail', recipients }])).toThrow(
      expect.objectContaining({
        exitCode: 5,
        hint: expect.stringContaining('Check the address') as string,
        message: `Not delivered to 1 of 2 recipients:\n  gone@x.example (team): localhost:${server.port} answered 550 5.1.1 No such user`,
      }) as UserError,
    );
  });

  it('is tried again after 4xx, and only for whom it was refused', async () => {
    const server = await start({
      tls,
      recipient: (to, attempt) => (to.startsWith('grey') && attempt < 3 ? '451 4.7.1 Greylisted' : undefined),
    });
    const log: string[] = [];
    const outcomes = await send(channelTo(server.port), ['grey@x.example', 'b@x.example'], {
      log: (line) => log.push(line),
    });
    expect(outcomes.every(({ accepted }) => accepted)).toBe(true);
    expect(server.received.map(({ to }) => to[0])).toEqual(['b@x.example', 'grey@x.example']);
    expect(log).toHaveLength(2);
    expect(log[0]).toMatch(/^team: localhost:\d+ answered 451 4\.7\.1 Greylisted; trying again in 1 s$/);
  });

  it('is given up when 4xx outlasts the deadline, and is not tried again after 5xx', async () => {
    let asked = 0;
    const later = await start({ tls, recipient: () => '451 4.7.1 Later' });
    expect(await errorOf(channelTo(later.port, { retrySeconds: 0 }))).toMatchObject({
      retryable: true,
      message: expect.stringContaining('451 4.7.1 Later') as string,
    });
    const never = await start({ tls, recipient: () => `55${(asked += 1) && 4} 5.7.1 Never` });
    expect(await errorOf(channelTo(never.port))).toMatchObject({ retryable: false });
    expect(asked).toBe(1);
  });

  it('is not sent where STARTTLS is missing', async () => {
    const server = await start({});
    const error = await errorOf(channelTo(server.port, { username: 'me' }), {
      environment: { PASSMUSTER_SMTP_PASSWORD: 'hunter2' },
    });
    expect(error).toMatchObject({
      retryable: false,
      message: expect.stringContaining('does not offer STARTTLS') as string,
    });
    expect(server.received).toEqual([]);
  });

  it('is not sent to a server whose certificate is not trusted, unless that is asked for', async () => {
    const server = await start();
    const { caFile: _ca, ...untrusting } = channelTo(server.port);
    const error = await errorOf(untrusting);
    expect(error?.message).toMatch(/certificate of localhost:\d+ is not trusted: self-signed certificate/);
    expect(error?.hint).toContain('caFile');
    expect(server.received).toEqual([]);
    expect(await send({ ...untrusting, insecureSkipVerify: true }, ['a@x.example'])).toMatchObject([
      { accepted: true },
    ]);
  });

  it('says which login was refused, and never the password', async () => {
    const server = await start({ tls, auth: { user: 'me', pass: 'right' } });
    const recipients = await send(
      channelTo(server.port, { username: 'me' }),
      ['a@x.example', 'b@x.example'],
      {
        environment: { PASSMUSTER_SMTP_PASSWORD: 'hunter2' },
      },
    );
    expect(recipients.map(({ error }) => error?.retryable)).toEqual([false, false]);
    expect(recipients[0]?.error?.message).toMatch(
      /refused the login of "me": 535 5\.7\.8 Authentication failed/,
    );
    expect(JSON.stringify(recipients)).not.toContain('hunter2');
  });

  it('reports an address where nobody listens, and a name that does not exist', async () => {
    const server = await startSmtpServer();
    await server.stop();
    const refused = await errorOf(channelTo(server.port, { retrySeconds: 0 }));
    expect(refused?.message).toMatch(/no usable answer from localhost:\d+: .*ECONNREFUSED/);
    const unknown = await errorOf(channelTo(25, { retrySeconds: 0, host: 'mail.invalid' }));
    expect(unknown?.message).toMatch(/no usable answer from mail\.invalid:25: /);
    expect(unknown?.hint).toMatch(/Check host, port/);
  });

  it('is found again after the server was away for a while', async () => {
    const first = await startSmtpServer();
    await first.stop();
    let calls = 0;
    const wait = (): number => {
      calls += 1;
      return 50;
    };
    const sending = send(
      channelTo(first.port, { tls: 'none', retrySeconds: 5 }),
      ['a@x.example', 'b@x.example'],
      {
        wait,
        log: () => undefined,
      },
    );
    await new Promise((resolve) => setTimeout(resolve, 120));
    const late = await startSmtpServer({ port: first.port });
    running.push(late);
    expect(await sending).toMatchObject([{ accepted: true }, { accepted: true }]);
    expect(calls).toBeGreaterThan(0);
  });

  it('ends in time when a server is silent, at the greeting and after the data', async () => {
    const silent: Server = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    running.push({ stop: () => new Promise((resolve) => silent.close(() => resolve())) });
    const { port } = silent.address() as AddressInfo;
    const started = Date.now();
    const greeting = await errorOf(channelTo(port, { retrySeconds: 0 }), {
      timeouts: { greetingTimeout: 200 },
    });
    expect(greeting?.message).toMatch(/Greeting never received/);
    const hanging = await start({ tls, data: () => 'hang' });
    const data = await errorOf(channelTo(hanging.port, { retrySeconds: 0 }), {
      timeouts: { socketTimeout: 200 },
    });
    expect(data).toMatchObject({ mayHaveArrived: true });
    expect(Date.now() - started).toBeLessThan(5000);
  });

  it('that may have arrived is sent again once, under the same Message-ID', async () => {
    const once = await start({ tls, data: (attempt) => (attempt === 1 ? 'drop' : undefined) });
    expect(await send(channelTo(once.port), ['a@x.example'])).toMatchObject([{ accepted: true }]);
    const ids = await Promise.all(once.received.map(async ({ raw }) => (await parseMail(raw)).messageId));
    expect(ids).toEqual([ids[0], ids[0]]);

    const always = await start({ tls, data: () => 'drop' });
    const error = await errorOf(channelTo(always.port));
    expect(error).toMatchObject({
      mayHaveArrived: true,
      message: expect.stringContaining('may have arrived') as string,
    });
    expect(always.received).toHaveLength(2);
  });

  it('is not begun once the run is interrupted', async () => {
    const server = await start();
    const [outcome] = await send(channelTo(server.port), ['a@x.example'], { signal: AbortSignal.abort() });
    expect(outcome?.error?.message).toBe('interrupted before it was sent');
    expect(server.received).toEqual([]);
  });
});
