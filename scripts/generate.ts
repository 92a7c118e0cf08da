/**
 * `npm run generate`: writes the files that follow from the source, which are committed. With `--check`, as lint runs it, says which are
 * stale and fails.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import * as z from 'zod';
import { catalogue, controlsInWords, entryOf } from '../src/catalogue.ts';
import { anyKind } from '../src/collect/definition.ts';
import { sources } from '../src/collect/sources.ts';
import { configReference, configTemplate } from '../src/config.ts';
import { reportSchema } from '../src/history/report-schema.ts';
import { guidanceHeadings } from '../src/kit/guidance.ts';
import { fieldsRead } from './protobuf/fields-read.ts';
import { tableText } from './protobuf/table-text.ts';

const root = join(import.meta.dirname, '..');
const notice = (source: string): string =>
  `Generated from ${source} by \`npm run generate\`: change that, not this.`;

const generated: Readonly<Record<string, () => string>> = {
  'docs/checks.md': checksPage,
  'docs/configuration.md': configurationPage,
  'docs/report.schema.json': reportJsonSchema,
  'k8s/base/clusterrole.yaml': clusterRole,
  'src/api/protobuf/fields.json': () => tableText(fieldsRead()),
};

/** Every check with its whole record: what `passmuster explain` prints, to browse. */
function checksPage(): string {
  const entries = catalogue();
  const rows = entries.map(
    ({ id, title, severity, controls }) =>
      `| [\`${id}\`](#${id}) | ${title} | ${severity} | ${controlsInWords(controls)} |`,
  );
  return `<!-- ${notice('src/checks and src/benchmarks')} -->

# Checks

| check | what it asks | severity | controls |
| --- | --- | --- | --- |
${rows.join('\n')}

Controls are named by benchmark and number; the benchmarks themselves are published by the Center for Internet Security and
the Kubernetes project. Where a plan says *commands*, the report prints those for the object at fault.

${entries.map(({ id }) => checkSection(id)).join('\n\n')}
`;
}

function checkSection(id: string): string {
  const { title, severity, sources: reads, controls, guidance } = entryOf(id);
  const sections = Object.entries(guidanceHeadings).map(([heading, part]) => {
    const words = guidance[part];
    if (typeof words === 'string') return `### ${heading}\n\n${words}`;
    const { kubectl, ...platforms } = words;
    const parts = Object.entries(platforms).map(([name, text]) => `#### ${name.toUpperCase()}\n\n${text}`);
    return [`### ${heading}\n\n${kubectl}`, ...parts].join('\n\n');
  });
  const facts = [
    `${title}.`,
    `Severity: ${severity}.`,
    `Reads: ${reads.join(', ') || 'nothing'}.`,
    `Controls: ${controlsInWords(controls) || 'none'}.`,
  ];
  return [`## ${id}`, facts.join(' '), ...sections].join('\n\n').replaceAll('{{commands}}', '*commands*');
}

function configurationPage(): string {
  return `<!-- ${notice('src/config.ts')} -->

# Configuration

\`passmuster config init\` writes the example below, \`passmuster config validate FILE\` checks a file. Commands take it with
\`--config FILE\`. A flag comes before a variable, a variable before the file, and the file before the default.

${configReference().trim()}

## Example

\`\`\`yaml
${configTemplate().trim()}
\`\`\`
`;
}

function reportJsonSchema(): string {
  const schema = {
    $comment: notice('src/history/report-schema.ts'),
    title: 'Report of Passmuster',
    ...z.toJSONSchema(reportSchema, { io: 'input' }),
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

/** One rule for each API group, so that a reader sees at a glance what is asked for. */
function clusterRole(): string {
  const resources = new Map<string, Set<string>>();
  for (const { apiVersion, resource, kind } of Object.values(sources)) {
    // Kinds that nobody knows beforehand take a wildcard, which is not given unasked: see k8s/overlays/gatekeeper.
    if (kind === anyKind) continue;
    const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
    resources.set(group, (resources.get(group) ?? new Set()).add(resource));
  }
  const role = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'passmuster' },
    rules: [...resources].toSorted(byName).map(([group, names]) => ({
      apiGroups: [group],
      resources: [...names].toSorted(),
      verbs: ['get', 'list'],
    })),
  };
  const comment = [
    notice('src/collect/sources.ts'),
    'Everything that Passmuster reads: no Secrets, no ConfigMaps, no wildcards, and nothing is written.',
  ];
  const text = stringify(role, { singleQuote: true, lineWidth: 0 });
  return `${comment.map((line) => `# ${line}\n`).join('')}${text}`;
}

const byName = ([a]: [string, unknown], [b]: [string, unknown]): number => (a < b ? -1 : 1);

const check = process.argv.includes('--check');
const stale: string[] = [];
for (const [path, make] of Object.entries(generated)) {
  const file = join(root, path);
  const text = make();
  const current = await readFile(file, 'utf8').catch(() => undefined);
  if (current === text) continue;
  stale.push(path);
  if (!check) await writeFile(file, text);
}
if (check && stale.length > 0) {
  process.stderr.write(`Stale: ${stale.join(', ')}. Write them anew with: npm run generate\n`);
  process.exitCode = 1;
}
if (!check)
  process.stdout.write(stale.length > 0 ? `Written: ${stale.join(', ')}\n` : 'Nothing has changed.\n');
