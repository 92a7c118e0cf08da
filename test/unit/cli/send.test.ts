import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { passmuster } from '../../cli.ts';
import { parseMail, startSmtpServer, type SmtpServer } from '../../servers/smtp-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'passmuster-send-'));
const report = join(folder, 'report.json');
const config = join(folder, 'config.yaml');
beforeAll(() => passmuster(['scan', '-f', 'examples', '-o', `json=${report}`]));
afterAll(() => rmSync(folder, { recursive: true }));

let server: SmtpServer;
beforeEach(async () => {
  server = await startSmtpServer({
    recipient: (address) => (address.startsWith('unknown') ? '550 5.1.1 unknown' : undefined),
  });
});
afterEach(() => server.stop());

/** Writes a configuration with an audience for each channel, in this order. */
function configure(channels: Record<string, unknown>[], changes: Record<string, unknown> = {}): void {
  const settings = {
    apiVersion: 'passmuster/v1',
    kind: 'Config',
    channels: channels.map(({ to: _to, ...channel }, i) => ({
      name: `channel-${i}`,
      type: 'smtp',
      host: '127.0.0.1',
      port: server.port,
      tls: 'none',
      from: 'a@example.com',
      retrySeconds: 0,
      ...channel,
    })),
    audiences: channels.map((channel, i) => ({
      name: `audience-${i}`,
      channel: `channel-${i}`,
      to: [channel['to'] ?? `${i}@example.com`],
    })),
    ...changes,
  };
  writeFileSync(config, stringify(settings));
}

/** Sends the saved report over the channels, and says who got it. */
async function sendOver(...channels: Record<string, unknown>[]) {
  configure(channels);
  const result = await passmuster(['send', '-c', config, '--report', report]);
  return { ...result, got: server.received.flatMap(({ to }) => to) };
}

const noPassword = { username: 'me', passwordFile: '/nonexistent/password', allowInsecureAuth: true };

test('a channel that cannot be set up keeps the mail from nobody else', async () => {
  const { code, stderr, got } = await sendOver({ caFile: '/nonexistent/ca.pem' }, {}, noPassword, {});
  expect(got).toEqual(['1@example.com', '3@example.com']);
  expect(stderr).toContain('error: caFile of channel "channel-0" cannot be read');
  expect(stderr).toContain('error: passwordFile of channel "channel-2" cannot be read');
  expect(code).toBe(2);
});

test('wrong settings outrank a recipient who was not reached, and both are told', async () => {
  const { code, stderr, got } = await sendOver({ to: 'unknown@example.com' }, noPassword, {});
  expect(got).toEqual(['2@example.com']);
  expect(stderr).toContain('unknown@example.com (audience-0): ');
  expect(stderr).toContain('error: passwordFile of channel "channel-1" cannot be read');
  expect(code).toBe(2);
});

test.each([
  ['-n', 'shop'],
  ['-A'],
  ['--context', 'other'],
  ['--as-group', 'auditors'],
  ['-f', 'examples'],
  ['--cluster-name', 'prod'],
  ['--benchmark', 'pss-restricted'],
  ['--level', '2'],
])('a saved report is sent as it is: %s is refused', async (...flags) => {
  const { code, stderr } = await passmuster(['send', '--report', '/nonexistent', ...flags]);
  expect(stderr).toContain(`error: ${flags[0]} `);
  expect(stderr).toContain(`hint:  Leave out ${flags[0]}, or leave out --report`);
  expect(code).toBe(2);
});

describe('an audit that fails', () => {
  let files = 0;
  /** A kubeconfig of clusters where nobody listens: names of contexts and clusters, and the port of each. */
  function kubeconfigOf(ports: Record<string, number>): string {
    const file = join(folder, `kubeconfig-${(files += 1)}`);
    const names = Object.keys(ports);
    const content = {
      clusters: names.map((name) => ({ name, cluster: { server: `http://127.0.0.1:${ports[name]}` } })),
      users: [{ name: 'me', user: { token: 't' } }],
      contexts: names.map((name) => ({ name, context: { cluster: name, user: 'me' } })),
      'current-context': names[0],
    };
    writeFileSync(file, stringify(content));
    return file;
  }

  /** The mail about it. */
  async function failureOf(...flags: string[]) {
    const { code, stderr } = await passmuster([
      'send',
      '-c',
      config,
      '--slot',
      '2026-11-16T07:00Z',
      ...flags,
    ]);
    expect(code, stderr).toBeGreaterThan(0);
    const [mail, ...others] = server.received.splice(0);
    expect(others).toEqual([]);
    const { messageId, subject, text, headers } = await parseMail(mail?.raw ?? '');
    return { messageId, subject, text, listId: headers.find(({ key }) => key === 'list-id')?.value };
  }

  test('names the cluster of the context, and is one mail each', async () => {
    configure([{}]);
    const kubeconfig = ['--kubeconfig', kubeconfigOf({ 'prod-eu': 1, 'prod-us': 2 })];
    const eu = await failureOf(...kubeconfig);
    const us = await failureOf(...kubeconfig, '--context', 'prod-us');
    expect(eu.subject).toBe('[prod-eu] could not audit: there is no report');
    expect(us.subject).toBe('[prod-us] could not audit: there is no report');
    expect(us.messageId).not.toBe(eu.messageId);
    expect(us.listId).not.toBe(eu.listId);
    expect(await failureOf(...kubeconfig)).toEqual(eu);
    const namesake = await failureOf('--kubeconfig', kubeconfigOf({ 'prod-eu': 3 }));
    expect(namesake.messageId).not.toBe(eu.messageId);
  });

  test('of two clusters at one address is told apart by their configured names', async () => {
    const kubeconfig = ['--kubeconfig', kubeconfigOf({ kubernetes: 1 })];
    configure([{}], { clusterName: 'prod-eu' });
    const eu = await failureOf(...kubeconfig);
    expect(eu.subject).toBe('[prod-eu] could not audit: there is no report');
    expect(eu.text).toContain('http://127.0.0.1:1');
    const us = await failureOf(...kubeconfig, '--cluster-name', 'prod-us');
    expect(us.subject).toBe('[prod-us] could not audit: there is no report');
    expect(us.messageId).not.toBe(eu.messageId);
  });

  test('is told even where the kubeconfig cannot be read', async () => {
    configure([{}]);
    const malformed = join(folder, 'malformed');
    writeFileSync(malformed, '{');
    const one = await failureOf('--kubeconfig', malformed);
    expect(one.subject).toContain(`[a cluster of ${hostname()}`.slice(0, 20));
    expect(one.text).toContain(malformed);
    const other = await failureOf('--kubeconfig', '/nonexistent/kubeconfig');
    expect(other.messageId).not.toBe(one.messageId);
    expect(await failureOf('--kubeconfig', malformed)).toEqual(one);
    const named = await failureOf('--kubeconfig', malformed, '--context', 'prod-eu');
    expect(named.subject).toBe('[prod-eu] could not audit: there is no report');
  });
});

describe.each(['send', 'schedule'])('%s refuses before it audits, and mails nobody,', (command) => {
  test.each([
    [
      'a benchmark that there is none of',
      '--benchmark',
      'pss-restrictd',
      'There is no benchmark pss-restrictd.',
    ],
    ['a cluster beside manifests', '--context', 'prod', '--context names a cluster and -f names manifests'],
  ])('%s', async (_what, flag, value, message) => {
    configure([{}]);
    const { code, stderr } = await passmuster([command, '-c', config, '-f', 'examples', flag, value]);
    expect(stderr).toContain(`error: ${message}`);
    expect(stderr).toMatch(/^error: .*\nhint: .*\n$/);
    expect(code).toBe(2);
    expect(server.received).toEqual([]);
  });
});

test('scan refuses a benchmark that there is none of before it connects', async () => {
  const args = ['scan', '--kubeconfig', '/nonexistent', '--benchmark', 'pss-restrictd'];
  const { code, stderr } = await passmuster(args);
  expect(stderr).toContain('error: There is no benchmark pss-restrictd.');
  expect(code).toBe(2);
});
