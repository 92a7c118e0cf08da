import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Audience, Channel } from '../../src/config.ts';
import { deliver, requireDelivered } from '../../src/deliver/index.ts';
import type { UserError } from '../../src/errors.ts';
import { renderMail } from '../../src/render/mail.ts';
import { percent } from '../../src/render/words.ts';
import { openSmtpdMissing, startOpenSmtpd, type OpenSmtpd } from '../servers/opensmtpd.ts';
import { attachmentText, parseMail } from '../servers/smtp-server.ts';
import { sampleReport } from '../unit/render/sample-report.ts';

const missing = openSmtpdMissing();
if (missing !== undefined && process.env['CI'] === 'true') throw new Error(missing);
if (missing !== undefined) process.stderr.write(`Skipped: ${missing}\n`);

const audience = (...to: string[]): Audience => ({ name: 'team', channel: 'mail', to, content: 'full' });

describe.skipIf(missing !== undefined)('a report through OpenSMTPD', () => {
  let server: OpenSmtpd;
  beforeAll(async () => {
    server = await startOpenSmtpd(['team@passmuster.test', 'shop@passmuster.test']);
  });
  afterAll(() => server?.stop());

  const report = sampleReport();
  const channel = (): Channel => ({
    name: 'mail',
    type: 'smtp',
    host: 'localhost',
    port: server.port,
    tls: 'required',
    caFile: server.caFile,
    insecureSkipVerify: false,
    allowInsecureAuth: false,
    from: 'Passmuster <audit@passmuster.test>',
    replyTo: 'owner@passmuster.test',
    retrySeconds: 5,
  });
  const send = (...to: string[]) =>
    deliver(renderMail(report, { audience: audience(...to), timeZone: 'UTC' }), channel(), audience(...to), {
      clusterId: report.cluster.id,
      slot: '2026-11-16T07:00Z',
      environment: {},
    });

  it('arrives, and both parts and the table show the numbers of the report', async () => {
    const delivery = await send('team@passmuster.test');
    expect(delivery.recipients).toMatchObject([
      { accepted: true, response: expect.stringMatching(/^250 /) as string },
    ]);
    const mail = await parseMail(await server.nextMail('team@passmuster.test'));

    const [benchmark] = report.benchmarks;
    const open = report.checks
      .flatMap(({ findings }) => findings)
      .filter(({ state, verdict }) => state === 'open' && verdict === 'fail').length;
    const failing = report.checks.filter(({ status }) => status === 'fail');
    const words = (mail.html ?? '').replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ');
    const text = (mail.text ?? '').replaceAll(/\s+/g, ' ');
    for (const part of [words, text]) {
      expect(part).toContain(`Score ${percent(benchmark?.score ?? 0)} `);
      expect(part).toContain(`Coverage ${percent(benchmark?.coverage ?? 0)} `);
      expect(part).toContain(`Findings ${open} open`);
      for (const { title, counts } of failing) {
        expect(part).toContain(title);
        expect(part).toContain(`${counts.failed} of ${counts.evaluated} objects`);
      }
    }
    expect(mail.subject).toMatch(/^\[prod-eu\] CIS L1 audit: 25%, 3 failing, 57% assessed, incomplete$/);
    const [file] = mail.attachments;
    const rows = attachmentText(mail, file?.filename ?? '')
      .trimEnd()
      .split('\r\n');
    expect(rows).toHaveLength(1 + report.checks.flatMap(({ findings }) => findings).length);
  });

  it('reaches whom it can, and ends with exit code 5 for an unknown recipient', async () => {
    const delivery = await send('nobody@passmuster.test', 'shop@passmuster.test');
    expect(() => requireDelivered([delivery])).toThrow(
      expect.objectContaining({
        exitCode: 5,
        message: expect.stringMatching(
          /^Not delivered to 1 of 2 recipients:\n {2}nobody@passmuster\.test \(team\): localhost:\d+ answered 550 /,
        ) as string,
      }) as UserError,
    );
    const { to } = await parseMail(await server.nextMail('shop@passmuster.test'));
    expect(to).toMatchObject([{ address: 'shop@passmuster.test' }]);
  });
});
