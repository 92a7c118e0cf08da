/** Requests to an API server of which not the answer counts but what it warns of. */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import type { JsonObject } from '../../src/model.ts';
import type { ControlPlane } from '../servers/control-plane.ts';

export interface Warned {
  status: number;
  body: JsonObject & { message?: string };
  /** The texts of the Warning headers. */
  warnings: string[];
}

export type Send = (method: string, path: string, body?: object) => Promise<Warned>;

/** Sends requests as the administrator; a PATCH is a JSON merge patch. */
export function sender({ server, caFile, adminToken }: ControlPlane): Send {
  const agent = new Agent({ ca: readFileSync(caFile), keepAlive: true, maxSockets: 8 });
  return (method, path, body) =>
    new Promise((done, failed) => {
      const outgoing = request(
        new URL(path, server),
        {
          method,
          agent,
          timeout: 30_000,
          headers: {
            Authorization: `Bearer ${adminToken}`,
            'Content-Type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
          },
        },
        (incoming) => {
          let text = '';
          incoming
            .setEncoding('utf8')
            .on('data', (part: string) => (text += part))
            .once('error', failed)
            .once('end', () =>
              done({
                status: incoming.statusCode ?? 0,
                body: JSON.parse(text) as Warned['body'],
                warnings: warningsIn(incoming.rawHeaders),
              }),
            );
        },
      );
      outgoing
        .once('timeout', () => outgoing.destroy(new Error(`${method} ${path}: no answer in 30 s`)))
        .once('error', failed)
        .end(body === undefined ? undefined : JSON.stringify(body));
    });
}

/** `299 - "would violate PodSecurity \"baseline:latest\": privileged"` */
const warningsIn = (rawHeaders: readonly string[]): string[] =>
  rawHeaders.flatMap((name, i) => {
    if (i % 2 === 1 || name.toLowerCase() !== 'warning') return [];
    const [, quoted = ''] = /^299 \S+ "(.*)"$/s.exec(rawHeaders[i + 1] ?? '') ?? [];
    return [quoted.replaceAll(/\\(.)/g, '$1')];
  });

/** Runs them a few at a time, in order of the list. */
export async function inParallel<T, R>(items: readonly T[], run: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const worker = async () => {
    for (const [index, item] of queue) results[index] = await run(item);
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  return results;
}
