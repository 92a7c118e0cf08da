import { existsSync, readFileSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { isIPv6 } from 'node:net';
import { createSecureContext } from 'node:tls';
import type { Cluster, User } from '@kubernetes/client-node';
import { exit, messageOf, UserError } from '../errors.ts';
import { visible } from '../text.ts';
import type { Impersonation, Target } from './kubeconfig.ts';
import { failureOf, fromPlugin } from './plugin.ts';

/** What goes into the TLS connection and into the headers of every request. */
export interface Credentials {
  tls: TlsOptions;
  headers: Headers;
}

type Headers = Record<string, string | string[]>;

export interface TlsOptions {
  ca?: Buffer | string;
  cert?: Buffer | string;
  key?: Buffer | string;
  servername?: string;
  rejectUnauthorized?: boolean;
}

/**
 * Reads the credentials anew: files again, and an exec plugin runs again. Of the client library only the parts that
 * the user needs are loaded; its entry module costs half a second, more than reading a small cluster.
 * @throws UserError when a file or plugin does not give them.
 */
export async function readCredentials({ cluster, user, impersonation }: Target): Promise<Credentials> {
  const ca = material(cluster.caFile, cluster.caData);
  const options = await authenticate(user, cluster, ca);
  const cert = options.cert ?? material(user.certFile, user.certData);
  const key = options.key ?? material(user.keyFile, user.keyData);
  requirePair(cert, key, user);
  return {
    tls: {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert: cert as string | Buffer }),
      ...(key === undefined ? {} : { key: key as string | Buffer }),
      ...(cluster.tlsServerName ? { servername: cluster.tlsServerName } : {}),
      ...(cluster.skipTLSVerify ? { rejectUnauthorized: false } : {}),
    },
    headers: inUtf8({
      ...(options.headers as Record<string, string>),
      ...impersonationHeaders(impersonation),
    }),
  };
}

/** The way of the user that kubectl prefers: plugin, token, user name and password; none of these is anonymous. */
async function authenticate(user: User, cluster: Cluster, ca: Buffer | undefined): Promise<RequestOptions> {
  if (user.token) return bearer(user.token);
  if (user.exec) return fromPlugin(user, cluster, ca);
  if (user.authProvider) return fromAuthProvider(user, cluster);
  if (user.username) {
    const basic = Buffer.from(`${user.username}:${user.password ?? ''}`).toString('base64');
    return { headers: { Authorization: `Basic ${basic}` } };
  }
  return {};
}

const bearer = (token: string): RequestOptions => ({ headers: { Authorization: `Bearer ${token.trim()}` } });

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
    throw new UserError(`User "${visible(user.name)}" could not be signed in: ${failureOf(error)}`, {
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

/** The connection would fail with them as if there were no server, or be made without them. */
function requirePair(cert: RequestOptions['cert'], key: RequestOptions['key'], { name }: User): void {
  const fault = cert === undefined ? undefined : faultOfPair(cert, key);
  if (fault === undefined) return;
  throw new UserError(`The client certificate of user "${visible(name)}" cannot be used: ${fault}.`, {
    hint: 'Give a certificate and its private key, both in PEM: client-certificate and client-key in the kubeconfig.',
    exitCode: exit.usage,
  });
}

function faultOfPair(cert: RequestOptions['cert'], key: RequestOptions['key']): string | undefined {
  if (key === undefined) return 'its key is missing';
  try {
    // An empty list of CAs saves loading those of the system.
    createSecureContext({ ca: [], cert, key });
    return undefined;
  } catch (error) {
    return visible(messageOf(error));
  }
}

/** Names are sent in UTF-8, of which undici takes each byte as a character. */
const inUtf8 = (headers: Headers): Headers =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map((one) => bytesOf(name, one)) : bytesOf(name, value),
    ]),
  );

function bytesOf(header: string, value: string): string {
  const bytes = Buffer.from(value, 'utf8').toString('latin1');
  // What HTTP takes in a header: all but control characters.
  if (/^[\t -~\x80-\xff]*$/.test(bytes)) return bytes;
  throw new UserError(`The header ${header} would have a line break or another control character.`, {
    hint: 'Check --as and --as-group, and what the user in the kubeconfig or its plugin gives.',
    exitCode: exit.usage,
  });
}

/** An array becomes one header line for each of its values, which is what the API server wants of groups. */
function impersonationHeaders({ user, groups, uid, extra }: Impersonation): Headers {
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
    clusterName: server,
    cluster: { name: server, server, caFile: `${folder}/ca.crt`, skipTLSVerify: false },
    user: { name: 'the service account', token: readFileSync(tokenFile, 'utf8') },
    impersonation: {},
    inCluster: true,
  };
}
