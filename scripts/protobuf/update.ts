/**
 * `npm run protobuf`: writes known-fields.json, how the kinds that we read look in protobuf, from the Go modules of the test
 * control planes. For when a source of the API server's own kinds is added; needs Go.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FieldTable } from '../../src/api/protobuf/messages.ts';
import { sources } from '../../src/collect/sources.ts';
import { tableText } from './table-text.ts';

const modules = join(import.meta.dirname, '../../test/control-plane');
const program = join(import.meta.dirname, 'fields.go');
const kinds = Object.values(sources).map(({ apiVersion, kind }) => `${apiVersion}/${kind}`);

const [newest, oldest] = ['v1.37', 'v1.24'].map((version) => {
  const text = execFileSync('go', ['run', program, ...kinds], {
    cwd: join(modules, version),
    encoding: 'utf8',
  });
  return JSON.parse(text) as FieldTable;
}) as [FieldTable, FieldTable];

// A number is never used for another field, so what old servers still write stands beside what new ones do.
const messages = { ...newest.messages };
for (const [name, { fields: old }] of Object.entries(oldest.messages)) {
  const fields = newest.messages[name]?.fields ?? [];
  const known = new Set(fields.map(({ number }) => number));
  messages[name] = { fields: [...fields, ...old.filter(({ number }) => !known.has(number))] };
}
writeFileSync(
  join(import.meta.dirname, 'known-fields.json'),
  tableText({ kinds: { ...oldest.kinds, ...newest.kinds }, messages }),
);
