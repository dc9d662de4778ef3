/** The promise side: executors, and the clients made of them. */
export { Client, type ClientOptions } from './clients.ts';
export type { Dialect, StoreMode, WriteFields } from './dialect.ts';
export { metaDialect } from './dialect-meta.ts';
export { textDialect } from './dialect-text.ts';
export { DEFAULT_PORT, endpointName, type ServerName, toEndpoint } from './endpoint.ts';
export type { ExecuteOptions, Executor } from './executor.ts';
export { type Expire, toExptime } from './expire.ts';
export { type KeyPolicy, Keys, type WireKey } from './key-policy.ts';
export { Link, type LinkOptions } from './link.ts';
export {
  type CallOptions,
  type Gets,
  Memcache,
  type MemcacheParts,
  type StoreOptions,
  type WriteOptions,
} from './memcache.ts';
export type { CasResult } from './results.ts';
export { defaultSerde, type Serde } from './serde.ts';
export { Upstream, type UpstreamOptions } from './upstream.ts';
