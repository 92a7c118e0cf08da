import { readFileSync } from 'node:fs';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';

/** What came by on the way to the API server. */
export interface Counted {
  server: string;
  requests: URL[];
  /** Number of TLS connections that were opened. */
  connections: number;
  stop(): void;
}

/** A proxy before the API server that ends TLS with the same certificate, passes everything on and counts it. */
export async function startCountingProxy(
  target: string,
  certificate: { cert: string; key: string },
): Promise<Counted> {
  const cert = readFileSync(certificate.cert);
  const { hostname, port } = new URL(target);
  const proxy = createServer({ cert, key: readFileSync(certificate.key) }, (incoming, outgoing) => {
    counted.requests.push(new URL(incoming.url ?? '', target));
    const { method, url: path, headers } = incoming;
    const passedOn = request({ hostname, port, method, path, headers, ca: cert }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    passedOn.once('error', () => outgoing.destroy());
    incoming.pipe(passedOn);
  });
  const counted: Counted = {
    server: '',
    requests: [],
    connections: 0,
    stop: () => {
      proxy.closeAllConnections();
      proxy.close();
    },
  };
  proxy.on('secureConnection', () => (counted.connections += 1));
  await new Promise<void>((listening) => proxy.listen(0, '127.0.0.1', listening));
  counted.server = `https://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  return counted;
}
