import type { Report } from '../model.ts';
import type { Format } from './formats.ts';
import { renderHtml } from './html.ts';
import { renderJson } from './json.ts';
import { renderTable, renderWide } from './table.ts';

export interface RenderOptions {
  /** Columns of the terminal; 100 if absent. */
  width?: number;
  /** Colour, by ANSI escapes; off if absent. */
  color?: boolean;
  /** Characters beyond ASCII; on if absent. */
  unicode?: boolean;
}

/** How each format is made, as a whole or in pieces. To add one: a file in this folder, its name in `formats.ts` and a line here. */
export const formats = {
  table: renderTable,
  wide: renderWide,
  json: renderJson,
  html: renderHtml,
} as const satisfies Record<Format, (report: Report, options: RenderOptions) => string | Generator<string>>;
