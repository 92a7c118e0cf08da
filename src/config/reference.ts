import type * as z from 'zod';
import { secretVariables, variables } from './environment.ts';
import { settingName } from './issues.ts';

type Schema = z.core.JSONSchema.BaseSchema;

/** One Markdown table per mapping of the configuration. */
export function referenceTables(schema: Schema): string {
  const lists = Object.entries(schema.properties ?? {}).flatMap(([name, value]) => {
    const element = typeof value === 'object' ? itemsOf(value) : undefined;
    return element?.properties === undefined ? [] : [{ name, element }];
  });
  return [
    table('Top level', schema, []),
    ...lists.map(({ name, element }) => table(`\`${name}[]\``, element, [name, 0])),
    [
      '## Secrets',
      '',
      `\`${secretVariables.join('`, `')}\`: used by a channel that has no \`passwordFile\`.`,
    ].join('\n'),
  ].join('\n\n');
}

function table(title: string, schema: Schema, path: (string | number)[]): string {
  const required = new Set(schema.required);
  const rows = Object.entries(schema.properties ?? {}).map(([name, value]) => {
    const property = typeof value === 'object' ? value : {};
    const variable = variableOf([...path, name]);
    const cells = [
      `\`${name}\``,
      typeWords(property),
      required.has(name) ? '**required**' : defaultWords(property),
      variable === undefined ? '' : `\`${variable}\``,
      property.description ?? '',
    ];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  return [
    `## ${title}`,
    '',
    '| setting | type | default | variable | meaning |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

const variableOf = (path: (string | number)[]): string | undefined =>
  Object.entries(variables).find(([, setting]) => settingName(setting.path) === settingName(path))?.[0];

const itemsOf = ({ items }: Schema): Schema | undefined =>
  typeof items === 'object' && !Array.isArray(items) ? items : undefined;

function typeWords(schema: Schema): string {
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (schema.anyOf !== undefined)
    return schema.anyOf.map((option) => (typeof option === 'object' ? typeWords(option) : '')).join(', ');
  if (schema.type === 'array') {
    const element = itemsOf(schema);
    return element?.properties === undefined ? 'list of text' : 'list, see below';
  }
  if (schema.type === 'integer') {
    const { minimum, maximum } = schema;
    return minimum === undefined || maximum === undefined ? 'number' : `number, ${minimum} to ${maximum}`;
  }
  return schema.type === 'boolean' ? '`true`, `false`' : 'text';
}

function defaultWords({ default: value }: Schema): string {
  if (value === undefined) return '';
  return Array.isArray(value) ? 'none' : `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}
