/**
 * `npm run bench`: how fast and how frugal a scan of a real control plane is, as ratios to the floor and to kubectl, at two sizes.
 * Takes minutes. `--small N --pods N --rounds N` change the sizes, `--profile` leaves a CPU profile in out/bench.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { sources } from '../src/collect/sources.ts';
import { startControlPlane, type ControlPlane } from '../test/servers/control-plane.ts';
import { startCountingProxy } from './counting-proxy.ts';
import { measure, median, type Cost } from './measure.ts';
import type { NetworkFigures } from './network.ts';
import { seed } from './seed.ts';

const root = join(import.meta.dirname, '..');
const bundle = join(root, 'dist/passmuster.js');
const out = join(root, 'out/bench');
const { values } = parseArgs({
  options: {
    small: { type: 'string', default: '1000' },
    pods: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '5' },
    profile: { type: 'boolean', default: false },
  },
});
const say = (line: string): void => void process.stdout.write(`${line}\n`);

type Program = 'floor' | 'scan' | 'kubectl';
type Measured = Record<Program, Cost>;

// The bundle is run as it is shipped: with no flag of Node.
const scanArgs = (kubeconfig: string): string[] => {
  return [bundle, 'scan', '--kubeconfig', kubeconfig, '-o', 'json=/dev/null', '--quiet'];
};

/** The list paths of everything that a scan reads and this server has. */
async function listPaths(plane: ControlPlane): Promise<string[]> {
  const paths = Object.values(sources).map(({ apiVersion, resource }) =>
    apiVersion.includes('/') ? `/apis/${apiVersion}/${resource}` : `/api/${apiVersion}/${resource}`,
  );
  const answers = await Promise.all(paths.map((path) => plane.request('GET', `${path}?limit=1`)));
  return paths.filter((_, i) => answers[i]?.status === 200);
}

/** Every program once a round, one after another, so that what else the machine does strikes all of them. */
async function measureAll(plane: ControlPlane, paths: readonly string[]): Promise<Measured> {
  const environment = { TOKEN: plane.adminToken, CA_FILE: plane.caFile };
  const runs: Record<Program, () => Promise<Cost>> = {
    floor: () =>
      measure(process.execPath, [join(root, 'bench/floor.ts'), plane.server, ...paths], environment),
    scan: () => measure(process.execPath, scanArgs(plane.kubeconfig)),
    kubectl: () =>
      measure(plane.kubectlPath, ['--kubeconfig', plane.kubeconfig, 'get', 'pods', '-A', '-o', 'json']),
  };
  const costs: Record<Program, Cost[]> = { floor: [], scan: [], kubectl: [] };
  // One round more than is counted, to warm the server's caches and the file system's.
  for (let round = 0; round <= Number(values.rounds); round += 1) {
    for (const program of ['floor', 'scan', 'kubectl'] as const) {
      const cost = await runs[program]();
      if (round > 0) costs[program].push(cost);
    }
  }
  const { floor, scan, kubectl } = costs;
  return { floor: median(floor), scan: median(scan), kubectl: median(kubectl) };
}

/** How many pages of `size` objects the lists have. */
async function pagesOf(plane: ControlPlane, paths: readonly string[], size: number): Promise<number> {
  const counts = paths.map(async (path) => {
    const { text } = await plane.request('GET', `${path}?limit=1`);
    const { metadata } = JSON.parse(text) as { metadata: { remainingItemCount?: number } };
    return Math.ceil((1 + (metadata.remainingItemCount ?? 0)) / size);
  });
  return (await Promise.all(counts)).reduce((sum, pages) => sum + pages, 0);
}

/** One scan through a proxy that counts. */
async function count(plane: ControlPlane): Promise<{ requests: URL[]; connections: number }> {
  const proxy = await startCountingProxy(plane.server, {
    cert: plane.caFile,
    key: plane.caFile.replace(/\.crt$/, '.key'),
  });
  const kubeconfig = join(dirname(plane.kubeconfig), 'kubeconfig-of-the-proxy');
  writeFileSync(kubeconfig, readFileSync(plane.kubeconfig, 'utf8').replaceAll(plane.server, proxy.server));
  try {
    await measure(process.execPath, scanArgs(kubeconfig));
    return { requests: proxy.requests, connections: proxy.connections };
  } finally {
    proxy.stop();
  }
}

const seconds = (value: number): string => `${value.toFixed(2)} s`.padStart(9);
const megabytes = (value: number): string => `${Math.round(value)} MB`.padStart(8);

function printCosts(pods: number, measured: Measured): void {
  say(`\n${String(pods).padStart(6)} pods          wall       CPU     peak`);
  for (const program of ['floor', 'scan', 'kubectl'] as const) {
    const { wall, cpu, peak } = measured[program];
    say(`  ${program.padEnd(14)}${seconds(wall)} ${seconds(cpu)} ${megabytes(peak)}`);
  }
}

/** Prints one target and whether it is met. */
function judge(what: string, value: number, most: number, unit = ''): void {
  const met = value <= most;
  if (!met) process.exitCode = 1;
  const figure = Number.isInteger(value) ? String(value) : value.toFixed(2);
  say(`  ${met ? 'met   ' : 'MISSED'}  ${what.padEnd(42)} ${figure}${unit} (at most ${most}${unit})`);
}

/** The NetworkPolicy engine has no server to wait for: it is measured without one. */
function judgeNetwork(): void {
  const runs = Array.from({ length: Number(values.rounds) }, () => {
    const text = execFileSync(process.execPath, [join(root, 'bench/network.ts')], { encoding: 'utf8' });
    return JSON.parse(text) as NetworkFigures;
  });
  const middle = (figure: keyof NetworkFigures): number =>
    runs.map((run) => run[figure]).toSorted((a, b) => a - b)[Math.floor(runs.length / 2)] ?? 0;
  say(
    `\nNetworkPolicies: ${middle('pods')} pods, ${middle('policies')} policies, ${middle('classes')} classes (median of ${values.rounds} rounds)`,
  );
  judge('wall, from the first Pod to the matrix', middle('wall'), 2, ' s');
  judge('peak memory on top of the objects', Math.round(middle('memory')), 150, ' MB');
}

execFileSync(process.execPath, [join(root, 'scripts/build.ts')], { stdio: 'inherit' });
mkdirSync(out, { recursive: true });
const plane = await startControlPlane({ controllerManager: true });
try {
  const paths = await listPaths(plane);
  const measured: Measured[] = [];
  for (const pods of [Number(values.small), Number(values.pods)]) {
    const start = performance.now();
    const seeded = await seed(plane, pods);
    const took = ((performance.now() - start) / 1000).toFixed(0);
    say(`Seeded up to ${seeded.pods} pods of ${(seeded.podBytes / 1000).toFixed(1)} kB in ${took} s.`);
    const result = await measureAll(plane, paths);
    printCosts(seeded.pods, result);
    measured.push(result);
  }
  const [small, large] = measured as [Measured, Measured];
  const counted = await count(plane);
  const lists = counted.requests.filter(({ pathname }) => paths.includes(pathname));
  const pages = await pagesOf(plane, paths, Number(lists[0]?.searchParams.get('limit')));

  say(`\nTargets at ${values.pods} pods (median of ${values.rounds} rounds)`);
  judge('wall, scan / floor', large.scan.wall / large.floor.wall, 2);
  judge('wall, scan / kubectl get pods -o json', large.scan.wall / large.kubectl.wall, 0.2);
  judge('peak memory', Math.round(large.scan.peak), 300, ' MB');
  judge(`peak memory, to that of ${values.small} pods`, large.scan.peak / small.scan.peak, 1.5);
  judge('TLS connections', counted.connections, 2);
  judge('requests for pages', lists.length, pages);
  judge('requests for anything else', counted.requests.length - lists.length, 8);
  say(`  CPU, scan / floor ${(large.scan.cpu / large.floor.cpu).toFixed(2)}`);
  judgeNetwork();

  if (values.profile) {
    await measure(process.execPath, ['--cpu-prof', `--cpu-prof-dir=${out}`, ...scanArgs(plane.kubeconfig)]);
    say(`A CPU profile is in ${out}.`);
  }
} finally {
  await plane.stop();
}
