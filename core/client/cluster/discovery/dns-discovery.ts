// A discovery of servers by the addresses of a DNS name.
import { ConnectionError, UsageError } from '../../../wire/errors.ts';
import { type ServerName, toEndpoint } from '../../connection/endpoint.ts';
import { checkDiscovery, Discovery, type DiscoveryOptions } from './discovery.ts';

/** All addresses of a host, in any order. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/** The options of a `DnsDiscovery`. */
export interface DnsDiscoveryOptions extends DiscoveryOptions {
  /** Resolves a host name; by default with the runtime's resolver. */
  readonly resolve?: Resolve | undefined;
}

/**
 * A server for each address of a host name, such as a headless service of Kubernetes.
 */
export class DnsDiscovery extends Discovery {
  /**
   * Follows the addresses of a name.
   *
   * @param server `host:port` and the like, see `ServerName`.
   * @throws UsageError naming the option that breaks a rule.
   */
  constructor(
    server: ServerName,
    options: DnsDiscoveryOptions & { readonly resolve: Resolve },
  ) {
    const endpoint = toEndpoint(server);
    if ('path' in endpoint) throw new UsageError('server', 'must be a host');
    checkDiscovery(options, 'resolve');
    const { resolve, ...rest } = options;
    if (typeof resolve !== 'function') throw new UsageError('resolve', 'must be a function');
    const { host, tls } = endpoint;
    // Certificates have no addresses, so servers are verified by the name that was looked up.
    const common = tls === undefined
      ? endpoint
      : { ...endpoint, tls: { serverName: host, ...tls } };
    super(async () => {
      // Resolvers rotate the addresses; as a set they are the same.
      const addresses = [...await resolved(host, resolve)].sort();
      return { servers: addresses.map((address) => ({ ...common, host: address })) };
    }, rest);
  }
}

async function resolved(host: string, resolve: Resolve): Promise<ReadonlySet<string>> {
  let addresses: readonly string[];
  try {
    addresses = await resolve(host);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConnectionError(`${host} cannot be resolved: ${reason}`, 'not-sent', error);
  }
  if (addresses.length === 0) throw new ConnectionError(`${host} has no address`, 'not-sent');
  return new Set(addresses);
}
