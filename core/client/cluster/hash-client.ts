// The client of many servers, which distributes keys among them by a hash scheme.
import type { TlsOptions } from '../../io/transport.ts';
import { checkEntry } from '../../wire/check.ts';
import { UsageError } from '../../wire/errors.ts';
import { quoted, type ServerName } from '../connection/endpoint.ts';
import {
  type Environment,
  noEnvironment,
  readEnvironment,
  readServerUrls,
} from '../connection/server-url.ts';
import { RoutedKeys } from '../keys.ts';
import type { Servers } from '../operation-context.ts';
import {
  asGiven,
  clientSettings,
  type HashClientOptions,
  hashClientTable,
  type Prepare,
} from '../options.ts';
import { clientDependencies, keyPolicy } from '../server-client.ts';
import { profiles } from '../values/profiles/profiles.ts';
import type { Cluster } from './cluster.ts';
import { clusterOf } from './create-cluster.ts';
import { ClusterClient } from './cluster-client.ts';
import { type ClusterServer, resolveServer, resolveServers } from './cluster-server.ts';
import { DiscoveredCluster } from './discovered-cluster.ts';
import { Discovery } from './discovery/discovery.ts';

/**
 * The servers of a `HashClient`: a list, also as a text with commas or as a URL, or a discovery, which
 * finds them and follows changes.
 */
export type HashServers = string | readonly (ServerName | ClusterServer)[] | Discovery;

/**
 * A client of many servers, among which keys are distributed by a hash scheme. Calls for many keys
 * go to all of their servers concurrently.
 *
 * It has the operations on items. The operations on one server are on `server(name)`.
 */
export class HashClient extends ClusterClient {
  /** What the runtime adds to the options, among them how to dial. */
  static readonly prepare: Prepare = asGiven;
  /** @internal The environment of the process. */
  static readonly environment: () => Environment = noEnvironment;

  /**
   * Makes a client of many servers.
   *
   * @param servers Their order matters to some schemes, their names to the others. A discovery is
   * asked by the first call, which waits for its list within its own time and rejects where there
   * is none; the next asks again. From then on the last list holds: a server that leaves first
   * finishes its pending commands. Closing the client closes the discovery.
   * @throws UsageError when an option breaks a rule.
   */
  constructor(servers: HashServers, given: HashClientOptions = {}) {
    const { list, options } = readServers(servers, given);
    const settings = clientSettings(hashClientTable, new.target.prepare(options));
    const { clock, timeout, tls } = settings;
    const profile = settings.profile === undefined
      ? undefined
      : checkEntry('profile', profiles, settings.profile);
    const scheme = profile !== undefined && options.scheme === undefined
      ? profile.scheme
      : settings.scheme;
    const known = servers instanceof Discovery ? [] : resolveServers(list, tls);
    const cluster = clusterOf(known, { ...settings, scheme });
    const discovered = servers instanceof Discovery
      ? new DiscoveredCluster(cluster, servers, { clock, timeout, tls })
      : null;
    const serde = profile === undefined || options.serde !== undefined
      ? settings.serde
      : profile.serde();
    super({
      ...clientDependencies(settings),
      serde,
      keys: new RoutedKeys(keyPolicy(settings), profile),
      executor: discovered ?? cluster,
      servers: serversIn(cluster, discovered, tls),
      statuses: () => [...cluster.members.values()].map(({ status }) => status),
    });
  }

  /**
   * Makes a client of the servers that `MEMCACHED_URL` names in the environment, with the login and
   * the options in that URL: `memcached://user:password@a:11211,b:11211?scheme=ketama`.
   *
   * @param options They override those of the URL.
   * @param environment The variables; those of the process by default. In a Worker they are the `env`
   * of its handler.
   * @throws UsageError when the variable is not set, the runtime has no environment, or the URL breaks
   * a rule; it never quotes a login.
   *
   * @example
   * ```ts
   * const own = HashClient.fromEnv(); // MEMCACHED_URL is memcached://a.example,b.example
   * console.log(await own.version());
   * await own.close();
   * ```
   */
  static fromEnv(
    options: HashClientOptions = {},
    environment: { readonly MEMCACHED_URL?: string | undefined } = this.environment(),
  ): HashClient {
    return new this(readEnvironment(environment), options);
  }
}

function readServers(
  servers: HashServers,
  given: HashClientOptions,
): { readonly list: readonly (ServerName | ClusterServer)[]; readonly options: HashClientOptions } {
  if (servers instanceof Discovery) return { list: [], options: given };
  // A URL divides its own list, as its login may have commas. No other text has a login.
  const texts = typeof servers !== 'string'
    ? servers
    : /:\/\/|@/.test(servers)
    ? [servers]
    : servers.split(',').map((one) => one.trim());
  if (!Array.isArray(texts)) return { list: texts, options: given };
  const { servers: list, options } = readServerUrls(texts, given, hashClientTable);
  return { list, options };
}

/** The servers of a cluster. The list of a discovery cannot be changed by hand. */
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
    nodes: () => cluster.nodes,
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
      cluster.add(resolveServer(server, tls));
    },
    async remove(name) {
      checkOwn();
      return await cluster.remove(name);
    },
    ready: discovered === null ? undefined : (options) => discovered.ready(options),
  };
}
