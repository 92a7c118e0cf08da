/**
 * The only file that makes strings which a template prints without escaping. Each function here builds its HTML from
 * data by itself and escapes what it must; none takes HTML, so nothing from a cluster can become markup.
 */
import MarkdownIt from 'markdown-it';

/** Handlebars prints what has a `toHTML` by it, unescaped; its own SafeString is no more than this. */
export interface Safe {
  toHTML(): string;
}

const safe = (html: string): Safe => ({ toHTML: () => html });

const markdown = new MarkdownIt({ html: false, linkify: false, typographer: false }).disable('image');
markdown.validateLink = (url) => /^https?:\/\//i.test(url);
// The guidance stands below headings of the page; its own must not break their order.
markdown.renderer.rules['heading_open'] = () => '<h6>';
markdown.renderer.rules['heading_close'] = () => '</h6>\n';

/** The HTML of our Markdown: no HTML of its own, no images, links to http and https only. */
export const markdownHtml = (text: string): Safe => safe(markdown.render(text));

/** A value as JSON for `<script type="application/json">`: nothing in it can end the element. */
export const jsonData = (value: unknown): Safe =>
  safe(
    JSON.stringify(value).replace(
      /[<\u2028\u2029]/g,
      (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
    ),
  );

/** The text of one of our own files for `<style>` or `<script>`, byte for byte, so that its hash holds. */
export function ownText(text: string): Safe {
  if (/<\/(style|script)|<!--/i.test(text))
    throw new Error('a style sheet or script would end its own element');
  return safe(text);
}
