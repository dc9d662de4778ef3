/** The parts of clients, for programs that build clients of their own. */
export type {
  BulkOptions,
  CallOptions,
  ClientOptions,
  ClientSettings,
  CountOptions,
  HashClientOptions,
  HashClientSettings,
  PooledClientOptions,
  PoolOptions,
  StoreOptions,
  WriteOptions,
} from './options.ts';
export type { Gets, MemcacheDependencies, Servers } from './operation-context.ts';
export type { Cache } from './cache/cache.ts';
export type { CacheStats } from './cache/cache-state.ts';
export type { FetchEnd, OnFetch } from './cache/fetch-end.ts';
export type { FetchOptions } from './cache/fetcher.ts';
export type { CachePolicy, FetchPolicy, LoadContext, PolicySettings } from './cache/policy.ts';
export { type Codec, compressedSerde, type CompressionOptions } from './values/compressed-serde.ts';
export {
  ClusterDiscovery,
  type ClusterDiscoveryOptions,
} from './cluster/discovery/cluster-discovery.ts';
export {
  Discovery,
  type DiscoveryOptions,
  type FoundServers,
} from './cluster/discovery/discovery.ts';
export {
  DnsDiscovery,
  type DnsDiscoveryOptions,
  type Resolve,
} from './cluster/discovery/dns-discovery.ts';
export { endpointName, type ServerName, toEndpoint } from './connection/endpoint.ts';
export type { ExecuteOptions, Executor } from './connection/executor.ts';
export {
  FallbackClient,
  type FallbackClientConstructor,
  type FallbackOptions,
} from './wrappers/fallback-client.ts';
export { type Expire, toExptime } from './expire.ts';
export { type ItemKey, type KeyPolicy, Keys, type RoutedKey, type WireKey } from './keys.ts';
export type { ClusterServer } from './cluster/cluster-server.ts';
export { HashClient, type HashServers } from './cluster/hash-client.ts';
export { ClusterClient, type Each } from './cluster/cluster-client.ts';
export type { FaceOf } from './wrappers/face.ts';
export { type Hasher, type HashNode, type HashScheme, SchemeHasher } from './hashing/hasher.ts';
export type { LibmemcachedHash } from './hashing/digests/libmemcached-digests.ts';
export { modula } from './hashing/modulo.ts';
export { murmur3 } from './hashing/digests/murmur3.ts';
export { rendezvous, type RendezvousOptions } from './hashing/rendezvous.ts';
export { ketama } from './hashing/rings.ts';
export { type HashSchemeName, hashSchemes } from './hashing/schemes.ts';
export type { RateLimit, RateLimitOptions } from './patterns/counters.ts';
export type { HealthOptions } from './cluster/health.ts';
export { Link, type LinkOptions } from './connection/link.ts';
export type { Entries } from './bulk.ts';
export type { ItemLock, LockOptions } from './patterns/lock.ts';
export { Items } from './items.ts';
export { Memcache, type Namespace } from './memcache.ts';
export type { Invalidation, NamespaceOptions } from './patterns/namespace.ts';
export { Client, PooledClient, ServerClient } from './server-client.ts';
export {
  MetaCommands,
  type MetaItem,
  type MetaNumber,
  type MetaResult,
} from './meta/meta-commands.ts';
export type { MetaFacts } from './meta/meta-facts.ts';
export type {
  MetaArithmeticOptions,
  MetaDeleteOptions,
  MetaGetOptions,
  MetaOptions,
  MetaSetOptions,
} from './meta/meta-options.ts';
export {
  type ErrorClass,
  type ErrorFilter,
  Retrying,
  RetryingClient,
  type RetryingClientConstructor,
  type RetryOptions,
  type RetrySettings,
} from './wrappers/retrying.ts';
export type { CasResult, ItemInfo, StatValue } from './results.ts';
export { ForeignValue } from './values/profiles/foreign-value.ts';
export { phpSerde, type PhpSerdeOptions } from './values/profiles/php-serde.ts';
export {
  type Profile,
  type ProfileName,
  type ProfileOptions,
  profiles,
} from './values/profiles/profiles.ts';
export { defaultSerde, type Serde } from './values/serde.ts';
export type { CommandEnd, OnCommand, OnCommandEnd } from './connection/observe.ts';
export type { Counters, ServerChange } from './connection/server-status.ts';
export { Upstream, type UpstreamOptions } from './connection/upstream.ts';
