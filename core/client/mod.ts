/** The promise side: executors, and the clients made of them. */
export type { ClientOptions, PoolOptions } from './options.ts';
export { Client, PooledClient, type PooledClientOptions } from './clients.ts';
export { type Codec, compressedSerde, type CompressionOptions } from './values/compressed-serde.ts';
export * from './cluster/discovery/mod.ts';
export { DEFAULT_PORT, endpointName, type ServerName, toEndpoint } from './connection/endpoint.ts';
export type { ExecuteOptions, Executor } from './connection/executor.ts';
export { FallbackClient, type FallbackOptions } from './wrappers/fallback-client.ts';
export { type Expire, toExptime } from './expire.ts';
export { type ItemKey, type KeyPolicy, Keys, type RoutedKey, type WireKey } from './keys.ts';
export type { ClusterServer } from './cluster/cluster-server.ts';
export {
  type Each,
  HashClient,
  type HashClientOptions,
  type HashServers,
} from './cluster/hash-client.ts';
export type { FaceOf, HashFace } from './wrappers/hash-face.ts';
export * from './hashing/mod.ts';
export type { HealthOptions } from './cluster/health.ts';
export { Link } from './connection/link.ts';
export type { LinkOptions } from './connection/link-options.ts';
export type { Entries } from './bulk.ts';
export { Memcache } from './memcache.ts';
export type * from './memcache-options.ts';
export { ServerClient } from './server-client.ts';
export { MetaCommands } from './meta-commands.ts';
export type * from './meta-options.ts';
export type { ErrorClass, ErrorFilter, RetryOptions } from './wrappers/retry-options.ts';
export { Retrying } from './wrappers/retrying.ts';
export { RetryingClient } from './wrappers/retrying-client.ts';
export type { CasResult, StatValue } from './results.ts';
export * from './values/profiles/mod.ts';
export { defaultSerde, type Serde } from './values/serde.ts';
export type { CommandEnd, OnCommand, OnCommandEnd } from './connection/observe.ts';
export { Upstream, type UpstreamOptions } from './connection/upstream.ts';
