/**
 * The only file that reads the templates, the guidance and the version. `npm run build` puts in its place a module
 * with the same exports and everything inlined: templates precompiled, so that the package evaluates no code.
 */
import { readdirSync, readFileSync } from 'node:fs';
import Handlebars from 'handlebars';

const root = new URL('../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');

/**
 * `strict` makes a misspelt field an error, `knownHelpersOnly` keeps strings from the cluster from naming a helper, and
 * `preventIndent` keeps a partial's commands as they are, whatever the indentation of the tag that includes it.
 */
export const templateOptions = { strict: true, knownHelpersOnly: true, preventIndent: true } as const;

export const version: string = (JSON.parse(read('package.json')) as { version: string }).version;

let environment: typeof Handlebars | undefined;

/** The compiled template `templates/<name>.hbs`; every file of `templates/partials` is a partial by its base name. */
export function template(name: string): (view: object) => string {
  environment ??= withPartials();
  return environment.compile(read(`templates/${name}.hbs`), templateOptions);
}

/** A style sheet or script of the report: `templates/report.css`. */
export const asset = (file: string): string => read(`templates/${file}`);

/** `guidance.md` of a check. */
export const guidanceMarkdown = (checkId: string): string => read(`src/checks/${checkId}/guidance.md`);

/** Words that several checks share about one platform: `src/checks/_platform/<name>.md`. */
export const platformMarkdown = (name: string): string => read(`src/checks/_platform/${name}.md`);

function withPartials(): typeof Handlebars {
  const created = Handlebars.create();
  for (const file of readdirSync(new URL('templates/partials/', root))) {
    if (file.endsWith('.hbs')) created.registerPartial(file.slice(0, -4), read(`templates/partials/${file}`));
  }
  return created;
}
