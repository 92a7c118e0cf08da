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
  return escaped.length <= maxLength ? escaped : `${escaped.slice(0, maxLength - 1)}…`;
}

/** JSON in which everything unprintable is escaped: the same data, safe to show in a terminal. */
export const printableJson = (value: unknown, indent = 2): string =>
  JSON.stringify(value, null, indent).replace(unprintable, (character) =>
    character === '\n' ? character : escapeCharacter(character),
  );

/** True when the text holds nothing that `visible` would escape. */
export const isPrintable = (text: string): boolean => text.search(unprintable) === -1;

/** `1 pod`, `2 pods`. */
export const plural = (count: number, noun: string, nouns = `${noun}s`): string =>
  `${count} ${count === 1 ? noun : nouns}`;
