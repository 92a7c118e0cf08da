import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  configDigest,
  configJsonSchema,
  configReference,
  configTemplate,
  loadConfig,
  parseMailbox,
  type Environment,
} from '../../../src/config.ts';
import { variables } from '../../../src/config/environment.ts';
import { UserError } from '../../../src/errors.ts';

const folder = mkdtempSync(join(tmpdir(), 'passmuster-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

const file = join(folder, 'config.yaml');
const head = 'apiVersion: passmuster/v1\nkind: Config\n';

const load = (text: string, environment: Environment = {}) => {
  writeFileSync(file, text);
  return loadConfig(file, environment);
};

function errorOf(act: () => unknown): UserError {
  try {
    act();
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** The lines of the error, each without the folder. */
function problems(text: string, environment: Environment = {}): string[] {
  const { message, exitCode, hint } = errorOf(() => load(text, environment));
  expect({ exitCode, hint }).toEqual({ exitCode: 2, hint: expect.stringContaining('config init') as string });
  const [, ...lines] = message.replaceAll(`${folder}/`, '').split('\n');
  return lines.map((line) => line.trim());
}

/** The rows of the reference that concern one setting each, with its variable. */
const rowsOf = (table = '') =>
  [...table.matchAll(/^\| `(\w+)` .* \| (?:`(PASSMUSTER_\w+)`)? *\| [^|]+ \|$/gm)].map(
    ([, name, variable]) => ({
      name,
      variable,
    }),
  );

const mail = `${head}channels:
  - name: mail
    type: smtp
    host: smtp.example.com
    from: Audit <audit@example.com>
audiences:
  - name: all
    channel: mail
    to: [team@example.com]
`;

describe('loadConfig', () => {
  it('has a default for everything', () => {
    expect(loadConfig(undefined, {})).toEqual({
      apiVersion: 'passmuster/v1',
      kind: 'Config',
      timeZone: 'UTC',
      schedule: '0 7 * * 1',
      benchmark: 'auto',
      level: 1,
      channels: [],
      audiences: [],
      exemptions: [],
    });
  });

  it('reads a file and fills in what it leaves out', () => {
    const config = load(mail);
    expect(config.channels[0]).toMatchObject({
      tls: 'required',
      retrySeconds: 120,
      insecureSkipVerify: false,
    });
    expect(config.audiences[0]).toMatchObject({ content: 'full', to: ['team@example.com'] });
  });

  it('reports every problem at once, each with its place', () => {
    const text = `apiVersion: passmuster/v2
kind: Config
clusterNme: prod
level: 3
timeZone: Mars/Olympus
channels:
  - name: mail
    type: smtp
    port: 99999
    tls: require
    password: hunter2
    from: nobody
audiences:
  - name: all
    channel: mial
    to: [team@example.com, not an address]
exemptions:
  - check: host-ipc
    reason: because
    owner: me
    expires: 2026-02-30
`;
    expect(problems(text)).toEqual([
      'config.yaml:1:13: apiVersion: must be passmuster/v1',
      'config.yaml:3:1: clusterNme: no such setting; did you mean clusterName?',
      'config.yaml:4:8: level: must be 1 or 2',
      'config.yaml:5:11: timeZone: must be an IANA time zone: Europe/Berlin, America/New_York, UTC',
      'config.yaml:7:5: channels[0].host: is required',
      'config.yaml:9:11: channels[0].port: must be at most 65535',
      'config.yaml:10:10: channels[0].tls: must be one of required, implicit, none; did you mean required?',
      'config.yaml:11:5: channels[0].password: a secret does not belong in this file; use passwordFile, or the variable PASSMUSTER_SMTP_PASSWORD',
      'config.yaml:12:11: channels[0].from: must be a mail address: name@domain or Text <name@domain>',
      'config.yaml:16:28: audiences[0].to[1]: must be a mail address: name@domain',
      'config.yaml:21:14: exemptions[0].expires: must be a date that exists: YYYY-MM-DD',
    ]);
  });

  it.each([
    [
      'an unknown key',
      `${head}colour: red\n`,
      /^config\.yaml:3:1: colour: no such setting; allowed are apiVersion, /,
    ],
    ['a value of the wrong type', `${head}channels: smtp\n`, /^config\.yaml:3:11: channels: must be a list$/],
    ['a syntax error', `${head}channels: [\n`, /^config\.yaml:4:1: /],
    ['a key twice', `${head}level: 1\nlevel: 2\n`, /^config\.yaml:4:1: Map keys must be unique/],
    ['nothing', '', /^config\.yaml:1:1: .*must be a mapping|is required/],
    ['no apiVersion', 'kind: Config\n', /^config\.yaml:1:1: apiVersion: is required: passmuster\/v1$/],
    [
      'a schedule with seconds',
      `${head}schedule: '0 0 7 * * 1'\n`,
      /^config\.yaml:3:11: schedule: .*is no cron line/,
    ],
    [
      'a schedule of words',
      `${head}schedule: weekly\n`,
      /schedule: "weekly" is no cron line .*Mondays at 07:00/,
    ],
    ['a schedule that never comes', `${head}schedule: 0 7 31 2 *\n`, /"0 7 31 2 \*" never comes/],
    [
      'an unknown channel',
      mail.replace('channel: mail', 'channel: post'),
      /:10:14: .* no channel "post"; channels are mail$/,
    ],
    [
      'a name twice',
      mail + mail.slice(mail.indexOf('  - name: all')),
      /:12:11: audiences\[1\]\.name: "all" is taken/,
    ],
    ['nobody to send to', mail.replace('[team@example.com]', '[]'), /to: needs at least one address$/],
    [
      'a password in the clear',
      mail.replace('    from', '    tls: none\n    username: me\n    from'),
      /channels\[0\]\.tls: none would send the password in the clear/,
    ],
  ])('refuses %s', (_what, text, expected) => {
    expect(problems(text).join('\n')).toMatch(expected);
  });

  it('accepts a password in the clear only when told so', () => {
    const text = mail.replace(
      '    from',
      '    tls: none\n    username: me\n    allowInsecureAuth: true\n    from',
    );
    expect(load(text).channels[0]?.allowInsecureAuth).toBe(true);
  });

  it('says which file is missing and what to do', () => {
    expect(() => loadConfig(join(folder, 'absent.yaml'), {})).toThrow(/absent\.yaml cannot be read: ENOENT/);
  });

  it('survives a bomb of aliases', () => {
    const text = `${head}a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c]\n`;
    expect(problems(text).join()).toContain('alias');
  });

  it('takes a list whose every entry is commented out for an empty one', () => {
    expect(load(`${head}audiences:\n  #- name: all\n`).audiences).toEqual([]);
  });

  it('finds the files of a channel beside the configuration', () => {
    const config = load(mail.replace('    from', '    passwordFile: secret/password\n    from'));
    expect(config.channels[0]?.passwordFile).toBe(join(folder, 'secret/password'));
  });
});

describe('the benchmark', () => {
  const loadFor = (text: string, environment: Environment = {}) => {
    writeFileSync(file, text);
    return loadConfig(file, environment, ['cis-aks-1.8.0', 'pss-baseline']);
  };

  it.each(['auto', 'cis-aks-1.8.0'])('may be %s', (benchmark) => {
    expect(loadFor(`${head}benchmark: ${benchmark}\n`).benchmark).toBe(benchmark);
  });

  it('is one that there is, and told with the other problems', () => {
    const { message, exitCode } = errorOf(() => loadFor(`${head}benchmark: cis-aks-1.8\nschedule: weekly\n`));
    expect(exitCode).toBe(2);
    expect(message).toContain(
      'config.yaml:3:12: benchmark: there is no benchmark "cis-aks-1.8"; did you mean cis-aks-1.8.0?',
    );
    expect(message).toContain('config.yaml:4:11: schedule: ');
  });

  it('names its variable', () => {
    expect(errorOf(() => loadFor(head, { PASSMUSTER_BENCHMARK: 'mine' })).message).toContain(
      'PASSMUSTER_BENCHMARK: benchmark: there is no benchmark "mine"; benchmarks are auto, cis-aks-1.8.0, pss-baseline',
    );
  });
});

describe('variables', () => {
  it('override the file', () => {
    const config = load(`${mail}level: 1\nclusterName: a\n`, {
      PASSMUSTER_LEVEL: '2',
      PASSMUSTER_CLUSTER_NAME: 'b',
      PASSMUSTER_SMTP_HOST: 'other.example.com',
      PASSMUSTER_MAIL_TO: 'x@example.com, y@example.com',
      PASSMUSTER_TIME_ZONE: '',
    });
    expect(config).toMatchObject({ level: 2, clusterName: 'b', timeZone: 'UTC' });
    expect(config.channels[0]).toMatchObject({ name: 'mail', host: 'other.example.com' });
    expect(config.audiences[0]?.to).toEqual(['x@example.com', 'y@example.com']);
  });

  it('suffice to send a mail', () => {
    const config = loadConfig(undefined, {
      PASSMUSTER_SMTP_HOST: 'smtp.example.com',
      PASSMUSTER_SMTP_FROM: 'audit@example.com',
      PASSMUSTER_SMTP_PORT: '2525',
      PASSMUSTER_MAIL_TO: 'team@example.com',
    });
    expect(config.channels[0]).toMatchObject({ name: 'smtp', type: 'smtp', port: 2525 });
    expect(config.audiences[0]).toMatchObject({ name: 'default', channel: 'smtp' });
  });

  it('exist for every scalar setting, and name settings that exist', () => {
    const [, topLevel, channels] = configReference().split(/^## /m);
    const own = [...rowsOf(topLevel), ...rowsOf(channels)];
    const withoutVariable = own.filter(({ variable }) => variable === undefined).map(({ name }) => name);
    expect(withoutVariable).toEqual([
      'apiVersion',
      'kind',
      'channels',
      'audiences',
      'exemptions',
      'name',
      'type',
    ]);
    for (const name of Object.keys(variables)) expect(configReference()).toContain(`\`${name}\``);
  });

  it('are named in errors, with what is wrong', () => {
    const environment = {
      PASSMUSTER_LEVEL: 'two',
      PASSMUSTER_CLUSTERNAME: 'prod',
      PASSMUSTER_SMTP_INSECURE_SKIP_VERIFY: 'yes',
    };
    expect(problems(mail, environment)).toEqual([
      'PASSMUSTER_CLUSTERNAME: no such variable; did you mean PASSMUSTER_CLUSTER_NAME?',
      'PASSMUSTER_LEVEL: level: must be 1 or 2',
      'PASSMUSTER_SMTP_INSECURE_SKIP_VERIFY: channels[0].insecureSkipVerify: must be true or false',
    ]);
  });

  it('cannot say which of several channels they mean', () => {
    const second = '  - name: second\n    type: smtp\n    host: b.example.com\n    from: a@example.com\n';
    const text = mail.replace('audiences:', `${second}audiences:`);
    expect(problems(text, { PASSMUSTER_SMTP_HOST: 'c.example.com' })).toEqual([
      'PASSMUSTER_SMTP_HOST: there are several channels; set this in the file, for the channel it is meant for',
    ]);
  });

  it('that Kubernetes sets for a Service are left alone', () => {
    expect(() => loadConfig(undefined, { PASSMUSTER_PORT_80_TCP: 'tcp://10.0.0.1:80' })).not.toThrow();
  });

  it('never put the password into the configuration', () => {
    const config = load(mail, { PASSMUSTER_SMTP_PASSWORD: 'hunter2' });
    expect(JSON.stringify(config)).not.toContain('hunter2');
  });
});

describe('configDigest', () => {
  it('depends on the settings, not on their order or on where secrets lie', () => {
    const digest = configDigest(load(`${mail}level: 2\nbenchmark: x\n`));
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect(configDigest(load(`${mail}benchmark: x\nlevel: 2\n`))).toBe(digest);
    expect(
      configDigest(
        load(`${mail.replace('    from', '    passwordFile: p\n    from')}level: 2\nbenchmark: x\n`),
      ),
    ).toBe(digest);
    expect(configDigest(load(`${mail}benchmark: x\nlevel: 1\n`))).not.toBe(digest);
  });
});

describe('configTemplate', () => {
  it('is valid as it stands', () => {
    expect(load(configTemplate()).audiences).toHaveLength(1);
  });

  it('is valid with every setting in use', () => {
    const all = configTemplate()
      .replace('exemptions: []', 'exemptions:')
      .replaceAll(/^( *)#(?=(?:- |  )?\w+:)/gm, '$1');
    const config = load(all);
    expect(config.clusterName).toBe('prod-eu');
    expect(config.audiences).toHaveLength(2);
    expect(config.exemptions).toHaveLength(1);
    expect(config.channels[0]).toMatchObject({ port: 587, username: 'passmuster' });
  });
});

describe('configReference and configJsonSchema', () => {
  it('say what every setting means', () => {
    const rows = configReference().match(/^\| `.*$/gm) ?? [];
    expect(rows.length).toBeGreaterThan(30);
    for (const row of rows) expect(row).not.toMatch(/\|\s*\|$/);
  });

  it('describe the file for editors', () => {
    const schema = configJsonSchema();
    expect(schema.required).toEqual(['apiVersion', 'kind']);
    expect(schema.additionalProperties).toBe(false);
  });
});

describe('parseMailbox', () => {
  it.each([
    ['a@b.example', { name: '', address: 'a@b.example' }],
    ['root@localhost', { name: '', address: 'root@localhost' }],
    ['Audit Team <a@b.example>', { name: 'Audit Team', address: 'a@b.example' }],
    ['<a@b.example>', { name: '', address: 'a@b.example' }],
    ['nobody', undefined],
    ['a@b.example, c@d.example', undefined],
    ['A\r\nBcc: x@y.example <a@b.example>', undefined],
  ])('%j', (text, expected) => {
    expect(parseMailbox(text)).toEqual(expected);
  });
});
