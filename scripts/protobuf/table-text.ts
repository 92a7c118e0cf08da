import type { FieldTable } from '../../src/api/protobuf/messages.ts';

const byName = ([a]: [string, unknown], [b]: [string, unknown]): number => (a < b ? -1 : 1);
const quoted = (value: unknown): string => JSON.stringify(value);

/** The table as JSON with a line for each kind and each field, in the order of their names and numbers. */
export function tableText({ kinds, messages }: FieldTable): string {
  const kindLines = Object.entries(kinds)
    .toSorted(byName)
    .map(([kind, message]) => `    ${quoted(kind)}: ${quoted(message)}`);
  const messageLines = Object.entries(messages)
    .toSorted(byName)
    .map(([name, { open, fields }]) => {
      const lines = fields
        .toSorted((a, b) => a.number - b.number)
        .map((field) => `\n        ${quoted(field)}`);
      const flag = open ? '"open": true, ' : '';
      return `    ${quoted(name)}: { ${flag}"fields": [${lines.join(',')}] }`;
    });
  return `{
  "kinds": {
${kindLines.join(',\n')}
  },
  "messages": {
${messageLines.join(',\n')}
  }
}
`;
}
