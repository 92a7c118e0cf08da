import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { collectFiles, type FilesOptions } from '../../../src/collect/files.ts';
import { exit } from '../../../src/errors.ts';
import type { Workload } from '../../../src/model.ts';

const folder = mkdtempSync(join(tmpdir(), 'passmuster-files-'));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const file = join(folder, name);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, text);
  return file;
}

const collect = (text: string, options?: FilesOptions) => collectFiles([write('one.yaml', text)], options);

async function podsOf(collection: Awaited<ReturnType<typeof collectFiles>>) {
  const pods: Workload[] = [];
  const outcome = await collection.streamPods({ page: (page) => void pods.push(...page), restart: () => {} });
  return { pods, outcome };
}

const pod = (name: string, more = ''): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}}\nspec:\n  containers: [{name: c, image: i}]\n${more}`;

describe('the files', () => {
  test('documents, lists and JSON all become objects of their sources', async () => {
    const text = [
      pod('a'),
      '# nothing but a comment',
      'apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Namespace, metadata: {name: n}}',
      'apiVersion: v1\nkind: PodList\nitems:\n- {metadata: {name: b, namespace: n}, spec: {containers: []}}',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ignored}',
    ].join('\n---\n');
    const json = write('two.json', '{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d"}}');
    const collection = await collectFiles([write('one.yaml', text), json]);
    expect(collection.scope).toEqual({ kind: 'files', files: [join(folder, 'one.yaml'), json] });
    expect(collection.held.namespaces.map(({ metadata }) => metadata.name)).toEqual(['n']);
    expect(collection.held.deployments[0]?.metadata).toEqual({ name: 'd', namespace: 'default' });
    expect(collection.ignored).toBe(1);
    const { pods, outcome } = await podsOf(collection);
    expect(pods.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)).toEqual([
      'default/a',
      'n/b',
    ]);
    expect(outcome).toEqual({ state: 'ok', count: 2 });
    expect(collection.outcomes.networkPolicies).toEqual({
      state: 'not-requested',
      count: 0,
      reason: 'the given files hold no NetworkPolicy',
    });
    expect(collection.cluster).toMatchObject({ version: 'unknown', platform: 'kubernetes' });
  });

  test('a directory with all below it, hidden ones left out', async () => {
    write('tree/b.yaml', pod('b'));
    write('tree/a/deep.yml', pod('a'));
    write('tree/.git/c.yaml', pod('hidden'));
    write('tree/notes.txt', 'not: [a manifest');
    symlinkSync(write('elsewhere.yaml', pod('linked')), join(folder, 'tree/z.yaml'));
    symlinkSync(folder, join(folder, 'tree/loop'));
    const { pods } = await podsOf(await collectFiles([join(folder, 'tree')]));
    expect(pods.map(({ metadata }) => metadata.name)).toEqual(['a', 'b', 'linked']);
  });

  test('JSON objects one after the other, on a line each or on several', async () => {
    const json = (name: string, indent?: number) =>
      JSON.stringify(
        { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { containers: [] }, x: '}{"\\"' },
        null,
        indent,
      );
    const list = '{"apiVersion":"v1","kind":"List","items":[' + json('c') + ']}';
    const text = ['\ufeff', json('a'), json('b', 2), '', list + json('d'), ''].join('\n');
    const stdin = (async function* () {
      yield text;
    })();
    for (const paths of [[write('many.json', text)], ['-']]) {
      const { pods } = await podsOf(await collectFiles(paths, { stdin }));
      expect(pods.map(({ metadata }) => metadata.name)).toEqual(['a', 'b', 'c', 'd']);
    }
  });

  test('JSON between the marks of YAML documents', async () => {
    const json = (name: string) => `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"${name}"}}`;
    const { pods } = await podsOf(await collect(`${json('a')}\n---\n${json('b')}\n`));
    expect(pods.map(({ metadata }) => metadata.name)).toEqual(['a', 'b']);
  });

  test('standard input', async () => {
    const stdin = (async function* () {
      yield Buffer.from(pod('a').slice(0, 20));
      yield Buffer.from(pod('a').slice(20));
    })();
    const collection = await collectFiles(['-'], { stdin });
    expect((await podsOf(collection)).pods).toHaveLength(1);
    expect(collection.scope.files).toEqual(['stdin']);
  });

  test('of two objects with one name the later wins; generated names are all different', async () => {
    const generated = 'apiVersion: v1\nkind: Pod\nmetadata: {generateName: g-}\nspec: {containers: []}\n';
    const { pods } = await podsOf(
      await collect([pod('a'), pod('a', '  hostPID: true\n'), generated, generated].join('---\n')),
    );
    expect(pods.map(({ metadata, podSpec }) => [metadata.name, podSpec?.hostPID])).toEqual([
      ['a', true],
      ['g-', undefined],
      ['g-', undefined],
    ]);
  });

  test('only some namespaces', async () => {
    const role =
      'apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: r}\nrules: []\n';
    const inN = pod('b').replace('{name: b}', '{name: b, namespace: n}');
    const spaces = ['n', 'm'].map((name) => `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}}\n`);
    const collection = await collect([pod('a'), inN, role, ...spaces].join('---\n'), { namespaces: ['n'] });
    expect((await podsOf(collection)).pods.map(({ metadata }) => metadata.name)).toEqual(['b']);
    expect(collection.held.namespaces.map(({ metadata }) => metadata.name)).toEqual(['n']);
    expect(collection.outcomes.clusterRoles.state).toBe('not-requested');
    expect(collection.scope.namespaces).toEqual(['n']);
  });

  test('anchors and merge keys are resolved', async () => {
    const { pods } = await podsOf(
      await collect(`${pod('a')}  securityContext: &s {runAsUser: 0}\n  x: {<<: *s}\n`),
    );
    expect(pods[0]?.podSpec?.securityContext).toEqual({ runAsUser: 0 });
  });
});

describe('what is wrong is said, with the place', () => {
  test.each([
    ['a syntax error', `${pod('a')}---\nspec: [`, /one\.yaml:7:8: /],
    ['an error in JSON', '{"apiVersion": "v1",\n "kind": }x', /one\.yaml:2:\d+: /],
    ['a duplicate key', 'kind: a\nkind: b\n', /one\.yaml:2:1: /],
    [
      'a wrong type',
      pod('a', '  hostPID: "true"\n'),
      /one\.yaml:6:12: Pod: spec\.hostPID must be true or false\.$/,
    ],
    [
      'a missing field',
      pod('a').replace('name: c, ', ''),
      /one\.yaml:5:16: Pod: spec\.containers\[0\]\.name is missing\.$/,
    ],
    [
      'a wrong type in a list',
      'apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: 1}\n',
      /one\.yaml:6:20: Pod \(items\.0 of .*one\.yaml\): metadata\.name must be a string\.$/,
    ],
    ['an error in the second of two objects', '{}\n{"a":\n 5 6}\n{}', /one\.yaml:3: Expected/],
    ['an object that ends early behind another', '{"a": 1}\n\n{"a": [1', /one\.yaml:3: Expected/],
    ['something else behind two objects', '{}\n{}\n---\n{}', /one\.yaml:3: /],
    [
      'a wrong type in the second of two objects',
      '{"apiVersion":"v1","kind":"List","items":[]}\n{"apiVersion":"v1","kind":"Pod","metadata":{"name":1}}',
      /one\.yaml:2: Pod: metadata\.name must be a string\.$/,
    ],
    [
      'thousands of lists in one another',
      `${'{"apiVersion":"v1","kind":"List","items":['.repeat(8000)}${']}'.repeat(8000)}`,
      /one\.yaml: more than 50 lists are in one another \(items\.0\.items\.0\./,
    ],
    [
      'a few too many lists in YAML',
      `# YAML\n${'{apiVersion: v1, kind: List, items: ['.repeat(52)}${']}'.repeat(52)}`,
      /one\.yaml:2:\d+: more than 50 lists/,
    ],
    [
      'YAML that is nested too deeply',
      `a: b\nc: ${'['.repeat(20_000)}${']'.repeat(20_000)}`,
      /one\.yaml:2:\d+: this is nested too deeply to be read$/,
    ],
    ['no Kubernetes object', 'a: b\n', /one\.yaml:1:1: this is not a Kubernetes object/],
    ['a scalar', 'hello\n', /one\.yaml:1:1: this is not a Kubernetes object/],
    ['nothing', '', /There is nothing to audit in .*one\.yaml/],
    ['only other kinds', 'apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n', /There is nothing to audit/],
  ])('%s', async (_, text, message) => {
    const reading = collect(text);
    await expect(reading).rejects.toThrow(message);
    await expect(reading).rejects.toMatchObject({ exitCode: exit.usage, hint: expect.stringMatching(/./) });
  });

  test('a template is recognised', async () => {
    await expect(collect('kind: {{ .Values.kind }}\n')).rejects.toMatchObject({
      hint: expect.stringMatching(/helm template/),
    });
  });

  test('a missing file', async () => {
    await expect(collectFiles([join(folder, 'nowhere.yaml')])).rejects.toMatchObject({
      message: `${join(folder, 'nowhere.yaml')} does not exist.`,
      exitCode: exit.usage,
    });
  });

  test('a link to nothing in a directory', async () => {
    mkdirSync(join(folder, 'links'));
    symlinkSync('nowhere', join(folder, 'links/a.yaml'));
    await expect(collectFiles([join(folder, 'links')])).rejects.toMatchObject({
      message: `${join(folder, 'links/a.yaml')} is a link to what does not exist.`,
      exitCode: exit.usage,
    });
  });

  test('a directory that may not be read, below one that may', async () => {
    const locked = join(folder, 'tree of others/locked');
    mkdirSync(locked, { recursive: true });
    chmodSync(folder, 0o755);
    chmodSync(locked, 0);
    // Root may read everything.
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.(65_534);
    try {
      await expect(collectFiles([join(locked, '..')])).rejects.toMatchObject({
        message: expect.stringMatching(/^Cannot read .*locked: EACCES/),
        exitCode: exit.usage,
      });
    } finally {
      if (isRoot) process.seteuid?.(0);
      chmodSync(locked, 0o755);
    }
  });

  test('JSON that is nested deeply where nothing is read', async () => {
    const text = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"x":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
    expect((await podsOf(await collect(text))).pods).toHaveLength(1);
  });

  test('an alias bomb', async () => {
    const levels = Array.from(
      { length: 9 },
      (_, i) => `a${i + 1}: &a${i + 1} [${Array(10).fill(`*a${i}`).join(', ')}]`,
    );
    await expect(collect(['a0: &a0 x', ...levels].join('\n'))).rejects.toMatchObject({
      exitCode: exit.usage,
    });
  });
});
