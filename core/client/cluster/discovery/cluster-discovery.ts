// A discovery of servers by the configuration endpoint of a managed cluster.
import { UsageError } from '../../../wire/errors.ts';
import { readClusterConfig } from '../../../wire/cluster-config.ts';
import { Memcache } from '../../memcache.ts';
import { unexpected } from '../../results.ts';
import { checkDiscovery, Discovery, type DiscoveryOptions } from './discovery.ts';

/** The options of a `ClusterDiscovery`. */
export interface ClusterDiscoveryOptions extends DiscoveryOptions {
  /**
   * Whether to use the names of servers or their addresses; names by default, as addresses change.
   */
  readonly address?: 'name' | 'ip' | undefined;
}

/**
 * The servers that a managed cluster names in its reply to `config get cluster`: ElastiCache's from
 * 1.4.14, Memorystore's. Lists that are stored under an ordinary key, as in older versions, are not
 * read: a client that can write to the cache could redirect all others.
 */
export class ClusterDiscovery extends Discovery {
  readonly #client: Memcache;

  /**
   * Follows what a configuration endpoint says.
   *
   * @param client A client of the configuration endpoint; closing this closes it.
   * @throws UsageError naming the option that breaks a rule.
   */
  constructor(client: Memcache, options: ClusterDiscoveryOptions = {}) {
    if (!(client instanceof Memcache)) throw new UsageError('client', 'must be a client');
    checkDiscovery(options, 'address');
    const { address = 'name', ...rest } = options;
    const { clock, random = Math.random } = client.dependencies;
    if (address !== 'name' && address !== 'ip') {
      throw new UsageError('address', 'must be name or ip');
    }
    super(async () => {
      const reply = await client.execute({ verb: 'config get', words: ['cluster'] });
      if (reply.type !== 'CONFIG') return unexpected(reply);
      const { version, nodes } = readClusterConfig(reply.value);
      const servers = nodes.map(({ host, ip, port }) => ({
        host: address === 'ip' && ip !== '' ? ip : host,
        port,
      }));
      return { version, servers };
    }, { ...rest, clock: rest.clock ?? clock, random: rest.random ?? random });
    this.#client = client;
  }

  /** Closes all that it opened; resolves when that is done. */
  override async close(): Promise<void> {
    await super.close();
    await this.#client.close();
  }
}
