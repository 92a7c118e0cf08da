import { exit, messageOf, UserError } from '../errors.ts';
import type { JsonObject } from '../model.ts';
import { inClusterTarget, readCredentials } from './credentials.ts';
import { decoderOf } from './decode.ts';
import { ApiError, protocolError, statusError } from './errors.ts';
import { readKubeconfig, type KubeconfigOptions, type Target } from './kubeconfig.ts';
import { hostOf, isLoopback, proxyFromEnvironment } from './proxy.ts';
import { openTransport, type Answer, type Exchange, type Transport } from './transport.ts';

export interface ClientOptions extends KubeconfigOptions {
  /** `--as` and `--as-group`: act as someone else, in place of what the kubeconfig says. */
  as?: string;
  asGroups?: string[];
  userAgent: string;
  connectTimeoutMs: number;
}

/** Authenticated GETs that answer with an object or an ApiError. */
export interface Client {
  readonly server: string;
  readonly clusterName: string;
  /** Requests sent so far, repeated ones included. */
  readonly requests: number;
  /** True once the server has answered anything: from then on a refused connection is worth another try. */
  readonly answered: boolean;
  fetch(exchange: Exchange): Promise<JsonObject>;
  close(): Promise<void>;
}

/**
 * @throws UserError when there are no credentials, or they cannot be read.
 */
export async function openClient(options: ClientOptions): Promise<Client> {
  let { target, transport } = await signIn(options);
  let renewal: Promise<void> | undefined;
  let requests = 0;
  let answered = false;
  const server = addressOf(target);

  const signInAnew = async (): Promise<void> => {
    const old = transport;
    try {
      ({ target, transport } = await signIn(options));
    } catch (error) {
      const hint = error instanceof UserError ? error.hint : undefined;
      throw new ApiError('unauthorized', messageOf(error), hint === undefined ? {} : { hint });
    }
    old.retire();
  };

  /** Reads the credentials anew, once for all requests that `rejected` had failed. */
  const renew = async (rejected: Transport): Promise<void> => {
    if (transport !== rejected) return;
    renewal ??= signInAnew().finally(() => {
      renewal = undefined;
    });
    await renewal;
  };

  const send = async (exchange: Exchange): Promise<Answer> => {
    requests += 1;
    const answer = await transport.exchange(exchange);
    answered = true;
    return answer;
  };

  return {
    server,
    get clusterName() {
      return target.clusterName;
    },
    get requests() {
      return requests;
    },
    get answered() {
      return answered;
    },
    async fetch(exchange) {
      const used = transport;
      let answer = await send(exchange);
      if (answer.status === 401) {
        await renew(used);
        answer = await send(exchange);
      }
      return objectOf(answer, { server, path: exchange.path.replace(/\?.*/, ''), user: userOf(target) });
    },
    close: () => transport.close(),
  };
}

/**
 * The cluster and user that kubectl would use.
 * @throws UserError when there are none, or the kubeconfig cannot be read.
 */
export async function findTarget(options: KubeconfigOptions): Promise<Target> {
  const target = (await readKubeconfig(options)) ?? inClusterTarget();
  if (target) return target;
  throw new UserError('There is no kubeconfig, and this is not a Pod in a cluster.', {
    hint: 'Give a kubeconfig with --kubeconfig or KUBECONFIG, or audit manifest files with --filename.',
    exitCode: exit.usage,
  });
}

/** Address of the API server, without user and password. */
export function addressOf({ cluster }: Target): string {
  const { origin, pathname } = new URL(cluster.server);
  return origin + pathname.replace(/\/$/, '');
}

async function signIn(options: ClientOptions): Promise<{ target: Target; transport: Transport }> {
  const target = await findTarget(options);
  if (options.as !== undefined) target.impersonation = { user: options.as };
  if (options.asGroups !== undefined) target.impersonation.groups = options.asGroups;
  if (options.asGroups !== undefined && target.impersonation.user === undefined) {
    throw new UserError('--as-group says whose groups to have, but there is no user to act as.', {
      hint: 'Name the user too, as kubectl wants it: --as USER --as-group GROUP.',
      exitCode: exit.usage,
    });
  }
  const server = new URL(target.cluster.server);
  const proxy = target.cluster.proxyUrl ?? proxyFromEnvironment(server, process.env);
  const route = {
    server,
    proxy,
    userAgent: options.userAgent,
    gzip: !target.inCluster && !isLoopback(hostOf(server)),
    connectTimeoutMs: options.connectTimeoutMs,
  };
  const credentials = await readCredentials(target);
  try {
    return { target, transport: openTransport(route, credentials) };
  } catch (error) {
    throw new UserError(
      `The connection settings of cluster ${target.clusterName} are unusable: ${messageOf(error)}.`,
      {
        hint: 'Check certificates, keys and proxy-url in the kubeconfig, and HTTPS_PROXY.',
        exitCode: exit.usage,
      },
    );
  }
}

const userOf = ({ user, impersonation }: Target): string =>
  impersonation.user === undefined ? `"${user.name}"` : `"${user.name}" acting as "${impersonation.user}"`;

/** Bytes that do not make what their content type says were cut short on the way. */
function objectOf(answer: Answer, where: { server: string; path: string; user: string }): JsonObject {
  const decoder = decoderOf(answer.contentType);
  if (answer.status !== 200) {
    let status: JsonObject | undefined;
    try {
      status = decoder?.decode(answer.body) as JsonObject | undefined;
    } catch {
      // Without a readable Status the number has to do.
    }
    throw statusError(answer, status, where);
  }
  if (!decoder) {
    throw protocolError(where, `the content type is "${answer.contentType.slice(0, 80)}"`);
  }
  let value: unknown;
  try {
    value = decoder.decode(answer.body);
  } catch (error) {
    throw new ApiError(
      'interrupted',
      `The answer of ${where.server} to ${where.path} is cut short or damaged.`,
      {
        hint: 'Try again; if it stays, look for a proxy between here and the API server.',
        cause: error,
      },
    );
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw protocolError(where, 'the answer is not an object');
  }
  return value as JsonObject;
}
