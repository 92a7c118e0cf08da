import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { generate } from 'selfsigned';
import { stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { inClusterTarget, readCredentials } from '../../../src/api/credentials.ts';
import { readKubeconfig } from '../../../src/api/kubeconfig.ts';
import { exit } from '../../../src/errors.ts';

const folder = mkdtempSync(join(tmpdir(), 'passmuster-kubeconfig-'));
afterAll(() => rmSync(folder, { recursive: true }));

let pair: { cert: string; key: string };
let foreign: { cert: string; key: string };
const issue = async () => {
  const made = await generate([{ name: 'commonName', value: 'jane' }]);
  return { cert: made.cert, key: made.private };
};
beforeAll(async () => {
  [pair, foreign] = await Promise.all([issue(), issue()]);
});

let files = 0;
function write(content: object | string, name = `config-${(files += 1)}`): string {
  const file = join(folder, name);
  writeFileSync(file, typeof content === 'string' ? content : stringify(content));
  return file;
}

const cluster = (name: string, more: object = {}) => ({
  name,
  cluster: { server: `https://${name}.example:6443`, ...more },
});
const context = (name: string, more: object = {}) => ({
  name,
  context: { cluster: name, user: name, ...more },
});
const user = (name: string, more: object = { token: `token-of-${name}` }) => ({ name, user: more });
const config = (name: string) => ({
  clusters: [cluster(name)],
  contexts: [context(name)],
  users: [user(name)],
  'current-context': name,
});

const read = (content: object | string, options = {}) =>
  readKubeconfig({ kubeconfig: write(content), ...options }, {});

describe('which kubeconfig', () => {
  test('--kubeconfig, else KUBECONFIG, else ~/.kube/config', async () => {
    const home = join(folder, 'home');
    mkdirSync(join(home, '.kube'), { recursive: true });
    write(config('home'), 'home/.kube/config');
    const listed = write(config('listed'));
    const given = write(config('given'));
    const env = { HOME: home, KUBECONFIG: listed };
    expect((await readKubeconfig({ kubeconfig: given }, env))?.clusterName).toBe('given');
    expect((await readKubeconfig({}, env))?.clusterName).toBe('listed');
    expect((await readKubeconfig({}, { HOME: home }))?.clusterName).toBe('home');
    expect(await readKubeconfig({}, { HOME: join(folder, 'nobody') })).toBeUndefined();
  });

  test('of a list the missing files are skipped, and the first definition and current-context win', async () => {
    const a = write({
      clusters: [cluster('shared', { 'tls-server-name': 'first' })],
      users: [user('shared')],
    });
    const b = write({
      ...config('second'),
      clusters: [cluster('shared', { 'tls-server-name': 'late' }), cluster('second')],
    });
    const c = write({ contexts: [context('shared')], 'current-context': 'shared' });
    const KUBECONFIG = [join(folder, 'missing'), a, b, c].join(delimiter);
    expect((await readKubeconfig({}, { KUBECONFIG }))?.clusterName).toBe('second');
    const target = await readKubeconfig({ context: 'shared' }, { KUBECONFIG });
    expect(target?.cluster.tlsServerName).toBe('first');
    expect(target?.user.token).toBe('token-of-shared');
  });

  test('--cluster and --user replace those of the context', async () => {
    const content = { ...config('a'), clusters: [cluster('a'), cluster('b')], users: [user('a'), user('c')] };
    const target = await read(content, { cluster: 'b', user: 'c' });
    expect(target?.cluster.server).toBe('https://b.example:6443');
    expect(target?.user.name).toBe('c');
  });
});

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const aliasBomb = [
  'a0: &a0 x',
  ...Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(10).fill(`*a${i}`).join(', ')}]`),
].join('\n');

/** What is wrong with the cluster a, and what is said of it after the file. */
const faultsOfCluster: [string, object, RegExp][] = [
  ['a server that is a number', { server: 5 }, /cluster "a": server must be text/],
  [
    'TLS that may be left out, in quotes',
    { 'insecure-skip-tls-verify': 'true' },
    /insecure-skip-tls-verify must be true/,
  ],
  [
    'a CA that is no base64',
    { 'certificate-authority-data': '!!' },
    /certificate-authority-data is not base64/,
  ],
  [
    'a CA that is no PEM',
    { 'certificate-authority-data': base64('CA') },
    /certificate-authority-data must be a certificate/,
  ],
];
const faultsOfUser: [string, object, RegExp][] = [
  ['a user that is no mapping', ['me'], /user "a": must be a mapping/],
  ['a token that is a number', { token: 5 }, /user "a": token must be text/],
  ['a token of two lines', { token: 'a\nb' }, /user "a": the token must be one line/],
  [
    'a certificate that is no base64',
    { 'client-certificate-data': '!!' },
    /client-certificate-data is not base64/,
  ],
  [
    'a certificate that is no PEM',
    { 'client-certificate-data': base64('CERT') },
    /client-certificate-data must be a certificate/,
  ],
  ['a key that is no PEM', { 'client-key-data': base64('KEY') }, /client-key-data must be a private key/],
  ['somebody to act as who is a number', { as: 5 }, /user "a": as must be text/],
  [
    'groups without somebody to act as',
    { 'as-groups': ['g'] },
    /user "a": as-groups.* need a user to act as/,
  ],
  [
    'an extra that is no list',
    { as: 'j', 'as-user-extra': { scope: 'x' } },
    /as-user-extra\.scope must be a list/,
  ],
  [
    'an argument that is a number',
    { exec: { command: 'x', args: [5] } },
    /user "a": exec\.args\.0 must be text/,
  ],
];

describe('what is wrong is said, with the place', () => {
  test.each([
    ['a missing file', { kubeconfig: '/nowhere/config' }, undefined, /\/nowhere\/config does not exist/],
    ['a missing context', { context: 'x' }, config('a'), /no context "x" in .*config-/],
    ['a missing cluster', { cluster: 'x' }, config('a'), /no cluster "x"/],
    ['a missing user', { user: 'x' }, config('a'), /no user "x"/],
    ['no current context', {}, { ...config('a'), 'current-context': '' }, /No context is chosen/],
    [
      'a YAML error',
      {},
      'clusters:\n  - name: a\n   bad: [',
      /config-\d+:3:\d+ is malformed: it is not valid YAML/,
    ],
    ['a scalar', {}, 'hello', /not a YAML mapping/],
    ['a list that is none', {}, { ...config('a'), users: 'x' }, /users is not a list/],
    [
      'a server that is missing',
      {},
      { ...config('a'), clusters: [{ name: 'a', cluster: { x: 1 } }] },
      /cluster "a".*server is missing/,
    ],
    [
      'a server that is no address',
      {},
      { ...config('a'), clusters: [cluster('a', { server: 'a:6443' })] },
      /not an http/,
    ],
    ['an alias bomb', {}, aliasBomb, /config-\d+ is malformed: Excessive alias count/],
    [
      'a context of the wrong type',
      {},
      { ...config('a'), contexts: [context('a', { user: 5 })] },
      /context "a": user must be text/,
    ],
  ])('%s', async (_, options, content, message) => {
    const kubeconfig = content === undefined ? {} : { kubeconfig: write(content) };
    const reading = readKubeconfig({ ...kubeconfig, ...options }, {});
    await expect(reading).rejects.toThrow(message);
    await expect(reading).rejects.toMatchObject({ exitCode: exit.usage, hint: expect.stringMatching(/./) });
  });

  test.each([
    ...faultsOfCluster.map(([what, fields, message]) => ({
      what,
      message,
      clusters: [cluster('a', fields)],
    })),
    ...faultsOfUser.map(([what, fields, message]) => ({ what, message, users: [user('a', fields)] })),
  ])('$what', async ({ message, ...entries }) => {
    const reading = read({ ...config('a'), ...entries });
    await expect(reading).rejects.toThrow(message);
    await expect(reading).rejects.toMatchObject({
      message: expect.stringMatching(/^The kubeconfig \S+config-\d+ is malformed: (user|cluster) "a": /),
      hint: expect.stringMatching(/./),
      exitCode: exit.usage,
    });
  });

  test('of entries that are not used nothing is asked', async () => {
    const content = { ...config('a'), users: [user('a'), user('b', { token: 5 })] };
    expect((await read(content))?.user.token).toBe('token-of-a');
  });

  test('the contexts there are', async () => {
    await expect(read(config('a'), { context: 'x' })).rejects.toMatchObject({
      hint: 'It has the contexts: a.',
    });
  });

  test('never with a secret', async () => {
    const reading = read('users:\n- name: a\n  user: {token: s3cr3t\n');
    await expect(reading).rejects.not.toThrow(/s3cr3t/);
  });
});

const credentials = async (userEntry: object, clusterEntry: object = {}) => {
  const content = { ...config('a'), users: [user('a', userEntry)], clusters: [cluster('a', clusterEntry)] };
  const target = await read(content);
  if (!target) throw new Error('no target');
  return readCredentials(target);
};

const plugin = (script: string, more: object = {}) => ({
  exec: {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: process.execPath,
    args: ['-e', script],
    ...more,
  },
});

describe('credentials', () => {
  test('tokens, from the entry or from a file beside the kubeconfig', async () => {
    expect((await credentials({ token: 't1' })).headers).toEqual({ Authorization: 'Bearer t1' });
    write('t2\n', 'token-file');
    expect((await credentials({ token: 't1', tokenFile: 'token-file' })).headers).toEqual({
      Authorization: 'Bearer t2',
    });
  });

  test('user name and password', async () => {
    const basic = `Basic ${Buffer.from('u:p').toString('base64')}`;
    expect((await credentials({ username: 'u', password: 'p' })).headers).toEqual({ Authorization: basic });
  });

  test('certificates from data and from files beside the kubeconfig, and TLS settings', async () => {
    write(pair.cert, 'client.crt');
    const { tls } = await credentials(
      { 'client-certificate': 'client.crt', 'client-key-data': base64(pair.key) },
      {
        'certificate-authority-data': base64(foreign.cert).replace(/.{64}/g, '$&\n'),
        'tls-server-name': 'name',
        'insecure-skip-tls-verify': true,
      },
    );
    expect(String(tls.cert)).toBe(pair.cert);
    expect(String(tls.key)).toBe(pair.key);
    expect(String(tls.ca)).toBe(foreign.cert);
    expect(tls).toMatchObject({ servername: 'name', rejectUnauthorized: false });
  });

  test('a certificate that is missing is named', async () => {
    await expect(credentials({}, { 'certificate-authority': 'nowhere.crt' })).rejects.toThrow(/nowhere\.crt/);
  });

  test('a certificate without its key, or with that of another, is refused', async () => {
    write(pair.cert, 'jane.crt');
    write(foreign.key, 'other.key');
    const alone = credentials({ 'client-certificate': 'jane.crt' });
    await expect(alone).rejects.toThrow(/certificate of user "a" cannot be used: its key is missing/);
    const mixed = credentials({ 'client-certificate': 'jane.crt', 'client-key': 'other.key' });
    await expect(mixed).rejects.toMatchObject({ message: /key values mismatch/, exitCode: exit.usage });
  });

  test('names to act as go out in UTF-8, and never with a line break', async () => {
    const bytes = (text: string) => Buffer.from(text).toString('latin1');
    const entry = { as: 'Jürgen', 'as-groups': ['王', 'b'], 'as-uid': 'ß', 'as-user-extra': { k: ['é'] } };
    expect((await credentials(entry)).headers).toEqual({
      'Impersonate-User': bytes('Jürgen'),
      'Impersonate-Group': [bytes('王'), 'b'],
      'Impersonate-Uid': bytes('ß'),
      'Impersonate-Extra-k': [bytes('é')],
    });
    await expect(credentials({ as: 'a\nb' })).rejects.toMatchObject({
      message: /Impersonate-User would have a line break/,
      exitCode: exit.usage,
    });
  });

  test('impersonation in the kubeconfig', async () => {
    const entry = {
      token: 't',
      as: 'jane',
      'as-groups': ['a', 'b'],
      'as-uid': '7',
      'as-user-extra': { 'x/y': ['1', '2'] },
    };
    expect((await credentials(entry)).headers).toEqual({
      Authorization: 'Bearer t',
      'Impersonate-User': 'jane',
      'Impersonate-Group': ['a', 'b'],
      'Impersonate-Uid': '7',
      'Impersonate-Extra-x%2Fy': ['1', '2'],
    });
  });

  test('an exec plugin is told what it needs and gives the token', async () => {
    const script = `const info = JSON.parse(process.env.KUBERNETES_EXEC_INFO);
      const token = [process.env.EXTRA, info.apiVersion, info.spec.cluster.server, info.spec.interactive].join('|');
      console.log(JSON.stringify({ apiVersion: info.apiVersion, kind: 'ExecCredential', status: { token } }));`;
    const entry = plugin(script, { env: [{ name: 'EXTRA', value: 'e' }], provideClusterInfo: true });
    expect((await credentials(entry)).headers).toEqual({
      Authorization: 'Bearer e|client.authentication.k8s.io/v1|https://a.example:6443|false',
    });
  });

  test.each([
    [
      'fails',
      plugin(`console.error('please sign in, not with ${'x'.repeat(60)}'); process.exit(3)`),
      /please sign in, not with \[removed\]/,
    ],
    ['gives nothing', plugin(`console.log('{"status": {}}')`), /neither a token nor a certificate/],
    [
      'gives a certificate alone',
      plugin(`console.log('{"status": {"token": "t", "clientCertificateData": "x"}}')`),
      /only one of certificate and key/,
    ],
    ['answers something else', plugin(`console.log('s3cr3t')`), /its answer is not an ExecCredential/],
    ['does not exist', { exec: { command: 'no-such-plugin' } }, /"no-such-plugin" .* was not found/],
    ['wants a terminal', plugin('', { interactiveMode: 'Always' }), /only works interactively/],
  ])('an exec plugin that %s', async (_, entry, message) => {
    const reading = credentials(entry);
    await expect(reading).rejects.toThrow(message);
    await expect(reading).rejects.not.toThrow(/s3cr3t|x{60}/);
  });

  test('an exec plugin finds nothing on standard input, and does not wait for it', async () => {
    const script = `process.stdin.on('data', () => {}).on('end', () =>
      console.log(JSON.stringify({ status: { token: 'without input' } })));`;
    expect((await credentials(plugin(script))).headers).toEqual({ Authorization: 'Bearer without input' });
  });

  test('an exec plugin says where to sign in while it waits; with no answer it and its pipes are done with', async () => {
    const gone = join(folder, 'gone');
    // It outlives the plugin, and notices when nobody reads any more what it writes.
    const helper = `setInterval(() => process.stderr.write('.'), 5);
      process.stderr.on('error', () => { require('node:fs').writeFileSync(${JSON.stringify(gone)}, ''); process.exit(); });
      setTimeout(() => process.exit(), 60_000);`;
    const script = `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(helper)}], { stdio: 'inherit' });
      console.error('open \x1b[1mhttps://sign-in.example/device/with-a-name-that-is-long-enough-for-a-token\x1b[0m');
      console.error('${'x'.repeat(60)} \u202e pid ' + process.pid);
      setTimeout(() => {}, 60_000);`;
    const pid = Promise.withResolvers<number>();
    let said = '';
    const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      said += String(text);
      const [, number] = /pid (\d+)\n/.exec(said) ?? [];
      if (number !== undefined) pid.resolve(Number(number));
      return true;
    });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const reading = credentials(plugin(script));
      const plugged = await pid.promise;
      await Promise.all([
        expect(reading).rejects.toThrow(/no answer within 60 s/),
        vi.advanceTimersByTimeAsync(60_000),
      ]);
      vi.useRealTimers();
      await vi.waitFor(() => expect(() => process.kill(plugged, 0)).toThrow(/ESRCH/), 30_000);
      await vi.waitFor(() => expect(existsSync(gone)).toBe(true), 30_000);
    } finally {
      vi.useRealTimers();
      stderr.mockRestore();
    }
    expect(said).toContain(
      'open https://sign-in.example/device/with-a-name-that-is-long-enough-for-a-token\n[removed] \\u202e pid ',
    );
  });

  test('an exec plugin that is missing can say how to get it', async () => {
    const reading = credentials({
      exec: { command: 'no-such-plugin', installHint: 'Install it from here.' },
    });
    await expect(reading).rejects.toMatchObject({ hint: 'Install it from here.' });
  });
});

test('in a cluster the service account is used', async () => {
  const account = join(folder, 'serviceaccount');
  mkdirSync(account);
  write('service-token', 'serviceaccount/token');
  write('CA', 'serviceaccount/ca.crt');
  const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' };
  expect(inClusterTarget({}, account)).toBeUndefined();
  expect(inClusterTarget(env, join(folder, 'nothing'))).toBeUndefined();
  const target = inClusterTarget(env, account);
  // Nobody gave the cluster a name there; its address is what kubectl says.
  expect(target).toMatchObject({
    inCluster: true,
    clusterName: 'https://[fd00::1]:443',
    cluster: { server: 'https://[fd00::1]:443' },
  });
  const { headers, tls } = await readCredentials(target as NonNullable<typeof target>);
  expect(headers).toEqual({ Authorization: 'Bearer service-token' });
  expect(String(tls.ca)).toBe('CA');
});
