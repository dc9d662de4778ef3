// A client over any executor: the operations on items, and what is made of them.
import type { Key } from '../wire/command.ts';
import { Cache, Fetches } from './cache/cache.ts';
import type { FetchOptions } from './cache/fetcher.ts';
import type { CachePolicy, FetchPolicy, LoadContext } from './cache/policy.ts';
import { type MemcacheDependencies, withPrefix } from './operation-context.ts';
import { type Counters, defineInspect, sumCounters, sumState } from './connection/server-status.ts';
import type { ItemKey } from './keys.ts';
import { type RateLimit, rateLimit, type RateLimitOptions } from './patterns/counters.ts';
import { type ItemLock, type LockOptions, takeLock } from './patterns/lock.ts';
import { Generation, type Invalidation, type NamespaceOptions } from './patterns/namespace.ts';
import { Items } from './items.ts';

/** The operations on the items of a namespace, and `invalidate`; see `Memcache.namespace`. */
export type Namespace = Memcache & Invalidation;

/**
 * Every operation of memcached over any executor, and what is made of them: caches, locks, rate
 * limits, namespaces.
 *
 * Misses are values, not errors. All methods reject with `UsageError` before anything is sent when
 * an argument breaks a rule, and otherwise as `Executor.execute` does.
 */
export class Memcache extends Items {
  #fetches: Fetches | null = null;

  /**
   * Makes the operations over an executor.
   *
   * @param dependencies The executor, and what is done with keys and values.
   */
  constructor(dependencies: MemcacheDependencies) {
    super(dependencies);
    defineInspect(this);
  }

  /**
   * A cache over this client: values by their id, each loaded at most once at a time in the whole
   * fleet. Make it once, and keep it. See docs/caching.md.
   *
   * @param policy How a value is found and loaded, and how long it is kept.
   * @throws UsageError naming the option that breaks a rule, or contradicts another.
   *
   * @example
   * ```ts
   * const users = client.cache({
   *   key: (id: number) => `user:${id}`,
   *   load: async (id) => ({ id, name: 'Ada' }), // in truth from a database
   *   ttl: 300,
   *   grace: 60,
   * });
   * const user = await users.fetch(17);
   * ```
   */
  cache<Value, Id = Key>(policy: CachePolicy<Value, Id>): Cache<Value, Id> {
    return new Cache(this.context, policy);
  }

  /**
   * The value of a key: out of memcached or else loaded, by one caller in the whole fleet at a time.
   * A `cache` has more to offer, for values that are also invalidated.
   *
   * @param load Returns the value; undefined if there is none.
   * @param policy How long the value is kept; all callers of a key must agree on it.
   * @throws As `Cache.fetch`.
   *
   * @example
   * ```ts
   * const rates = await client.fetch('rates', () => ({ EUR: 1.1 }), { ttl: 60 });
   * ```
   */
  fetch<Value>(
    key: ItemKey,
    load: (context: LoadContext<Value>) => Value | undefined | Promise<Value | undefined>,
    policy: FetchPolicy<Value>,
    options?: FetchOptions,
  ): Promise<Value | undefined> {
    try {
      this.#fetches ??= new Fetches(this.context);
      return this.#fetches.fetch(key, load, policy, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Takes a lock that other clients respect if they ask for it: it is advisory, and it ends with its
   * `ttl` or when the server loses the item. Its `token` fences off a holder that has not noticed.
   *
   * @returns The lock; undefined if another has it, at the end of `wait`.
   *
   * @example
   * ```ts
   * const lock = await client.lock('report', { ttl: 30, wait: 1000 });
   * if (lock !== undefined) {
   *   console.log('mine, with the token', lock.token);
   *   await lock.release();
   * }
   * ```
   */
  lock(key: ItemKey, options: LockOptions): Promise<ItemLock | undefined> {
    return takeLock(this.context, key, options);
  }

  /**
   * Counts a call in the current window of a key and tells whether it is within the limit. The window
   * is fixed: its first call opens it, and it ends `window` seconds later.
   *
   * @example
   * ```ts
   * const { allowed, resetAfter } = await client.rateLimit('ip:10.0.0.1', { limit: 100, window: 60 });
   * if (!allowed) console.log(`come back in ${resetAfter} seconds`);
   * ```
   */
  rateLimit(key: ItemKey, options: RateLimitOptions): Promise<RateLimit> {
    return rateLimit(this.context, key, options);
  }

  /**
   * The operations on items whose keys have a prefix and a generation, which `invalidate` changes:
   * then all of them are misses at once. Each call costs a round trip more, for the generation; see
   * `generationTtl`. Closing it does nothing.
   *
   * @throws UsageError when the name or an option breaks a rule.
   *
   * @example
   * ```ts
   * const users = client.namespace('users');
   * await users.set('1', { name: 'Ada' }, { expire: 60 });
   * await users.invalidate();
   * ```
   */
  namespace(name: string, options: NamespaceOptions = {}): Namespace {
    const generation = new Generation(this.context, name, options);
    const invalidate: Namespace['invalidate'] = (call) => generation.invalidate(call);
    return Object.assign(new Memcache(generation.dependencies), { invalidate });
  }

  /**
   * The same client with a prefix for every key, after its own `keyPrefix`: `get('a')` of
   * `withPrefix('x:')` is `get('x:a')` of this one. It uses the same connections, and closing it does
   * nothing.
   *
   * @throws UsageError when the prefix breaks a rule.
   *
   * @example
   * ```ts
   * const users = client.withPrefix('user:');
   * await users.set('1', { name: 'Ada' }); // user:1
   * ```
   */
  withPrefix(prefix: string): Memcache {
    return new Memcache(withPrefix(this.dependencies, prefix));
  }

  /**
   * `up` if one of its servers is; else `connecting`, `idle` or `down`, the first that one of them is;
   * `closed` after `close`. It is `idle` before the first call, and `down` only if every server is.
   */
  get state(): Counters['state'] {
    return sumState(this.context.dependencies.statuses?.() ?? []);
  }

  /**
   * What was counted since the client was made, in total and of each server.
   *
   * @example
   * ```ts
   * const { hits, misses, errors, servers } = client.counters();
   * for (const [name, { state, pending }] of servers) console.log(name, state, pending);
   * ```
   */
  counters(): Counters {
    return sumCounters(this.context.dependencies.statuses?.() ?? []);
  }
}
