/** The plainest possible client, so that a contract case sees what is on the wire. */
import { Agent, request } from 'node:https';
import type { IncomingHttpHeaders } from 'node:http';
import { gunzipSync } from 'node:zlib';

export interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  /** Decompressed. */
  bytes: Buffer;
  text: string;
  /** Bytes of the body on the wire. */
  size: number;
  /** Local port: the same for two replies over the same connection. */
  port: number | undefined;
}

export interface RequestOptions {
  as?: 'admin' | 'reader' | 'nobody';
  headers?: Record<string, string>;
  method?: string;
}

export interface Client {
  get(path: string, options?: RequestOptions): Promise<Reply>;
  /** The same, expecting 200 and JSON. */
  json<T>(path: string, options?: RequestOptions): Promise<T>;
  close(): void;
}

export function createClient(server: string, ca: string, tokens: Record<'admin' | 'reader', string>): Client {
  const agent = new Agent({ ca, keepAlive: true, maxSockets: 1 });

  const get: Client['get'] = (path, { as = 'admin', headers = {}, method = 'GET' } = {}) =>
    new Promise((resolve, reject) => {
      const authorization = as === 'nobody' ? {} : { authorization: `Bearer ${tokens[as]}` };
      const sent = request(
        server + path,
        { agent, method, headers: { 'user-agent': 'contract', ...authorization, ...headers } },
        (response) => {
          const port = response.socket.localPort;
          const chunks: Buffer[] = [];
          response.on('error', reject);
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () => {
            const body = Buffer.concat(chunks);
            const bytes = response.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              bytes,
              text: bytes.toString(),
              size: body.length,
              port,
            });
          });
        },
      );
      sent.on('error', reject);
      sent.end();
    });

  return {
    get,
    async json<T>(path: string, options?: RequestOptions) {
      const { status, text } = await get(path, options);
      if (status !== 200) throw new Error(`${path}: ${status} ${text}`);
      return JSON.parse(text) as T;
    },
    close: () => agent.destroy(),
  };
}
