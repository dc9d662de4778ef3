// Listens with Node's sockets.
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions as NodeTlsOptions } from 'node:tls';
import { checkServerTls } from '../core/client/connection/endpoint.ts';
import { systemClock } from '../core/io/clock.ts';
import type {
  Accept,
  Endpoint,
  Listener,
  ListenOptions,
  TlsOptions,
} from '../core/io/transport.ts';
import { dial } from './dial.ts';
import { atSocketFile, type Listen, listenBy, peerName } from './listening.ts';
import { SocketTransport } from './socket-transport.ts';

/** Listens on TCP, on a unix socket, or with TLS, with Node's sockets. See `Listen`. */
export const listen: Listen = /* @__PURE__ */ listenBy(listenAt);

/** `listen`, with all options. */
export async function listenAt(
  at: Endpoint,
  accept: Accept,
  options: ListenOptions,
): Promise<Listener> {
  const { arrive } = options;
  const serve = (socket: Socket): void => {
    const transport = new SocketTransport(socket);
    transport.attach(accept(transport, peerName(at, socket.remoteAddress, socket.remotePort)));
  };
  const server = at.tls === undefined
    ? createServer({ noDelay: true, allowHalfOpen: true }, serve)
    : createTlsServer({ noDelay: true, allowHalfOpen: true, ...serverTls(at.tls) }, serve);
  // A failed handshake is the client's problem.
  server.on('tlsClientError', () => {});
  if (at.tls !== undefined && arrive !== undefined) {
    server.on('connection', (socket: Socket) => {
      const name = peerName(at, socket.remoteAddress, socket.remotePort);
      socket.once('close', arrive(name, () => socket.destroy()));
    });
  }
  if ('path' in at) await atSocketFile(at.path, options, dial, () => opened(server, at));
  else await opened(server, at);
  return { endpoint: bound(server, at), close: () => closed(server) };
}

function serverTls(tls: TlsOptions): NodeTlsOptions {
  checkServerTls(tls);
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
      // A later failure concerns one connection; the others are served on.
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
