import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { named } from '../../../src/kit/field.ts';
import {
  commandJson,
  fileName,
  kubectlJsonPath,
  kubectlObject,
  shellBlock,
  shellComment,
  shellQuote,
} from '../../../src/kit/shell.ts';
import { isPrintable } from '../../../src/text.ts';
import { seed } from '../../seed.ts';
import { runInBash } from './bash.ts';
import { hostileNames } from './hostile.ts';

const words = (text: string): string[] => runInBash(`kubectl ${text}`).calls[0] ?? [];

const binding = (name: string) => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'RoleBinding',
  name,
});

describe('shellQuote', () => {
  test.each([
    ['team-a', 'team-a'],
    ['deployment.apps/web', 'deployment.apps/web'],
    ['', "''"],
    ['~', "'~'"],
    ['=ls', "'=ls'"],
    ["it's", String.raw`'it'\''s'`],
    ['größe', "'größe'"],
    ['a\u001b[0m\n', String.raw`$'a\033[0m\012'`],
    ["a\u202e'!\\", String.raw`$'a\342\200\256\047!\134'`],
  ])('%j becomes %s', (text, quoted) => {
    expect(shellQuote(text)).toBe(quoted);
  });

  test.each(['C', 'C.UTF-8'])('every hostile name arrives byte for byte in the locale %s', (locale) => {
    const { calls, code } = runInBash(`kubectl ${hostileNames.map(shellQuote).join(' ')}`, { locale });
    expect(calls).toEqual([hostileNames]);
    expect(code).toBe(0);
  });

  test('any text arrives byte for byte, and can be shown in a terminal', () => {
    const text = fc.string({ unit: fc.oneof(special, anyCharacter) });
    fc.assert(
      fc.property(fc.array(text, { minLength: 100, maxLength: 300 }), (texts) => {
        const line = texts.map(shellQuote).join(' ');
        expect(isPrintable(line)).toBe(true);
        expect(words(line)).toEqual(texts);
      }),
      { numRuns: 20, seed },
    );
  });

  test('NUL, which no command line carries, cannot make the name of another object', () => {
    expect(words(shellQuote('cluster-admin\0-evil'))).toEqual(['cluster-admin\ufffd-evil']);
  });

  test('history references stay what they are in an interactive shell', () => {
    const script = hostileNames.map((name) => `kubectl ${shellQuote(name)}`).join('\n');
    const { calls } = runInBash(
      `bash --norc -o history -o histexpand <<'end of input'\n${script}\nend of input`,
    );
    expect(calls).toEqual(hostileNames.map((name) => [name]));
  });
});

const special = fc.constantFrom("'", '"', '\\', '$', '`', '!', '\n', ' ', ';', '&', '|');

/** Any Unicode character but NUL and halves of surrogate pairs, with many of the plane where most tricks live. */
const anyCharacter = fc
  .oneof(fc.integer({ min: 1, max: 0x2fff }), fc.integer({ min: 0x3000, max: 0x10ffff }))
  .filter((code) => code < 0xd800 || code > 0xdfff)
  .map((code) => String.fromCodePoint(code));

describe('shellBlock', () => {
  test('lines stay lines', () => {
    expect(shellBlock("a\n  b's\n")).toBe("'a\n  b'\\''s\n'");
  });

  test('every hostile name in them arrives byte for byte', () => {
    const texts = hostileNames.map((name) => `first\n${name}\nEOF\nlast`);
    expect(words(texts.map(shellBlock).join(' '))).toEqual(texts);
  });
});

describe('shellComment', () => {
  test('holds nothing that a shell which takes it for a command could run', () => {
    const comment = shellComment(hostileNames.join(' '));
    expect(comment).toMatch(/^# [\w .,:/[\]?-]*$/);
    expect(runInBash(`${comment}\nkubectl done`)).toMatchObject({ calls: [['done']], code: 0, stderr: '' });
  });
});

describe('commandJson', () => {
  test.each(hostileNames)('%j means the same in JSON', (name) => {
    const json = commandJson({ name });
    expect(JSON.parse(json)).toEqual({ name });
    // What YAML folds, refuses or does not know: line ends, control characters, surrogate pairs.
    expect(json).not.toMatch(/[^\p{L}\p{M}\p{N}\p{P}\p{S}\p{Cf} ]|\\ud[89a-f]/u);
  });
});

describe('kubectlObject', () => {
  test('names kind, group and namespace', () => {
    const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'team-a', name: 'web' };
    expect(kubectlObject(deployment)).toBe('deployment.apps/web -n team-a');
    expect(kubectlObject({ apiVersion: 'v1', kind: 'Pod', namespace: 'a', name: 'p' })).toBe('pod/p -n a');
  });

  test('every hostile name stays in the word of its kind', () => {
    const prefix = 'rolebinding.rbac.authorization.k8s.io/';
    expect(words(hostileNames.map((name) => kubectlObject(binding(name))).join(' '))).toEqual(
      hostileNames.map((name) => prefix + name),
    );
  });
});

describe('kubectlJsonPath', () => {
  test('finds list elements by name, else by the first member that recognises them', () => {
    expect(kubectlJsonPath(['spec', 'containers', named(1, 'app'), 'image'])).toBe(
      String.raw`'{.spec.containers[?(@.name=="app")].image}{"\n"}'`,
    );
    const subject = { index: 0, where: { kind: 'User', name: 'eve' } };
    expect(kubectlJsonPath(['subjects', subject])).toContain('[?(@.name=="eve")]');
    const port = { index: 0, where: { containerPort: 80, protocol: 'TCP' } };
    expect(kubectlJsonPath(['ports', port])).toContain('[?(@.containerPort==80)]');
  });

  test('takes members with dots whole', () => {
    expect(words(kubectlJsonPath(['metadata', 'labels', 'app.kubernetes.io/name']))).toEqual([
      String.raw`{.metadata.labels['app.kubernetes.io/name']}{"\n"}`,
    ]);
  });

  test('no hostile name leaves its string', () => {
    const paths = words(hostileNames.map((name) => kubectlJsonPath(['subjects', named(0, name)])).join(' '));
    expect(paths).toHaveLength(hostileNames.length);
    for (const path of paths) {
      expect(path).toMatch(/^\{\.subjects\[\?\(@\.name=="[\w .:/@\\-]*"\)\]\}\{"\\n"\}$/);
    }
  });
});

describe('fileName', () => {
  test('is the kind, the namespace and the name', () => {
    expect(fileName({ ...binding('ops'), namespace: 'a' }, '-changed')).toBe(
      'rolebinding-a-ops-changed.json',
    );
  });

  test.each(hostileNames)('%j becomes safe characters', (name) => {
    expect(fileName(binding(name))).toMatch(/^rolebinding-[\w.-]{1,120}\.json$/);
  });

  test('two names do not share a file', () => {
    const names = new Set(hostileNames.map((name) => fileName(binding(name))));
    expect(names.size).toBe(hostileNames.length);
  });
});
