import { systemClock } from '../../io/clock.ts';
import { checkEntry, checkMilliseconds } from '../../wire/check.ts';
import { MemcacheError, UsageError } from '../../wire/errors.ts';
import {
  type CallOptions,
  checkOptions,
  type ClientOptions,
  type PoolOptions,
  type WithDial,
  type WriteOptions,
} from '../options.ts';
import type { MemcacheDependencies } from '../operation-context.ts';
import { clientDependencies, ServerClient, upstreamFor } from '../server-client.ts';
import { Cluster } from './cluster.ts';
import { type ClusterServer, toAllPlaced, toPlaced } from './cluster-server.ts';
import { DiscoveredCluster } from './discovered-cluster.ts';
import { Discovery } from './discovery/discovery.ts';
import { quoted, type ServerName } from '../connection/endpoint.ts';
import type { Expire } from '../expire.ts';
import type { HashScheme } from '../hashing/hasher.ts';
import { type HashSchemeName, hashSchemes } from '../hashing/schemes.ts';
import type { HealthOptions } from './health.ts';
import { type ItemKey, RoutedKeys } from '../keys.ts';
import { Memcache } from '../memcache.ts';
import { Pace } from '../connection/timing.ts';
import { type ProfileName, profiles } from '../values/profiles/profiles.ts';
import type { StatValue } from '../results.ts';

export interface HashClientOptions
  extends ClientOptions, Partial<PoolOptions>, Partial<HealthOptions> {
  /**
   * How keys are shared: `rendezvous` by default, which is even, moves the keys of a server that
   * leaves and no others, and is pymemcache's. It has no weights; `weightedKetama` has.
   */
  readonly scheme?: HashSchemeName | HashScheme;
  /**
   * Shares keys, shortens them and reads and writes values as another client does, so that both
   * find and read each other's. `scheme` and `serde` override their part of it.
   */
  readonly profile?: ProfileName;
}

/** The servers of a `HashClient`: a list, or what finds them and says when they change. */
export type HashServers = readonly (ServerName | ClusterServer)[] | Discovery;

/** Of each server, by its name, the result, or why there is none. */
export type Each<Result> = Map<string, Result | MemcacheError>;

/**
 * A client of many servers, each with the keys that a hash gives it. Calls for many keys go to all
 * of their servers side by side.
 *
 * It has the operations on items. What speaks of one server is on `server(name)`.
 */
export class HashClient extends Memcache {
  readonly #cluster: Cluster;
  readonly #dependencies: MemcacheDependencies;
  readonly #tls: ClientOptions['tls'];
  readonly #isDiscovered: boolean;

  /**
   * @param servers Their order matters to some schemes, their names to the others. A discovery is
   * asked by the first call, which waits for its list within its own time and rejects where there
   * is none; the next asks again. Then the servers are as the last list has them: one that leaves
   * ends what it was asked. To close the client closes the discovery.
   * @throws UsageError when an option breaks a rule.
   */
  constructor(servers: HashServers, options: HashClientOptions & WithDial) {
    checkOptions(options, 'HashClient');
    const { tls, clock = systemClock, timeout = 1000 } = options;
    const { profile: profileName, scheme = 'rendezvous' } = options;
    const { retryAttempts = 2, retryTimeout = 1000, deadTimeout = 60_000 } = options;
    if (typeof retryAttempts !== 'number' || !(retryAttempts >= 0)) {
      throw new UsageError('retryAttempts', 'must be a number, 0 or more');
    }
    const profile = profileName === undefined
      ? undefined
      : checkEntry('profile', profiles, profileName);
    const shared = typeof scheme === 'function'
      ? scheme
      : checkEntry('scheme', hashSchemes, scheme);
    const pace = new Pace(clock);
    const cluster = new Cluster(servers instanceof Discovery ? [] : toAllPlaced(servers, tls), {
      scheme: profile !== undefined && options.scheme === undefined ? profile.scheme : shared,
      clock,
      random: options.random ?? Math.random,
      retryAttempts,
      retryTimeout: checkMilliseconds('retryTimeout', retryTimeout),
      deadTimeout: checkMilliseconds('deadTimeout', deadTimeout),
      connect: (endpoint, onFailure) => upstreamFor(endpoint, { ...options, onFailure, pace }),
    });
    const { keyPrefix = '', unicodeKeys = false, binaryKeys = false } = options;
    const policy = { prefix: keyPrefix, unicode: unicodeKeys, binary: binaryKeys };
    const { serde = profile?.serde() } = options;
    const discovered = servers instanceof Discovery
      ? new DiscoveredCluster(cluster, servers, { clock, timeout, tls })
      : null;
    const dependencies: MemcacheDependencies = {
      ...clientDependencies(serde === undefined ? options : { ...options, serde }),
      keys: new RoutedKeys(policy, profile),
      executor: discovered ?? cluster,
      ready: discovered === null ? undefined : (call) => discovered.ready(call),
      placeOf: ({ route, key }) => cluster.memberOf(route ?? key),
    };
    super(dependencies);
    this.#cluster = cluster;
    this.#dependencies = dependencies;
    this.#tls = tls;
    this.#isDiscovered = discovered !== null;
  }

  /** The names of the servers, in their order; none before a discovery has found them. */
  get servers(): string[] {
    return [...this.#cluster.members.keys()];
  }

  /**
   * One of the servers, with what only one can be asked. It is asked whether it is up or not, and
   * to close it does nothing.
   *
   * @throws UsageError when there is none of that name.
   */
  server(name: string): ServerClient {
    return this.#server(name, this.#dependencies.ignoreErrors);
  }

  /** The server that has a key now; undefined when all are dead, or none is known yet. */
  serverOf(key: ItemKey): string | undefined {
    const { route, key: sent } = this.#dependencies.keys.toWire(key);
    return this.#cluster.memberOf(route ?? sent)?.node.name;
  }

  /**
   * Adds a server at the end of the list. The keys that are its now are misses until they are
   * stored again.
   *
   * @throws UsageError when there is one of that name, the scheme cannot have its weight, or a
   * discovery says which servers there are.
   */
  addServer(server: ServerName | ClusterServer): void {
    this.#checkOwn();
    this.#cluster.add(toPlaced(server, this.#tls));
  }

  /**
   * Takes a server out: from now on others have its keys.
   *
   * @returns Whether there was one of that name, when what it was asked before has ended.
   * @throws UsageError when a discovery says which servers there are.
   */
  async removeServer(name: string): Promise<boolean> {
    this.#checkOwn();
    return await this.#cluster.remove(name);
  }

  /** The versions of all servers. */
  version(options: CallOptions = {}): Promise<Each<string>> {
    return this.#each(options, (server, left) => server.version(left));
  }

  /** What all servers tell of themselves; see `ServerClient.stats`. */
  stats(
    words: readonly string[] = [],
    options: CallOptions = {},
  ): Promise<Each<Map<string, StatValue>>> {
    return this.#each(options, (server, left) => server.stats(words, left));
  }

  /**
   * Deletes everything on all servers, now or after so many seconds.
   *
   * @returns The servers on which it was not done, each with its reason: empty when all went well.
   */
  async flushAll(
    delay: Expire = 0,
    options: WriteOptions = {},
  ): Promise<Map<string, MemcacheError>> {
    const results = await this.#each(options, (server, left) => server.flushAll(delay, left));
    const failed = new Map<string, MemcacheError>();
    for (const [name, error] of results) if (error !== undefined) failed.set(name, error);
    return failed;
  }

  #server(name: string, ignoreErrors: boolean): ServerClient {
    const member = this.#cluster.members.get(name);
    if (member === undefined) throw new UsageError('server', `${quoted(name)} is unknown`);
    const { executor } = member;
    const { placeOf: _placeOf, ...dependencies } = this.#dependencies;
    return new ServerClient({
      ...dependencies,
      ready: undefined,
      ignoreErrors,
      executor: {
        execute: (command, options) => executor.execute(command, options),
        close: () => Promise.resolve(),
      },
    });
  }

  #checkOwn(): void {
    if (this.#isDiscovered) throw new UsageError('server', 'is for the discovery to say');
  }

  async #each<Options extends CallOptions, Result>(
    options: Options,
    ask: (server: ServerClient, options: Options) => Promise<Result>,
  ): Promise<Each<Result>> {
    const left = await this.#dependencies.ready?.(options) ?? options;
    const one = async (name: string): Promise<[string, Result | MemcacheError]> => {
      try {
        return [name, await ask(this.#server(name, false), left)];
      } catch (error) {
        // Who broke a rule broke it for all.
        if (!(error instanceof MemcacheError) || error instanceof UsageError) throw error;
        return [name, error];
      }
    };
    return new Map(await Promise.all(this.servers.map(one)));
  }
}
