// The servers of a cluster, as callers give them and as a cluster needs them.
import type { Endpoint, TlsOptions } from '../../io/transport.ts';
import { checkKnown, optionNames } from '../../wire/check.ts';
import { UsageError } from '../../wire/errors.ts';
import { type ServerName, toEndpoint } from '../connection/endpoint.ts';
import type { HashNode } from '../hashing/hasher.ts';

/** One of many servers. */
export interface ClusterServer {
  /** Where it is. */
  readonly server: ServerName;
  /**
   * The name by which it is hashed and identified. By default `host:port`, with IPv6 without brackets,
   * or the path of a socket. Set it if other clients of the cache spell it differently, or if its
   * address may change and its keys should stay.
   */
  readonly name?: string | undefined;
  /** Its share of the keys relative to a server of weight 1, where the scheme has weights. */
  readonly weight?: number | undefined;
}

const serverNames = /* @__PURE__ */ optionNames<ClusterServer>({
  server: true,
  name: true,
  weight: true,
});

/** A server's endpoint, and its node in the hash scheme. */
export interface ResolvedServer {
  /** Where it is. */
  readonly endpoint: Endpoint;
  /** Its place among the nodes of a hash scheme. */
  readonly node: HashNode;
}

/** @throws UsageError when the name of the server cannot be read. */
export function resolveServer(
  server: ServerName | ClusterServer,
  tls?: TlsOptions,
): ResolvedServer {
  if (typeof server !== 'object' || server === null || !('server' in server)) {
    const endpoint = toEndpoint(server, tls);
    return { endpoint, node: { name: hashName(endpoint) } };
  }
  checkKnown('server', server, serverNames);
  const endpoint = toEndpoint(server.server, tls);
  const { name = hashName(endpoint), weight } = server;
  return { endpoint, node: weight === undefined ? { name } : { name, weight } };
}

/** @throws UsageError when it is not a list of servers. */
export function resolveServers(
  servers: readonly (ServerName | ClusterServer)[],
  tls?: TlsOptions,
): ResolvedServer[] {
  if (!Array.isArray(servers) || servers.length === 0) {
    throw new UsageError('servers', 'must be an array of servers that is not empty');
  }
  return servers.map((server: ServerName | ClusterServer) => resolveServer(server, tls));
}

// As other clients spell it, unlike `endpointName`, which is for messages.
function hashName(endpoint: Endpoint): string {
  return 'path' in endpoint ? endpoint.path : `${endpoint.host}:${endpoint.port}`;
}
