/** memwire on Node. */
import { checkOptions, type ClientOptions } from '../core/client/client-options.ts';
import { Client as CoreClient } from '../core/client/clients.ts';
import {
  DnsDiscovery as CoreDnsDiscovery,
  type DnsDiscoveryOptions,
} from '../core/client/discovery/dns-discovery.ts';
import type { ServerName } from '../core/client/endpoint.ts';
import { published } from './diagnostics.ts';
import { dial } from './dial.ts';
import { resolve } from './resolve.ts';

export * from '../core/mod.ts';
export { dial } from './dial.ts';
export type { CommandMessage } from './diagnostics.ts';
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
    checkOptions(options);
    super(server, { dial, ...options, ...published(options) });
  }
}

/** A server for each address that a name stands for, resolved as Node resolves it. */
export class DnsDiscovery extends CoreDnsDiscovery {
  /**
   * @param server `host:port` and the like, see `ServerName`.
   * @throws UsageError naming the option that breaks a rule.
   */
  constructor(server: ServerName, options: DnsDiscoveryOptions = {}) {
    super(server, { resolve, ...options });
  }
}
