import type { Endpoint, TlsOptions } from '../../io/transport.ts';
import { checkKnown, optionNames } from '../../wire/check.ts';
import { UsageError } from '../../wire/errors.ts';
import { type ServerName, toEndpoint } from '../connection/endpoint.ts';
import type { HashNode } from '../hashing/hasher.ts';

/** One of many servers. */
export interface ClusterServer {
  readonly server: ServerName;
  /**
   * What it is hashed and called by: `host:port`, IPv6 without brackets, or the path of a socket, by
   * default. Give one where other clients of the cache spell it otherwise, or where its address may
   * change and its keys should stay.
   */
  readonly name?: string;
  /** How many times the keys of a server of weight 1 it gets, where the scheme has weights. */
  readonly weight?: number;
}

const serverNames = /* @__PURE__ */ optionNames<ClusterServer>({
  server: true,
  name: true,
  weight: true,
});

/** How a server is reached, and what hashing knows of it. */
export interface ResolvedServer {
  readonly endpoint: Endpoint;
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

/** @throws UsageError when it is no list of servers. */
export function resolveServers(
  servers: readonly (ServerName | ClusterServer)[],
  tls?: TlsOptions,
): ResolvedServer[] {
  if (!Array.isArray(servers) || servers.length === 0) {
    throw new UsageError('servers', 'must be an array of servers that is not empty');
  }
  return servers.map((server: ServerName | ClusterServer) => resolveServer(server, tls));
}

// As other clients spell it, and not as `endpointName` does for people.
function hashName(endpoint: Endpoint): string {
  return 'path' in endpoint ? endpoint.path : `${endpoint.host}:${endpoint.port}`;
}
