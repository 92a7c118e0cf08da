import { visible } from '../text.ts';

/** Columns as wide as what is in them, three spaces apart. */
export function aligned(rows: readonly string[][]): string {
  const cells = rows.map((row) => row.map((cell) => visible(cell)));
  const widths = (cells[0] ?? []).map((_, column) =>
    Math.max(...cells.map((row) => row[column]?.length ?? 0)),
  );
  return cells
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('   ')
          .trimEnd()}\n`,
    )
    .join('');
}
