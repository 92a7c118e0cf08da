import { execFile, spawnSync, type SpawnSyncReturns } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../../src/model.ts';
import { ensureBinaries, skipReason } from '../control-plane/binaries.ts';
import { startApiServer } from '../servers/api-server.ts';

const root = join(import.meta.dirname, '../..');
const kilobyte = 1024;

// A Deployment with one fault, and a name that no code may be made of.
const manifest = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      hostPID: true
      securityContext: { runAsNonRoot: true }
      containers:
        - name: web
          image: '{{constructor}}<b>web</b>:1'
`;

describe('the package', () => {
  const folder = mkdtempSync(join(tmpdir(), 'passmuster-package-'));
  // As it is installed for real: nothing of this repository is near, and Node refuses to make code out of text.
  const environment = {
    ...process.env,
    NODE_OPTIONS: '--disallow-code-generation-from-strings',
    KUBECONFIG: '/dev/null',
    npm_config_loglevel: 'error',
    PATH: [dirname(process.execPath), join(folder, 'node_modules/.bin'), process.env['PATH']].join(delimiter),
  };
  const run = (command: string, ...args: string[]): SpawnSyncReturns<string> =>
    spawnSync(command, args, {
      cwd: folder,
      env: environment,
      encoding: 'utf8',
      // A report carries the words of every check.
      maxBuffer: 64 * 1024 * 1024,
    });

  beforeAll(() => {
    expectSuccess(spawnSync('npm', ['run', 'build'], { cwd: root, encoding: 'utf8' }));
    expectSuccess(spawnSync('npm', ['pack', join(root, 'dist')], { cwd: folder, encoding: 'utf8' }));
    writeFileSync(join(folder, 'package.json'), '{ "private": true }');
    const install = ['install', '--offline', '--no-audit', '--no-fund', './passmuster-0.1.0.tgz'];
    expectSuccess(spawnSync('npm', install, { cwd: folder, encoding: 'utf8' }));
    writeFileSync(join(folder, 'web.yaml'), manifest);
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is small and brings everything along', () => {
    const packed = statSync(join(folder, 'passmuster-0.1.0.tgz')).size;
    const installed = join(folder, 'node_modules/passmuster');
    expect(packed).toBeLessThan(1000 * kilobyte);
    expect(statSync(join(installed, 'passmuster.js')).size).toBeLessThan(3300 * kilobyte);
    expect(readdirSync(join(folder, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
      'passmuster',
    ]);
    expect(readdirSync(installed).toSorted()).toEqual([
      'CHANGELOG.md',
      'README.md',
      'k8s',
      'package.json',
      'passmuster.js',
    ]);
  });

  it('says its version', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    expect(run('npx', 'passmuster', '--version')).toMatchObject({
      status: 0,
      stdout: `${version}\n`,
      stderr: '',
    });
  });

  it('audits a manifest', () => {
    const { status, stdout, stderr } = run('npx', 'passmuster', 'scan', '-f', 'web.yaml', '-o', 'json', '-q');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const { checks } = JSON.parse(stdout) as Report;
    const hostPid = checks.find(({ id }) => id === 'host-pid');
    expect(hostPid?.findings.map(({ object, path }) => [object.name, path])).toEqual([
      ['web', 'spec.template.spec.hostPID'],
    ]);
    expect(hostPid?.guidance.backoutPlan.kubectl).not.toBe('');
  });

  it('renders HTML from the templates inside it', () => {
    const { status, stderr } = run('passmuster', 'scan', '-f', 'web.yaml', '-o', 'html=report.html', '-q');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const html = readFileSync(join(folder, 'report.html'), 'utf8');
    expect(html).toMatch(/^<!doctype html>/i);
    expect(html).toContain('spec.template.spec.hostPID');
  });

  it('audits a cluster', async () => {
    const cluster = await startApiServer({ manifests: join(root, 'examples') });
    try {
      const args = ['scan', '--kubeconfig', cluster.kubeconfig, '-o', 'json=cluster.json', '-q'];
      const options = { cwd: folder, env: environment };
      await promisify(execFile)('passmuster', args, options);
      const { sources } = JSON.parse(readFileSync(join(folder, 'cluster.json'), 'utf8')) as Report;
      expect(sources.find(({ source }) => source === 'pods')?.state).toBe('ok');
      expect(cluster.connections).toBeLessThanOrEqual(2);
    } finally {
      await cluster.stop();
    }
  });

  it('is a plugin of kubectl', () => {
    expect(run('kubectl-passmuster', '--help').stdout).toMatch(/^Usage: kubectl passmuster /);
  });

  const installed = spawnSync('kubectl', ['version', '--client']).error === undefined;
  it.skipIf(!installed && skipReason('1.37'))('is found by kubectl', async () => {
    const kubectl = installed ? 'kubectl' : (await ensureBinaries('1.37')).kubectl;
    const { status, stdout } = run(kubectl, 'passmuster', '--help');
    expect(stdout).toMatch(/^Usage: kubectl passmuster /);
    expect(status).toBe(0);
  });
});

describe('the image', () => {
  const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8');
  const instructions = dockerfile
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [name = '', ...words] = line.split(/\s+/);
      return { name, words };
    });
  const all = (name: string) => instructions.filter((instruction) => instruction.name === name);
  const copies = all('COPY').map(({ words }) => ({
    stage: words.find((word) => word.startsWith('--from=')),
    from: words.filter((word) => !word.startsWith('--')).slice(0, -1),
  }));

  it('runs as a numeric user who is not root, on a Node that Passmuster supports', () => {
    const final = instructions.slice(instructions.findLastIndex(({ name }) => name === 'FROM'));
    const [user] = final.filter(({ name }) => name === 'USER').map(({ words }) => words[0]);
    expect(user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    for (const { words } of all('FROM'))
      expect(words[0]).toMatch(/^node:2[2-9]-slim(@sha256:[0-9a-f]{64})?$/);
    expect(all('ENTRYPOINT')[0]?.words.join(' ')).toBe('["node", "/app/passmuster.js"]');
  });

  it('carries the version of the package', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    expect(dockerfile).toContain(`org.opencontainers.image.version="${version}"`);
  });

  it('is built from what .dockerignore lets through', () => {
    const context = mkdtempSync(join(tmpdir(), 'passmuster-context-'));
    try {
      copyContext(context);
      const given = copies.filter(({ stage }) => stage === undefined).flatMap(({ from }) => from);
      for (const path of given) expect(existsSync(join(context, path)), `COPY ${path}`).toBe(true);
      // Stands for `npm ci`, which needs a network.
      symlinkSync(join(root, 'node_modules'), join(context, 'node_modules'));
      const [, build = ''] = all('RUN').map(({ words }) => words.join(' '));
      const [command = '', ...args] = build.split(' ');
      expectSuccess(spawnSync(command, args, { cwd: context, encoding: 'utf8' }));
      const copied = copies.filter(({ stage }) => stage !== undefined).flatMap(({ from }) => from);
      expect(copied).not.toEqual([]);
      for (const path of copied) expect(existsSync(join(context, path.replace('/build/', '')))).toBe(true);
    } finally {
      rmSync(context, { recursive: true, force: true });
    }
  });
});

/** Copies what .dockerignore lets through: paths of an allow-list, without what the patterns after them take out again. */
function copyContext(context: string): void {
  const lines = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n');
  expect(lines).toEqual(expect.arrayContaining(['*', '**/*.test.ts', '**/fixtures']));
  for (const path of lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1))) {
    cpSync(join(root, path), join(context, path), {
      recursive: true,
      filter: (source) => !/\.test\.ts$|\/fixtures$/.test(source),
    });
  }
}

function expectSuccess({ status, stdout, stderr, error }: SpawnSyncReturns<string>): void {
  expect({ status, error }, `${stdout}${stderr}`).toEqual({ status: 0, error: undefined });
}
