import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { TLSSocket } from 'node:tls';
import type { Certificate } from './tls.ts';

/**
 * STARTTLS in front of a mail server that has none: nothing but EHLO and STARTTLS is taken in the clear, and what comes
 * over TLS goes to the server as it is.
 */
export async function startStartTlsFront(
  { key, cert }: Certificate,
  upstreamPort: number,
): Promise<{ port: number; stop(): Promise<void> }> {
  const open = new Set<Socket>();
  const track = (socket: Socket): Socket => {
    open.add(socket);
    // A peer that is gone ends its partner.
    return socket.on('error', () => undefined).once('close', () => open.delete(socket));
  };
  const upgrade = (socket: Socket): void => {
    const secure = track(new TLSSocket(socket, { isServer: true, key, cert }));
    const upstream = track(connect(upstreamPort, '127.0.0.1'));
    // The client had its greeting before TLS, so the server's is dropped. What the client says waits for it: answered sooner,
    // the answer could come in one piece with the greeting, and be dropped too.
    upstream.once('data', () => {
      upstream.pipe(secure);
      secure.pipe(upstream);
    });
    secure.once('close', () => upstream.destroy());
  };
  const server = createServer((socket) => {
    track(socket).write('220 localhost ESMTP\r\n');
    const lines = createInterface({ input: socket });
    lines.on('line', (line) => {
      if (/^EHLO /i.test(line)) socket.write('250-localhost\r\n250 STARTTLS\r\n');
      else if (/^STARTTLS$/i.test(line)) {
        lines.close();
        socket.removeAllListeners('data');
        socket.write('220 2.0.0 Ready to start TLS\r\n', () => upgrade(socket));
      } else socket.write('530 5.7.0 Must issue a STARTTLS command first\r\n');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    stop: async () => {
      server.close();
      for (const socket of open) socket.destroy();
      await once(server, 'close');
    },
  };
}
