/** memwire over WebSockets: in pages, and in programs that connect to a bridge. */
import type { ClientOptions } from '../core/client/options.ts';
import { Client as CoreClient } from '../core/client/server-client.ts';
import type { ServerName } from '../core/client/connection/endpoint.ts';
import type { Dialer } from '../core/io/transport.ts';
import { MAX_BRIDGED_KEYS } from '../core/io/web-socket.ts';
import { checkObject } from '../core/wire/check.ts';
import { toBridge } from './bridge-address.ts';
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

/** The dialer for a bridge at the root of its host without tokens. */
export const dial: Dialer = /* @__PURE__ */ webDialer();

/** The options of a client in a page. */
export interface WebClientOptions extends ClientOptions, Omit<WebDialOptions, 'path'> {}

/** A client of one server behind a bridge, over one WebSocket. It connects with the first call. */
export class Client extends CoreClient {
  /**
   * Makes a client of the server behind a bridge.
   *
   * @param server The address of a bridge: `wss://cache.example.org/memcached`.
   * @throws UsageError when it is not such an address, or an option breaks a rule.
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
