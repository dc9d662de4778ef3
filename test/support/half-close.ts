// Peers that half-close, over Node's sockets.
import { connect, createServer, type Server, type Socket } from 'node:net';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import type { EndingListener } from '../../conformance/mod.ts';
import type { Endpoint } from '../../core/io/transport.ts';

/** Connects, sends this, half-closes, and returns all bytes until the other side ends. */
export function dialAndEnd(to: Endpoint, words: string): Promise<Uint8Array> {
  const half = { allowHalfOpen: true };
  const where = 'path' in to
    ? { ...half, path: to.path }
    : { ...half, host: to.host, port: to.port };
  const socket = to.tls === undefined
    ? connect(where)
    : connectTls({ ...where, ...to.tls, servername: to.tls.serverName ?? 'localhost' });
  socket.end(words, 'latin1');
  return all(socket);
}

/** Listens; answers the first bytes of a connection with `words`, half-closes, and reads on. */
export async function listenAndEnd(at: Endpoint, words: string): Promise<EndingListener> {
  let hear: (all: Promise<Uint8Array>) => void = () => {};
  const heard = new Promise<Uint8Array>((resolve) => {
    hear = resolve;
  });
  const serve = (socket: Socket): void => {
    socket.once('data', () => socket.end(words, 'latin1'));
    hear(all(socket));
  };
  const half = { allowHalfOpen: true };
  const server = at.tls === undefined
    ? createServer(half, serve)
    : createTlsServer({ ...half, cert: at.tls.cert, key: at.tls.key, ca: at.tls.ca }, serve);
  await listening(server, at);
  const address = server.address();
  const port = typeof address === 'object' ? address?.port ?? 0 : 0;
  return {
    endpoint: 'path' in at ? at : { ...at, port },
    heard,
    async close() {
      await Promise.resolve(server.close());
    },
  };
}

function listening(server: Server, at: Endpoint): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen('path' in at ? { path: at.path } : { host: at.host, port: at.port }, resolve);
  });
}

// An error ends the stream too; only the bytes before it matter.
function all(socket: Socket): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  socket.on('data', (chunk: Uint8Array) => chunks.push(chunk));
  return new Promise((resolve) => {
    const finish = (): void => resolve(Buffer.concat(chunks));
    socket.on('error', finish).on('end', finish).on('close', finish);
  });
}
