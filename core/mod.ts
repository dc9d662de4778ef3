/** The protocol of memcached without I/O, and what proxies and servers are built of. */
export type { ClusterServer, ResolvedServer } from './client/cluster/cluster-server.ts';
export { Cluster, type ClusterOptions, type Member } from './client/cluster/cluster.ts';
export { createCluster, type CreateClusterOptions } from './client/cluster/create-cluster.ts';
export { endpointName, type ServerName, toEndpoint } from './client/connection/endpoint.ts';
export type { ExecuteOptions, Executor } from './client/connection/executor.ts';
export {
  type Hasher,
  type HashNode,
  type HashScheme,
  SchemeHasher,
} from './client/hashing/hasher.ts';
export { type HashSchemeName, hashSchemes } from './client/hashing/schemes.ts';
export { type Clock, systemClock, VirtualClock } from './io/clock.ts';
export {
  type AbortSignalLike,
  type Accept,
  type Dialer,
  type Endpoint,
  guardEvents,
  type Listener,
  type TlsOptions,
  type Transport,
  type TransportEvents,
} from './io/transport.ts';
export { ServerLink, type ServerLinkOptions } from './proxy/server-link.ts';
export { VERSION } from './version.ts';
export * from './wire/mod.ts';
