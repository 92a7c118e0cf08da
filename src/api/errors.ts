import { messageOf, UserError } from '../errors.ts';
import { visible } from '../text.ts';

/**
 * Why a request failed, for those who decide what to do about it.
 * - `unreachable`, `untrusted`: no connection, no trusted one · `interrupted`: it broke in the middle
 * - `timeout`: a deadline passed · `overloaded` (429), `server` (5xx): worth another try
 * - `expired` (410): the continue token is too old · `protocol`: an answer, but not the one of a Kubernetes API
 * - `closed`: we ended it ourselves
 * - `too-large`: more bytes than one answer may have
 */
export type ApiErrorReason =
  | 'unreachable'
  | 'untrusted'
  | 'interrupted'
  | 'timeout'
  | 'unauthorized'
  | 'forbidden'
  | 'not-found'
  | 'expired'
  | 'overloaded'
  | 'server'
  | 'protocol'
  | 'closed'
  | 'too-large';

interface ApiErrorDetails {
  status?: number;
  hint?: string;
  cause?: unknown;
  /** What the server asked us to wait (Retry-After), in milliseconds. */
  retryAfterMs?: number;
  /** The token with which an expired list may go on at a newer state (410). */
  continueToken?: string;
}

/** A request to the API server that gave no usable answer. The message never holds a credential or a response body. */
export class ApiError extends UserError {
  readonly reason: ApiErrorReason;
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;
  readonly continueToken: string | undefined;

  constructor(reason: ApiErrorReason, message: string, details: ApiErrorDetails = {}) {
    const { hint, cause } = details;
    super(message, { ...(hint === undefined ? {} : { hint }), ...(cause === undefined ? {} : { cause }) });
    this.reason = reason;
    this.status = details.status;
    this.retryAfterMs = details.retryAfterMs;
    this.continueToken = details.continueToken;
  }
}

interface Failure {
  reason: ApiErrorReason;
  text: string;
  hint: string;
}

const hints = {
  reach: 'Check that the cluster runs and that the context points at it: kubectl cluster-info.',
  trust:
    'Put the CA of the cluster into certificate-authority-data of the kubeconfig, and check that the server address is right.',
  slow: 'Try again, or give each request more time with --request-timeout.',
};

/** What the error codes of Node.js, OpenSSL and undici mean here. */
const failures: Record<string, Failure> = {
  ECONNREFUSED: { reason: 'unreachable', text: 'the connection was refused', hint: hints.reach },
  ENOTFOUND: { reason: 'unreachable', text: 'its host name is not known', hint: hints.reach },
  EAI_AGAIN: { reason: 'unreachable', text: 'its host name could not be looked up', hint: hints.reach },
  EHOSTUNREACH: { reason: 'unreachable', text: 'there is no route to its host', hint: hints.reach },
  ENETUNREACH: { reason: 'unreachable', text: 'there is no route to its network', hint: hints.reach },
  ETIMEDOUT: { reason: 'unreachable', text: 'the connection timed out', hint: hints.reach },
  UND_ERR_CONNECT_TIMEOUT: { reason: 'unreachable', text: 'the connection timed out', hint: hints.reach },
  ECONNRESET: { reason: 'interrupted', text: 'the connection was reset', hint: hints.reach },
  EPIPE: { reason: 'interrupted', text: 'the connection was closed', hint: hints.reach },
  UND_ERR_SOCKET: { reason: 'interrupted', text: 'the connection was closed', hint: hints.reach },
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: {
    reason: 'interrupted',
    text: 'the answer was cut short',
    hint: hints.reach,
  },
  Z_BUF_ERROR: { reason: 'interrupted', text: 'the answer was cut short', hint: hints.reach },
  Z_DATA_ERROR: { reason: 'interrupted', text: 'the answer arrived damaged', hint: hints.reach },
  UND_ERR_HEADERS_TIMEOUT: { reason: 'timeout', text: 'it did not answer in time', hint: hints.slow },
  UND_ERR_BODY_TIMEOUT: { reason: 'timeout', text: 'its answer stopped in the middle', hint: hints.slow },
  TimeoutError: { reason: 'timeout', text: 'its answer was not complete in time', hint: hints.slow },
  AbortError: { reason: 'closed', text: 'the request was given up', hint: hints.slow },
  UND_ERR_ABORTED: { reason: 'closed', text: 'the request was given up', hint: hints.slow },
  UND_ERR_DESTROYED: { reason: 'closed', text: 'the connection was ended', hint: hints.slow },
  UND_ERR_CLOSED: { reason: 'closed', text: 'the connection was ended', hint: hints.slow },
  DEPTH_ZERO_SELF_SIGNED_CERT: {
    reason: 'untrusted',
    text: 'its certificate is self-signed',
    hint: hints.trust,
  },
  SELF_SIGNED_CERT_IN_CHAIN: {
    reason: 'untrusted',
    text: 'its certificate is from an unknown CA',
    hint: hints.trust,
  },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: {
    reason: 'untrusted',
    text: 'its certificate is from an unknown CA',
    hint: hints.trust,
  },
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: {
    reason: 'untrusted',
    text: 'its certificate is from an unknown CA',
    hint: hints.trust,
  },
  UNABLE_TO_GET_ISSUER_CERT: {
    reason: 'untrusted',
    text: 'its certificate is from an unknown CA',
    hint: hints.trust,
  },
  CERT_SIGNATURE_FAILURE: {
    reason: 'untrusted',
    text: 'its certificate is not signed by the CA of the kubeconfig',
    hint: hints.trust,
  },
  CERT_HAS_EXPIRED: {
    reason: 'untrusted',
    text: 'its certificate has expired',
    hint: 'Renew the certificate of the API server, and check the clock of this machine.',
  },
  CERT_NOT_YET_VALID: {
    reason: 'untrusted',
    text: 'its certificate is not valid yet',
    hint: 'Check the clock of this machine.',
  },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    reason: 'untrusted',
    text: 'its certificate is for another host name',
    hint: 'Use the host name that is in the certificate, or set tls-server-name in the kubeconfig.',
  },
  HTTPParserError: {
    reason: 'protocol',
    text: 'what answers there does not speak proper HTTP',
    hint: 'Check scheme (most API servers want https) and port of the server in the kubeconfig, and the proxy if there is one.',
  },
  ERR_SSL_WRONG_VERSION_NUMBER: {
    reason: 'protocol',
    text: 'it does not speak TLS',
    hint: 'Check scheme and port of the server in the kubeconfig.',
  },
  EPROTO: {
    reason: 'protocol',
    text: 'the TLS handshake failed',
    hint: 'Check scheme and port of the server, and the client certificate, in the kubeconfig.',
  },
};

const codesOf = (error: unknown): string[] => {
  if (!(error instanceof Error)) return [];
  const { code } = error as { code?: unknown };
  return [...(typeof code === 'string' ? [code] : []), error.name, ...codesOf(error.cause)];
};

/** What became of a request that got no complete answer. `server` is shown without the user and password in it. */
export function connectionError(error: unknown, server: string): ApiError {
  if (error instanceof ApiError) return error;
  const failure = codesOf(error)
    .map((code) => failures[code])
    .find((known) => known !== undefined);
  const unknown: Failure = { reason: 'unreachable', text: visible(messageOf(error)), hint: hints.reach };
  return unread(failure ?? unknown, server, error);
}

const unread = ({ reason, text, hint }: Failure, server: string, cause?: unknown): ApiError =>
  new ApiError(reason, `Cannot read from the Kubernetes API server ${server}: ${text}.`, { hint, cause });

/** What a proxy means that makes no tunnel to the server: by the status of its answer, undefined when it gave none. */
export const proxyError = (status: number | undefined, server: string): ApiError =>
  unread(proxyFailure(status), server);

function proxyFailure(status: number | undefined): Failure {
  if (status === undefined) {
    return {
      reason: 'unreachable',
      text: 'the proxy did not answer in time',
      hint: 'Check that proxy-url of the kubeconfig, or HTTPS_PROXY, names a proxy, and that it runs.',
    };
  }
  if (status === 407) {
    return {
      reason: 'unauthorized',
      text: 'the proxy asks for a login, or does not take the one that it was given (407)',
      hint: 'Put user and password into proxy-url of the kubeconfig, or into HTTPS_PROXY: http://USER:PASSWORD@HOST:PORT.',
    };
  }
  if (status >= 500) {
    return {
      reason: 'server',
      text: `the proxy answers with HTTP status ${status}`,
      hint: 'The proxy does not reach the server, or is overloaded: check the server in the kubeconfig, or try again later.',
    };
  }
  return {
    reason: 'protocol',
    text: `the proxy refuses the connection with HTTP status ${status}`,
    hint: 'Let the proxy connect to this server; where none is needed, name the server in NO_PROXY, or drop proxy-url from the kubeconfig.',
  };
}

interface StatusBody {
  kind?: unknown;
  message?: unknown;
  metadata?: { continue?: unknown };
}

/** What an answer other than 200 means. `body` is the decoded Status object, if it was one. */
export function statusError(
  answer: { status: number; retryAfterMs?: number },
  body: StatusBody | undefined,
  where: { server: string; path: string; user: string },
): ApiError {
  const { status } = answer;
  const said = typeof body?.message === 'string' ? visible(body.message) : `HTTP status ${status}`;
  const at = `${said} (${where.path})`;
  if (status === 401) {
    return new ApiError(
      'unauthorized',
      `The API server ${where.server} does not accept the credentials of ${where.user} (401).`,
      {
        status,
        hint: 'Sign in again (the token may have expired) or choose another --context; to check: kubectl auth whoami.',
      },
    );
  }
  if (status === 403) {
    return new ApiError('forbidden', at, {
      status,
      hint: 'Give these credentials the read-only ClusterRole of Passmuster.',
    });
  }
  if (status === 404) return new ApiError('not-found', at, { status });
  if (status === 410) {
    const token = body?.metadata?.continue;
    return new ApiError('expired', at, {
      status,
      ...(typeof token === 'string' && token ? { continueToken: token } : {}),
    });
  }
  const retryAfter = answer.retryAfterMs === undefined ? {} : { retryAfterMs: answer.retryAfterMs };
  const busy = { status, hint: 'The API server is overloaded or starting: try again later.', ...retryAfter };
  if (status === 429) return new ApiError('overloaded', at, busy);
  if (status >= 500) return new ApiError('server', at, busy);
  if (body?.kind !== 'Status') return protocolError(where, `it answered with HTTP status ${status}`);
  return new ApiError('protocol', `The API server ${where.server} refuses the request (${status}): ${at}.`, {
    status,
    hint: `Check the flags and the kubeconfig; kubectl gets the same answer: kubectl get --raw ${where.path}`,
  });
}

/** An answer that no Kubernetes API gives: never to be taken for an empty list. */
export const protocolError = (where: { server: string; path: string }, what: string): ApiError =>
  new ApiError('protocol', `${where.server} does not answer ${where.path} like a Kubernetes API: ${what}.`, {
    hint: 'Check the server address of the kubeconfig, and proxies or sign-in pages on the way to it.',
  });
