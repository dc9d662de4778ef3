// Many servers as one executor, with the defaults of a client.
import { assertArgument, checkEntry, checkObject } from '../../wire/check.ts';
import type { Dialer } from '../../io/transport.ts';
import type { ServerName } from '../connection/endpoint.ts';
import type { Executor } from '../connection/executor.ts';
import { Pace } from '../connection/timing.ts';
import { upstreamFor } from '../connection/upstream.ts';
import type { HashScheme } from '../hashing/hasher.ts';
import { type HashSchemeName, hashSchemes } from '../hashing/schemes.ts';
import {
  clientSettings,
  type HashClientOptions,
  type HashClientSettings,
  hashClientTable,
  type WithDial,
} from '../options.ts';
import { type ClusterServer, type ResolvedServer, resolveServers } from './cluster-server.ts';
import { Cluster } from './cluster.ts';

/** The options of a client that say what becomes of keys, values and results: these are none here. */
const clientsOwn = [
  'binaryKeys',
  'ignoreErrors',
  'keyPrefix',
  'maxKeys',
  'noreply',
  'onIgnored',
  'profile',
  'serde',
  'unicodeKeys',
] as const satisfies readonly Exclude<keyof HashClientOptions, keyof CreateClusterOptions>[];

/** The options of a `HashClient` that are for servers and connections; how to dial has to be given. */
export interface CreateClusterOptions extends
  Omit<
    HashClientOptions,
    | 'dial'
    | 'binaryKeys'
    | 'ignoreErrors'
    | 'keyPrefix'
    | 'maxKeys'
    | 'noreply'
    | 'onIgnored'
    | 'profile'
    | 'serde'
    | 'unicodeKeys'
  > {
  /** How to connect to a server. */
  readonly dial: Dialer;
}

/**
 * Many servers as one executor, for proxies: what has commands, and no use for a client's operations.
 * A command goes to the server of its key; one with several keys is divided among their servers, and
 * the replies are merged in the order of the keys. Close it to close the connections.
 *
 * ```ts
 * import { createCluster } from 'memwire/core';
 * import { dial } from 'memwire/node';
 *
 * const cluster = createCluster(['localhost:11211'], { dial, scheme: 'ketama' });
 * console.log(await cluster.execute({ verb: 'get', keys: ['a', 'b'] }));
 * await cluster.close();
 * ```
 *
 * @param servers Their order matters to some schemes, their names to the others.
 * @param around Makes of the executor of one server the one to use, which may change its commands and
 * replies: keys are hashed before.
 * @throws UsageError when an option breaks a rule, or is for keys and values, which an executor leaves
 * as they are.
 */
export function createCluster(
  servers: readonly (ServerName | ClusterServer)[],
  options: CreateClusterOptions,
  around: (executor: Executor) => Executor = (executor) => executor,
): Cluster {
  checkObject('options', options);
  for (const name of clientsOwn) {
    assertArgument(!(name in options), name, 'is an option of clients: a cluster takes commands');
  }
  const settings = clientSettings(hashClientTable, options);
  return clusterOf(resolveServers(servers, settings.tls), settings, around);
}

/** The same of settings that have been read, and of servers that may be found later. */
export function clusterOf(
  servers: readonly ResolvedServer[],
  settings: HashClientSettings & WithDial,
  around: (executor: Executor) => Executor = (executor) => executor,
): Cluster {
  const pace = new Pace(settings.clock);
  return new Cluster(servers, {
    ...settings,
    scheme: toScheme(settings.scheme),
    connect: (endpoint, onFailure) =>
      around(upstreamFor(endpoint, { ...settings, onFailure, pace })),
  });
}

function toScheme(scheme: HashSchemeName | HashScheme): HashScheme {
  return typeof scheme === 'function' ? scheme : checkEntry('scheme', hashSchemes, scheme);
}
