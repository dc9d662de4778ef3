import { systemClock } from '../../io/clock.ts';
import type { TlsOptions } from '../../io/transport.ts';
import { checkEntry, checkMilliseconds } from '../../wire/check.ts';
import { UsageError } from '../../wire/errors.ts';
import { quoted, type ServerName } from '../connection/endpoint.ts';
import { Pace } from '../connection/timing.ts';
import type { HashScheme } from '../hashing/hasher.ts';
import { type HashSchemeName, hashSchemes } from '../hashing/schemes.ts';
import { RoutedKeys } from '../keys.ts';
import type { Servers } from '../operation-context.ts';
import { checkOptions, type ClientOptions, type PoolOptions, type WithDial } from '../options.ts';
import { clientDependencies, upstreamFor } from '../server-client.ts';
import { type Profile, type ProfileName, profiles } from '../values/profiles/profiles.ts';
import { Cluster } from './cluster.ts';
import { ClusterClient } from './cluster-client.ts';
import { type ClusterServer, toAllPlaced, toPlaced } from './cluster-server.ts';
import { DiscoveredCluster } from './discovered-cluster.ts';
import { Discovery } from './discovery/discovery.ts';
import type { HealthOptions } from './health.ts';

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

/**
 * A client of many servers, each with the keys that a hash gives it. Calls for many keys go to all
 * of their servers side by side.
 *
 * It has the operations on items. What concerns one server alone is on `server(name)`.
 */
export class HashClient extends ClusterClient {
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
    const profile = options.profile === undefined
      ? undefined
      : checkEntry('profile', profiles, options.profile);
    const cluster = clusterFor(servers instanceof Discovery ? null : servers, options, profile);
    const discovered = servers instanceof Discovery
      ? new DiscoveredCluster(cluster, servers, { clock, timeout, tls })
      : null;
    const { keyPrefix = '', unicodeKeys = false, binaryKeys = false } = options;
    const policy = { prefix: keyPrefix, unicode: unicodeKeys, binary: binaryKeys };
    const { serde = profile?.serde() } = options;
    super({
      ...clientDependencies(serde === undefined ? options : { ...options, serde }),
      keys: new RoutedKeys(policy, profile),
      executor: discovered ?? cluster,
      servers: serversIn(cluster, discovered, tls),
    });
  }
}

function clusterFor(
  servers: readonly (ServerName | ClusterServer)[] | null,
  options: HashClientOptions & WithDial,
  profile: Profile | undefined,
): Cluster {
  const { tls, clock = systemClock, random = Math.random, scheme = 'rendezvous' } = options;
  const { retryAttempts = 2, retryTimeout = 1000, deadTimeout = 60_000 } = options;
  if (typeof retryAttempts !== 'number' || !(retryAttempts >= 0)) {
    throw new UsageError('retryAttempts', 'must be a number, 0 or more');
  }
  const own = typeof scheme === 'function' ? scheme : checkEntry('scheme', hashSchemes, scheme);
  const pace = new Pace(clock);
  return new Cluster(servers === null ? [] : toAllPlaced(servers, tls), {
    scheme: profile !== undefined && options.scheme === undefined ? profile.scheme : own,
    clock,
    random,
    retryAttempts,
    retryTimeout: checkMilliseconds('retryTimeout', retryTimeout),
    deadTimeout: checkMilliseconds('deadTimeout', deadTimeout),
    connect: (endpoint, onFailure) => upstreamFor(endpoint, { ...options, onFailure, pace }),
  });
}

/** The servers of a cluster. Where a discovery says which they are, nobody else may. */
function serversIn(
  cluster: Cluster,
  discovered: DiscoveredCluster | null,
  tls: TlsOptions | undefined,
): Servers {
  const checkOwn = (): void => {
    if (discovered !== null) throw new UsageError('server', 'is for the discovery to say');
  };
  return {
    names: () => [...cluster.members.keys()],
    serverOf: ({ route, key }) => cluster.memberOf(route ?? key)?.node.name,
    executorOf(name) {
      const member = cluster.members.get(name);
      if (member === undefined) throw new UsageError('server', `${quoted(name)} is unknown`);
      const { executor } = member;
      return {
        execute: (command, options) => executor.execute(command, options),
        close: () => Promise.resolve(),
      };
    },
    add(server) {
      checkOwn();
      cluster.add(toPlaced(server, tls));
    },
    async remove(name) {
      checkOwn();
      return await cluster.remove(name);
    },
    ready: discovered === null ? undefined : (options) => discovered.ready(options),
  };
}
