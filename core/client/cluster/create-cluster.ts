// Many servers as one executor, with the defaults of a client.
import { assertArgument, checkEntry, checkObject } from '../../wire/check.ts';
import type { Dialer, Endpoint } from '../../io/transport.ts';
import type { ServerName } from '../connection/endpoint.ts';
import type { Executor } from '../connection/executor.ts';
import type { ServerStatus } from '../connection/server-status.ts';
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

/** The options of a client about keys, values and results. */
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

/** The options of a `HashClient` for servers and connections; `dial` is required. */
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
 * Many servers as one executor, for proxies, which have commands and do not need a client's methods.
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
 * @param around Wraps the executor of each server, for example to change its commands and replies. Keys
 * are hashed before that.
 * @throws UsageError when an option breaks a rule, or is about keys and values, which an executor does
 * not change.
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

/** The same with settings that have been checked, and servers that may be found later. */
export function clusterOf(
  servers: readonly ResolvedServer[],
  settings: HashClientSettings & WithDial,
  around: (executor: Executor) => Executor = (executor) => executor,
): Cluster {
  const pace = new Pace(settings.clock);
  return new Cluster(servers, {
    ...settings,
    scheme: toScheme(settings.scheme),
    connect: (endpoint: Endpoint, onFailure: (cause: Error) => void, status?: ServerStatus) =>
      around(upstreamFor(endpoint, { ...settings, onFailure, pace, status })),
  });
}

function toScheme(scheme: HashSchemeName | HashScheme): HashScheme {
  return typeof scheme === 'function' ? scheme : checkEntry('scheme', hashSchemes, scheme);
}
