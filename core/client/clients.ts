import { checkOptions, type ClientOptions, type PoolOptions } from './options.ts';
import { clientDependencies, upstreamFor, type WithDial } from './client-parts.ts';
import { type ServerName, toEndpoint } from './connection/endpoint.ts';
import { ServerClient } from './server-client.ts';

/** A client of one server, over one connection. It connects when the first call comes. */
export class Client extends ServerClient {
  /**
   * @param server `host:port` and the like, see `ServerName`.
   * @throws UsageError when an option breaks a rule.
   */
  constructor(server: ServerName, options: ClientOptions & WithDial) {
    checkOptions(options, 'Client');
    const executor = upstreamFor(toEndpoint(server, options.tls), options);
    super({ ...clientDependencies(options), executor });
  }
}

/**
 * A client of one server, over several connections: for values so large that others should not wait
 * behind them. One connection carries any number of calls at once, so most programs need no more.
 *
 * Where pymemcache's pool fails when it is full, calls share the least busy connection: each ends
 * within its `timeout`, and `maxPending` bounds what waits on each connection.
 */
export class PooledClient extends ServerClient {
  /**
   * @param server `host:port` and the like, see `ServerName`.
   * @throws UsageError when an option breaks a rule.
   */
  constructor(server: ServerName, options: PooledClientOptions & WithDial) {
    checkOptions(options, 'PooledClient');
    const { maxPoolSize = 4, idleTimeout = 60_000 } = options;
    const pool = { ...options, maxPoolSize, idleTimeout };
    const executor = upstreamFor(toEndpoint(server, options.tls), pool);
    super({ ...clientDependencies(options), executor });
  }
}

export interface PooledClientOptions extends ClientOptions, Partial<PoolOptions> {}
