/**
 * An API server in this process, over HTTPS on 127.0.0.1: what Passmuster uses of a real one, from the objects given
 * or from a folder of manifests. Read-only to its clients. The cases of test/contract are run against this server and
 * against kube-apiserver, which keeps the two alike.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { authenticate, completeUser, isAllowed } from './api/access.ts';
import type { Attributes, User } from './api/access.ts';
import { runControllers } from './api/controllers.ts';
import { loadManifests } from './api/manifests.ts';
import { respond } from './api/respond.ts';
import type { Answer, Fault } from './api/respond.ts';
import type { Asked } from './api/routes.ts';
import { route } from './api/routes.ts';
import { forbidden, StatusError } from './api/status.ts';
import { createStore } from './api/store.ts';
import type { RawObject, Store } from './api/store.ts';
import { selfSigned } from './tls.ts';

export type { Attributes, Fault, RawObject, Store, User };

/** One request as the server saw it. */
export interface RequestRecord extends Asked {
  userAgent: string;
  /** Who asked, after impersonation; absent when the token was not accepted. */
  user?: string;
  /** Which connection it came over, counted from 1. */
  connection: number;
}

/** Somebody with a bearer token and a context of the same name in the kubeconfig. */
export interface ServedUser {
  name: string;
  /** Defaults to the name. */
  context?: string;
  groups?: string[];
  token?: string;
}

export interface ApiServerOptions {
  /** Served as they are, completed with uid, resourceVersion and creationTimestamp. */
  objects?: RawObject[];
  /** A folder of manifests; what controllers would make of them (ReplicaSets, Jobs, Pods) is served too. */
  manifests?: string;
  /** The first is the kubeconfig's current context. Without any: one member of system:masters. */
  users?: ServedUser[];
  version?: string;
  /** Name of the cluster in the kubeconfig. */
  clusterName?: string;
  /** Refuses what RBAC would allow, in RBAC's words. */
  forbid?: (attributes: Attributes, user: User) => boolean;
  faults?: (request: RequestRecord) => Fault | undefined;
}

export interface ApiServer {
  /** `https://127.0.0.1:PORT` */
  server: string;
  caPem: string;
  /** Path of a kubeconfig with a context for each user. */
  kubeconfig: string;
  /** Bearer token by user name. */
  tokens: Record<string, string>;
  requests: RequestRecord[];
  /** TLS connections accepted so far. */
  readonly connections: number;
  objects: Store;
  /** Makes every continue token given so far expire (410). */
  expire(): void;
  stop(): Promise<void>;
}

export async function startApiServer(options: ApiServerOptions = {}): Promise<ApiServer> {
  const { version = 'v1.37.1', clusterName = 'sample', users = [admin], faults, forbid } = options;
  const objects = createStore();
  const given = options.manifests === undefined ? [] : runControllers(loadManifests(options.manifests));
  for (const object of [...given, ...(options.objects ?? [])]) objects.add(object);

  const tokens = Object.fromEntries(users.map(({ name, token = `token-of-${name}` }) => [name, token]));
  const known = new Map(users.map(({ name, groups }) => [tokens[name] ?? '', completeUser(name, groups)]));
  const requests: RequestRecord[] = [];
  const sockets = new WeakMap<object, number>();
  let connections = 0;

  const { key, cert } = await selfSigned('kube-apiserver');
  const https = createServer({ key, cert, keepAliveTimeout: 90_000 }, (request, response) => {
    const url = new URL(request.url ?? '/', 'https://server');
    const record: RequestRecord = {
      method: request.method ?? '',
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      userAgent: request.headers['user-agent'] ?? '',
      connection: sockets.get(request.socket) ?? 0,
    };
    requests.push(record);
    const answer = answerTo(request, record);
    void respond(request, response, answer, faults?.(record));
  });
  https.on('secureConnection', (socket) => {
    connections += 1;
    sockets.set(socket, connections);
  });

  const answerTo = (request: IncomingMessage, record: RequestRecord): Answer => {
    try {
      const user = authenticate(request.headers, known, objects);
      record.user = user.name;
      return route(record, objects, version, (attributes) => {
        if (!isAllowed(objects, user, attributes) || forbid?.(attributes, user) === true) {
          throw forbidden(user.name, attributes);
        }
      });
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      return { code: error.code, body: error.body };
    }
  };

  await new Promise<void>((resolve) => {
    https.listen(0, '127.0.0.1', resolve);
  });
  const server = `https://127.0.0.1:${(https.address() as AddressInfo).port}`;
  const folder = mkdtempSync(join(tmpdir(), 'passmuster-api-server-'));
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, kubeconfigFor({ server, cert, clusterName, users, tokens }), { mode: 0o600 });

  return {
    server,
    caPem: cert,
    kubeconfig,
    tokens,
    requests,
    get connections() {
      return connections;
    },
    objects,
    expire: () => objects.compact(),
    async stop() {
      rmSync(folder, { recursive: true, force: true });
      https.closeAllConnections();
      await new Promise((resolve) => {
        https.close(resolve);
      });
    },
  };
}

const admin: ServedUser = { name: 'kubernetes-admin', context: 'admin', groups: ['system:masters'] };

function kubeconfigFor(given: {
  server: string;
  cert: string;
  clusterName: string;
  users: ServedUser[];
  tokens: Record<string, string>;
}): string {
  const { server, cert, clusterName, users, tokens } = given;
  const contexts = users.map(({ name, context = name }) => ({
    name: context,
    context: { cluster: clusterName, user: name },
  }));
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: clusterName,
        cluster: { server, 'certificate-authority-data': Buffer.from(cert).toString('base64') },
      },
    ],
    users: users.map(({ name }) => ({ name, user: { token: tokens[name] } })),
    contexts,
    'current-context': contexts[0]?.name,
  });
}
