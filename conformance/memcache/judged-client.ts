// The interface of a client under test.
import type { Entries } from '../../core/client/bulk.ts';
import type { Executor } from '../../core/client/connection/executor.ts';
import type { Counters } from '../../core/client/connection/server-status.ts';
import type { RateLimit, RateLimitOptions } from '../../core/client/patterns/counters.ts';
import type { ItemLock, LockOptions } from '../../core/client/patterns/lock.ts';
import type { Invalidation, NamespaceOptions } from '../../core/client/patterns/namespace.ts';
import type { Expire } from '../../core/client/expire.ts';
import type { ItemKey } from '../../core/client/keys.ts';
import type {
  BulkOptions,
  CallOptions,
  CountOptions,
  StoreOptions,
  WriteOptions,
} from '../../core/client/options.ts';
import type { Gets } from '../../core/client/operation-context.ts';
import type { CasResult } from '../../core/client/results.ts';
import type { Key } from '../../core/wire/command.ts';

/**
 * The methods that the cases call, which are those of `Memcache`. Another client needs only some of
 * them: see `foreignClient`.
 */
export interface JudgedClient {
  /** The value, or undefined. */
  get(key: ItemKey, options?: CallOptions): Promise<unknown>;
  /** The value and its version, or undefined. */
  gets(key: ItemKey, options?: CallOptions): Promise<Gets<unknown> | undefined>;
  /** As `get`; also sets the expiry. */
  gat(key: ItemKey, expire: Expire, options?: CallOptions): Promise<unknown>;
  /** As `gets`; also sets the expiry. */
  gats(key: ItemKey, expire: Expire, options?: CallOptions): Promise<Gets<unknown> | undefined>;
  /** The values that were found, by key, in the order of the keys. */
  getMany(keys: Iterable<ItemKey>, options?: CallOptions): Promise<Map<Key, unknown>>;
  /** The same with their versions. */
  getsMany(keys: Iterable<ItemKey>, options?: CallOptions): Promise<Map<Key, Gets<unknown>>>;
  /** Whether it was stored; the same for the next four. */
  set(key: ItemKey, value: unknown, options?: StoreOptions): Promise<boolean>;
  /** `Memcache.add`. */
  add(key: ItemKey, value: unknown, options?: StoreOptions): Promise<boolean>;
  /** `Memcache.replace`. */
  replace(key: ItemKey, value: unknown, options?: StoreOptions): Promise<boolean>;
  /** `Memcache.append`. */
  append(key: ItemKey, value: string | Uint8Array, options?: WriteOptions): Promise<boolean>;
  /** `Memcache.prepend`. */
  prepend(key: ItemKey, value: string | Uint8Array, options?: WriteOptions): Promise<boolean>;
  /** `Memcache.cas`. */
  cas(key: ItemKey, value: unknown, cas: bigint, options?: StoreOptions): Promise<CasResult>;
  /** The keys that were not stored, each with its reason. */
  setMany(
    entries: Entries,
    options?: BulkOptions & Pick<StoreOptions, 'expire' | 'flags'>,
  ): Promise<Map<Key, Error>>;
  /** The keys that may still be there, each with its reason. */
  deleteMany(keys: Iterable<ItemKey>, options?: BulkOptions): Promise<Map<Key, Error>>;
  /** Whether it was found; the same for `touch`. */
  delete(key: ItemKey, options?: WriteOptions): Promise<boolean>;
  /** `Memcache.touch`. */
  touch(key: ItemKey, expire: Expire, options?: WriteOptions): Promise<boolean>;
  /** The new number, or undefined. The delta is 1 by default. */
  incr(key: ItemKey, delta?: bigint | number, options?: CountOptions): Promise<bigint | undefined>;
  /** `Memcache.decr`. */
  decr(key: ItemKey, delta?: bigint | number, options?: CountOptions): Promise<bigint | undefined>;
  /** `Memcache.lock`. */
  lock(key: ItemKey, options: LockOptions): Promise<ItemLock | undefined>;
  /** `Memcache.rateLimit`. */
  rateLimit(key: ItemKey, options: RateLimitOptions): Promise<RateLimit>;
  /** `Memcache.namespace`. */
  namespace(name: string, options?: NamespaceOptions): JudgedClient & Invalidation;
  /** `Memcache.withPrefix`. */
  withPrefix(prefix: string): JudgedClient;
  /** Throws an error with the reason why a key is invalid. */
  checkKey(key: ItemKey): void;
  /** How many reads failed and returned a miss. */
  readonly ignored: number;
  /** What was counted of all servers, and of each. */
  counters(): Counters;
  /** Whether its servers are up. */
  readonly state: Counters['state'];
  /** `Executor.execute`, for cases that send commands of their own. */
  execute: Executor['execute'];
  /** Resolves when all earlier calls are done; later calls are refused. */
  close(): Promise<void>;
  /** Closes the client, as `close` does. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * A client under test that has only these methods; calls of others fail. The methods must return
 * the results of `JudgedClient`, however the client itself returns them.
 */
export function foreignClient(methods: Partial<JudgedClient>): JudgedClient {
  const lacks = (name: string) => (): Promise<never> =>
    Promise.reject(new Error(`this client has no ${name}`));
  return {
    get: lacks('get'),
    gets: lacks('gets'),
    gat: lacks('gat'),
    gats: lacks('gats'),
    getMany: lacks('getMany'),
    getsMany: lacks('getsMany'),
    set: lacks('set'),
    add: lacks('add'),
    replace: lacks('replace'),
    append: lacks('append'),
    prepend: lacks('prepend'),
    cas: lacks('cas'),
    setMany: lacks('setMany'),
    deleteMany: lacks('deleteMany'),
    delete: lacks('delete'),
    touch: lacks('touch'),
    incr: lacks('incr'),
    decr: lacks('decr'),
    lock: lacks('lock'),
    rateLimit: lacks('rateLimit'),
    namespace() {
      throw new Error('this client has no namespace');
    },
    withPrefix() {
      throw new Error('this client has no withPrefix');
    },
    checkKey() {
      throw new Error('this client has no checkKey');
    },
    ignored: 0,
    counters() {
      throw new Error('this client has no counters');
    },
    state: 'idle',
    execute: lacks('execute'),
    close: lacks('close'),
    [Symbol.asyncDispose]: lacks('asyncDispose'),
    ...methods,
  };
}
