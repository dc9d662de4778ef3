/** memwire over WebSockets: in pages, and wherever there is a bridge to reach. */
import type { ClientOptions } from '../core/client/client-options.ts';
import { Client as CoreClient } from '../core/client/clients.ts';
import type { ServerName } from '../core/client/endpoint.ts';
import type { Dialer, Endpoint } from '../core/transport.ts';
import { MAX_BRIDGED_KEYS } from '../core/web-socket.ts';
import { checkObject } from '../core/wire/check.ts';
import { UsageError } from '../core/wire/errors.ts';
import { webDialer, type WebDialOptions } from './dial.ts';

export * from '../core/mod.ts';
export type { WebSocketLike } from '../core/web-socket.ts';
export { webDialer, type WebDialOptions, type WebSocketConstructor } from './dial.ts';

/** How to connect to a bridge that is at the root of its host and asks for no token. */
export const dial: Dialer = /* @__PURE__ */ webDialer();

export interface WebClientOptions extends ClientOptions, Omit<WebDialOptions, 'path'> {}

/** A client of one server behind a bridge, over one WebSocket. It connects when the first call comes. */
export class Client extends CoreClient {
  /**
   * @param server The address of a bridge: `wss://cache.example.org/memcached`.
   * @throws UsageError when an option breaks a rule.
   */
  constructor(server: ServerName, options: WebClientOptions = {}) {
    const { endpoint, path } = toBridge(server);
    checkObject('options', options);
    const { token, WebSocket, ...rest } = options;
    const how = {
      path,
      ...(token === undefined ? {} : { token }),
      ...(WebSocket === undefined ? {} : { WebSocket }),
    };
    const { dial = webDialer(how), maxKeys = MAX_BRIDGED_KEYS } = options;
    super(endpoint, { ...rest, dial, maxKeys });
  }
}

interface Url {
  readonly protocol: string;
  readonly hostname: string;
  readonly port: string;
  readonly pathname: string;
  readonly search: string;
}

declare const URL: new (text: string) => Url;

function toBridge(server: ServerName): { endpoint: ServerName; path: string } {
  if (typeof server !== 'string' || !/^wss?:\/\//.test(server)) {
    return { endpoint: server, path: '/' };
  }
  const { protocol, hostname, port, pathname, search } = parse(server);
  const secure = protocol === 'wss:';
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const endpoint: Endpoint = { host, port: Number(port) || (secure ? 443 : 80) };
  return { endpoint: secure ? { ...endpoint, tls: {} } : endpoint, path: pathname + search };
}

function parse(url: string): Url {
  try {
    return new URL(url);
  } catch (cause) {
    throw new UsageError('server', `must be an address, not ${JSON.stringify(url)}`, cause);
  }
}
