/**
 * Words of a shell command, built from strings of the cluster. Names of RBAC objects may hold anything: quotes,
 * newlines, `$()`, terminal escapes. What leaves this file reaches the program byte for byte and runs nothing.
 */
import { createHash } from 'node:crypto';
import type { FieldStep, ObjectRef } from '../model.ts';

/** Everything but what a reader sees and a paste keeps: letters, numbers, punctuation, symbols and the plain space. */
const unseen = /[^\p{L}\p{N}\p{P}\p{S} ]|\p{Default_Ignorable_Code_Point}/u;
const unseenAll = new RegExp(unseen, 'gu');

/** True when nothing in the text would have to be escaped. */
export const isPlain = (text: string): boolean => !unseen.test(text);

/**
 * One word for bash and zsh. `$'…'` is used where a character would not survive reading or pasting; its escapes are
 * octal bytes, which mean the same in every locale. No command line can carry NUL: it becomes U+FFFD, so that the
 * command finds nothing rather than the object whose name ends there.
 */
export function shellQuote(text: string): string {
  if (/^[\w@%+:,./-][\w@%+=:,./-]*$/.test(text)) return text;
  if (!unseen.test(text)) return `'${text.replaceAll("'", `'\\''`)}'`;
  const body = text
    .replaceAll('\0', '\ufffd')
    // No `\'`: some shells take it for the end of the quotes when they look for history references.
    .replace(new RegExp(`['\\\\]|${unseen.source}`, 'gu'), octal);
  return `$'${body}'`;
}

/** The same for a text of several lines, which stay lines. */
export const shellBlock = (text: string): string =>
  unseen.test(text.replaceAll('\n', '')) ? shellQuote(text) : `'${text.replaceAll("'", `'\\''`)}'`;

const octal = (character: string): string =>
  Array.from(Buffer.from(character), (byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');

/**
 * A comment on a line of its own. Interactive zsh runs comments unless told otherwise, so nothing stays in it that
 * could be a command there.
 */
export const shellComment = (text: string): string => `# ${text.replaceAll(/[^\w .,:/[\]-]/g, '?')}`;

/**
 * JSON on one line that kubectl reads the same whether it takes it for JSON or for YAML (a patch that is a list goes
 * through its YAML parser, which knows no surrogate pairs).
 */
export const commandJson = (value: unknown): string =>
  JSON.stringify(value).replace(unseenAll, (character) =>
    character.length > 1 ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** `deployment.apps/web -n team-a`: the group is named, for other groups may serve a kind of the same name. */
export function kubectlObject({ apiVersion, kind, namespace, name }: ObjectRef): string {
  const group = apiVersion.includes('/') ? `.${apiVersion.slice(0, apiVersion.indexOf('/'))}` : '';
  const object = shellQuote(`${kind.toLowerCase()}${group}/${name}`);
  return namespace === undefined ? object : `${object} -n ${shellQuote(namespace)}`;
}

/** `'{.spec.containers[?(@.name=="app")].image}{"\n"}'`: list elements by what recognises them, not by their index. */
export function kubectlJsonPath(field: readonly FieldStep[]): string {
  return shellQuote(`{${field.map(jsonPathStep).join('')}}{"\\n"}`);
}

function jsonPathStep(step: FieldStep): string {
  if (typeof step === 'string') return /^\w+$/.test(step) ? `.${step}` : `['${step}']`;
  // kubectl's filters compare one member; the name is the telling one.
  const [key, value] =
    Object.entries(step.where).toSorted(([a], [b]) => +(b === 'name') - +(a === 'name'))[0] ?? [];
  return key === undefined ? `[${step.index}]` : `[?(@.${key}==${jsonPathLiteral(value ?? '')})]`;
}

/** Go escapes instead of quotes and backslashes: kubectl's parser takes a quote behind a backslash for escaped. */
function jsonPathLiteral(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const escaped = value.replaceAll(/[^\w .:/@-]/gu, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16);
    return code.length > 4 ? `\\U${code.padStart(8, '0')}` : `\\u${code.padStart(4, '0')}`;
  });
  return `"${escaped}"`;
}

/** A file in the current folder to save the object in: `clusterrolebinding-ops.json`, with a hash where the name had to change. */
export function fileName({ kind, namespace, name }: ObjectRef, suffix = ''): string {
  const wanted = [kind.toLowerCase(), namespace, name].filter((part) => part !== undefined).join('-');
  const safe = wanted.replaceAll(/[^a-zA-Z0-9.-]/g, '_').slice(0, 100);
  const hash = createHash('sha256').update(wanted).digest('hex').slice(0, 8);
  return `${safe === wanted ? safe : `${safe}-${hash}`}${suffix}.json`;
}
