// C0 and C1 controls, DEL, zero-width characters, bidirectional controls, line separators, BOM and lone surrogates:
// what a terminal, a mail client or a reader's eye can be fooled with.
const unprintable =
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\p{Surrogate}/gu;

const escapeCharacter = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/**
 * The boundary every string from a cluster passes before it is shown: characters that do not print become visible
 * escapes (`\u202e`), and the text is cut to `maxLength` UTF-16 units with an ellipsis. The encoding of the sink
 * (HTML, CSV, shell, mail header) comes after it.
 */
export function visible(text: string, maxLength = 300): string {
  const escaped = text.replace(unprintable, escapeCharacter);
  if (escaped.length <= maxLength) return escaped;
  // A character of two units stays whole or goes.
  return `${escaped.slice(0, maxLength - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/** JSON in which everything unprintable is escaped: the same data, safe to show in a terminal. */
export const printableJson = (value: unknown, indent = 2): string =>
  // JSON itself escapes what ASCII has of it, DEL apart, and most texts are nothing but ASCII.
  JSON.stringify(value, null, indent).replace(/[^\n -~]+/gu, (text) =>
    text.replace(unprintable, escapeCharacter),
  );

/** True when the text holds nothing that `visible` would escape. */
export const isPrintable = (text: string): boolean => text.search(unprintable) === -1;

/** `1 pod`, `2 pods`. */
export const plural = (count: number, noun: string, nouns = `${noun}s`): string =>
  `${count} ${count === 1 ? noun : nouns}`;

/** The candidate that was probably meant: at most two edits away, and less than half of the word. Case does not count. */
export function closest(word: string, candidates: readonly string[]): string | undefined {
  const near = candidates
    .map((candidate) => ({ candidate, edits: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, edits }) => edits <= 2 && edits * 2 < candidate.length)
    .toSorted((a, b) => a.edits - b.edits);
  return near[0]?.candidate;
}

/** Levenshtein distance; words that are longer than any of ours are far from all. */
function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return Infinity;
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (const [i, character] of a.split('').entries()) {
    const current = [i + 1];
    for (let j = 1; j <= b.length; j += 1) {
      const substitution = (previous[j - 1] ?? 0) + (character === b[j - 1] ? 0 : 1);
      current.push(Math.min(substitution, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? Infinity;
}
