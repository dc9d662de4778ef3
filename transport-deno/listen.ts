import { chmodSync } from 'node:fs';
import { systemClock } from '../core/io/clock.ts';
import type { Accept, Endpoint, Listener, ListenOptions } from '../core/io/transport.ts';
import { removeSocket } from '../transport-node/remove-socket.ts';
import type { Connection, DenoLike, Listening, TcpConnection } from './deno.ts';
import { SocketTransport } from './socket-transport.ts';

declare const Deno: DenoLike;

/** Milliseconds until it accepts again after that has failed. */
const RETRY = 100;

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
  options: ListenOptions,
): Promise<Listener> {
  // Deno.listenTls cannot ask for certificates, and leaves Nagle's algorithm on, which costs the
  // first reply 40 ms. node:tls does it right.
  if (at.tls !== undefined) {
    const node = await import('../transport-node/listen.ts');
    return await node.listenAt(at, accept, options);
  }
  return 'path' in at ? listenUnix(at.path, accept, options.mode ?? 0o700) : listenTcp(at, accept);
}

function listenTcp(at: Extract<Endpoint, { port: number }>, accept: Accept): Listener {
  const listening = Deno.listen({ hostname: at.host, port: at.port });
  const close = serve(listening, accept, (connection: TcpConnection) => {
    connection.setNoDelay(true);
    const { hostname, port } = connection.remoteAddr;
    return `tcp:${hostname}:${port}`;
  });
  return { endpoint: { ...at, port: listening.addr.port }, close };
}

function listenUnix(path: string, accept: Accept, mode: number): Listener {
  removeSocket(path);
  const listening = Deno.listen({ transport: 'unix', path });
  chmodSync(path, mode);
  return { endpoint: { path }, close: serve(listening, accept, () => `unix:${path}`) };
}

/**
 * Accepts connections.
 *
 * @param welcome Makes a connection ready and gives its address.
 * @returns Ends that; resolves when the place is free.
 */
function serve<Accepted extends Connection>(
  listening: Listening<Accepted>,
  accept: Accept,
  welcome: (connection: Accepted) => string,
): () => Promise<void> {
  let isOpen = true;
  const serving = (async (): Promise<void> => {
    while (isOpen) {
      let connection: Accepted;
      try {
        connection = await listening.accept();
      } catch {
        // What fails, fails for one connection. Without file descriptors it fails again and again.
        if (isOpen) await new Promise<void>((resolve) => systemClock.after(RETRY, resolve));
        continue;
      }
      const transport = new SocketTransport(connection);
      transport.attach(accept(transport, welcome(connection)));
    }
  })();
  return async () => {
    isOpen = false;
    listening.close();
    await serving;
  };
}
