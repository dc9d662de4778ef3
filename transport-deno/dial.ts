// Dials with Deno's sockets.
import type { AbortSignalLike, Dialer, Endpoint } from '../core/io/transport.ts';
import { outside } from '../transport-node/outside.ts';
import type { Connection, DenoLike } from './deno.ts';
import { SocketTransport } from './socket-transport.ts';

declare const Deno: DenoLike;

/**
 * Connects over TCP, a unix socket or TLS. A host name is resolved at each call, and all of its
 * addresses are tried.
 *
 * `--allow-net=host:port` is all the permission that TCP and TLS need. A unix socket needs
 * `--allow-net=unix:/path`, `--allow-read=/path` and `--allow-write=/path`.
 */
export const dial: Dialer = outside(async (to, events, signal) => {
  if (signal.aborted) throw signal.reason;
  // Deno.startTls trusts the system's authorities in addition to those it is given, presents no client
  // certificate, and leaks a socket that is closed during the handshake. node:tls does all this right.
  if (to.tls !== undefined) {
    const node = await import('../transport-node/dial.ts');
    return await node.dial(to, events, signal);
  }
  try {
    const connection = await open(to, signal);
    if (!signal.aborted) {
      if (to.unref === true) connection.unref();
      const transport = new SocketTransport(connection);
      transport.attach(events);
      return transport;
    }
    connection.close();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  throw signal.reason;
});

async function open(to: Endpoint, signal: AbortSignalLike): Promise<Connection> {
  if ('path' in to) return await Deno.connect({ transport: 'unix', path: to.path });
  const connection = await Deno.connect({ hostname: to.host, port: to.port, signal });
  connection.setNoDelay(to.noDelay ?? true);
  // The system decides the interval of the probes.
  connection.setKeepAlive(to.keepAlive !== undefined);
  return connection;
}
