import { expect, test } from 'vitest';
import { renderJson } from '../../../src/render/json.ts';
import { isPrintable, printableJson } from '../../../src/text.ts';
import { sampleReport } from './sample-report.ts';

test('the pieces of the JSON report are the whole', () => {
  const report = sampleReport();
  report.cluster.name = '\u001b[31m\u202e';
  const pieces = [...renderJson(report)];
  expect(pieces.length).toBeGreaterThan(report.checks.length);
  expect(
    pieces
      .join('')
      .split('\n')
      .filter((line) => !isPrintable(line)),
  ).toEqual([]);
  expect(JSON.parse(pieces.join(''))).toEqual(JSON.parse(JSON.stringify(report)));
});

test('the JSON report has a line for each finding', () => {
  const report = sampleReport();
  const lines = [...renderJson(report)].join('').split('\n');
  const findings = report.checks.flatMap((check) => check.findings);
  expect(findings.length).toBeGreaterThan(5);
  for (const { id } of findings) {
    const [line = '', ...others] = lines.filter((each) => each.includes(`"id":"${id}"`));
    expect(others).toEqual([]);
    expect(JSON.parse(line.replace(/,$/, ''))).toEqual(
      JSON.parse(JSON.stringify(findings.find((each) => each.id === id))),
    );
  }
  expect(lines).toContain('  "kind": "Report",');
});

test('nothing unprintable reaches a terminal, and nothing is lost', () => {
  const hostile = { a: '\u001b[31m\u202e\u007f\u0085\n\ud800\u{1f600} ü' };
  const text = printableJson(hostile);
  expect(text).toBe('{\n  "a": "\\u001b[31m\\u202e\\u007f\\u0085\\n\\ud800\u{1f600} ü"\n}');
  expect(JSON.parse(text)).toEqual(hostile);
});
