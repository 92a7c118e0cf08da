/** How an answer goes over the wire: as a real server writes it, or with the fault that a test asks for. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { toProtobuf } from './protobuf.ts';

/**
 * What may go wrong with one request:
 * - `status`: this answer instead of the real one · `reset`: the connection is torn down, after `after` bytes of the body if given
 * - `truncate`: only so many bytes of the body, as if they were all · `stall`: so many milliseconds without a byte, after `after` bytes of the body
 * - `trickle`: so many bytes of the body per second
 */
export type Fault =
  | { status: number; headers?: Record<string, string>; body?: object | string }
  | { reset: true; after?: number }
  | { truncate: number }
  | { stall: number; after?: number }
  | { trickle: number };

export interface Answer {
  code: number;
  body: object | string;
  headers?: Record<string, string>;
}

const protobuf = 'application/vnd.kubernetes.protobuf';
const gzipThreshold = 128 * 1024;

/** Below this size a body is not worth compressing to a real server; agents of people get indented JSON. */
export async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  fault: Fault | undefined,
): Promise<void> {
  if (fault !== undefined && 'status' in fault) {
    const { status: code, body = '', headers = {} } = fault;
    return write(response, encode(request, { code, body, headers }));
  }
  const encoded = encode(request, answer);
  if (fault === undefined) return write(response, encoded);

  if ('truncate' in fault)
    return write(response, { ...encoded, bytes: encoded.bytes.subarray(0, fault.truncate) });
  if ('trickle' in fault) return trickle(response, encoded, fault.trickle);
  const after = fault.after;
  if (after !== undefined) {
    writeHead(response, encoded);
    response.write(encoded.bytes.subarray(0, after));
    // Lets the bytes leave before what comes next.
    await sleep(20);
  }
  if ('reset' in fault) {
    request.socket.destroy();
    return;
  }
  await sleep(fault.stall, undefined, { ref: false });
  if (response.destroyed) return;
  if (after === undefined) return write(response, encoded);
  response.end(encoded.bytes.subarray(after));
}

interface Encoded {
  code: number;
  headers: Record<string, string>;
  bytes: Buffer;
}

function encode(request: IncomingMessage, { code, body, headers = {} }: Answer): Encoded {
  const { bytes, contentType } = written(request, body);
  const compress =
    bytes.length > gzipThreshold && /\bgzip\b/.test(request.headers['accept-encoding']?.toString() ?? '');
  return {
    code,
    headers: {
      'Cache-Control': 'no-cache, private',
      'Content-Type': contentType,
      ...(compress ? { 'Content-Encoding': 'gzip', Vary: 'Accept-Encoding' } : {}),
      ...headers,
    },
    bytes: compress ? gzipSync(bytes, { level: 1 }) : bytes,
  };
}

function written(request: IncomingMessage, body: object | string): { bytes: Buffer; contentType: string } {
  if (typeof body === 'string') return { bytes: Buffer.from(body), contentType: 'text/plain; charset=utf-8' };
  const bytes = request.headers.accept?.includes(protobuf) ? toProtobuf(body) : undefined;
  if (bytes) return { bytes, contentType: protobuf };
  const text = JSON.stringify(body, null, isPretty(request) ? 2 : 0);
  return { bytes: Buffer.from(text), contentType: 'application/json' };
}

function isPretty({ headers, url = '' }: IncomingMessage): boolean {
  const [, asked] = /[?&]pretty=([^&]*)/.exec(url) ?? [];
  if (asked !== undefined && asked !== '') return ['1', 't', 'T', 'true', 'True', 'TRUE'].includes(asked);
  return /^(curl|Wget|Mozilla\/5\.0)/.test(headers['user-agent'] ?? '');
}

function writeHead(response: ServerResponse, { code, headers, bytes }: Encoded): void {
  response.writeHead(code, { ...headers, 'Content-Length': bytes.length });
}

function write(response: ServerResponse, encoded: Encoded): void {
  writeHead(response, encoded);
  response.end(encoded.bytes);
}

async function trickle(response: ServerResponse, encoded: Encoded, bytesPerSecond: number): Promise<void> {
  writeHead(response, encoded);
  const step = Math.max(1, Math.round(bytesPerSecond / 20));
  for (let sent = 0; sent < encoded.bytes.length && !response.destroyed; sent += step) {
    response.write(encoded.bytes.subarray(sent, sent + step));
    await sleep(50, undefined, { ref: false });
  }
  response.end();
}
