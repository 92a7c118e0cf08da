import { describe, expect, it } from 'vitest';
import { csvCell, findingsCsv } from '../../../src/render/csv.ts';
import { sampleReport } from '../render/sample-report.ts';

/** RFC 4180, strictly: every cell in quotes. */
const parse = (text: string): string[][] =>
  text
    .split(/\r\n(?=(?:[^"]*"[^"]*")*[^"]*$)/)
    .filter((row) => row !== '')
    .map((row) =>
      [...row.matchAll(/"((?:[^"]|"")*)"(?:,|$)/g)].map(([, cell = '']) => cell.replaceAll('""', '"')),
    );

describe('csvCell', () => {
  it.each([
    ['plain', '"plain"'],
    ['a "quoted", b', '"a ""quoted"", b"'],
    ['=HYPERLINK("x")', `"'=HYPERLINK(""x"")"`],
    ['+1', `"'+1"`],
    ['-1', `"'-1"`],
    ['@SUM(A1)', `"'@SUM(A1)"`],
    ['\t=1', `"'\\u0009=1"`],
    ['\r=1', `"'\\u000d=1"`],
    ['＝1', `"'＝1"`],
    ['a\nb', '"a\\u000ab"'],
    ['a=b', '"a=b"'],
  ])('%j', (value, expected) => {
    expect(csvCell(value)).toBe(expected);
  });
});

describe('findingsCsv', () => {
  it('has a row for every finding', () => {
    const report = sampleReport();
    const { text, rows, total } = findingsCsv(report);
    const table = parse(text);
    const findings = report.checks.flatMap((check) => check.findings);
    expect({ rows, total, lines: table.length }).toEqual({
      rows: findings.length,
      total: findings.length,
      lines: findings.length + 1,
    });
    const column = (name: string) => table.slice(1).map((cells) => cells[table[0]?.indexOf(name) ?? -1]);
    expect(new Set(column('finding'))).toEqual(new Set(findings.map(({ id }) => id)));
    expect(column('state').filter((state) => state === 'exempt')).toHaveLength(2);
    expect(column('check')[0]).toBe('privileged');
    expect(column('controls')[0]).toBe('4.2.1');
    expect(column('admission')[0]).toBe('admitted');
    expect(column('alike')).toContain(
      'RoleBinding shop/deployer; RoleBinding batch/deployer; RoleBinding lab/deployer',
    );
  });

  it('keeps its shape with hostile strings', () => {
    const rows = parse(findingsCsv(sampleReport((text) => `=cmd|' /C calc'!A0","${text}\r\n"`)).text);
    expect(new Set(rows.map((row) => row.length))).toEqual(new Set([19]));
    for (const cell of rows.flat()) expect(cell).not.toMatch(/^[=+\-@\t\r]/);
  });

  it('ends before it is too large', () => {
    const { text, rows, total } = findingsCsv(sampleReport(), 1000);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(1000);
    expect(rows).toBeLessThan(total);
    expect(rows).toBeGreaterThan(0);
  });
});
