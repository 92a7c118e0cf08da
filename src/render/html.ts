import { createHash } from 'node:crypto';
import { asset, template } from '../assets.ts';
import type { Report } from '../model.ts';
import { islandOf } from './island.ts';
import { jsonData, ownText } from './safe.ts';
import { reportView } from './view.ts';

const sha256 = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** One file that asks the network for nothing: its policy allows its own style and script, by their hashes. */
export function renderHtml(report: Report): string {
  const view = reportView(report);
  // A browser hashes what it parsed, and a parser knows only line feeds.
  const css = asset('report.css').replaceAll('\r\n', '\n');
  const script = asset('report.js').replaceAll('\r\n', '\n');
  const policy = [
    "default-src 'none'",
    `script-src ${sha256(script)}`,
    `style-src ${sha256(css)}`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return template('report')({
    ...view,
    policy,
    css: ownText(css),
    script: ownText(script),
    island: jsonData(islandOf(view.checks)),
  });
}
