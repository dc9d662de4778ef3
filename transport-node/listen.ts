import { chmodSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions as NodeTlsOptions } from 'node:tls';
import { systemClock } from '../core/io/clock.ts';
import { checkTls } from '../core/client/connection/endpoint.ts';
import type {
  Accept,
  Endpoint,
  Listener,
  ListenOptions,
  TlsOptions,
} from '../core/io/transport.ts';
import { removeSocket } from './remove-socket.ts';
import { SocketTransport } from './socket-transport.ts';

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
  const serve = (socket: Socket): void => {
    const transport = new SocketTransport(socket);
    transport.attach(accept(transport, nameOf(socket, at)));
  };
  const server = at.tls === undefined
    ? createServer({ noDelay: true, allowHalfOpen: true }, serve)
    : createTlsServer({ noDelay: true, allowHalfOpen: true, ...serverTls(at.tls) }, serve);
  // A client that fails its handshake is the client's affair.
  server.on('tlsClientError', () => {});
  if (at.tls !== undefined && arrive !== undefined) {
    server.on('connection', (socket: Socket) => {
      socket.once('close', arrive(nameOf(socket, at), () => socket.destroy()));
    });
  }
  if ('path' in at) removeSocket(at.path);
  await opened(server, at);
  if ('path' in at) chmodSync(at.path, mode);
  return { endpoint: bound(server, at), close: () => closed(server) };
}

function serverTls(tls: TlsOptions): NodeTlsOptions {
  checkTls(tls);
  const requireCert = tls.requireClientCert ?? false;
  return {
    cert: tls.cert,
    key: tls.key,
    ca: tls.ca,
    requestCert: requireCert,
    rejectUnauthorized: requireCert,
    minVersion: 'TLSv1.2',
  };
}

function opened(server: Server, at: Endpoint): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen('path' in at ? { path: at.path } : { host: at.host, port: at.port }, () => {
      server.off('error', reject);
      // What fails later fails for one connection; the rest are served on.
      server.on('error', () => {});
      resolve();
    });
  });
}

// The port is free as soon as the handle is closed. Node's own callback would wait until the last
// connection has ended.
function closed(server: Server): Promise<void> {
  server.close();
  return new Promise((resolve) => systemClock.yield(resolve));
}

function bound(server: Server, at: Endpoint): Endpoint {
  const address = server.address();
  if ('path' in at || address === null || typeof address === 'string') return at;
  return { ...at, port: address.port };
}

function nameOf(socket: Socket, at: Endpoint): string {
  if ('path' in at) return `unix:${at.path}`;
  return `tcp:${socket.remoteAddress ?? '?'}:${socket.remotePort ?? 0}`;
}
