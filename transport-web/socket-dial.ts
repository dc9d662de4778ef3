// Dials with the sockets API of WinterTC, which Workers have as `cloudflare:sockets`.
import type { Dialer, Endpoint } from '../core/io/transport.ts';
import { checkKnown, checkObject, optionNames } from '../core/wire/check.ts';
import { UsageError } from '../core/wire/errors.ts';
import type { SocketConnect, SocketLike } from './sockets-api.ts';
import { SocketTransport } from './socket-transport.ts';

/** The options of a dialer over the sockets API. */
export interface SocketDialOptions {
  /** Opens a socket; `connect` of `cloudflare:sockets` by default. */
  readonly connect?: SocketConnect | undefined;
}

const names = /* @__PURE__ */ optionNames<SocketDialOptions>({ connect: true });

/**
 * A dialer over TCP and TLS. Of the TLS options it takes `serverName`: the runtime decides which
 * authorities are trusted, and has no client certificates.
 *
 * @throws UsageError when there is no such option.
 */
export function socketDialer(options: SocketDialOptions = {}): Dialer {
  checkObject('options', options);
  checkKnown('options', options, names);
  return async (to, events, signal) => {
    const connect = options.connect ?? await ownConnect();
    if (signal.aborted) throw signal.reason;
    let socket = open(to, connect);
    let onAbort = (): void => {};
    const aborted = new Promise<never>((_, reject) => {
      onAbort = () => reject(signal.reason);
      signal.addEventListener('abort', onAbort);
    });
    try {
      await Promise.race([socket.opened, aborted]);
      if (to.tls?.serverName !== undefined) {
        socket = socket.startTls({ expectedServerHostname: to.tls.serverName });
        await Promise.race([socket.opened, aborted]);
      }
      const transport = new SocketTransport(socket, to.tls !== undefined);
      transport.attach(events);
      return transport;
    } catch (error) {
      socket.close().catch(() => {});
      throw error;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  };
}

/** `connect` of the runtime. */
async function ownConnect(): Promise<SocketConnect> {
  // Not a literal: bundlers, and runtimes that have no such module, must be able to load this file.
  const name = 'cloudflare:sockets';
  try {
    const { connect } = await import(/* webpackIgnore: true */ /* @vite-ignore */ name) as {
      readonly connect: SocketConnect;
    };
    return connect;
  } catch (cause) {
    const why = 'this runtime has no sockets (cloudflare:sockets): give connect, or a bridge ' +
      '(memwire/bridge), whose address is like wss://cache.example.org/';
    throw new Error(why, { cause });
  }
}

function open(to: Endpoint, connect: SocketConnect): SocketLike {
  if ('path' in to) throw new UsageError('server', 'must not be a unix socket in a Worker');
  const { host: hostname, port, tls } = to;
  for (const name of ['ca', 'cert', 'key'] as const) {
    if (tls?.[name] !== undefined) throw new UsageError('tls', `must not have ${name} in a Worker`);
  }
  // Only a socket that starts TLS later takes another name than that of its host.
  const secure = tls === undefined ? 'off' : tls.serverName === undefined ? 'on' : 'starttls';
  return connect({ hostname, port }, { secureTransport: secure, allowHalfOpen: true });
}
