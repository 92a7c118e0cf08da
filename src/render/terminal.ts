import { styleText } from 'node:util';
import { severities } from '../model.ts';
import type { Severity, Status } from '../model.ts';
import type { RenderOptions } from './index.ts';

type Style = Parameters<typeof styleText>[0];

/** How text is laid out for one terminal. Every string given to it has passed `visible`. */
export interface Page {
  width: number;
  glyphs: Record<Status | 'rule' | 'full' | 'empty' | 'dot', string>;
  paint(style: Style, text: string): string;
}

const glyphs: Page['glyphs'] = {
  fail: '✗',
  'not-assessed': '?',
  manual: '!',
  exempt: '~',
  pass: '✓',
  'not-applicable': '-',
  rule: '─',
  full: '█',
  empty: '░',
  dot: '·',
};
const asciiGlyphs: Page['glyphs'] = {
  ...glyphs,
  fail: 'x',
  pass: '+',
  rule: '-',
  full: '#',
  empty: '.',
  dot: '-',
};

/** Below and above these the layout stays, and the terminal breaks or leaves room. */
const narrowest = 64;
const widest = 140;

export function pageFor({ width = 100, color = false, unicode = true }: RenderOptions): Page {
  return {
    width: Math.max(narrowest, Math.min(width, widest)),
    glyphs: unicode ? glyphs : asciiGlyphs,
    paint: (style, text) => (color ? styleText(style, text, { validateStream: false }) : text),
  };
}

const severityStyles = {
  critical: ['bold', 'red'],
  high: 'red',
  medium: 'yellow',
  low: 'dim',
} as const satisfies Record<Severity, Style>;

export const statusStyles = {
  fail: 'red',
  'not-assessed': 'yellow',
  manual: 'magenta',
  exempt: 'dim',
  pass: 'green',
  'not-applicable': 'dim',
} as const satisfies Record<Status, Style>;

/** Everything beyond ASCII as an escape, for terminals that show nothing else. */
export const toAscii = (text: string): string =>
  text
    .replaceAll('…', '...')
    .replaceAll('·', '-')
    .replace(/[^\0-\x7f]/gu, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`);

/** `critical` as wide as the widest of them. */
export const severityCell = (page: Page, severity: Severity): string =>
  page.paint(severityStyles[severity], severity.padEnd(severityWidth));
export const severityWidth = Math.max(...severities.map((severity) => severity.length));

/** Words broken into lines, each after the first behind `indent` spaces. */
export function wrap(text: string, width: number, indent = 0): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width - indent) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  lines.push(line);
  return lines.join(`\n${' '.repeat(indent)}`);
}

/** Cut to `width`, with an ellipsis. */
export const cut = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, Math.max(1, width - 1))}…`;

/** A title, a rule as long as the page is wide, and a note at its right end. */
export function heading(page: Page, title: string, note = ''): string {
  const end = note === '' ? '' : ` ${cut(note, page.width - title.length - 5)}`;
  const rule = page.glyphs.rule.repeat(Math.max(3, page.width - title.length - 1 - end.length));
  return `${page.paint('bold', title)} ${page.paint('dim', rule)}${end}`;
}

export function meter(page: Page, ratio: number | null): string {
  const width = page.width < 80 ? 10 : 20;
  const full = Math.round((ratio ?? 0) * width);
  return page.glyphs.full.repeat(full) + page.paint('dim', page.glyphs.empty.repeat(width - full));
}
