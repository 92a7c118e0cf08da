import type { Report } from '../model.ts';
import { printableJson } from '../text.ts';

/** How deep pieces are cut: report, checks, one check, its findings; a finding is a piece. */
const depthOfPieces = 4;

/**
 * The report as indented JSON with a line for each finding, so that what finds and compares lines serves it too. In
 * pieces: in one it would be tens of megabytes where there are many findings.
 */
export function* renderJson(report: Report): Generator<string> {
  yield* pieces(report, depthOfPieces, '\n');
  yield '\n';
}

/** Joined, the pieces are the value as JSON; `newline` is a line break and the indentation so far. */
function* pieces(value: unknown, depth: number, newline: string): Generator<string> {
  if (depth === 0 || value === null || typeof value !== 'object' || Object.keys(value).length === 0) {
    yield printableJson(value, 0);
    return;
  }
  const isList = Array.isArray(value);
  let before = (isList ? '[' : '{') + newline;
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined) continue;
    yield `${before}  ${isList ? '' : `${printableJson(key)}: `}`;
    yield* pieces(member, depth - 1, `${newline}  `);
    before = `,${newline}`;
  }
  yield newline + (isList ? ']' : '}');
}
