/**
 * `npm run build`: the package, in `dist/`, ready for `npm pack ./dist`. All of Passmuster and its libraries becomes one ES
 * module with the templates and the guidance inlined, so that it starts fast, needs no node_modules and evaluates no code.
 */
import { chmod, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import * as esbuild from 'esbuild';
import Handlebars from 'handlebars';
import * as assets from '../src/assets.ts';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');
const read = (path: string): Promise<string> => readFile(join(root, path), 'utf8');

/** The files of a folder that end so, by their names without the ending. */
async function texts(folder: string, ending: string): Promise<Record<string, string>> {
  const names = (await readdir(join(root, folder))).filter((name) => name.endsWith(ending)).toSorted();
  const pairs = names.map(async (name) => [name.slice(0, -ending.length), await read(join(folder, name))]);
  return Object.fromEntries(await Promise.all(pairs)) as Record<string, string>;
}

async function guidance(): Promise<Record<string, string>> {
  const folders = await readdir(join(root, 'src/checks'), { withFileTypes: true });
  const ids = folders
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('_'))
    .map(({ name }) => name);
  const pairs = ids.map(async (id) => [id, await read(`src/checks/${id}/guidance.md`)]);
  return Object.fromEntries(await Promise.all(pairs)) as Record<string, string>;
}

/** The source of an object whose values are precompiled templates. */
function precompiled(templates: Record<string, string>): string {
  const entries = Object.entries(templates).map(([name, text]) => {
    // Typed as if it could be an object; it is the source of one.
    const code = Handlebars.precompile(text, assets.templateOptions) as string;
    return `${JSON.stringify(name)}: ${code}`;
  });
  return `{ ${entries.join(',\n')} }`;
}

/** What stands in the bundle for src/assets.ts: the same exports, everything inlined. */
async function inlinedAssets(): Promise<string> {
  const styleSheets = await texts('templates', '.css');
  const scripts = await texts('templates', '.js');
  const files = Object.fromEntries([
    ...Object.entries(styleSheets).map(([name, text]) => [`${name}.css`, text]),
    ...Object.entries(scripts).map(([name, text]) => [`${name}.js`, text]),
  ]);
  const exported = {
    templateOptions: JSON.stringify(assets.templateOptions),
    version: JSON.stringify(assets.version),
    template: '(name) => Handlebars.template(pick(templates, name))',
    asset: '(file) => pick(files, file)',
    guidanceMarkdown: '(checkId) => pick(guidance, checkId)',
    platformMarkdown: '(name) => pick(platform, name)',
  } satisfies Record<keyof typeof assets, string>;

  return `
    import Handlebars from 'handlebars/runtime.js';
    const templates = ${precompiled(await texts('templates', '.hbs'))};
    const partials = ${precompiled(await texts('templates/partials', '.hbs'))};
    for (const name of Object.keys(partials)) Handlebars.registerPartial(name, Handlebars.template(partials[name]));
    const files = ${JSON.stringify(files)};
    const guidance = ${JSON.stringify(await guidance())};
    const platform = ${JSON.stringify(await texts('src/checks/_platform', '.md'))};
    const pick = (from, name) => {
      if (!Object.hasOwn(from, name)) throw new Error('not in the package: ' + name);
      return from[name];
    };
    ${Object.entries(exported)
      .map(([name, code]) => `export const ${name} = ${code};`)
      .join('\n')}`;
}

const contents = await inlinedAssets();
const inlineAssets: esbuild.Plugin = {
  name: 'inline-assets',
  setup: (build) => {
    build.onLoad({ filter: /[\\/]src[\\/]assets\.ts$/ }, () => ({
      contents,
      loader: 'js',
      resolveDir: root,
    }));
  },
};

/**
 * Modules of libraries that would bring along, and run at every start, much that is never called, and what stands for them in the bundle.
 * A name that is missing from them fails the build.
 */
const narrowed = [
  {
    // Without fetch, WebSocket, caches and mocks.
    path: /^undici$/,
    from: /./,
    contents: `
      import Dispatcher from 'undici/lib/dispatcher/dispatcher.js';
      import Agent from 'undici/lib/dispatcher/agent.js';
      import Pool from 'undici/lib/dispatcher/pool.js';
      import ProxyAgent from 'undici/lib/dispatcher/proxy-agent.js';
      import api from 'undici/lib/api/index.js';
      Object.assign(Dispatcher.prototype, api);
      export { Agent, Pool, ProxyAgent };`,
  },
  {
    // Without the generated clients: the lists go over a transport of our own.
    path: /^\.\/gen\/index\.js$/,
    from: /client-node[\\/]dist[\\/]config\.js$/,
    contents: `
      const notInPackage = () => { throw new Error('the generated API client is not in the package'); };
      export { notInPackage as createConfiguration, notInPackage as ServerConfiguration };`,
  },
  {
    // Without languages that no message of ours is in.
    path: /[\\/]locales[\\/]index\.js$/,
    from: /[\\/]zod[\\/]/,
    contents: 'export {};',
  },
];
const narrowLibraries: esbuild.Plugin = {
  name: 'narrow-libraries',
  setup: (build) => {
    for (const [i, { path, from, contents: code }] of narrowed.entries()) {
      const namespace = `narrowed-${i}`;
      build.onResolve({ filter: path }, ({ importer }) =>
        from.test(importer) ? { path: String(path), namespace } : null,
      );
      build.onLoad({ filter: /./, namespace }, () => ({ contents: code, resolveDir: root }));
    }
  },
};

/**
 * Modules of Node are fetched when the code that uses them first runs. As imports they would all be loaded at every start, webcrypto
 * included, which takes longer than all of `passmuster --version` should.
 */
const lazyBuiltins: esbuild.Plugin = {
  name: 'lazy-builtins',
  setup: (build) => {
    const namespace = 'builtin';
    build.onResolve({ filter: /./ }, ({ path }) => (isBuiltin(path) ? { path, namespace } : null));
    build.onLoad({ filter: /./, namespace }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
    }));
  },
};

const { version, description, engines } = JSON.parse(await read('package.json')) as Record<string, unknown>;
const manifest = {
  name: 'passmuster',
  version,
  description,
  type: 'module',
  bin: { passmuster: 'passmuster.js', 'kubectl-passmuster': 'passmuster.js' },
  engines,
};

await rm(dist, { recursive: true, force: true });
await mkdir(dist);
const bundle = join(dist, 'passmuster.js');
const { metafile } = await esbuild.build({
  absWorkingDir: root,
  entryPoints: [join(root, 'src/cli/main.ts')],
  outfile: bundle,
  bundle: true,
  platform: 'node',
  target: 'node22',
  format: 'esm',
  // Names stay, for the stack traces of --verbose.
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  metafile: true,
  plugins: [inlineAssets, narrowLibraries, lazyBuiltins],
  logLevel: 'warning',
});
await chmod(bundle, 0o755);
await writeFile(join(dist, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
await Promise.all(
  ['README.md', 'CHANGELOG.md', 'k8s'].map((path) =>
    cp(join(root, path), join(dist, path), { recursive: true }),
  ),
);

const bytes = metafile.outputs['dist/passmuster.js']?.bytes ?? 0;
process.stdout.write(
  `dist/passmuster.js: ${Math.round(bytes / 1024)} kB; npm pack ./dist makes the package.\n`,
);
