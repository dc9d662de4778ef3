// Listens with Deno's sockets.
import { systemClock } from '../core/io/clock.ts';
import type { Accept, Endpoint, Listener, ListenOptions } from '../core/io/transport.ts';
import { atSocketFile, type Listen, listenBy, peerName } from '../transport-node/listening.ts';
import type { Connection, DenoLike, Listening, TcpConnection } from './deno.ts';
import { SocketTransport } from './socket-transport.ts';

declare const Deno: DenoLike;

/** Milliseconds until it accepts again after that has failed. */
const RETRY = 100;

/** Listens on TCP, on a unix socket, or with TLS, with Deno's sockets. See `Listen`. */
export const listen: Listen = /* @__PURE__ */ listenBy(listenAt);

/** `listen`, with all options. */
export async function listenAt(
  at: Endpoint,
  accept: Accept,
  options: ListenOptions,
): Promise<Listener> {
  // Deno.listenTls cannot request certificates, and leaves Nagle's algorithm on, which delays the
  // first reply 40 ms. node:tls does it right.
  if (at.tls !== undefined) {
    const node = await import('../transport-node/listen.ts');
    return await node.listenAt(at, accept, options);
  }
  return 'path' in at ? await listenUnix(at, accept, options) : listenTcp(at, accept);
}

function listenTcp(at: Extract<Endpoint, { port: number }>, accept: Accept): Listener {
  const listening = Deno.listen({ hostname: at.host, port: at.port });
  const close = serve(listening, accept, (connection: TcpConnection) => {
    connection.setNoDelay(true);
    const { hostname, port } = connection.remoteAddr;
    return peerName(at, hostname, port);
  });
  return { endpoint: { ...at, port: listening.addr.port }, close };
}

async function listenUnix(
  at: Extract<Endpoint, { path: string }>,
  accept: Accept,
  options: ListenOptions,
): Promise<Listener> {
  const { path } = at;
  const open = (): Listening<Connection> => Deno.listen({ transport: 'unix', path });
  const listening = await atSocketFile(path, options, open);
  return { endpoint: { path }, close: serve(listening, accept, () => peerName(at)) };
}

/**
 * Accepts connections.
 *
 * @param welcome Prepares a connection and returns its address.
 * @returns A function that stops it; it resolves when the port or path is free.
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
        // A failure concerns one connection. Without file descriptors it repeats.
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
