import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { worstExit } from '../../../src/cli/ending.ts';
import { passmuster, type CliOptions, type CliResult } from '../../cli.ts';
import { startSmtpServer } from '../../servers/smtp-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'passmuster-ending-'));
const report = join(folder, 'report.json');
beforeAll(async () => {
  await passmuster(['scan', '-f', 'examples', '-o', `json=${report}`]);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The writing end of a pipe whose reader has gone. */
function brokenPipe(): number {
  const pipe = join(mkdtempSync(join(folder, 'pipe-')), 'pipe');
  execFileSync('mkfifo', [pipe]);
  const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(pipe, constants.O_WRONLY);
  closeSync(reader);
  return writer;
}

/** Runs the program with one of its outputs in what the descriptor stands for. */
async function into(
  descriptor: number,
  stream: 'stdout' | 'stderr',
  args: string[],
  options: CliOptions = {},
): Promise<CliResult> {
  try {
    return await passmuster(args, { ...options, [stream]: descriptor });
  } finally {
    closeSync(descriptor);
  }
}

const configFor = (port: number) => `apiVersion: passmuster/v1
kind: Config
channels: [{ name: mail, type: smtp, host: 127.0.0.1, port: ${port}, tls: none, from: a@example.com, retrySeconds: 0 }]
audiences:
  - { name: first, channel: mail, to: [first@example.com] }
  - { name: second, channel: mail, to: [second@example.com] }
`;

describe('a reader who has gone', () => {
  test('of standard output keeps no mail from anybody', async () => {
    const server = await startSmtpServer();
    try {
      const config = join(folder, 'config.yaml');
      writeFileSync(config, configFor(server.port));
      const args = ['send', '-c', config, '--report', report];
      expect(await into(brokenPipe(), 'stdout', args)).toMatchObject({ code: 0, stderr: '' });
      expect(server.received.flatMap(({ to }) => to)).toEqual(['first@example.com', 'second@example.com']);
    } finally {
      await server.stop();
    }
  });

  test('of standard output leaves the exit code of a gate', async () => {
    const args = ['scan', '-f', 'examples', '--fail-on', 'high', '-o', 'json'];
    const { code, stderr } = await into(brokenPipe(), 'stdout', args);
    expect(stderr).toMatch(/^gate failed: .*\n$/);
    expect(code).toBe(3);
  });

  test.each([
    ['usage', 2, ['scan', '--bogus']],
    ['a gate', 3, ['scan', '-f', 'examples', '--fail-on', 'high']],
  ])('of standard error leaves the exit code of %s', async (_what, code, args) => {
    expect(await into(brokenPipe(), 'stderr', args)).toMatchObject({ code });
  });
});

describe.skipIf(!existsSync('/dev/full'))('a full disk', () => {
  test.each([
    ['nothing else', ['render', report]],
    ['a gate', ['scan', '-f', 'examples', '--fail-on', 'high', '-q']],
  ])('under standard output is told in one line, and outranks %s', async (_what, args) => {
    const { code, stderr } = await into(openSync('/dev/full', 'w'), 'stdout', args);
    expect(stderr.replace(/^gate failed: .*\n/, '')).toMatch(
      /^error: Cannot write to standard output: ENOSPC.*\n$/,
    );
    expect(code).toBe(1);
  });

  test('under standard error is an error, and outranked by wrong usage', async () => {
    const full = () => openSync('/dev/full', 'w');
    expect(await into(full(), 'stderr', ['config', 'init', join(folder, 'new.yaml')])).toMatchObject({
      code: 1,
    });
    expect(await into(full(), 'stderr', ['scan', '--bogus'])).toMatchObject({ code: 2 });
  });
});

test('of several exit codes the worst counts', () => {
  const order = [3, 4, 5, 1, 2, 130];
  for (const [i, better] of order.entries()) {
    for (const worse of order.slice(i)) {
      expect([worstExit(better, worse), worstExit(worse, better)]).toEqual([worse, worse]);
    }
  }
  expect(worstExit(0, 3)).toBe(3);
  expect(worstExit(143, 1)).toBe(143);
});

describe('a signal', () => {
  let server: Server;
  beforeAll(async () => {
    server = createServer((socket) => socket.on('error', () => {}));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => server.close());

  /** Runs the program until it has connected to the server, which never answers, and sends it the signal. */
  async function interrupted(args: string[], signal: NodeJS.Signals): Promise<CliResult> {
    const connected = once(server, 'connection');
    return passmuster(args, {
      started: (child) => void connected.then(() => child.kill(signal)),
    });
  }

  // As the first process of a container it gets none of the kernel's defaults: it has to end of itself, with a code.
  test.each([
    ['scan', 'SIGTERM', 143],
    ['scan', 'SIGINT', 130],
    ['send', 'SIGTERM', 143],
    ['send', 'SIGINT', 130],
  ] as const)('ends %s: %s gives %d', async (command, signal, code) => {
    const { port } = server.address() as AddressInfo;
    const here = mkdtempSync(join(folder, 'signal-'));
    const kubeconfig = join(here, 'kubeconfig');
    writeFileSync(
      kubeconfig,
      `apiVersion: v1
kind: Config
clusters: [{ name: silent, cluster: { server: "https://127.0.0.1:${port}" } }]
users: [{ name: me, user: { token: t } }]
contexts: [{ name: silent, context: { cluster: silent, user: me } }]
current-context: silent
`,
    );
    const config = join(here, 'config.yaml');
    writeFileSync(config, configFor(port));
    const what =
      command === 'send'
        ? ['--report', report]
        : ['--kubeconfig', kubeconfig, '-o', `json=${join(here, 'out')}`];
    expect(await interrupted([command, '-c', config, ...what], signal)).toMatchObject({ code, stderr: '' });
    expect(readdirSync(here).toSorted()).toEqual(['config.yaml', 'kubeconfig']);
  });

  test('ends schedule when nothing runs', async () => {
    const config = join(folder, 'schedule.yaml');
    writeFileSync(config, configFor(1));
    const { code, stderr } = await passmuster(['schedule', '-c', config], {
      started: (child) => child.stderr?.once('data', () => child.kill('SIGTERM')),
    });
    expect(stderr).toMatch(/^\S+ next run \S+ .*\n$/);
    expect(code).toBe(143);
  });
});
