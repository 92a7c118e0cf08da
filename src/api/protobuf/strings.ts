const slots = 4096;
const longest = 64;
const recent: (string | undefined)[] = Array.from({ length: slots });

/**
 * The text in these bytes. Names, labels and images come again with every object, and one that was read lately is not
 * made anew: that takes less time, and what is kept of thousands of objects holds it once.
 */
export function textOf(bytes: Buffer, start: number, end: number): string {
  const length = end - start;
  if (length > longest) return bytes.toString('utf8', start, end);
  let hash = length;
  for (let at = start; at < end; at += 1) hash = (Math.imul(hash, 31) + (bytes[at] as number)) | 0;
  const slot = (hash ^ (hash >>> 12)) & (slots - 1);
  const known = recent[slot];
  if (known !== undefined && isSame(known, bytes, start, length)) return known;
  const text = bytes.toString('utf8', start, end);
  // Only ASCII has as many characters as bytes; other texts could be taken for bytes that are none.
  if (text.length === length) recent[slot] = text;
  return text;
}

function isSame(text: string, bytes: Buffer, start: number, length: number): boolean {
  if (text.length !== length) return false;
  for (let at = 0; at < length; at += 1) if (text.charCodeAt(at) !== bytes[start + at]) return false;
  return true;
}
