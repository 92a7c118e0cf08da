/** The markup of a page as one line per tag and per text, without the contents of style sheets and scripts. */
export function outline(html: string): string {
  return pieces(html)
    .map(({ tag, text }) => (tag === '' ? text.trim() : tag))
    .filter((line) => line !== '')
    .join('\n')
    .replaceAll(/'sha256-[^']+'|&#x27;sha256-.*?&#x27;/g, "'sha256-…'");
}

/** Only what a browser would build: the tags in order with the names of their attributes. */
export const structure = (html: string): string[] =>
  pieces(html)
    .filter(({ tag }) => tag !== '')
    .map(({ tag }) => tag.replaceAll(/="[^"]*"/g, ''));

/** Sound for our pages alone: each attribute is quoted and no `>` stands in one. */
function pieces(html: string): { tag: string; text: string }[] {
  const page = html.replaceAll(/(<(style|script)[^>]*>)[\s\S]*?(?=<\/\2>)/g, '$1…');
  return [...page.matchAll(/(<[^>]*>)|([^<]+)/g)].map(([, tag = '', text = '']) => ({ tag, text }));
}
