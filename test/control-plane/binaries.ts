/** Obtains the programs of a Kubernetes control plane: from the machine, from the cache, or built with Go. */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, stat, symlink, utimes } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** The versions that tests can start: both ends of what Passmuster supports. */
export const kubernetesVersions = ['1.37', '1.24'] as const;
export type KubernetesVersion = (typeof kubernetesVersions)[number];
export const defaultVersion: KubernetesVersion = '1.37';

/** The programs in each Go module's binary. etcd and kubectl of the default version serve the others too. */
const programs = {
  '1.37': ['kube-apiserver', 'kube-controller-manager', 'etcd', 'kubectl'],
  '1.24': ['kube-apiserver', 'kube-controller-manager'],
} as const satisfies Record<KubernetesVersion, readonly string[]>;

/** Paths of the programs of one control plane. */
export interface Binaries {
  apiServer: string;
  controllerManager: string;
  etcd: string;
  kubectl: string;
}

export interface BinariesOptions {
  /** The controller-manager is needed; KUBEBUILDER_ASSETS does not have it. */
  controllerManager?: boolean | undefined;
}

/**
 * The programs of `version`, built first where need be, which takes minutes and prints its progress to stderr.
 * They are built once into a cache folder: CONTROL_PLANE_CACHE, or `passmuster/control-plane` in the user's cache folder.
 *
 * KUBEBUILDER_ASSETS, as Kubebuilder's envtest uses it, names a folder with a kube-apiserver, etcd and kubectl to use instead.
 * Its kube-apiserver stands for the default version; another version, and any controller-manager, are still built.
 */
export async function ensureBinaries(
  version: KubernetesVersion,
  options: BinariesOptions = {},
): Promise<Binaries> {
  const assets = assetsFolder();
  const servers = usesAssets(version, options) && assets !== undefined ? assets : await built(version);
  const tools = assets ?? (await built(defaultVersion));
  return {
    apiServer: join(servers, 'kube-apiserver'),
    controllerManager: join(servers, 'kube-controller-manager'),
    etcd: join(tools, 'etcd'),
    kubectl: join(tools, 'kubectl'),
  };
}

/**
 * Why a suite that needs these programs is to be skipped on this machine, or undefined when it can run: for `describe.skipIf`.
 * With CI=true nothing is skipped, so that a machine without Go fails there.
 */
export function skipReason(version: KubernetesVersion, options: BinariesOptions = {}): string | undefined {
  const assets = assetsFolder();
  const needed = [
    ...(usesAssets(version, options) ? [] : [version]),
    ...(assets === undefined ? [defaultVersion] : []),
  ];
  const missing = needed.filter((each) => !existsSync(cachedFolder(each)));
  if (process.env['CI'] === 'true' || missing.length === 0 || hasGo()) return undefined;
  const reason = noGoMessage(version);
  process.stderr.write(`Skipped: ${reason}\n`);
  return reason;
}

/** The full version that a module builds, such as `v1.37.1`, from its go.mod. */
export function gitVersion(version: KubernetesVersion): string {
  const found = /k8s\.io\/kubernetes (v[\d.]+)/.exec(
    readFileSync(join(moduleFolder(version), 'go.mod'), 'utf8'),
  );
  if (found?.[1] === undefined)
    throw new Error(`${moduleFolder(version)}/go.mod does not require k8s.io/kubernetes`);
  return found[1];
}

function usesAssets(version: KubernetesVersion, options: BinariesOptions): boolean {
  return assetsFolder() !== undefined && version === defaultVersion && options.controllerManager !== true;
}

/** The folder of KUBEBUILDER_ASSETS, checked; undefined when it is not set. */
function assetsFolder(): string | undefined {
  const folder = process.env['KUBEBUILDER_ASSETS'];
  if (!folder) return undefined;
  for (const program of ['kube-apiserver', 'etcd', 'kubectl']) {
    if (!existsSync(join(folder, program))) {
      throw new Error(
        `KUBEBUILDER_ASSETS names ${folder}, which has no ${program}. ` +
          'It must hold kube-apiserver, etcd and kubectl; unset it to build them with Go.',
      );
    }
  }
  return resolve(folder);
}

function cacheFolder(): string {
  const userCache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  return process.env['CONTROL_PLANE_CACHE'] || join(userCache, 'passmuster', 'control-plane');
}

/** Where a version is cached. Its name changes with all that decides what is built. */
function cachedFolder(version: KubernetesVersion): string {
  const hash = createHash('sha256').update(buildFlags(version).join(' '));
  for (const file of ['go.mod', 'go.sum', 'main.go'])
    hash.update(readFileSync(join(moduleFolder(version), file)));
  return join(cacheFolder(), `${version}-${hash.digest('hex').slice(0, 12)}`);
}

function moduleFolder(version: KubernetesVersion): string {
  return join(import.meta.dirname, `v${version}`);
}

function buildFlags(version: KubernetesVersion): string[] {
  const [major = '', minor = ''] = version.split('.');
  const variables = {
    gitVersion: gitVersion(version),
    gitMajor: major,
    gitMinor: minor,
    gitTreeState: 'clean',
  };
  const stamps = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].flatMap((path) =>
    Object.entries(variables).map(([name, value]) => `-X ${path}.${name}=${value}`),
  );
  return ['-mod=readonly', '-trimpath', '-buildvcs=false', '-ldflags', `-s -w ${stamps.join(' ')}`];
}

/** The cache folder of a version, filled by this process or by another that got there first. */
async function built(version: KubernetesVersion): Promise<string> {
  const folder = cachedFolder(version);
  if (existsSync(folder)) return folder;
  await mkdir(cacheFolder(), { recursive: true });
  const unlock = await lock(`${folder}.lock`);
  try {
    if (!existsSync(folder)) await build(version, folder);
  } finally {
    await unlock();
  }
  return folder;
}

/** Builds beside `folder` and renames, so that an interrupted build leaves nothing that looks finished. */
async function build(version: KubernetesVersion, folder: string): Promise<void> {
  const temporary = await mkdtemp(`${folder}.building-`);
  try {
    await goBuild(version, join(temporary, 'control-plane'));
    for (const program of programs[version]) await symlink('control-plane', join(temporary, program));
    await rename(temporary, folder);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function goBuild(version: KubernetesVersion, output: string): Promise<void> {
  if (!hasGo()) throw new Error(noGoMessage(version));
  const name = `Kubernetes ${gitVersion(version)}`;
  const started = Date.now();
  const seconds = () => Math.round((Date.now() - started) / 1000);
  say(`Building ${name} with Go for the tests, once: this takes a few minutes, more on a slow network.`);

  const child = spawn('go', ['build', '-v', ...buildFlags(version), '-o', output, '.'], {
    cwd: moduleFolder(version),
    env: { ...process.env, CGO_ENABLED: '0', GOWORK: 'off' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  // With -v, go prints one line for each module that it downloads and each package that it compiles; errors come last.
  let downloaded = 0;
  let compiled = 0;
  const lastLines: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (line.startsWith('go: downloading')) downloaded += 1;
    else compiled += 1;
    lastLines.push(line);
    if (lastLines.length > 30) lastLines.shift();
  });
  const progress = setInterval(
    () => say(`  ${name}: ${seconds()} s, ${downloaded} modules downloaded, ${compiled} packages compiled`),
    15_000,
  );
  try {
    const code = await new Promise<number | null>((done, failed) =>
      child.once('error', failed).once('close', done),
    );
    if (code !== 0) throw new Error(`go build of ${name} failed:\n${lastLines.join('\n')}`);
  } finally {
    clearInterval(progress);
  }
  say(`Built ${name} in ${seconds()} s.`);
}

/**
 * Takes a lock that other processes respect, and returns what releases it. The holder touches it all the time,
 * so one that is left behind by a process that was killed is known by its age.
 */
async function lock(path: string): Promise<() => Promise<void>> {
  const touchEvery = 5_000;
  const abandonedAfter = 30_000;
  let waiting = false;
  for (;;) {
    try {
      await mkdir(path);
      break;
    } catch (error) {
      if (!isFileError(error, 'EEXIST')) throw error;
    }
    const touched = await stat(path).then(
      (found) => found.mtimeMs,
      () => Date.now(), // released just now
    );
    if (Date.now() - touched > abandonedAfter) {
      await rm(path, { recursive: true, force: true });
      continue;
    }
    if (!waiting) say(`Waiting for another process that builds ${path.replace(/\.lock$/, '')}.`);
    waiting = true;
    await sleep(500);
  }
  const touching = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => undefined); // a lock that is gone costs at most a second build
  }, touchEvery);
  return async () => {
    clearInterval(touching);
    await rm(path, { recursive: true, force: true });
  };
}

function isFileError(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

function hasGo(): boolean {
  return spawnSync('go', ['version']).status === 0;
}

function noGoMessage(version: KubernetesVersion): string {
  return (
    `the control plane of Kubernetes ${version} for tests is built with Go (1.26 or newer), and there is no "go" on PATH.\n` +
    'Install Go, or set KUBEBUILDER_ASSETS to a folder that holds kube-apiserver, etcd and kubectl ' +
    '(setup-envtest of controller-runtime fetches one).\n' +
    `That folder stands for Kubernetes ${defaultVersion} without the controller-manager; other suites need Go.`
  );
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
