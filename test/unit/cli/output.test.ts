import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { writeWhole } from '../../../src/cli/output.ts';
import { passmuster } from '../../cli.ts';

const above = mkdtempSync(join(tmpdir(), 'passmuster-output-'));
const report = join(above, 'report.json');
beforeAll(() => passmuster(['scan', '-f', 'examples', '-o', `json=${report}`]));
afterAll(() => rmSync(above, { recursive: true }));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(above, 'test-'));
});

/** Renders the saved report to each of the outputs, such as `html=x`, in the folder of the test. */
const render = (...outputs: string[]) =>
  passmuster(['render', report, ...outputs.flatMap((output) => ['-o', output.replace('=', `=${folder}/`)])]);

test.each([
  ['the same name', 'x', 'x'],
  ['two names of a file that is yet to be made', 'x', './x'],
  ['a file and a link to it', 'there', 'link'],
  ['a name in a folder and in a link to it', 'sub/x', 'sub-link/x'],
  ['a file that is yet to be made and a link to it', 'sub/new', 'dangling'],
])('two outputs to one file are refused: %s', async (_what, first, second) => {
  mkdirSync(join(folder, 'sub'));
  writeFileSync(join(folder, 'there'), 'before');
  symlinkSync('there', join(folder, 'link'));
  symlinkSync('sub', join(folder, 'sub-link'));
  symlinkSync('sub/new', join(folder, 'dangling'));
  const { code, stdout, stderr } = await render(`html=${first}`, `json=${second}`);
  expect({ code, stdout }, stderr).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(`${folder}/${first}`);
  expect(stderr).toContain(`${folder}/${second}`);
  expect(readFileSync(join(folder, 'there'), 'utf8')).toBe('before');
});

test('what keeps nothing takes any number of outputs', async () => {
  const args = ['render', report, '-o', 'html=/dev/null', '-o', 'json=/dev/null'];
  expect(await passmuster(args)).toMatchObject({ code: 0, stderr: '' });
});

test.each([
  ['a folder that is not there', 'missing/x.json', 'no such file or directory'],
  ['a file for a folder', 'file/x.json', 'not a directory'],
  ['a folder that is to be the file', 'sub', 'it is a folder'],
  ['the name of a folder that is not there', 'missing/', 'no such file or directory'],
])('%s is told before anything is read, by the name that was given', async (_what, path, reason) => {
  writeFileSync(join(folder, 'file'), '');
  mkdirSync(join(folder, 'sub'));
  const args = ['scan', '-f', '/nonexistent', '-o', `html=${folder}/ok.html`, '-o', `json=${folder}/${path}`];
  const { code, stdout, stderr } = await passmuster(args);
  expect({ code, stdout }, stderr).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^error: Cannot write .*\nhint: .*\n$/);
  expect(stderr).toContain(`Cannot write ${folder}/${path}: `);
  expect(stderr).toContain(reason);
  expect(stderr).not.toMatch(/partial|nonexistent/);
  expect(readdirSync(folder).toSorted()).toEqual(['file', 'sub']);
});

test.skipIf(!existsSync('/dev/full'))('one output that fails leaves the others', async () => {
  const args = ['render', report, '-o', 'json=/dev/full', '-o', `html=${folder}/ok.html`, '-o', 'table'];
  const { code, stdout, stderr } = await passmuster(args);
  expect(readFileSync(join(folder, 'ok.html'), 'utf8')).toContain('</html>');
  expect(stdout).not.toBe('');
  expect(stderr).toContain('Cannot write /dev/full: ENOSPC');
  expect(code).toBe(1);
});

test('a file that cannot be written is named as it was given, and nothing of it is left', () => {
  const file = join(folder, 'x');
  const text = function* () {
    yield 'half';
    throw new Error(`ENOSPC: no space left on device, open '${file}.1.partial'`);
  };
  expect(() => writeWhole(file, text())).toThrow(`Cannot write ${file}: ENOSPC: no space left on device`);
  expect(() => writeWhole(file, text())).not.toThrow(/partial/);
  expect(readdirSync(folder)).toEqual([]);
});

test.each([
  ['a file', 'target'],
  ['a file that is yet to be made', 'new'],
  ['another link', 'other-link'],
])('a link to %s stays one: the text goes to where it points', (_what, pointsTo) => {
  mkdirSync(join(folder, 'sub'));
  writeFileSync(join(folder, 'sub', 'target'), 'before');
  symlinkSync('new', join(folder, 'sub', 'other-link'));
  symlinkSync(`sub/${pointsTo}`, join(folder, 'link'));
  writeWhole(join(folder, 'link'), ['after']);
  expect(lstatSync(join(folder, 'link')).isSymbolicLink()).toBe(true);
  expect(readFileSync(join(folder, 'link'), 'utf8')).toBe('after');
  expect(lstatSync(join(folder, 'sub', 'other-link')).isSymbolicLink()).toBe(true);
  expect(readdirSync(join(folder, 'sub'))).not.toContainEqual(expect.stringContaining('partial'));
});

const modeOf = (file: string): number => statSync(file).mode & 0o777;

test.each([
  ['600', 0o600],
  ['640', 0o640],
  ['666', 0o666],
])('who may read a file that is replaced may read the new one: %s', (_octal, mode) => {
  const file = join(folder, 'report');
  writeFileSync(file, 'before');
  chmodSync(file, mode);
  symlinkSync('report', join(folder, 'link'));
  writeWhole(join(folder, 'link'), ['after']);
  expect(readFileSync(file, 'utf8')).toBe('after');
  expect(modeOf(file)).toBe(mode);
});

test('a new file is as open as any other', () => {
  writeFileSync(join(folder, 'other'), '');
  writeWhole(join(folder, 'report'), ['new']);
  expect(modeOf(join(folder, 'report'))).toBe(modeOf(join(folder, 'other')));
});
