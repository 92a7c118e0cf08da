/**
 * `npm run new:check <id> [-- --shape podSpec|object|cluster|manual]`: the folder of a new check, which compiles and judges
 * nothing yet, and its line in checks/index.ts. `npm test` fails until its logic, words and fixtures are written.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { benchmarks } from '../src/benchmarks/index.ts';
import { exit, UserError } from '../src/errors.ts';
import { guidanceHeadings } from '../src/kit/guidance.ts';
import { closest, visible } from '../src/text.ts';

const checksFolder = join(import.meta.dirname, '../src/checks');

interface Shape {
  define: string;
  onNothing: 'pass' | 'not-applicable';
  /** What the shape asks for besides id, title, severity and the verdict on nothing. */
  members: string[];
  /** The object of its fixtures; none where the API cannot answer. */
  fixture?: (name: string, label: string) => string;
}

const advice = '// Each problem has a field, a message and a fix: see the checks of this shape beside it.';

const shapes: Readonly<Record<string, Shape>> = {
  podSpec: {
    define: 'podSpecCheck',
    onNothing: 'not-applicable',
    members: [advice, 'test: () => [],'],
    fixture: deployment,
  },
  object: {
    define: 'objectCheck',
    onNothing: 'not-applicable',
    members: ["source: 'namespaces',", 'needs: [],', advice, 'test: () => [],'],
    fixture: namespace,
  },
  cluster: {
    define: 'clusterCheck',
    onNothing: 'pass',
    members: ["needs: ['namespaces'],", advice, 'test: () => ({ evaluated: [], problems: [] }),'],
    fixture: namespace,
  },
  manual: { define: 'manualCheck', onNothing: 'not-applicable', members: [] },
};

const usage = `npm run new:check <id> [-- --shape ${Object.keys(shapes).join('|')}]`;

const wrong = (message: string, hint: string): UserError =>
  new UserError(message, { hint, exitCode: exit.usage });

function main(): void {
  const { id, shape } = request();
  const index = join(checksFolder, 'index.ts');
  const folder = join(checksFolder, id);
  if (existsSync(folder))
    throw wrong(`There is a check ${id} already: ${folder}.`, 'Choose another id, or change that check.');

  const files = filesOf(id, shape);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  writeFileSync(index, registered(readFileSync(index, 'utf8'), id));
  process.stdout.write(`${nextSteps(id, Object.keys(files)).join('\n')}\n`);
}

function request(): { id: string; shape: Shape } {
  let parsed;
  try {
    parsed = parseArgs({
      options: { shape: { type: 'string', default: 'podSpec' } },
      allowPositionals: true,
    });
  } catch (error) {
    throw wrong((error as Error).message, `Usage: ${usage}`);
  }
  const [id, ...others] = parsed.positionals;
  if (id === undefined || others.length > 0) throw wrong('Give the new check one id.', `Usage: ${usage}`);
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(id)) {
    throw wrong(
      `${visible(id)} cannot be the id of a check.`,
      'An id is words in kebab-case, such as host-path; it stands in reports and exemptions for ever.',
    );
  }
  const shape = Object.hasOwn(shapes, parsed.values.shape) ? shapes[parsed.values.shape] : undefined;
  if (shape === undefined) {
    const meant = closest(parsed.values.shape, Object.keys(shapes));
    throw wrong(
      `There is no shape ${visible(parsed.values.shape)}.`,
      `${meant === undefined ? '' : `Did you mean ${meant}? `}Shapes are ${Object.keys(shapes).join(', ')}.`,
    );
  }
  return { id, shape };
}

const camelCase = (id: string): string => id.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
const sentence = (id: string): string => `${id.charAt(0).toUpperCase()}${id.slice(1).replaceAll('-', ' ')}`;

const filesOf = (id: string, { define, onNothing, members, fixture }: Shape): Record<string, string> => ({
  'check.ts': [
    `import { ${define} } from '../../kit/define-check.ts';`,
    '',
    `export const ${camelCase(id)} = ${define}({`,
    ...[
      `id: '${id}',`,
      `title: '${sentence(id)}',`,
      "severity: 'medium',",
      `onNothing: '${onNothing}',`,
      ...members,
    ].map((line) => `  ${line}`),
    '});',
    '',
  ].join('\n'),
  'guidance.md': Object.entries(hints)
    .map(([heading, hint]) => `## ${heading}\n\n${hint}\n`)
    .join('\n'),
  ...(fixture === undefined
    ? {}
    : {
        'fixtures/bad.yaml': fixture('bad', '  labels: { expect: fail }\n'),
        'fixtures/good.yaml': fixture('good', ''),
      }),
});

/** What each part has to say. A comment is no words: the check is not complete until something stands beside it. */
const hints = {
  Description: '<!-- What the check looks at, and when it fails. -->',
  Rationale: '<!-- What an attacker gains where it fails. -->',
  Impact: '<!-- What stops working when it is put right. -->',
  'Default value': '<!-- What Kubernetes does when nothing is set. -->',
  Prerequisites: '<!-- What must be known or done before the change. -->',
  'Test plan': '<!-- How to see it by hand; changes nothing. -->\n\n{{commands}}',
  'Implementation plan':
    '<!-- How to put it right. Parts ### AKS, ### EKS, ### GKE follow where such a platform has a route of its own. -->\n\n{{commands}}',
  'Backout plan':
    '<!-- How to restore what was there before, for each part of the implementation. -->\n\n{{commands}}',
  References: '<!-- Links; benchmarks by number only. -->',
} as const satisfies Record<keyof typeof guidanceHeadings, string>;

function deployment(name: string, label: string): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
  namespace: default
${label}spec:
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      containers:
        - name: app
          image: registry.example/app:1.0
`;
}

function namespace(name: string, label: string): string {
  return `apiVersion: v1\nkind: Namespace\nmetadata:\n  name: ${name}\n${label}`;
}

const folderOf = (each: string): string => each.slice(each.indexOf("'"));

/** checks/index.ts with the import at its place in the alphabet, and the check at the end of the list. */
function registered(source: string, id: string): string {
  const line = `import { ${camelCase(id)} } from './${id}/check.ts';`;
  const imports = source.split('\n').filter((each) => /^import .* from '\.\/[^/]+\/check\.ts';$/.test(each));
  const next = imports.find((each) => folderOf(each) > folderOf(line));
  const last = imports.at(-1) ?? '';
  return source
    .replace(next ?? last, next === undefined ? `${last}\n${line}` : `${line}\n${next}`)
    .replace(/^\];$/m, `  ${camelCase(id)},\n];`);
}

function nextSteps(id: string, files: readonly string[]): string[] {
  const rows = likelyRows(id);
  return [
    `Written: ${files.map((file) => `src/checks/${id}/${file}`).join(', ')}`,
    'Registered: src/checks/index.ts',
    '',
    'Next:',
    '1. Write the logic, the words and the fixtures; npm test says what is missing.',
    `2. Name '${id}' in the row of each benchmark that has the control. ${rows.length === 0 ? 'No row without a check looks like it; see src/benchmarks/.' : 'Likely rows:'}`,
    ...rows,
  ];
}

/** The controls that no check serves yet and whose titles share the most words with the id. */
function likelyRows(id: string): string[] {
  const words = id.split('-').map((word) => word.slice(0, 4));
  const rows = benchmarks.flatMap((benchmark) =>
    benchmark.controls
      .filter(({ checks }) => checks.length === 0)
      .map((control) => ({
        row: `   src/benchmarks/${benchmark.id}.ts ${control.id}: ${control.title}`,
        shared: words.filter((word) => control.title.toLowerCase().includes(word)).length,
      })),
  );
  const most = Math.max(...rows.map(({ shared }) => shared));
  return most === 0 ? [] : rows.filter(({ shared }) => shared === most).map(({ row }) => row);
}

try {
  main();
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  process.stderr.write(`${error.message}\n${error.hint ?? ''}\n`);
  process.exitCode = error.exitCode;
}
