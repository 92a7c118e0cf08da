import { visible } from '../text.ts';

/** Columns as wide as what is in them, three spaces apart. */
export function aligned(rows: readonly string[][]): string {
  const cells = rows.map((row) => row.map((cell) => visible(cell)));
  // Not all of them as arguments of one call: rows grow with the cluster, and a call takes only so many.
  const widths = (cells[0] ?? []).map((_, column) =>
    cells.reduce((widest, row) => Math.max(widest, row[column]?.length ?? 0), 0),
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
