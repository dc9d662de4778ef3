import { chmodSync } from 'node:fs';
import { checkTls } from '../core/client/connection/endpoint.ts';
import type {
  Accept,
  Endpoint,
  Listener,
  ListenOptions,
  TlsOptions,
} from '../core/io/transport.ts';
import { removeSocket } from '../transport-node/remove-socket.ts';
import type { BunLike, BunSocket, BunTls, Options } from './bun.ts';
import { SocketTransport } from './socket-transport.ts';

declare const Bun: BunLike;

/**
 * Listens on TCP (port 0 for a free one), on a unix socket, or with TLS, which needs a certificate
 * and its key.
 *
 * A socket file that was left behind at the path is replaced, as memcached does.
 *
 * @param mode The permissions of the socket file; 0o700 by default, as memcached's.
 */
export function listen(at: Endpoint, accept: Accept, mode?: number): Promise<Listener> {
  return listenAt(at, accept, mode === undefined ? {} : { mode });
}

/** `listen`, with all options. */
export async function listenAt(
  at: Endpoint,
  accept: Accept,
  { mode = 0o700, arrive }: ListenOptions,
): Promise<Listener> {
  const start = (socket: BunSocket<SocketTransport>): void => {
    socket.setNoDelay(true);
    socket.data.attach(accept(socket.data, nameOf(socket, at)));
  };
  const options: Options<SocketTransport> = {
    ...(at.tls === undefined ? {} : { tls: serverTls(at.tls) }),
    allowHalfOpen: true,
    socket: {
      ...SocketTransport.handlers,
      open(socket) {
        socket.data = new SocketTransport(socket);
        if (at.tls === undefined) return start(socket);
        const gone = arrive?.(nameOf(socket, at), () => socket.terminate());
        // Until it is accepted nobody else hears of its end.
        if (gone !== undefined) socket.data.attach({ onData() {}, onDrain() {}, onClosed: gone });
      },
      // A client that fails its handshake is the client's affair. Of a certificate that nobody
      // vouches for Bun tells in the error alone; without one there is always such an error.
      handshake(socket, isTrusted, error) {
        const isKnown = error === null || at.tls?.requireClientCert !== true;
        if (isTrusted && isKnown) start(socket);
        else socket.data.abort();
      },
    },
  };
  if ('path' in at) {
    removeSocket(at.path);
    const listening = Bun.listen({ ...options, unix: at.path });
    chmodSync(at.path, mode);
    return { endpoint: at, close: async () => listening.stop() };
  }
  const listening = Bun.listen({ ...options, hostname: at.host, port: at.port });
  return { endpoint: { ...at, port: listening.port }, close: async () => listening.stop() };
}

/** What Bun is to be told of a server's TLS. */
export function serverTls(tls: TlsOptions): BunTls {
  checkTls(tls);
  const { cert, key, ca, requireClientCert = false } = tls;
  return {
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(ca === undefined ? {} : { ca }),
    requestCert: requireClientCert,
    rejectUnauthorized: requireClientCert,
  };
}

function nameOf(socket: BunSocket<SocketTransport>, at: Endpoint): string {
  return 'path' in at ? `unix:${at.path}` : `tcp:${socket.remoteAddress}:${socket.remotePort}`;
}
