import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ChildProcess } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { passmuster } from '../../cli.ts';
import { startSmtpServer } from '../../servers/smtp-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'passmuster-schedule-'));
afterAll(() => rmSync(folder, { recursive: true }));

const stops: (() => unknown)[] = [];
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

function configFor(port: number): string {
  const file = join(folder, 'config.yaml');
  const settings = {
    apiVersion: 'passmuster/v1',
    kind: 'Config',
    schedule: '* * * * *',
    channels: [{ name: 'mail', type: 'smtp', host: '127.0.0.1', port, tls: 'none', from: 'a@example.com' }],
    audiences: ['first', 'second'].map((name) => ({ name, channel: 'mail', to: [`${name}@example.com`] })),
  };
  writeFileSync(file, stringify(settings));
  return file;
}

/** Runs `schedule` with a clock on which its first run is not far away. */
function schedule(args: string[], started: (child: ChildProcess) => void, env: Record<string, string> = {}) {
  return passmuster(['schedule', ...args], {
    env: { NODE_OPTIONS: `--import ${new URL('fast-clock.ts', import.meta.url).href}`, ...env },
    started: (child) => {
      stops.push(() => child.kill('SIGKILL'));
      started(child);
    },
  });
}

test('SIGTERM ends it while an audit waits for an API server that says nothing', async () => {
  const silent = createServer(() => {});
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  stops.push(
    () => silent.closeAllConnections(),
    () => silent.close(),
  );
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(
    kubeconfig,
    stringify({
      clusters: [
        {
          name: 'silent',
          cluster: { server: `http://127.0.0.1:${(silent.address() as AddressInfo).port}` },
        },
      ],
      users: [{ name: 'me', user: { token: 't' } }],
      contexts: [{ name: 'silent', context: { cluster: 'silent', user: 'me' } }],
      'current-context': 'silent',
    }),
  );
  const mails = await startSmtpServer();
  stops.push(() => mails.stop());
  const args = ['-c', configFor(mails.port), '--kubeconfig', kubeconfig, '--request-timeout', '1h'];
  const asked = once(silent, 'request');
  const { code, stderr } = await schedule(args, (child) => void asked.then(() => child.kill('SIGTERM')));
  expect(stderr).toContain('stopping: out of time');
  expect(stderr).toMatch(/run \S+ failed: /);
  expect(code).toBe(143);
  expect(mails.received).toEqual([]);
});

test('SIGTERM lets a delivery that is under way come to its end, and then ends it', async () => {
  let child: ChildProcess | undefined;
  const mails = await startSmtpServer({
    recipient: (address) => {
      if (address.startsWith('first')) child?.kill('SIGTERM');
      return undefined;
    },
  });
  stops.push(() => mails.stop());
  const { code, stderr } = await schedule(
    ['-c', configFor(mails.port), '-f', 'examples'],
    (process) => (child = process),
    { FAST_UNTIL: ' begins' },
  );
  expect(mails.received.map(({ to }) => to[0])).toEqual(['first@example.com', 'second@example.com']);
  expect(stderr).toMatch(/run \S+ is done\n$/);
  expect(code).toBe(143);
});
