// The servers behind a DNS name, resolved by Node.
import {
  DnsDiscovery as CoreDnsDiscovery,
  type DnsDiscoveryOptions,
} from '../core/client/cluster/discovery/dns-discovery.ts';
import type { ServerName } from '../core/client/connection/endpoint.ts';
import { checkObject } from '../core/wire/check.ts';
import { clock } from './outside.ts';
import { resolve } from './resolve.ts';

/** A server for each address of a host name, resolved by Node. */
export class DnsDiscovery extends CoreDnsDiscovery {
  /**
   * Follows the addresses of a name.
   *
   * @param server `host:port` and the like, see `ServerName`.
   * @throws UsageError naming the option that breaks a rule.
   */
  constructor(server: ServerName, options: DnsDiscoveryOptions = {}) {
    checkObject('options', options);
    super(server, {
      ...options,
      resolve: options.resolve ?? resolve,
      clock: options.clock ?? clock,
    });
  }
}
