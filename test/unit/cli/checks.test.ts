import { expect, test } from 'vitest';
import { benchmarks } from '../../../src/benchmarks/index.ts';
import { controlsInWords, type CatalogueEntry } from '../../../src/catalogue.ts';
import { checks } from '../../../src/checks/index.ts';
import { passmuster } from '../../cli.ts';

test('checks list names every check and its controls in every edition', async () => {
  const { code, stdout } = await passmuster(['checks', 'list', '-o', 'json']);
  expect(code).toBe(0);
  const entries = JSON.parse(stdout) as CatalogueEntry[];
  expect(entries.map(({ id }) => id)).toEqual(checks.map(({ id }) => id));
  for (const { id, controls } of benchmarks) {
    for (const control of controls) {
      for (const check of control.checks) {
        const name = typeof check === 'string' ? check : check.id;
        expect(entries.find((entry) => entry.id === name)?.controls[id]).toContain(control.id);
      }
    }
  }
  const table = await passmuster(['checks', 'list']);
  expect(table.stdout).toContain('5.2.4 (2.0.1, 1.12.0, 1.11.1, 1.10, 1.8), 5.2.3 (1.6)');
});

test('controls in words put the editions of one benchmark together', () => {
  expect(
    controlsInWords({
      'cis-kubernetes-2.0.1': ['5.1'],
      'cis-kubernetes-1.8': ['5.1', '5.2'],
      'pss-baseline': ['x'],
    }),
  ).toBe('cis-kubernetes 5.1 (2.0.1, 1.8), 5.2 (1.8); pss-baseline x');
});

test('explain prints the whole record of a check', async () => {
  const { code, stdout } = await passmuster(['explain', 'host-ipc']);
  expect(code).toBe(0);
  const headings = [
    'DESCRIPTION',
    'RATIONALE',
    'IMPACT',
    'DEFAULT VALUE',
    'PREREQUISITES',
    'TEST PLAN',
    'IMPLEMENTATION PLAN',
    'BACKOUT PLAN',
    'On AKS:',
    'REFERENCES',
  ];
  for (const heading of headings) expect(stdout).toContain(`\n${heading}`);
  expect(stdout).not.toContain('{{');
  expect(stdout).toMatch(/\[\?\(@\.spec\.hostIPC==true\)\]/);
});

test('explain of a check that does not exist suggests one that does', async () => {
  const { code, stderr } = await passmuster(['explain', 'host-icp']);
  expect(code).toBe(2);
  expect(stderr).toContain('Did you mean host-ipc?');
});
