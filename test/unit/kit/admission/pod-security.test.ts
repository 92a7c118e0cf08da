import { expect, test } from 'vitest';
import {
  invalidLabels,
  podSecurityOf,
  type PodSecurityMode,
} from '../../../../src/kit/admission/pod-security.ts';
import { asked, namespace } from './manifests.ts';

const inShort = (labels: Record<string, string>, minor = 31) => {
  const modes = podSecurityOf(namespace('shop', asked(labels)), minor);
  return Object.fromEntries(
    (['enforce', 'audit', 'warn'] as PodSecurityMode[]).map((mode) => {
      const { level, version, minor: rules, isWritten } = modes[mode];
      return [mode, `${level} ${version} ${rules}${isWritten ? '' : ' (default)'}`];
    }),
  );
};
const nothing = 'privileged latest 31 (default)';

test.each<[string, Record<string, string>, Record<string, string>]>([
  ['no label', {}, { enforce: nothing, audit: nothing, warn: nothing }],
  [
    'a level, which those who apply a workload are warned of as well',
    { enforce: 'baseline' },
    { enforce: 'baseline latest 31', audit: nothing, warn: 'baseline latest 31 (default)' },
  ],
  [
    'a version, which the warning follows unless it has its own',
    { enforce: 'restricted', 'enforce-version': 'v1.25' },
    { enforce: 'restricted v1.25 25', audit: nothing, warn: 'restricted v1.25 25 (default)' },
  ],
  [
    'a version of the warning alone',
    { enforce: 'baseline', 'enforce-version': 'v1.25', 'warn-version': 'v1.28' },
    { enforce: 'baseline v1.25 25', audit: nothing, warn: 'baseline v1.28 28 (default)' },
  ],
  [
    'a warning of its own',
    { enforce: 'restricted', warn: 'privileged' },
    { enforce: 'restricted latest 31', audit: nothing, warn: 'privileged latest 31' },
  ],
  [
    'values that mean nothing: strict where Pods are refused, and nothing elsewhere',
    { enforce: 'Baseline', audit: 'strict', warn: '', 'enforce-version': '1.25' },
    { enforce: 'restricted latest 31', audit: 'privileged latest 31', warn: 'privileged latest 31' },
  ],
  [
    'a value that means nothing is not followed by the warning',
    { enforce: 'strict' },
    { enforce: 'restricted latest 31', audit: nothing, warn: nothing },
  ],
  [
    'a version that the server does not have yet',
    { audit: 'baseline', 'audit-version': 'v1.99' },
    { enforce: nothing, audit: 'baseline v1.99 31', warn: nothing },
  ],
  [
    'a version without a level',
    { 'enforce-version': 'v1.0' },
    { enforce: 'privileged v1.0 0 (default)', audit: nothing, warn: nothing },
  ],
])('reads %s', (_, labels, expected) => {
  expect(inShort(labels)).toEqual(expected);
});

test('before 1.26 a warning does not follow', () => {
  expect(inShort({ enforce: 'restricted' }, 25)['warn']).toBe('privileged latest 25 (default)');
  expect(inShort({ enforce: 'restricted' }, 26)['warn']).toBe('restricted latest 26 (default)');
});

test('names values that mean nothing, and what would mean no less', () => {
  const labels = asked({
    enforce: 'strict',
    'enforce-version': 'latest',
    audit: 'none',
    warn: 'baseline',
    'warn-version': 'v1.031',
  });
  expect(
    invalidLabels(namespace('shop', labels)).map(({ label, value, countsAs, instead }) => [
      label.slice('pod-security.kubernetes.io/'.length),
      value,
      countsAs,
      instead,
    ]),
  ).toEqual([
    ['enforce', 'strict', 'restricted', 'restricted'],
    ['audit', 'none', 'privileged', 'restricted'],
    ['warn-version', 'v1.031', 'latest', 'latest'],
  ]);
});
