import { existsSync, readFileSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { isIPv6 } from 'node:net';
import type { Cluster, User } from '@kubernetes/client-node';
import { exit, messageOf, UserError } from '../errors.ts';
import { visible } from '../text.ts';
import type { Impersonation, Target } from './kubeconfig.ts';

/** What goes into the TLS connection and into the headers of every request. */
export interface Credentials {
  tls: TlsOptions;
  headers: Record<string, string | string[]>;
}

export interface TlsOptions {
  ca?: Buffer | string;
  cert?: Buffer | string;
  key?: Buffer | string;
  servername?: string;
  rejectUnauthorized?: boolean;
}

const execTimeoutMs = 60_000;

/**
 * Reads the credentials anew: files again, and an exec plugin runs again. Of the client library only the parts that
 * the user needs are loaded; its entry module costs half a second, more than reading a small cluster.
 * @throws UserError when a file or plugin does not give them.
 */
export async function readCredentials(target: Target): Promise<Credentials> {
  const { cluster, user } = target;
  const options = await authenticate(user, cluster);
  const cert = options.cert ?? material(user.certFile, user.certData);
  const key = options.key ?? material(user.keyFile, user.keyData);
  const ca = material(cluster.caFile, cluster.caData);
  return {
    tls: {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert: cert as string | Buffer }),
      ...(key === undefined ? {} : { key: key as string | Buffer }),
      ...(cluster.tlsServerName === undefined ? {} : { servername: cluster.tlsServerName }),
      ...(cluster.skipTLSVerify ? { rejectUnauthorized: false } : {}),
    },
    headers: {
      ...(options.headers as Record<string, string>),
      ...impersonationHeaders(target.impersonation),
    },
  };
}

/** The way of the user that kubectl prefers: plugin, token, user name and password; none of these is anonymous. */
async function authenticate(user: User, cluster: Cluster): Promise<RequestOptions> {
  if (user.token) return bearer(user.token);
  if (user.exec) return fromPlugin(user, cluster);
  if (user.authProvider) return fromAuthProvider(user, cluster);
  if (user.username) {
    const basic = Buffer.from(`${user.username}:${user.password ?? ''}`).toString('base64');
    return { headers: { Authorization: `Basic ${basic}` } };
  }
  return {};
}

const bearer = (token: string): RequestOptions => ({ headers: { Authorization: `Bearer ${token.trim()}` } });

interface ExecConfig {
  command?: string;
  env?: { name: string; value: string }[] | null;
  apiVersion?: string;
  interactiveMode?: string;
  installHint?: string;
  provideClusterInfo?: boolean;
}

/** Runs the user's exec plugin, without a shell. It cannot ask questions: its standard input is not the terminal. */
async function fromPlugin(user: User, cluster: Cluster): Promise<RequestOptions> {
  const exec = user.exec as ExecConfig;
  const plugin = `The credential plugin "${visible(String(exec.command))}" of user "${visible(user.name)}"`;
  if (exec.interactiveMode === 'Always') {
    throw new UserError(`${plugin} only works interactively.`, {
      hint: 'Sign in with kubectl first, and use a plugin mode that needs no terminal (interactiveMode: IfAvailable).',
      exitCode: exit.usage,
    });
  }
  const env = [...(exec.env ?? []), { name: 'KUBERNETES_EXEC_INFO', value: execInfo(exec, cluster) }];
  const { ExecAuth } = await import('@kubernetes/client-node/dist/exec_auth.js');
  const options: RequestOptions = {};
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => timeout.reject(new Error(`no answer within ${execTimeoutMs / 1000} s`)),
    execTimeoutMs,
  );
  try {
    const applied = new ExecAuth().applyAuthentication({ ...user, exec: { ...exec, env } }, options);
    await Promise.race([applied, timeout.promise]);
    return options;
  } catch (error) {
    throw new UserError(`${plugin} failed: ${pluginFailure(error)}`, {
      hint: exec.installHint
        ? visible(exec.installHint, 600)
        : 'Run the command by hand to see what it wants, for example a new sign-in.',
    });
  } finally {
    clearTimeout(timer);
  }
}

/** What a plugin is told of the request: client.authentication.k8s.io, kind ExecCredential. */
function execInfo(exec: ExecConfig, cluster: Cluster): string {
  const info = {
    server: cluster.server,
    'tls-server-name': cluster.tlsServerName,
    'insecure-skip-tls-verify': cluster.skipTLSVerify,
    'certificate-authority-data': material(cluster.caFile, cluster.caData)?.toString('base64'),
  };
  return JSON.stringify({
    apiVersion: exec.apiVersion ?? 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    spec: { interactive: false, ...(exec.provideClusterInfo ? { cluster: info } : {}) },
  });
}

/** What the plugin said, without anything that could be a token. */
function pluginFailure(error: unknown): string {
  if (error instanceof SyntaxError || error instanceof TypeError)
    return 'its answer is not an ExecCredential.';
  if ((error as { code?: unknown }).code === 'ENOENT') return 'the command was not found.';
  const said = messageOf(error).trim() || 'it gave no reason';
  return `${visible(said.replace(/[\w-]{16,}\.[\w-]{16,}[\w.-]*|[\w+/-]{40,}={0,2}/g, '[removed]'), 600)}.`;
}

/** The sign-in providers that older kubeconfigs name (oidc, gcp, azure). */
async function fromAuthProvider(user: User, cluster: Cluster): Promise<RequestOptions> {
  const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js');
  const config = new KubeConfig();
  config.loadFromClusterAndUser(cluster, user);
  const options: RequestOptions = {};
  try {
    await config.applyToHTTPSOptions(options);
    return options;
  } catch (error) {
    throw new UserError(`User "${visible(user.name)}" could not be signed in: ${pluginFailure(error)}`, {
      hint: 'Sign in again with the tool that wrote the kubeconfig, then check: kubectl auth whoami.',
    });
  }
}

/** Bytes of a certificate or key, from its file or its base64 data. */
function material(file: string | undefined, data: string | undefined): Buffer | undefined {
  if (!file) return data ? Buffer.from(data, 'base64') : undefined;
  try {
    return readFileSync(file);
  } catch (error) {
    throw new UserError(`Cannot read ${file}, which the kubeconfig names: ${messageOf(error)}.`, {
      hint: 'Check the path and its permissions.',
      exitCode: exit.usage,
    });
  }
}

/** An array becomes one header line for each of its values, which is what the API server wants of groups. */
function impersonationHeaders({
  user,
  groups,
  uid,
  extra,
}: Impersonation): Record<string, string | string[]> {
  return {
    ...(user === undefined ? {} : { 'Impersonate-User': user }),
    ...(groups === undefined || groups.length === 0 ? {} : { 'Impersonate-Group': groups }),
    ...(uid === undefined ? {} : { 'Impersonate-Uid': uid }),
    ...Object.fromEntries(
      Object.entries(extra ?? {}).map(([key, values]) => [
        `Impersonate-Extra-${encodeURIComponent(key)}`,
        values,
      ]),
    ),
  };
}

const serviceAccount = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The API server and service account of the Pod that we run in; undefined outside a cluster. */
export function inClusterTarget(
  env: Readonly<Record<string, string | undefined>> = process.env,
  folder = serviceAccount,
): Target | undefined {
  const host = env['KUBERNETES_SERVICE_HOST'];
  const tokenFile = `${folder}/token`;
  if (!host || !existsSync(tokenFile)) return undefined;
  const server = `https://${isIPv6(host) ? `[${host}]` : host}:${env['KUBERNETES_SERVICE_PORT'] ?? '443'}`;
  return {
    clusterName: 'in-cluster',
    cluster: { name: 'in-cluster', server, caFile: `${folder}/ca.crt`, skipTLSVerify: false },
    user: { name: 'the service account', token: readFileSync(tokenFile, 'utf8') },
    impersonation: {},
    inCluster: true,
  };
}
