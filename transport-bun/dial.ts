// Dials with Bun's sockets.
import type { Dialer, Endpoint } from '../core/io/transport.ts';
import { outside } from '../transport-node/outside.ts';
import type { BunLike, BunSocket, BunTls, Options } from './bun.ts';
import { SocketTransport } from './socket-transport.ts';

declare const Bun: BunLike;

/**
 * Connects over TCP, a unix socket or TLS. A host name is resolved at each call, and all of its
 * addresses are tried.
 *
 * Bun cannot cancel an attempt to connect: a dial that is aborted rejects at once, and its socket is
 * closed if it connects later.
 */
export const dial: Dialer = outside((to, events, signal) =>
  new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    let opened: SocketTransport | null = null;
    let settled = false;
    const settle = (how: () => void): void => {
      if (settled) return;
      settled = true;
      signal.removeEventListener('abort', onAbort);
      how();
    };
    const fail = (error: unknown): void =>
      settle(() => {
        opened?.abort();
        reject(error);
      });
    const onAbort = (): void => fail(signal.reason);
    const succeed = (socket: BunSocket<SocketTransport>): void =>
      settle(() => {
        if (to.unref === true) socket.unref();
        if ('host' in to) {
          socket.setNoDelay(to.noDelay ?? true);
          if (to.keepAlive !== undefined) socket.setKeepAlive(true, to.keepAlive * 1000);
        }
        socket.data.attach(events);
        resolve(socket.data);
      });
    signal.addEventListener('abort', onAbort);
    const options: Options<SocketTransport> = {
      ...clientTls(to),
      allowHalfOpen: true,
      socket: {
        ...SocketTransport.handlers,
        open(socket) {
          opened = socket.data = new SocketTransport(socket);
          if (settled) opened.abort();
          else if (to.tls === undefined) succeed(socket);
        },
        // Before it, nothing can be written.
        handshake(socket, isTrusted, error) {
          if (isTrusted) succeed(socket);
          else fail(error ?? new Error('the TLS handshake failed'));
        },
        close(socket, error) {
          SocketTransport.handlers.close(socket, error);
          fail(error ?? new Error('closed before it was connected'));
        },
      },
    };
    const connecting = 'path' in to
      ? Bun.connect({ ...options, unix: to.path })
      : Bun.connect({ ...options, hostname: to.host, port: to.port });
    connecting.catch(fail);
  })
);

function clientTls(to: Endpoint): { tls?: BunTls } {
  if (to.tls === undefined) return {};
  const { ca, cert, key, serverName = 'path' in to ? 'localhost' : undefined } = to.tls;
  return {
    tls: {
      // Bun would also take an empty object for no TLS.
      rejectUnauthorized: true,
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(serverName === undefined ? {} : { serverName }),
    },
  };
}
