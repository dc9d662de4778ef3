// Listens with Deno's sockets.
import { checkServerTls } from '../core/client/connection/endpoint.ts';
import { systemClock } from '../core/io/clock.ts';
import type {
  Accept,
  Endpoint,
  Listener,
  ListenOptions,
  TlsOptions,
} from '../core/io/transport.ts';
import { UsageError } from '../core/wire/errors.ts';
import { atSocketFile, type Listen, listenBy, peerName } from '../transport-node/listening.ts';
import type { Connection, DenoLike, Listening, TcpConnection } from './deno.ts';
import { dial } from './dial.ts';
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
    checkServerTls(at.tls);
    await checkPair(at.tls);
    const node = await import('../transport-node/listen.ts');
    return await node.listenAt(at, accept, options);
  }
  return 'path' in at ? await listenUnix(at, accept, options) : listenTcp(at, accept);
}

/** What Node and Bun check themselves: Deno's node:tls would listen, and fail in each handshake. */
async function checkPair({ cert = '', key = '' }: TlsOptions): Promise<void> {
  const { createPrivateKey, X509Certificate } = await import('node:crypto');
  let isPair: boolean;
  try {
    isPair = new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch (error) {
    throw new UsageError('tls', `must have a cert and its key in PEM: ${String(error)}`);
  }
  if (!isPair) throw new UsageError('tls', 'must have the key of its cert, not another');
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
  const listening = await atSocketFile(path, options, dial, open);
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
