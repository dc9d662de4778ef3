// Listens with Bun's sockets.
import { checkServerTls } from '../core/client/connection/endpoint.ts';
import type {
  Accept,
  Endpoint,
  Listener,
  ListenOptions,
  TlsOptions,
} from '../core/io/transport.ts';
import { atSocketFile, type Listen, listenBy, peerName } from '../transport-node/listening.ts';
import type { BunLike, BunSocket, BunTls, Options } from './bun.ts';
import { dial } from './dial.ts';
import { SocketTransport } from './socket-transport.ts';

declare const Bun: BunLike;

/** Listens on TCP, on a unix socket, or with TLS, with Bun's sockets. See `Listen`. */
export const listen: Listen = /* @__PURE__ */ listenBy(listenAt);

/** `listen`, with all options. */
export async function listenAt(
  at: Endpoint,
  accept: Accept,
  listenOptions: ListenOptions,
): Promise<Listener> {
  const start = (socket: BunSocket<SocketTransport>): void => {
    socket.setNoDelay(true);
    socket.data.attach(accept(socket.data, peerName(at, socket.remoteAddress, socket.remotePort)));
  };
  const options: Options<SocketTransport> = {
    ...(at.tls === undefined ? {} : { tls: serverTls(at.tls) }),
    allowHalfOpen: true,
    socket: {
      ...SocketTransport.handlers,
      open(socket) {
        socket.data = new SocketTransport(socket);
        if (at.tls === undefined) return start(socket);
        const gone = listenOptions.arrive?.(
          peerName(at, socket.remoteAddress, socket.remotePort),
          () => socket.terminate(),
        );
        // Before it is accepted there is no other handler for its end.
        if (gone !== undefined) socket.data.attach({ onData() {}, onDrain() {}, onClosed: gone });
      },
      // A failed handshake is the client's problem. Bun reports an untrusted certificate in the
      // error alone; for a client without a certificate there is always such an error.
      handshake(socket, isTrusted, error) {
        const isKnown = error === null || at.tls?.requireClientCert !== true;
        if (isTrusted && isKnown) start(socket);
        else socket.data.abort();
      },
    },
  };
  if ('path' in at) {
    const { path } = at;
    const listening = await atSocketFile(
      path,
      listenOptions,
      dial,
      () => Bun.listen({ ...options, unix: path }),
    );
    return { endpoint: at, close: async () => listening.stop() };
  }
  const listening = Bun.listen({ ...options, hostname: at.host, port: at.port });
  return { endpoint: { ...at, port: listening.port }, close: async () => listening.stop() };
}

/** The TLS options of a server, in Bun's form. */
export function serverTls(tls: TlsOptions): BunTls {
  checkServerTls(tls);
  const { cert, key, ca, requireClientCert = false } = tls;
  return {
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(ca === undefined ? {} : { ca }),
    requestCert: requireClientCert,
    rejectUnauthorized: requireClientCert,
  };
}
