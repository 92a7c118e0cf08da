import { describe, expect, it } from 'vitest';
import type { Audience } from '../../../src/config.ts';
import { UserError } from '../../../src/errors.ts';
import { planFor } from '../../../src/kit/plan.ts';
import type { Finding, Report } from '../../../src/model.ts';
import { renderFailureMail, renderMail } from '../../../src/render/mail.ts';
import { percent } from '../../../src/render/words.ts';
import { largeReport, privileged, sampleReport } from '../render/sample-report.ts';

const audience: Audience = { name: 'team', channel: 'mail', to: ['a@b.example'], content: 'full' };
const options = { audience, timeZone: 'Europe/Berlin', slot: '2026-11-16T07:00Z' };
const mailFor = (report: Report, changes: Partial<Audience> = {}) =>
  renderMail(report, { ...options, audience: { ...audience, ...changes } });

const entities: Record<string, string> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  '#x27': "'",
  '#x60': '`',
  '#x3D': '=',
};

/** What a reader of the HTML part sees, in one line. */
const wordsOf = (html: string): string =>
  html
    .replace(/<head>[\s\S]*<\/head>/, '')
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll(/&(#?\w+);/g, (_, name: string) => entities[name] ?? ' ')
    .replaceAll(/\s+/g, ' ');

/** The blocks of commands in the HTML part, as they are copied. */
const blocksOf = (html: string): string[] =>
  [...html.matchAll(/<pre[^>]*>([\s\S]*?)<\/pre>/g)].map(([, content = '']) =>
    content.replaceAll(/&(#?\w+);/g, (_, name: string) => entities[name] ?? '?'),
  );

const planOf = (findings: readonly Finding[]): string[] => {
  const { test, implementation, backout } = planFor(findings.map(({ fix }) => fix));
  return [test, implementation, backout];
};

const web = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' };

/** The sample with these findings of one check alone. */
function reportOf(findings: Finding[]): Report {
  const report = sampleReport();
  const checks = report.checks.filter(({ id }) => id === 'privileged');
  return { ...report, checks: checks.map((check) => ({ ...check, findings })) };
}

const numbers = (part: string) => part.match(/\d+(?:\.\d+)*/g) ?? [];

/** Relative luminance and contrast of WCAG 2. */
const luminance = (hex: string): number => {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (a: string, b: string): number => {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].toSorted((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
};

const tagsOf = (html: string): string[] => [...html.matchAll(/<\/?([a-z][a-z0-9]*)/g)].map(([tag]) => tag);

describe('renderMail', () => {
  it('has the numbers of the report in subject, text and HTML', () => {
    const report = sampleReport();
    const [benchmark] = report.benchmarks;
    const score = percent(benchmark?.score ?? 0);
    const coverage = percent(benchmark?.coverage ?? 0);
    const { subject, text, html } = mailFor(report);
    expect(subject).toBe('[prod-eu] CIS L1 audit: 25%, 3 failing, 57% assessed, incomplete');
    const words = wordsOf(html);
    const open = report.checks
      .flatMap(({ findings }) => findings)
      .filter(({ state, verdict }) => state === 'open' && verdict === 'fail').length;
    expect(words).toContain(`Score ${score} 1 of 4 controls passed`);
    expect(words).toContain(`Coverage ${coverage} `);
    expect(words).toContain(`Findings ${open} open; 2 to review, 2 exempt`);
    expect(text).toMatch(new RegExp(`^Score +${score} +1 of 4 controls passed$`, 'm'));
    expect(text).toMatch(new RegExp(`^Coverage +${coverage} `, 'm'));
    expect(text).toMatch(new RegExp(`^Findings +${open} +open; 2 to review, 2 exempt$`, 'm'));
    for (const { title, status, counts } of report.checks) {
      if (status !== 'fail') continue;
      const count = `${counts.failed} of ${counts.evaluated} objects`;
      expect(words).toMatch(new RegExp(`${title}.{0,20}${count}`));
      expect(text).toMatch(new RegExp(`${count} +${title}`));
    }
  });

  it('says the same in both parts', () => {
    const { text, html } = mailFor(sampleReport());
    const words = wordsOf(html);
    const inText = new Set(numbers(text));
    const inHtml = new Set(numbers(words));
    expect([...inText].filter((number) => !inHtml.has(number))).toEqual([]);
    expect([...inHtml].filter((number) => !inText.has(number))).toEqual([]);
  });

  it('shows the commands of the plan, unbroken', () => {
    const report = sampleReport();
    const { text, html } = mailFor(report);
    const finding = report.checks.find(({ id }) => id === 'host-network')?.findings[0];
    for (const commands of planOf(finding === undefined ? [] : [finding])) {
      expect(blocksOf(html)).toContain(commands);
      expect(text.replaceAll(/^ {4}/gm, '')).toContain(commands);
    }
  });

  it('shows of a plan that is too long that of the worst findings, whole', () => {
    const findings = Array.from({ length: 20 }, (_, i) => privileged(`f${i}`, web, `app-${i}`, 'critical'));
    const { text, html } = mailFor(reportOf(findings));
    expect(blocksOf(html)).toEqual(planOf(findings.slice(0, 3)));
    const words = wordsOf(html);
    expect(words).toContain('container app-2 is privileged');
    expect(words).not.toContain('container app-3 is privileged');
    expect(words).toContain('Also found here: No container is privileged; 16 more.');
    for (const part of [words, text.replaceAll(/\s+/g, ' ')])
      expect(part).toContain('the HTML report has all commands: passmuster scan -o html=report.html');
  });

  it('passes over what is too long by itself, and says so where nothing is left', () => {
    const [long, other] = ['critical', 'high'] as const;
    const huge = privileged('f0', web, 'x'.repeat(2000), long);
    const small = privileged('f1', web, 'app', other, { message: 'this is the small one' });
    const both = mailFor(reportOf([huge, small])).html;
    expect(blocksOf(both)).toEqual(planOf([small]));
    expect(wordsOf(both)).toMatch(/this is the small one.*Also found here: No container is privileged\./);
    const alone = mailFor(reportOf([huge])).html;
    expect(blocksOf(alone)).toEqual([]);
    expect(wordsOf(alone)).toContain('The commands are too long for a mail: see the HTML report.');
  });

  it('keeps its size and its plans whole, however long the names are', () => {
    const shown = [1, 2, 4, 8, 16, 32, 64, 128, 1024].map((length) => {
      const name = '&"<'.repeat(length);
      const byObject = Array.from({ length: 8 }, (_, i) => {
        const object = { ...web, namespace: name, name: `${name}${i}` };
        return [0, 1, 2, 3, 4].map((j) => privileged(`f${i}-${j}`, object, `${name}${j}`, 'critical'));
      });
      const whole = byObject.flatMap((some) => some.map((_, j) => planOf(some.slice(0, j + 1))));
      const { html } = mailFor(reportOf(byObject.flat()));
      expect(Buffer.byteLength(html)).toBeLessThan(80_000);
      const blocks = blocksOf(html);
      const plans = blocks.flatMap((_, i) => (i % 3 === 0 ? [blocks.slice(i, i + 3)] : []));
      for (const plan of plans) expect(whole).toContainEqual(plan);
      return plans.length;
    });
    expect([shown[0], shown.at(-1)]).toEqual([5, 0]);
  });

  it('says what could not be assessed, with why', () => {
    const { text, html } = mailFor(sampleReport());
    for (const part of [text.replaceAll(/\s+/g, ' '), wordsOf(html)]) {
      expect(part).toContain('Every namespace denies ingress by default: not assessed');
      expect(part).toContain('the credentials may not list networkpolicies.networking.k8s.io');
      expect(part).toContain('no check yet for 3 controls');
      expect(part).toContain('4 of 6 sources completely');
    }
  });

  it('has no score over nothing', () => {
    const report = sampleReport();
    const [benchmark] = report.benchmarks;
    if (benchmark !== undefined) Object.assign(benchmark, { score: null, coverage: null });
    const { subject, text } = mailFor(report);
    expect(subject).toBe('[prod-eu] CIS L1 audit: no score, 3 failing, nothing assessed, incomplete');
    expect(text).toMatch(/^Score +none/m);
  });

  it('is dated by its slot, in the zone of the configuration', () => {
    expect(mailFor(sampleReport()).text).toContain('Mon, 16 Nov 2026, 08:00 CET');
    const { slot: _slot, ...unplanned } = { ...options, timeZone: 'America/New_York' };
    expect(renderMail(sampleReport(), unplanned).text).toMatch(/Mon, 16 Nov 2026, 02:00 (EST|GMT-5)/);
  });

  it('stays small whatever the cluster, and says what it leaves out', () => {
    const many = mailFor(largeReport(50_000));
    expect(Buffer.byteLength(many.html)).toBeLessThan(80_000);
    expect(wordsOf(many.html)).toMatch(/and 49\d\d\d more findings/);
    const [file] = many.attachments;
    expect(Buffer.byteLength(file?.content ?? '')).toBeLessThan(7_000_000);
    expect(many.text.replaceAll('\n', ' ')).toMatch(
      /with the first \d+ of 500\d\d findings; the rest would be too large/,
    );

    const long = sampleReport((text) => `${text}${'"&<'.repeat(200)}`);
    expect(Buffer.byteLength(mailFor(long).html)).toBeLessThan(80_000);
  });
});

describe('the audience', () => {
  it('of counts sees no name of any object', () => {
    const marked = sampleReport((text) => `${text}-marked`);
    const { subject, text, html, attachments } = mailFor(marked, { content: 'counts' });
    const shown = [subject, text, html]
      .join('\n')
      .replaceAll('prod-eu-marked', '')
      .replaceAll('v1.33.4-marked', '');
    expect(shown).not.toContain('-marked');
    expect(shown).not.toContain('kube-system');
    expect(text).toMatch(/^Critical +3 of 250 objects/m);
    expect(attachments).toEqual([]);
  });

  it('of a summary sees namespaces and reasons, but no findings', () => {
    const { text, html, attachments } = mailFor(sampleReport(), { content: 'summary' });
    expect(text).toContain('shop: 2 critical, 1 high');
    expect(text).toContain('the credentials may not list');
    for (const part of [text, html]) expect(part).not.toContain('checkout');
    expect(attachments).toEqual([]);
  });

  it('of namespaces sees their findings alone, and is told so', () => {
    const mail = mailFor(sampleReport(), { namespaces: ['shop'] });
    expect(mail.subject).toBe('[prod-eu] shop: 3 checks failing, 57% assessed, incomplete');
    const all = [mail.subject, mail.text, mail.html, ...mail.attachments.map(({ content }) => content)].join(
      '\n',
    );
    expect(all).toContain('shop/checkout');
    for (const other of [
      'nightly-backup',
      'batch',
      'ops-everything',
      'kube-system',
      'vault',
      'shared-memory',
    ])
      expect(all).not.toContain(other);
    expect(mail.text.replaceAll('\n', ' ')).toContain(
      'Findings are those in namespace shop. Score and coverage are of the whole audit.',
    );
    expect(mail.text).toMatch(/^Findings +4 +open; 1 to review, 0 exempt$/m);
  });

  it('of a namespace reads of what is alike there, and of no other namespace', () => {
    const report = sampleReport();
    const shared = report.checks.flatMap(({ findings }) => findings).find(({ id }) => id === 'd20c3a71');
    for (const one of shared?.members ?? []) one.message = `binds cluster-admin in ${one.object.namespace}`;
    const { text, html, attachments } = mailFor(report, { namespaces: ['lab'] });
    for (const part of [
      text.replaceAll(/\s+/g, ' '),
      wordsOf(html),
      ...attachments.map(({ content }) => content),
    ]) {
      expect(part).toContain('binds cluster-admin in lab');
      expect(part).not.toMatch(/shop|batch|3 namespaces/);
    }
  });

  it('of a namespace without findings is not told that it passes', () => {
    const { text, subject } = mailFor(sampleReport(), { namespaces: ['quiet'] });
    expect(subject).toBe('[prod-eu] quiet: 0 checks failing, 57% assessed, incomplete');
    expect(text).toMatch(
      /^prod-eu shows no failure in namespace quiet\n0 checks fail there, 2 could not be assessed, or/,
    );
  });
});

describe('hostile strings', () => {
  const payloads = [
    '<img src=x onerror=alert(1)>',
    '</td></table><h1>',
    '</pre><script>alert(1)</script>',
    '{{7*7}}{{verdict}}',
    '\r\nBcc: evil@x.example',
    '\u202egnp.exe',
    '\u001b[31mred\u0007',
    '"><a href="javascript:alert(1)">',
    '=HYPERLINK("http://x.example")',
    '`$(id)`; rm -rf /',
  ];

  // One finding by object: how many of several have their commands shown depends on how long these are.
  const dressed = (payload: string): Report => {
    const report = sampleReport((text) => `${text}${payload}`);
    for (const check of report.checks) {
      check.findings = check.findings.filter(({ id }) => id !== '2b8d11e4');
    }
    return report;
  };

  it.each(payloads)('%j changes no structure', (payload) => {
    const benign = mailFor(dressed('zz'));
    const hostile = mailFor(dressed(payload));
    expect(tagsOf(hostile.html)).toEqual(tagsOf(benign.html));
    for (const part of [hostile.html, hostile.text, hostile.subject]) {
      // eslint-disable-next-line no-control-regex
      expect(part).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e]/);
    }
    expect(hostile.subject).not.toContain('\n');
    expect(hostile.text).not.toMatch(/^Bcc/m);
    expect(hostile.attachments[0]?.filename).toMatch(/^findings-[\w.-]+\.csv$/);
  });
});

describe('the HTML part', () => {
  const { html } = mailFor(sampleReport());

  it('is built as mail programs and screen readers need it', () => {
    expect(html).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(html.match(/<h1/g)).toHaveLength(1);
    expect(html).not.toMatch(/<(img|svg|script|link|iframe)\b|url\(|https?:\/\/(?!prod-eu)/);
    for (const [table = ''] of html.matchAll(/<table[^>]*>(?:(?!<table)[\s\S])*?<\/tr>/g)) {
      expect(/role="presentation"/.test(table) !== /<th scope="(col|row)"/.test(table)).toBe(true);
    }
    for (const [, size] of html.matchAll(/font-size:(\d+)px/g))
      expect(size === '1' || Number(size) >= 14).toBe(true);
  });

  it('has enough contrast everywhere', () => {
    const inks = new Set([...html.matchAll(/[";]color:(#[0-9a-f]{6})/g)].map(([, colour = '']) => colour));
    expect(inks.size).toBeGreaterThan(3);
    for (const ink of inks) expect(contrast(ink, '#fdfdfe')).toBeGreaterThan(4.5);
    for (const [, background = '', ink = ''] of html.matchAll(
      /background-color:(#[0-9a-f]{6});color:(#[0-9a-f]{6})/g,
    ))
      expect(contrast(ink, background)).toBeGreaterThan(4.5);
  });
});

describe('renderFailureMail', () => {
  const error = new UserError('The server https://x.example refuses <b>\u202e', { hint: 'Check the token.' });
  const failure = { ...options, cluster: 'prod-eu' };

  it('says that there is no report, why, and what to do', () => {
    const mail = renderFailureMail(error, failure);
    expect(mail.kind).toBe('failure');
    expect(mail.subject).toBe('[prod-eu] could not audit: there is no report');
    for (const part of [mail.text.replaceAll('\n', ' '), wordsOf(mail.html)]) {
      expect(part).toContain('The server https://x.example refuses <b>\\u202e');
      expect(part).toContain('Check the token.');
      expect(part).toContain('this is no sign of health');
    }
    expect(mail.html).not.toContain('<b>');
  });

  it('keeps the reason from an audience of counts', () => {
    const mail = renderFailureMail(error, { ...failure, audience: { ...audience, content: 'counts' } });
    expect(mail.text + mail.html).not.toContain('x.example');
    expect(mail.text).toContain('The reason is in the log of the run.');
  });

  it('calls a defect a defect', () => {
    expect(renderFailureMail(new TypeError('x is undefined'), failure).text).toContain(
      'defect of Passmuster',
    );
  });
});
