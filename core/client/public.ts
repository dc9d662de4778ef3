// What `memwire` exports on every runtime, beside the clients and the transports of that runtime.
export type { Entries } from './bulk.ts';
export type { Cache } from './cache/cache.ts';
export type { CacheStats } from './cache/cache-state.ts';
export type { FetchEnd, OnFetch } from './cache/fetch-end.ts';
export type { FetchOptions } from './cache/fetcher.ts';
export type { CachePolicy, FetchPolicy, LoadContext } from './cache/policy.ts';
export type { ClusterClient, Each } from './cluster/cluster-client.ts';
export type { ClusterServer } from './cluster/cluster-server.ts';
export {
  ClusterDiscovery,
  type ClusterDiscoveryOptions,
} from './cluster/discovery/cluster-discovery.ts';
export {
  Discovery,
  type DiscoveryOptions,
  type FoundServers,
} from './cluster/discovery/discovery.ts';
export type { DnsDiscoveryOptions, Resolve } from './cluster/discovery/dns-discovery.ts';
export type { HashServers } from './cluster/hash-client.ts';
export { endpointName, type ServerName, toEndpoint } from './connection/endpoint.ts';
export type { ExecuteOptions, Executor } from './connection/executor.ts';
export type { CommandEnd, OnCommand, OnCommandEnd } from './connection/observe.ts';
export type { Counters, ServerChange } from './connection/server-status.ts';
export type { Expire } from './expire.ts';
export { murmur3 } from './hashing/digests/murmur3.ts';
export type { HashNode, HashScheme } from './hashing/hasher.ts';
export { modula } from './hashing/modulo.ts';
export { rendezvous, type RendezvousOptions } from './hashing/rendezvous.ts';
export { ketama } from './hashing/rings.ts';
export { type HashSchemeName, hashSchemes } from './hashing/schemes.ts';
export type { ItemKey, RoutedKey } from './keys.ts';
export type { RateLimit, RateLimitOptions } from './patterns/counters.ts';
export type { ItemLock, LockOptions } from './patterns/lock.ts';
export type { NamespaceOptions } from './patterns/namespace.ts';
export type { Items } from './items.ts';
export type { Memcache, Namespace } from './memcache.ts';
export type { MetaCommands, MetaItem, MetaNumber, MetaResult } from './meta/meta-commands.ts';
export type { MetaFacts } from './meta/meta-facts.ts';
export type {
  MetaArithmeticOptions,
  MetaDeleteOptions,
  MetaGetOptions,
  MetaOptions,
  MetaSetOptions,
} from './meta/meta-options.ts';
export type { Gets } from './operation-context.ts';
export type {
  BulkOptions,
  CallOptions,
  ClientOptions,
  HashClientOptions,
  PooledClientOptions,
  StoreOptions,
  WriteOptions,
} from './options.ts';
export type { CasResult, ItemInfo, StatValue } from './results.ts';
export type { ItemStream, ServerClient } from './server-client.ts';
export { type Codec, compressedSerde, type CompressionOptions } from './values/compressed-serde.ts';
export { ForeignValue } from './values/profiles/foreign-value.ts';
export { phpSerde, type PhpSerdeOptions } from './values/profiles/php-serde.ts';
export { type ProfileName, profiles } from './values/profiles/profiles.ts';
export { defaultSerde, type Serde, type Serialized } from './values/serde.ts';
export { FallbackClient, type FallbackOptions } from './wrappers/fallback-client.ts';
export {
  type ErrorClass,
  type ErrorFilter,
  RetryingClient,
  type RetryOptions,
} from './wrappers/retrying.ts';
export { type Clock, systemClock, VirtualClock } from '../io/clock.ts';
export type {
  AbortSignalLike,
  Accept,
  Arrive,
  Dialer,
  Endpoint,
  Listener,
  ListenOptions,
  RuntimeSignal,
  TlsOptions,
  Transport,
  TransportEvents,
} from '../io/transport.ts';
export type { TextCodec } from '../wire/bytes.ts';
export type { Command, Key, Value } from '../wire/command.ts';
export * from '../wire/errors.ts';
export type { Reply } from '../wire/reply.ts';
