/** memwire over WebSockets: in pages, and wherever there is a bridge to reach. */
import type { ClientOptions } from '../core/client/options.ts';
import { Client as CoreClient } from '../core/client/server-client.ts';
import { type ServerName, withoutLogin } from '../core/client/connection/endpoint.ts';
import type { Dialer, Endpoint } from '../core/io/transport.ts';
import { MAX_BRIDGED_KEYS } from '../core/io/web-socket.ts';
import { checkObject } from '../core/wire/check.ts';
import { UsageError } from '../core/wire/errors.ts';
import { webDialer, type WebDialOptions } from './dial.ts';

export * from '../core/client/public.ts';
export { DnsDiscovery } from '../core/client/cluster/discovery/dns-discovery.ts';
export { HashClient } from '../core/client/cluster/hash-client.ts';
export { PooledClient } from '../core/client/server-client.ts';
export { VERSION } from '../core/version.ts';
export type {
  UnsharedBytes,
  WebSocketEnd,
  WebSocketFailure,
  WebSocketLike,
} from '../core/io/web-socket.ts';
export { webDialer, type WebDialOptions, type WebSocketConstructor } from './dial.ts';

/** How to connect to a bridge that is at the root of its host and asks for no token. */
export const dial: Dialer = /* @__PURE__ */ webDialer();

/** The options of a client in a page. */
export interface WebClientOptions extends ClientOptions, Omit<WebDialOptions, 'path'> {}

/** A client of one server behind a bridge, over one WebSocket. It connects when the first call comes. */
export class Client extends CoreClient {
  /**
   * Makes a client of the server behind a bridge.
   *
   * @param server The address of a bridge: `wss://cache.example.org/memcached`.
   * @throws UsageError when it is none, or an option breaks a rule.
   */
  constructor(server: ServerName, options: WebClientOptions = {}) {
    checkObject('options', options);
    const { token, WebSocket, ...rest } = options;
    const { endpoint, path } = toBridge(server, rest.dial === undefined);
    const how = {
      path,
      ...(token === undefined ? {} : { token }),
      ...(WebSocket === undefined ? {} : { WebSocket }),
    };
    const { dial = webDialer(how), maxKeys = MAX_BRIDGED_KEYS } = rest;
    super(endpoint, { ...rest, dial, maxKeys });
  }
}

interface Url {
  readonly protocol: string;
  readonly username: string;
  readonly password: string;
  readonly hostname: string;
  readonly port: string;
  readonly pathname: string;
  readonly search: string;
}

declare const URL: new (text: string) => Url;

/** @param isBridge Nothing but a bridge will do: the caller has no way of its own to connect. */
function toBridge(
  server: ServerName,
  isBridge: boolean,
): { endpoint: ServerName; path: string } {
  if (typeof server !== 'string' || !/^wss?:\/\//i.test(server)) {
    // An endpoint says nothing of what is there.
    if (isBridge && typeof server === 'string') throw new UsageError('server', BRIDGE_RULE);
    return { endpoint: server, path: '/' };
  }
  const { protocol, username, password, hostname, port, pathname, search } = parse(server);
  if (username !== '' || password !== '') {
    const rule = 'must not hold a login: give what the bridge asks for as the option token';
    throw new UsageError('server', rule);
  }
  const secure = protocol === 'wss:';
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const endpoint: Endpoint = { host, port: Number(port) || (secure ? 443 : 80) };
  return { endpoint: secure ? { ...endpoint, tls: {} } : endpoint, path: pathname + search };
}

const BRIDGE_RULE =
  "must be a bridge's address, like wss://cache.example.org/: a page reaches memcached through one";

function parse(url: string): Url {
  try {
    return new URL(url);
  } catch {
    // The runtime's own error quotes the address, login and all.
    const shown = JSON.stringify(withoutLogin(url));
    throw new UsageError('server', `must be an address, not ${shown}`);
  }
}
