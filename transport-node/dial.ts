// Dials with Node's sockets.
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Dialer, Endpoint } from '../core/io/transport.ts';
import { outside } from './outside.ts';
import { ReadBuffer } from './read-buffer.ts';
import { SocketTransport } from './socket-transport.ts';

/**
 * Connects over TCP, a unix socket or TLS. A host name is resolved at each call, and all of its
 * addresses are tried.
 */
export const dial: Dialer = outside((to, events, signal) =>
  new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const reads = new ReadBuffer();
    const socket = open(to, reads);
    if (to.unref === true) socket.unref();
    const connected = to.tls === undefined ? 'connect' : 'secureConnect';
    const onAbort = (): void => settle(() => reject(signal.reason));
    const onError = (error: Error): void => settle(() => reject(error));
    // A peer that closes the connection before the handshake causes no error.
    const onClose = (): void => settle(() => reject(new Error('closed before it was connected')));
    const onConnect = (): void => {
      // As options they would have no effect with TLS.
      if ('host' in to) {
        socket.setNoDelay(to.noDelay ?? true);
        socket.setKeepAlive(to.keepAlive !== undefined, (to.keepAlive ?? 0) * 1000);
      }
      const transport = new SocketTransport(socket);
      reads.owner = transport.attach(events);
      release();
      resolve(transport);
    };
    const release = (): void => {
      signal.removeEventListener('abort', onAbort);
      socket.off('error', onError).off('close', onClose).off(connected, onConnect);
    };
    const settle = (how: () => void): void => {
      release();
      socket.on('error', () => {});
      socket.destroy();
      how();
    };
    signal.addEventListener('abort', onAbort);
    socket.on('error', onError).on('close', onClose).on(connected, onConnect);
  })
);

function open(to: Endpoint, { onread }: ReadBuffer): Socket {
  const how = { onread, allowHalfOpen: true };
  const where = 'path' in to ? { ...how, path: to.path } : { ...how, host: to.host, port: to.port };
  const { tls } = to;
  if (tls === undefined) return connect(where);
  const name = tls.serverName ?? ('host' in to ? to.host : 'localhost');
  return connectTls({
    ...where,
    // An address is verified with the certificate, but must not be sent as a server name.
    ...(isIP(name) === 0 ? { servername: name } : { host: name }),
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
  });
}
