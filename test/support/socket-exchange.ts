// An exchange where two dialed sockets become one connection.
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { TlsOptions } from '../../core/io/transport.ts';
import { dialAndEnd, listenAndEnd } from './half-close.ts';

/** Joins sockets in pairs, because a Worker can only dial and not listen. */
export interface SocketExchange {
  readonly port: number;
  close(): void;
}

type Orders = Readonly<Record<string, (owner: Socket, words: string) => unknown>>;

const local = { host: '127.0.0.1', port: 0 };
const half = { allowHalfOpen: true, noDelay: true };

/**
 * Starts an exchange. The first line on a connection to it says what to do; answers are lines too:
 *
 * - `listen KIND` opens a port, over TLS if `tls` has that kind, and answers with its number; then
 *   it answers with the number of another port for each socket that connects there, and whoever
 *   connects to that one is joined with this socket: each receives the other's bytes and end.
 *   Another line closes the port, and then this connection.
 * - `end KIND WORDS` is `listenAndEnd`: it answers with the port, and at the end with how much was
 *   heard.
 * - `dial KIND PORT WORDS` is `dialAndEnd`: it answers with how much was heard.
 *
 * @param tls The options of the ports over TLS, by kind.
 */
export async function startSocketExchange(
  tls: Readonly<Record<string, TlsOptions>> = {},
): Promise<SocketExchange> {
  const overTls = (kind = ''): { readonly tls?: TlsOptions } => {
    const options = tls[kind];
    return options === undefined ? {} : { tls: options };
  };
  const orders: Orders = {
    listen: (owner, kind) => openPort(owner, tls[kind]),
    async end(owner, words) {
      const [kind, ...rest] = words.split(' ');
      const listener = await listenAndEnd({ ...local, ...overTls(kind) }, rest.join(' '));
      if ('port' in listener.endpoint) owner.write(`${listener.endpoint.port}\n`);
      owner.end(`${(await listener.heard).length}\n`);
      await listener.close();
    },
    async dial(owner, words) {
      const [kind, port, ...rest] = words.split(' ');
      const to = { ...local, port: Number(port), ...overTls(kind) };
      const heard = await dialAndEnd(to, rest.join(' '));
      owner.end(`${heard.length}\n`);
    },
  };
  const server = createServer(half, (owner) => {
    let line = '';
    owner.on('error', () => {}).on('data', (chunk: Buffer) => {
      line += chunk.toString('latin1');
      if (!line.endsWith('\n')) return;
      const [, verb = '', words = ''] = /^(\S+) ?(.*)\n$/s.exec(line) ?? [];
      line = '';
      orders[verb]?.(owner, words);
    });
  });
  const port = await listening(server);
  return { port, close: () => server.close() };
}

async function openPort(owner: Socket, tls: TlsOptions | undefined): Promise<void> {
  const wait = async (near: Socket): Promise<void> => {
    near.pause().on('error', () => {});
    const once = createServer(half, (far) => {
      once.close();
      join(near, far);
    });
    owner.write(`${await listening(once)}\n`);
  };
  const serve = (near: Socket): void => void wait(near);
  const server = tls === undefined
    ? createServer(half, serve)
    : createTlsServer({ ...half, cert: tls.cert, key: tls.key }, serve);
  owner.once('data', () => {
    // The port is free before the owner is told.
    server.close();
    owner.end();
  });
  owner.write(`${await listening(server)}\n`);
}

function listening(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' ? address?.port ?? 0 : 0);
    });
  });
}

function join(near: Socket, far: Socket): void {
  for (const [from, to] of [[near, far], [far, near]] as const) {
    from.pipe(to);
    from.on('error', () => to.destroy());
    // One that was cut off has not ended before.
    from.once('close', () => {
      if (!from.readableEnded) to.destroy();
    });
    if (from.destroyed) to.destroy();
  }
}
