/** memwire in Workers: over the sockets API of WinterTC, and over WebSockets to a bridge. */
import { ClusterClient } from '../core/client/cluster/cluster-client.ts';
import {
  HashClient as CoreHashClient,
  type HashServers,
} from '../core/client/cluster/hash-client.ts';
import type { ServerName } from '../core/client/connection/endpoint.ts';
import { noEnvironment, readEnvironment } from '../core/client/connection/server-url.ts';
import type { HashClientOptions, PooledClientOptions, Prepare } from '../core/client/options.ts';
import {
  Client as CoreClient,
  PooledClient as CorePooledClient,
  ServerClient,
} from '../core/client/server-client.ts';
import { checkObject } from '../core/wire/check.ts';
import type { Dialer } from '../core/io/transport.ts';
import { isBridgeAddress } from './bridge-address.ts';
import { Client as BridgedClient, type WebClientOptions } from './mod.ts';
import { inOneRequest } from './one-request.ts';
import { socketDialer } from './socket-dial.ts';

export * from '../core/client/public.ts';
export { DnsDiscovery } from '../core/client/cluster/discovery/dns-discovery.ts';
export { VERSION } from '../core/version.ts';
export type { WebSocketLike } from '../core/io/web-socket.ts';
export { webDialer, type WebDialOptions, type WebSocketConstructor } from './dial.ts';
export type { WebClientOptions } from './mod.ts';
export { socketDialer, type SocketDialOptions } from './socket-dial.ts';
export type { SocketConnect, SocketLike, SocketReader, SocketWriter } from './sockets-api.ts';

/** Connects over TCP or TLS, with the `connect` of `cloudflare:sockets`. */
export const dial: Dialer = /* @__PURE__ */ socketDialer();

const prepare: Prepare = (options) => {
  checkObject('options', options);
  return { ...options, dial: options.dial ?? dial };
};

/**
 * A client of one server, over one connection. It connects when the first call comes, and belongs to
 * the request of that call: make one in each request, and close it there.
 *
 * @example
 * ```ts
 * export default {
 *   async fetch(request: Request, env: { MEMCACHED: string }): Promise<Response> {
 *     await using client = new Client(env.MEMCACHED);
 *     return new Response(await client.get<string>('page'));
 *   },
 * };
 * ```
 */
export class Client extends ServerClient {
  /**
   * Makes a client of one server, or of the server behind a bridge.
   *
   * @param server `host:port` and the like, see `ServerName`, or the address of a bridge:
   * `wss://cache.example.org/memcached`; `localhost:11211` by default.
   * @param options `token` and `WebSocket` are for a bridge alone.
   * @throws UsageError when an option breaks a rule.
   */
  constructor(server: ServerName = 'localhost', options: WebClientOptions = {}) {
    const { dependencies } = isBridgeAddress(server)
      ? new BridgedClient(server, options)
      : new CoreClient(server, prepare(options));
    super(inOneRequest(dependencies));
  }

  /**
   * Makes a client of what `MEMCACHED_URL` names among the variables of the Worker.
   *
   * @param environment The `env` that the handler of the request was given.
   * @throws UsageError when it is not set there, or breaks a rule.
   */
  static fromEnv(
    options: WebClientOptions = {},
    environment: { readonly MEMCACHED_URL?: string | undefined } = noEnvironment(),
  ): Client {
    return new Client(readEnvironment(environment), options);
  }
}

/** A client of one server, over several connections; it belongs to one request, see `Client`. */
export class PooledClient extends ServerClient {
  /**
   * Makes a client of one server, over several connections.
   *
   * @param server `host:port` and the like, see `ServerName`; `localhost:11211` by default.
   * @throws UsageError when an option breaks a rule.
   */
  constructor(server: ServerName = 'localhost', options: PooledClientOptions = {}) {
    super(inOneRequest(new CorePooledClient(server, prepare(options)).dependencies));
  }

  /**
   * Makes a client of what `MEMCACHED_URL` names among the variables of the Worker.
   *
   * @param environment The `env` that the handler of the request was given.
   * @throws UsageError when it is not set there, or breaks a rule.
   */
  static fromEnv(
    options: PooledClientOptions = {},
    environment: { readonly MEMCACHED_URL?: string | undefined } = noEnvironment(),
  ): PooledClient {
    return new PooledClient(readEnvironment(environment), options);
  }
}

/** A client of many servers; it belongs to one request, see `Client`. */
export class HashClient extends ClusterClient {
  /**
   * Makes a client of many servers.
   *
   * @param servers As the `HashClient` of other runtimes takes them. A discovery belongs to the
   * request likewise.
   * @throws UsageError when an option breaks a rule.
   */
  constructor(servers: HashServers, options: HashClientOptions = {}) {
    const { dependencies } = new CoreHashClient(servers, prepare(options));
    const bound = inOneRequest(dependencies);
    super({ ...bound, servers: bound.servers! });
  }

  /**
   * Makes a client of what `MEMCACHED_URL` names among the variables of the Worker.
   *
   * @param environment The `env` that the handler of the request was given.
   * @throws UsageError when it is not set there, or breaks a rule.
   */
  static fromEnv(
    options: HashClientOptions = {},
    environment: { readonly MEMCACHED_URL?: string | undefined } = noEnvironment(),
  ): HashClient {
    return new HashClient(readEnvironment(environment), options);
  }
}
