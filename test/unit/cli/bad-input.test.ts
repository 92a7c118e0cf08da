import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { passmuster } from '../../cli.ts';
import { startApiServer } from '../../servers/api-server.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'passmuster-bad-input-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Writes a file into the test's folder and returns its path. */
function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const kubeconfig = (server: string, { ca = '', token = 'secret-token' } = {}) => `apiVersion: v1
kind: Config
clusters: [{ name: prod, cluster: { server: "${server}"${ca === '' ? '' : `, certificate-authority-data: ${ca}`} } }]
users: [{ name: me, user: { token: ${token} } }]
contexts: [{ name: prod, context: { cluster: prod, user: me } }]
current-context: prod
`;
const config = (rest: string) => `apiVersion: passmuster/v1
kind: Config
${rest}
`;

const audience = `channels: [{ name: mail, type: smtp, host: 127.0.0.1, port: 1, from: a@example.com, retrySeconds: 0 }]
audiences: [{ name: team, channel: mail, to: [b@example.com] }]`;

/** Every mistake: what is typed, the exit code, and what the answer must say (what and where; how to fix). */
const mistakes: Record<string, () => { args: string[]; code: number; says: (string | RegExp)[] }> = {
  'an unknown flag': () => ({
    args: ['scan', '--namespcae', 'x'],
    code: 2,
    says: ["'--namespcae'", '--namespace'],
  }),
  'an unknown command': () => ({ args: ['scann'], code: 2, says: ["'scann'", 'scan'] }),
  'an unknown output format': () => ({
    args: ['scan', '-o', 'pdf'],
    code: 2,
    says: ['pdf', 'table, wide, json, html'],
  }),
  'two formats to standard output': () => ({
    args: ['scan', '-o', 'json', '-o', 'html'],
    code: 2,
    says: ['json, html', '=report'],
  }),
  'a level that is none': () => ({ args: ['scan', '--level', '3'], code: 2, says: ['--level', '1, 2'] }),
  'a timeout that is no duration': () => ({
    args: ['scan', '--request-timeout', 'soon'],
    code: 2,
    says: ['soon', '30s'],
  }),
  'a timeout longer than a timer can count': () => ({
    args: ['scan', '--request-timeout', '700h'],
    code: 2,
    says: ['--request-timeout', '700h', '596h'],
  }),
  'nobody to act as': () => ({ args: ['scan', '--as', ''], code: 2, says: ['--as'] }),
  'groups without a user to act as': () => {
    const path = file('as-group', kubeconfig('https://127.0.0.1:1'));
    return {
      args: ['scan', '--kubeconfig', path, '--as-group', 'x'],
      code: 2,
      says: ['--as-group', '--as USER'],
    };
  },
  'a cluster and manifests at once': () => ({
    args: ['scan', '-f', '.', '--context', 'x'],
    code: 2,
    says: ['--context', '-f'],
  }),
  'a list of namespaces in one flag': () => ({
    args: ['scan', '-f', 'examples', '-n', 'shop,ci'],
    code: 2,
    says: ["'shop,ci'", 'repeat -n'],
  }),
  'a namespace that cannot be': () => ({
    args: ['send', '-f', 'examples', '-n', 'Shop'],
    code: 2,
    says: ["'Shop'", 'lower-case'],
  }),
  'a namespace with too long a name': () => ({
    args: ['schedule', '--namespace', 'n'.repeat(64)],
    code: 2,
    says: ['--namespace', '63'],
  }),
  'several namespaces for who-can': () => ({
    args: ['who-can', 'get', 'pods', '-f', 'examples', '-n', 'shop,ci'],
    code: 2,
    says: ["'shop,ci'", 'one namespace'],
  }),
  'several namespaces for reach': () => ({
    args: ['reach', 'web-0', '-f', 'examples', '-n', 'shop,ci'],
    code: 2,
    says: ["'shop,ci'", 'one namespace'],
  }),
  'a cluster without a name': () => ({
    args: ['scan', '-f', 'examples', '--cluster-name', ''],
    code: 2,
    says: ['--cluster-name must not be empty', 'Leave it out'],
  }),
  'an unknown benchmark': () => ({
    args: ['scan', '-f', 'examples', '--benchmark', 'cis-kubernetes-2.0'],
    code: 2,
    says: ['cis-kubernetes-2.0', 'cis-kubernetes-2.0.1', 'cis-aks-1.8.0'],
  }),
  'no kubeconfig at all': () => ({ args: ['scan'], code: 2, says: [/kubeconfig/i] }),
  'a kubeconfig that does not exist': () => ({
    args: ['scan', '--kubeconfig', '/nonexistent/kubeconfig'],
    code: 2,
    says: ['/nonexistent/kubeconfig'],
  }),
  'a malformed kubeconfig': () => {
    const path = file('malformed', 'apiVersion: v1\nclusters: [\n  name: x\n');
    return { args: ['scan', '--kubeconfig', path], code: 2, says: [path, /line \d|:\d+/] };
  },
  'a context that is missing': () => {
    const path = file('contexts', kubeconfig('https://127.0.0.1:1'));
    return { args: ['scan', '--kubeconfig', path, '--context', 'prd'], code: 2, says: ['prd', 'prod'] };
  },
  'a server that is unreachable': () => {
    const path = file('unreachable', kubeconfig('https://127.0.0.1:1'));
    return { args: ['scan', '--kubeconfig', path], code: 1, says: ['https://127.0.0.1:1'] };
  },
  'a manifest with a syntax error': () => {
    const path = file('broken.yaml', 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: [x\nspec: {}\n');
    return { args: ['scan', '-f', path], code: 2, says: [path, /[45]/] };
  },
  'a manifest with a field of the wrong type': () => {
    const path = file(
      'wrong.yaml',
      'apiVersion: v1\nkind: Pod\nmetadata: { name: x }\nspec: { hostIPC: "true", containers: [] }\n',
    );
    return { args: ['scan', '-f', path], code: 2, says: [path, 'spec.hostIPC'] };
  },
  'a manifest that is not there': () => ({
    args: ['scan', '-f', '/nonexistent.yaml'],
    code: 2,
    says: ['/nonexistent.yaml'],
  }),
  'an output that cannot be written': () => ({
    args: ['scan', '-f', 'examples', '-o', 'json=/nonexistent/report.json'],
    code: 2,
    says: ['/nonexistent/report.json'],
  }),
  'a report of an unknown version': () => {
    const path = file('future.json', JSON.stringify({ apiVersion: 'passmuster/v2', kind: 'Report' }));
    return { args: ['render', path], code: 2, says: [path, 'passmuster/v2', 'passmuster/v1'] };
  },
  'a report that is no report': () => {
    const path = file('list.json', JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [] }));
    return { args: ['render', path], code: 2, says: [path] };
  },
  'a report cut short': () => {
    const path = file('short.json', '{"apiVersion": "passmuster/v1", "kind": "Rep');
    return { args: ['render', path], code: 2, says: [path] };
  },
  'an unknown configuration key': () => {
    const path = file('key.yaml', config('clustrName: x'));
    return { args: ['config', 'validate', path], code: 2, says: [`${path}:3`, 'clustrName', 'clusterName'] };
  },
  'a bad cron line': () => {
    const path = file('cron.yaml', config('schedule: "0 25 * * 1"'));
    return { args: ['config', 'validate', path], code: 2, says: [`${path}:3`, 'schedule', '0 25 * * 1'] };
  },
  'a bad time zone': () => {
    const path = file('zone.yaml', config('timeZone: Europe/Berln'));
    return { args: ['config', 'validate', path], code: 2, says: [`${path}:3`, 'timeZone', 'Europe/Berlin'] };
  },
  'an unknown benchmark in the configuration': () => {
    const path = file('benchmark.yaml', config('benchmark: cis-aks-1.8'));
    return {
      args: ['config', 'validate', path],
      code: 2,
      says: [`${path}:3:12`, 'benchmark', 'cis-aks-1.8', 'did you mean cis-aks-1.8.0?'],
    };
  },
  'a configuration that an audit cannot follow': () => {
    const path = file('audit.yaml', config('benchmark: nonsense'));
    return {
      args: ['scan', '-c', path, '-f', '/nonexistent'],
      code: 2,
      says: [`${path}:3:12`, 'nonsense', 'auto, cis-kubernetes-2.0.1'],
    };
  },
  'a schedule flag that is no cron line': () => {
    const path = file('audience.yaml', config(audience));
    return { args: ['schedule', '-c', path, '--schedule', 'weekly'], code: 2, says: ['weekly', '0 7 * * 1'] };
  },
  'a mail server that is unreachable': () => {
    const path = file('smtp.yaml', config(audience));
    return { args: ['send', '-c', path, '-f', 'examples'], code: 5, says: ['b@example.com', '127.0.0.1:1'] };
  },
  'sending to nobody': () => ({ args: ['send', '-f', 'examples'], code: 2, says: ['audiences'] }),
};

test.concurrent.each(Object.keys(mistakes))('%s is told with what, where and how to fix it', async (name) => {
  const { args, code, says } = mistakes[name]?.() ?? { args: [], code: 0, says: [] };
  const result = await passmuster(args);
  const unsaid = says.filter((text) =>
    text instanceof RegExp ? !text.test(result.stderr) : !result.stderr.includes(text),
  );
  expect(unsaid, result.stderr).toEqual([]);
  expect(result.code, result.stderr).toBe(code);
  expect(result.stdout).toBe('');
  expect(result.stderr).not.toMatch(/^\s+at /m);
  expect(result.stderr).not.toContain('secret-token');
});

test('an expired token, and a certificate nobody vouches for', async () => {
  const server = await startApiServer({ objects: [] });
  try {
    const { caPem } = server;
    const ca = Buffer.from(caPem).toString('base64');
    const expired = await passmuster([
      'scan',
      '--kubeconfig',
      file('expired', kubeconfig(server.server, { ca })),
    ]);
    expect(expired).toMatchObject({ code: 1, stdout: '' });
    expect(expired.stderr).toMatch(/401|unauthori[sz]ed/i);
    expect(expired.stderr).toMatch(/hint: /);
    const unknown = await passmuster(['scan', '--kubeconfig', file('unknown-ca', kubeconfig(server.server))]);
    expect(unknown).toMatchObject({ code: 1, stdout: '' });
    expect(unknown.stderr).toMatch(/certificate/i);
    expect(unknown.stderr).toMatch(/certificate-authority/);
    expect(`${expired.stderr}${unknown.stderr}`).not.toContain('secret-token');
  } finally {
    await server.stop();
  }
});

test('a stack trace only on request', async () => {
  const quiet = await passmuster(['render', '/nonexistent.json']);
  const verbose = await passmuster(['render', '/nonexistent.json', '--verbose']);
  expect(quiet.stderr).not.toMatch(/^\s+at /m);
  expect(verbose.stderr).toMatch(/^\s+at /m);
});
