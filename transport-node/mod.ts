/** memwire on Node. */
import type {
  ClientOptions,
  HashClientOptions,
  PooledClientOptions,
} from '../core/client/options.ts';
import {
  Client as CoreClient,
  PooledClient as CorePooledClient,
} from '../core/client/server-client.ts';
import type { ServerName } from '../core/client/connection/endpoint.ts';
import {
  HashClient as CoreHashClient,
  type HashServers,
} from '../core/client/cluster/hash-client.ts';
import { dial } from './dial.ts';
import { runtimeOptions } from './runtime-options.ts';

export * from '../core/mod.ts';
export { dial } from './dial.ts';
export type { CommandMessage } from './diagnostics.ts';
export { DnsDiscovery } from './dns-discovery.ts';
export { listen } from './listen.ts';
export { resolve } from './resolve.ts';
export { zlibCodec } from './zlib-codec.ts';

/** A client of one server, over one connection of Node's. It connects when the first call comes. */
export class Client extends CoreClient {
  /**
   * @param server `host:port` and the like, see `ServerName`; `localhost:11211` by default.
   * @throws UsageError when an option breaks a rule.
   */
  constructor(server: ServerName = 'localhost', options: ClientOptions = {}) {
    super(server, runtimeOptions(options, dial));
  }
}

/** A client of one server, over several connections of Node's. */
export class PooledClient extends CorePooledClient {
  /**
   * @param server `host:port` and the like, see `ServerName`; `localhost:11211` by default.
   * @throws UsageError when an option breaks a rule.
   */
  constructor(server: ServerName = 'localhost', options: PooledClientOptions = {}) {
    super(server, runtimeOptions(options, dial));
  }
}

/** A client of many servers, over connections of Node's. */
export class HashClient extends CoreHashClient {
  /**
   * @param servers Each `host:port` and the like, or with its name and weight; or a discovery.
   * @throws UsageError when an option breaks a rule.
   */
  constructor(servers: HashServers, options: HashClientOptions = {}) {
    super(servers, runtimeOptions(options, dial));
  }
}
