import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { check as isFormatted } from 'prettier';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exit } from '../../../src/errors.ts';

const root = join(import.meta.dirname, '../../..');
let copy: string;

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'passmuster-new-check-'));
  for (const path of [
    'src',
    'scripts/new-check.ts',
    'test/unit',
    'test/servers',
    'package.json',
    'tsconfig.json',
  ]) {
    cpSync(join(root, path), join(copy, path), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  // A control that no check serves yet.
  const edition = join(copy, 'src/benchmarks/cis-aks-1.8.0.ts');
  const row = `{ id: '9.9.1', level: 1, assessment: 'Manual', title: 'Few subjects can launch rockets', checks: [] },`;
  writeFileSync(edition, readFileSync(edition, 'utf8').replace('  controls: [', `  controls: [\n    ${row}`));
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: copy }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    );
  });
}
const newCheck = (...args: string[]) => run('scripts/new-check.ts', ...args);
const tool = (name: string, entry: string, ...args: string[]) =>
  run(`node_modules/${name}/${entry}`, ...args);

test.each([
  [['Host_Path'], 'Host_Path cannot be the id of a check.', 'kebab-case'],
  [['../escape'], '../escape cannot be the id of a check.', 'kebab-case'],
  [['host-ipc'], 'There is a check host-ipc already', 'Choose another id'],
  [['new-one', '--shape', 'podspec'], 'There is no shape podspec.', 'Did you mean podSpec?'],
  [['new-one', '--form', 'x'], '--form', 'Usage: npm run new:check'],
  [[], 'Give the new check one id.', 'Usage: npm run new:check'],
])('%o is refused', async (args, message, hint) => {
  const index = readFileSync(join(copy, 'src/checks/index.ts'), 'utf8');
  const { code, stdout, stderr } = await newCheck(...args);
  expect([code, stdout]).toEqual([exit.usage, '']);
  expect(stderr).toContain(message);
  expect(stderr).toContain(hint);
  expect(stderr).not.toContain('    at ');
  expect(readFileSync(join(copy, 'src/checks/index.ts'), 'utf8')).toBe(index);
});

test('what it writes compiles, and fails the walker until it is written', { timeout: 120_000 }, async () => {
  const shapes = {
    podSpec: 'a-pod-spec',
    object: 'a-namespace',
    cluster: 'whole-cluster',
    manual: 'by-hand',
  };
  for (const [shape, id] of Object.entries(shapes)) {
    const { code, stdout } = await newCheck(id, '--shape', shape);
    expect([code, stdout]).toEqual([0, expect.stringContaining(`src/checks/${id}/check.ts`)]);
  }
  expect((await newCheck('rocket-launch')).stdout).toContain(
    'src/benchmarks/cis-aks-1.8.0.ts 9.9.1: Few subjects can launch rockets',
  );

  writeFileSync(
    join(copy, 'tsconfig.checks.json'),
    JSON.stringify({ extends: './tsconfig.json', include: ['src/checks'] }),
  );
  expect(await tool('typescript', 'bin/tsc', '-p', 'tsconfig.checks.json')).toMatchObject({
    code: 0,
    stdout: '',
  });
  for (const path of ['index.ts', ...Object.values(shapes).map((id) => `${id}/check.ts`)]) {
    const text = readFileSync(join(copy, 'src/checks', path), 'utf8');
    expect(await isFormatted(text, { parser: 'typescript', printWidth: 110, singleQuote: true })).toBe(true);
  }

  await tool(
    'vitest',
    'vitest.mjs',
    'run',
    'test/unit/checks/walker',
    '--reporter=json',
    '--outputFile=out.json',
  );
  const results = JSON.parse(readFileSync(join(copy, 'out.json'), 'utf8')) as Results;
  const [{ assertionResults }] = results.testResults;
  const failed = assertionResults
    .filter(({ status }) => status === 'failed')
    .map(({ ancestorTitles: [id], title }) => `${id}: ${title.split(' ').slice(0, 3).join(' ')}`);
  const each = [...Object.values(shapes), 'rocket-launch'];
  expect(failed.toSorted()).toEqual(
    [
      ...each.flatMap((id) => [`${id}: has words for`, `${id}: has a test`]),
      ...each.filter((id) => id !== 'by-hand').map((id) => `${id}: finds what is`),
    ].toSorted(),
  );
});

interface Results {
  testResults: [{ assertionResults: { ancestorTitles: [string]; title: string; status: string }[] }];
}
