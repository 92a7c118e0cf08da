import { expect, test } from 'vitest';
import { mailFindings } from '../../../src/render/mail-findings.ts';
import { sampleReport } from '../render/sample-report.ts';

test('an object with any number of findings is one row', () => {
  const report = sampleReport();
  const [check] = report.checks.filter(({ findings }) => findings.length > 0);
  const finding = check?.findings.find(({ state, verdict }) => state === 'open' && verdict === 'fail');
  if (check === undefined || finding === undefined) throw new Error('the sample has no finding');
  const findings = Array.from({ length: 200_000 }, () => finding);
  expect(mailFindings({ ...report, checks: [{ ...check, findings }] }, 5)).toMatchObject({
    rows: [{ rest: expect.stringMatching(/^Also found here: .*; 199996 more\.$/) }],
    more: expect.stringMatching(/^the HTML report has all commands/),
  });
});
