/**
 * Starts a real Kubernetes control plane on loopback for tests: etcd, kube-apiserver with RBAC and, where asked for,
 * kube-controller-manager. There are no nodes and no scheduler, so pods stay Pending; nothing ever runs.
 *
 * `node test/servers/control-plane.ts` starts one by hand.
 */
import { spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import {
  appendFileSync,
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { request as httpsRequest } from 'node:https';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import {
  defaultVersion,
  ensureBinaries,
  kubernetesVersions,
  type Binaries,
  type KubernetesVersion,
} from '../control-plane/binaries.ts';

export interface ControlPlaneOptions {
  version?: KubernetesVersion | undefined;
  /**
   * Also run kube-controller-manager, which makes pods of workloads and service accounts of namespaces, ends namespaces
   * that are deleted, and fills the aggregated ClusterRoles (admin, edit and view grant nothing without it).
   *
   * Without it nobody makes the `default` service account of a new namespace, and the ServiceAccount admission plugin
   * would reject every pod. So that plugin is then off: pods are kept as they are written, without
   * `serviceAccountName: default` and the token volume, and may name a service account that does not exist.
   *
   * With it, pods that name a node which does not exist are removed after a minute.
   */
  controllerManager?: boolean | undefined;
  /** Admission plugins beside the default ones, such as `PodSecurityPolicy` on 1.24. */
  enableAdmissionPlugins?: readonly string[] | undefined;
  /** Users who may log in, by the token that `tokenOf(name)` gives. RBAC grants them nothing yet. */
  users?: readonly { name: string; groups?: readonly string[] }[] | undefined;
  /** More flags of kube-apiserver. */
  apiServerArgs?: readonly string[] | undefined;
  /** More flags of kube-controller-manager. */
  controllerManagerArgs?: readonly string[] | undefined;
  /** More flags of etcd. */
  etcdArgs?: readonly string[] | undefined;
}

export interface KubectlOptions {
  /** What kubectl reads from standard input, for `-f -`. */
  input?: string | undefined;
  /** Path of a kubeconfig; the administrator's by default. */
  kubeconfig?: string | undefined;
  /** User to impersonate. */
  as?: string | undefined;
}

export interface ControlPlane {
  version: KubernetesVersion;
  /** URL of the API server. */
  server: string;
  /** Path of the kubeconfig of an administrator (group system:masters). */
  kubeconfig: string;
  /** Path of the certificate authority that signed the API server's certificate, in PEM. */
  caFile: string;
  adminToken: string;
  /** The token of one of the `users` that the control plane was started with. */
  tokenOf(user: string): string;
  /** Writes a kubeconfig that logs in with a token, and returns its path. */
  kubeconfigFor(login: { token: string; namespace?: string | undefined }): string;
  /** Runs kubectl and returns what it printed, whatever its exit code. */
  kubectl(args: readonly string[], options?: KubectlOptions): Promise<CommandResult>;
  kubectlPath: string;
  /** Creates or changes the objects of a manifest (YAML or JSON) as administrator; throws when kubectl fails. */
  apply(manifest: string): Promise<void>;
  /** Sends one request to the API server, as administrator unless told otherwise. */
  request(method: string, path: string, options?: RequestOptions): Promise<ApiResponse>;
  /** A token of a service account that exists, from the TokenRequest API. */
  serviceAccountToken(namespace: string, name: string): Promise<string>;
  etcdEndpoint: string;
  /**
   * Makes etcd forget everything but the present, so that `continue` tokens handed out before get 410 Gone.
   *
   * From 1.34 the API server serves pages from snapshots of its watch cache too and looks for compactions only every
   * 15 seconds. With the flag `--feature-gates=ListFromCacheSnapshot=false` the 410 comes at once.
   */
  compact(): Promise<void>;
  /** Ends the processes and removes their data. */
  stop(): Promise<void>;
}

export interface CommandResult {
  stdout: string;
  stderr: string;
  /** Exit code; null when a signal ended the command. */
  code: number | null;
}

export interface RequestOptions {
  token?: string | undefined;
  /** Sent as JSON. */
  body?: unknown;
}

export interface ApiResponse {
  status: number;
  text: string;
}

/** Starts a control plane and waits until it is ready to be used. Its programs are built first where need be. */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const binaries = await ensureBinaries(options.version ?? defaultVersion, options);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnce(binaries, options);
    } catch (error) {
      // Another program may take a free port before ours listens on it.
      if (attempt === 3 || !String(error).includes('address already in use')) throw error;
    }
  }
}

async function startOnce(binaries: Binaries, options: ControlPlaneOptions): Promise<ControlPlane> {
  const [etcdPort = 0, serverPort = 0] = await freePorts(2);
  const folder = mkdtempSync(join(tmpdir(), 'passmuster-control-plane-'));
  const server = `https://127.0.0.1:${serverPort}`;
  const etcdEndpoint = `http://127.0.0.1:${etcdPort}`;
  // The API server signs a certificate for itself and writes the authority that signed it into the same file.
  const caFile = join(folder, 'certificates', 'apiserver.crt');
  const adminToken = newToken();
  const users = new Map(
    (options.users ?? []).map(({ name, groups = [] }) => [name, { groups, token: newToken() }]),
  );
  const programs: Program[] = [];
  let ready = false;
  // A program that ends before all is ready is reported by the error that this function throws.
  const endedByItself = (report: string) => ready && process.stderr.write(report);
  const start = (path: string, flags: string[]) =>
    programs.push(startProgram(path, flags, folder, endedByItself));

  const forget = endWithProcess(() => {
    for (const program of programs) program.kill();
    rmSync(folder, { recursive: true, force: true });
  });
  const stop = async () => {
    // The last one started goes first: each needs those before it, to end as well.
    for (const program of programs.toReversed()) await program.stop();
    await rm(folder, { recursive: true, force: true });
    forget();
  };

  const request: ControlPlane['request'] = async (method, path, { token = adminToken, body } = {}) =>
    send(new URL(path, server), { method, token, body, ca: readFileSync(caFile) });

  let kubeconfigs = 0;
  const kubeconfigFor: ControlPlane['kubeconfigFor'] = ({ token, namespace = 'default' }) => {
    kubeconfigs += 1;
    const path = join(folder, `kubeconfig-${kubeconfigs}`);
    writeFileSync(path, kubeconfigText(server, readFileSync(caFile), token, namespace), { mode: 0o600 });
    return path;
  };

  writeServiceAccountKeys(folder);
  writeTokenFile(folder, [
    { token: adminToken, name: 'admin', groups: ['system:masters'] },
    ...[...users].map(([name, { groups, token }]) => ({ token, name, groups })),
  ]);
  let kubeconfig: string;
  try {
    start(binaries.etcd, etcdFlags(etcdEndpoint, options));
    start(binaries.apiServer, apiServerFlags(serverPort, etcdEndpoint, options));
    // The API server makes its namespaces just after it calls itself ready.
    for (const path of ['/readyz', '/api/v1/namespaces/kube-system', '/api/v1/namespaces/default']) {
      await untilServed(path, request, programs);
    }
    kubeconfig = kubeconfigFor({ token: adminToken });
    if (options.controllerManager === true) {
      start(binaries.controllerManager, controllerManagerFlags(kubeconfig, caFile, options));
      await untilServed('/api/v1/namespaces/default/serviceaccounts/default', request, programs);
    }
  } catch (error) {
    await stop();
    throw error;
  }

  ready = true;

  const kubectl: ControlPlane['kubectl'] = (args, { input = '', kubeconfig: login = kubeconfig, as } = {}) =>
    runCommand(binaries.kubectl, [...args, ...(as === undefined ? [] : ['--as', as])], input, {
      KUBECONFIG: login,
      // kubectl remembers what a server serves by its port, which may be that of another version next time.
      KUBECACHEDIR: join(folder, 'kubectl-cache'),
      KUBERC: 'off',
    });

  return {
    version: options.version ?? defaultVersion,
    server,
    kubeconfig,
    caFile,
    adminToken,
    kubeconfigFor,
    kubectl,
    kubectlPath: binaries.kubectl,
    request,
    etcdEndpoint,
    compact: () => compact(etcdEndpoint),
    stop,
    tokenOf: (user) => {
      const found = users.get(user);
      if (found === undefined) throw new Error(`the control plane was not started with a user ${user}`);
      return found.token;
    },
    apply: async (manifest) => {
      const { code, stderr } = await kubectl(['apply', '-f', '-'], { input: manifest });
      if (code !== 0) throw new Error(`kubectl apply failed: ${stderr}`);
    },
    serviceAccountToken: async (namespace, name) => {
      const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
      const { status, text } = await request('POST', path, {
        body: { spec: { expirationSeconds: 24 * 3600 } },
      });
      if (status !== 201) throw new Error(`no token for service account ${namespace}/${name}: ${text}`);
      return (JSON.parse(text) as { status: { token: string } }).status.token;
    },
  };
}

/** Waits until the API server answers 200 for `path`; throws with the logs when a program ends or time runs out. */
async function untilServed(
  path: string,
  request: ControlPlane['request'],
  programs: Program[],
): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    // Before the server has written its certificate and listens, a request fails; that is no answer yet.
    const response = await request('GET', path).catch(() => undefined);
    if (response?.status === 200) return;
    const dead = programs.filter((program) => program.hasEnded());
    if (dead.length > 0) throw new Error(dead.map((program) => program.lastWords()).join('\n'));
    if (Date.now() > deadline) {
      const answer = response?.text ?? 'nothing';
      const logs = programs.map((program) => program.lastWords()).join('\n');
      throw new Error(`the control plane was not ready in 60 s: ${path} answers ${answer}\n${logs}`);
    }
    await sleep(50);
  }
}

function etcdFlags(endpoint: string, options: ControlPlaneOptions): string[] {
  return [
    '--data-dir=etcd',
    '--unsafe-no-fsync', // the data is thrown away in any case
    `--listen-client-urls=${endpoint}`,
    `--advertise-client-urls=${endpoint}`,
    '--listen-peer-urls=http://127.0.0.1:0', // it has no peers
    '--log-level=warn',
    ...(options.etcdArgs ?? []),
  ];
}

function apiServerFlags(port: number, etcdEndpoint: string, options: ControlPlaneOptions): string[] {
  const { enableAdmissionPlugins = [], controllerManager = false, apiServerArgs = [] } = options;
  return [
    `--etcd-servers=${etcdEndpoint}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    '--advertise-address=127.0.0.1',
    '--endpoint-reconciler-type=none', // which would refuse a loopback address
    '--service-cluster-ip-range=10.0.0.0/24',
    '--cert-dir=certificates',
    '--authorization-mode=RBAC',
    '--token-auth-file=tokens.csv',
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    '--service-account-key-file=service-account.pub',
    '--service-account-signing-key-file=service-account.key',
    '--allow-privileged=true',
    ...(controllerManager ? [] : ['--disable-admission-plugins=ServiceAccount']),
    ...(enableAdmissionPlugins.length === 0
      ? []
      : [`--enable-admission-plugins=${enableAdmissionPlugins.join()}`]),
    ...apiServerArgs,
  ];
}

function controllerManagerFlags(
  kubeconfig: string,
  caFile: string,
  { controllerManagerArgs = [] }: ControlPlaneOptions,
): string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    `--root-ca-file=${caFile}`,
    '--service-account-private-key-file=service-account.key',
    '--leader-elect=false',
    '--secure-port=0',
    // Its own limits of 20 and 30 would make 10,000 pods take eight minutes.
    '--kube-api-qps=2000',
    '--kube-api-burst=4000',
    ...controllerManagerArgs,
  ];
}

function newToken(): string {
  return randomBytes(16).toString('hex');
}

/** The key pair that signs and verifies tokens of service accounts. */
function writeServiceAccountKeys(folder: string): void {
  const { privateKey, publicKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'sec1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  writeFileSync(join(folder, 'service-account.key'), privateKey, { mode: 0o600 });
  writeFileSync(join(folder, 'service-account.pub'), publicKey);
}

/** The file of `--token-auth-file`: CSV of token, user, uid and groups. */
function writeTokenFile(
  folder: string,
  users: { token: string; name: string; groups: readonly string[] }[],
): void {
  const lines = users.map(({ token, name, groups }) => csvLine([token, name, name, groups.join()]));
  writeFileSync(join(folder, 'tokens.csv'), `${lines.join('\n')}\n`, { mode: 0o600 });
}

function csvLine(fields: string[]): string {
  return fields.map((field) => `"${field.replaceAll('"', '""')}"`).join();
}

/** A kubeconfig with one context. JSON is YAML too. */
function kubeconfigText(server: string, ca: Buffer, token: string, namespace: string): string {
  const name = 'control-plane';
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'certificate-authority-data': ca.toString('base64') } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name, namespace } }],
    'current-context': name,
  });
}

interface Sent extends RequestOptions {
  method: string;
  token: string;
  ca: Buffer;
}

function send(url: URL, { method, token, ca, body }: Sent): Promise<ApiResponse> {
  return new Promise((done, failed) => {
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
    const outgoing = httpsRequest(url, { method, ca, headers, timeout: 30_000 }, (incoming) => {
      let text = '';
      incoming
        .setEncoding('utf8')
        .on('data', (part: string) => (text += part))
        .once('error', failed)
        .once('end', () => done({ status: incoming.statusCode ?? 0, text }));
    });
    outgoing
      .once('timeout', () => outgoing.destroy(new Error(`${method} ${url.href}: no answer in 30 s`)))
      .once('error', failed)
      .end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** Compacts etcd at its present revision, through its JSON gateway. */
async function compact(etcdEndpoint: string): Promise<void> {
  const call = async (method: string, body: unknown): Promise<unknown> => {
    const response = await fetch(`${etcdEndpoint}/v3/kv/${method}`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`etcd ${method} failed: ${await response.text()}`);
    return response.json();
  };
  const put = async (key: string, value: string) => {
    const fields = { key: Buffer.from(key).toString('base64'), value: Buffer.from(value).toString('base64') };
    return Number(((await call('put', fields)) as { header: { revision: string } }).header.revision);
  };
  // A compaction spares the revision that it names, which a token may well be of when nothing was written since:
  // so this write makes one more. The API server's own compactions leave the same note, and it watches it.
  const revision = (await put('compact_rev_key', '0')) + 1;
  await put('compact_rev_key', String(revision));
  await call('compaction', { revision, physical: true });
}

/** A server process with a log of its own. */
interface Program {
  hasEnded(): boolean;
  /** Its name and the end of its log. */
  lastWords(): string;
  /** Ends it in good order, or by force when that takes too long. */
  stop(): Promise<void>;
  /** Ends it by force and does not wait. */
  kill(): void;
}

function startProgram(
  path: string,
  args: string[],
  folder: string,
  endedByItself: (report: string) => void,
): Program {
  const name = basename(path);
  const logPath = join(folder, `${name}.log`);
  const log = openSync(logPath, 'a');
  const child = spawn(path, args, {
    cwd: folder,
    // Our own build of the programs ends when this pipe closes, so that none is left even if this process is killed.
    stdio: ['pipe', log, log],
    env: { ...process.env, EXIT_WHEN_STDIN_CLOSES: 'yes' },
    // Ctrl-C in the terminal must reach this process only; it then ends the programs.
    detached: true,
  });
  closeSync(log);

  let ended = false;
  let expected = false;
  const lastWords = () =>
    `--- end of the log of ${name}\n${readFileSync(logPath, 'utf8').split('\n').slice(-30).join('\n')}`;
  const end = new Promise<void>((done) => {
    child.once('error', (error) => {
      appendFileSync(logPath, `${error.message}\n`);
      ended = true;
      done();
    });
    child.once('exit', (code, signal) => {
      ended = true;
      if (!expected) endedByItself(`${name} ended by itself (${signal ?? code})\n${lastWords()}\n`);
      done();
    });
  });

  return {
    hasEnded: () => ended,
    lastWords,
    stop: async () => {
      expected = true;
      child.kill('SIGTERM');
      const force = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await end;
      clearTimeout(force);
    },
    kill: () => {
      expected = true;
      child.kill('SIGKILL');
    },
  };
}

/** What ends the control planes that still run when this process ends. */
const leftovers = new Set<() => void>();
let listening = false;

function endLeftovers(): void {
  for (const end of leftovers) end();
  leftovers.clear();
}

/** Arranges for `end` to be called when this process ends before it has called the function that this returns. */
function endWithProcess(end: () => void): () => void {
  if (!listening) {
    listening = true;
    process.once('exit', endLeftovers);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => {
        endLeftovers();
        // The signal still has to end this process, unless somebody else here takes care of it.
        if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
      });
    }
  }
  leftovers.add(end);
  return () => leftovers.delete(end);
}

/** Port numbers on loopback that were free a moment ago. */
async function freePorts(count: number): Promise<number[]> {
  const listeners = await Promise.all(
    Array.from({ length: count }, () => {
      const listener = createServer();
      return new Promise<typeof listener>((done, failed) => {
        listener.once('error', failed).listen(0, '127.0.0.1', () => done(listener));
      });
    }),
  );
  const ports = listeners.map((listener) => (listener.address() as AddressInfo).port);
  await Promise.all(listeners.map((listener) => new Promise((done) => listener.close(done))));
  return ports;
}

/** Runs a command to its end. */
function runCommand(
  path: string,
  args: readonly string[],
  input: string,
  env: Record<string, string>,
): Promise<CommandResult> {
  return new Promise((done, failed) => {
    const child = spawn(path, args, { env: { ...process.env, ...env } });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => (stdout += part));
    child.stderr.setEncoding('utf8').on('data', (part: string) => (stderr += part));
    child.stdin.once('error', () => undefined); // it ended without reading its input: its exit code tells
    child.once('error', failed).once('close', (code) => done({ stdout, stderr, code }));
    child.stdin.end(input);
  });
}

const usage = `usage: node test/servers/control-plane.ts [--version 1.37|1.24] [--controller-manager] [--admission-plugin NAME]...
       node test/servers/control-plane.ts --build-only [--version 1.37|1.24]

Starts a Kubernetes control plane on loopback, prints how to reach it, and runs until Ctrl-C.
  --admission-plugin NAME  enable one more admission plugin, such as PodSecurityPolicy (1.24)
  --build-only             only build the programs, of all versions unless one is named
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      version: { type: 'string' },
      'controller-manager': { type: 'boolean', default: false },
      'admission-plugin': { type: 'string', multiple: true, default: [] },
      'build-only': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const version = kubernetesVersions.find((known) => known === values.version);
  if (values.version !== undefined && version === undefined) {
    throw new Error(
      `there is no version ${values.version} here: ${kubernetesVersions.join(' and ')} can be started`,
    );
  }
  const controllerManager = values['controller-manager'];
  if (values['build-only']) {
    for (const each of version === undefined ? kubernetesVersions : [version]) {
      await ensureBinaries(each, { controllerManager: true });
    }
    return;
  }
  const enableAdmissionPlugins = values['admission-plugin'];
  const plane = await startControlPlane({ version, controllerManager, enableAdmissionPlugins });
  process.stdout.write(`export KUBECONFIG=${plane.kubeconfig}\n`);
  process.stderr.write(
    `Kubernetes ${plane.version} serves ${plane.server} until Ctrl-C; its kubectl is ${plane.kubectlPath}\n`,
  );
}

if (import.meta.main) {
  await main().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exitCode = 1;
  });
}
