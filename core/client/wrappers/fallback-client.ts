// A client of several caches, where the others are read on a miss in the first.
import { checkKnown } from '../../wire/check.ts';
import type { Key } from '../../wire/command.ts';
import { MemcacheError, UsageError } from '../../wire/errors.ts';
import { type Gets, toKeys } from '../operation-context.ts';
import { Deadline } from '../connection/timing.ts';
import { checkExecuteOptions } from '../connection/executor.ts';
import type { ServerStatus } from '../connection/server-status.ts';
import { type Expire, toExptime } from '../expire.ts';
import { type FaceOf, keepFace } from './face.ts';
import { type ItemKey, ownKey } from '../keys.ts';
import { Memcache } from '../memcache.ts';
import { type CallOptions, isChecked, type OptionTable, readOptions } from '../options.ts';

/** The options of a `FallbackClient`. */
export interface FallbackOptions {
  /**
   * Copy a value that another cache had to the first one, with this expiry, so that it is found there
   * the next time. An error of the copy is counted in `ignored`.
   */
  readonly copyUp?: { readonly expire: Expire } | undefined;
}

export const fallbackTable: OptionTable<FallbackOptions> = { copyUp: [isChecked, undefined] };
const copyNames = /* @__PURE__ */ new Set(['expire']);

/**
 * Several caches: writes go to the first, reads also to the others on a miss. For moving from one
 * cache to another while both are in use.
 *
 * `get`, `gets`, `gat`, `gats`, `getMany` and `getsMany` read one cache after the other until all keys
 * are found; all other calls, those of `namespace` too, are for the first cache only. So a deleted key may be found in the next
 * cache again, and an item that `gets` finds in another cache has a version that `cas` will not find
 * in the first, unless `copyUp` has copied it.
 *
 * The `timeout` of a call is for all caches together. A read that fails rejects; if the cache's client
 * has `ignoreErrors`, the next cache is read. Closing it closes all clients.
 *
 * It has the methods of the first client: those of `ServerClient` if that has one server, those of
 * `ClusterClient` if it is a `HashClient`; both concern only the first cache. As a
 * type, `FallbackClient` has the operations on items, `FallbackClient<HashClient>` also the others.
 */
export type FallbackClient<First extends Memcache = Memcache> = FaceOf<First>;

/** The constructor. */
export interface FallbackClientConstructor {
  /**
   * Makes one client of several caches, with the methods of the first.
   *
   * @param caches The cache for writes, then those that are read on a miss.
   * @throws UsageError when an option breaks a rule.
   */
  new <First extends Memcache>(
    caches: readonly [First, ...Memcache[]],
    options?: FallbackOptions,
  ): FallbackClient<First>;
  /**
   * Makes one client of a list of caches whose length is unknown to the compiler.
   *
   * @throws UsageError when an option breaks a rule, or the list is empty.
   */
  new (caches: readonly Memcache[], options?: FallbackOptions): FallbackClient;
}

// Unlike the other wrappers this is not an executor around executors: each cache has its own keys,
// values and dialect, in which the old and the new cache mostly differ.
/** Makes a `FallbackClient`. */
export const FallbackClient: FallbackClientConstructor = class extends Memcache {
  readonly #first: Memcache;
  readonly #others: readonly Memcache[];
  readonly #copyExpire: Expire | undefined;

  /**
   * Makes one client of several caches.
   *
   * @param caches The first, which is written to, and those that are read after it.
   * @throws UsageError when an option breaks a rule.
   */
  constructor(caches: readonly Memcache[], options: FallbackOptions = {}) {
    const isList = Array.isArray(caches) && caches.every((cache) => cache instanceof Memcache);
    const [first, ...others] = isList ? caches : [];
    if (first === undefined) throw new UsageError('caches', 'must be a list of clients, not empty');
    const { copyUp } = readOptions(fallbackTable, options);
    if (copyUp !== undefined) {
      checkKnown('copyUp', copyUp, copyNames);
      toExptime(copyUp?.expire, first.dependencies.clock.now(), 'copyUp.expire');
    }
    const statuses = (): readonly ServerStatus[] =>
      [first, ...others].flatMap(({ dependencies }) => dependencies.statuses?.() ?? []);
    super({ ...first.dependencies, statuses });
    this.#first = first;
    this.#others = others;
    this.#copyExpire = copyUp?.expire;
    keepFace(this, first);
  }

  /** The value of a key, of the first cache that has it. */
  override get<T = unknown>(key: ItemKey, options?: CallOptions): Promise<T | undefined> {
    return this.#findOne(key, options, {
      ask: async (cache, _, within) => mapOf(key, await cache.get<T>(key, within)),
      expire: this.#copyExpire,
    });
  }

  /** The value and the version in the first cache; one from another cache has the version 0. */
  override gets<T = unknown>(key: ItemKey, options?: CallOptions): Promise<Gets<T> | undefined> {
    return this.#findOne(key, options, {
      ask: async (cache, _, within) => mapOf(key, await cache.gets<T>(key, within)),
      expire: this.#copyExpire,
      toValue,
    });
  }

  /** As `get`; the item expires anew where it was found. */
  override gat<T = unknown>(
    key: ItemKey,
    expire: Expire,
    options?: CallOptions,
  ): Promise<T | undefined> {
    return this.#findOne(key, options, {
      ask: async (cache, _, within) => mapOf(key, await cache.gat<T>(key, expire, within)),
      expire,
    });
  }

  /** As `gets`; the item expires anew where it was found. */
  override gats<T = unknown>(
    key: ItemKey,
    expire: Expire,
    options?: CallOptions,
  ): Promise<Gets<T> | undefined> {
    return this.#findOne(key, options, {
      ask: async (cache, _, within) => mapOf(key, await cache.gats<T>(key, expire, within)),
      expire,
      toValue,
    });
  }

  /** The values of many keys, each of the first cache that has it. */
  override async getMany<T = unknown>(
    keys: Iterable<ItemKey>,
    options?: CallOptions,
  ): Promise<Map<Key, T>> {
    return await this.#find(toKeys(keys), options, {
      ask: (cache, missing, within) => cache.getMany<T>(missing, within),
      expire: this.#copyExpire,
    });
  }

  /** As `getMany`, with versions. */
  override async getsMany<T = unknown>(
    keys: Iterable<ItemKey>,
    options?: CallOptions,
  ): Promise<Map<Key, Gets<T>>> {
    return await this.#find(toKeys(keys), options, {
      ask: (cache, missing, within) => cache.getsMany<T>(missing, within),
      expire: this.#copyExpire,
      toValue,
    });
  }

  /** As in `Memcache`, for all caches. Closing it does nothing. */
  override withPrefix(prefix: string): Memcache {
    return new FallbackClient(
      [this.#first.withPrefix(prefix), ...this.#others.map((cache) => cache.withPrefix(prefix))],
      { copyUp: this.#copyExpire === undefined ? undefined : { expire: this.#copyExpire } },
    );
  }

  /** The failures of all caches that became misses. */
  override get ignored(): number {
    return [this.#first, ...this.#others].reduce(
      (sum, { ignored }) => sum + ignored,
      super.ignored,
    );
  }

  /** Closes all that it opened; resolves when that is done. */
  override async close(): Promise<void> {
    const caches = [this.#first, ...this.#others];
    await Promise.all([super.close(), ...caches.map((cache) => cache.close())]);
  }

  async #findOne<Found>(
    key: ItemKey,
    options: CallOptions | undefined,
    read: Read<Found>,
  ): Promise<Found | undefined> {
    return (await this.#find([key], options, read)).get(ownKey(key));
  }

  // Reads one cache after the other for the missing keys, all within the call's timeout.
  async #find<Found>(
    keys: readonly ItemKey[],
    options: CallOptions = {},
    read: Read<Found>,
  ): Promise<Map<Key, Found>> {
    checkExecuteOptions(options);
    const deadline = new Deadline(this.context.dependencies.clock, options.timeout ?? Infinity);
    const within = (): CallOptions => deadline.within(options);
    const found = await read.ask(this.#first, keys, within());
    for (const cache of this.#others) {
      const missing = keys.filter((key) => !found.has(ownKey(key)));
      if (missing.length === 0) break;
      const some = await read.ask(cache, missing, within());
      for (const [key, one] of some) found.set(key, one);
      for (const [key, one] of await this.#copy(missing, some, within, read)) found.set(key, one);
    }
    return inOrder(keys, found);
  }

  // Copies items of another cache to the first; returns their results.
  async #copy<Found>(
    keys: readonly ItemKey[],
    some: ReadonlyMap<Key, Found>,
    within: () => CallOptions,
    { ask, expire, toValue }: Read<Found>,
  ): Promise<ReadonlyMap<Key, Found>> {
    if (this.#copyExpire === undefined || expire === undefined || some.size === 0) return some;
    try {
      // `add`, because an item that the first cache has by now is newer.
      const copied = keys.filter((key) => some.has(ownKey(key)));
      await Promise.all(copied.map((key) => {
        const found = some.get(ownKey(key))!;
        const value = toValue === undefined ? found : toValue(found);
        return this.add(key, value, { ...within(), expire, noreply: false });
      }));
      // A version is only valid in its own cache.
      return toValue === undefined ? some : await ask(this.#first, copied, within());
    } catch (error) {
      if (!(error instanceof MemcacheError)) throw error;
      this.context.ignore(error);
      return some;
    }
  }
};

/** A read of any number of keys. */
interface Read<Found> {
  /** Reads some of the keys from one cache. */
  readonly ask: (
    cache: Memcache,
    keys: readonly ItemKey[],
    options: CallOptions,
  ) => Promise<Map<Key, Found>>;
  /** When a copied item expires. */
  readonly expire: Expire | undefined;
  /** The value of a result that has a version too. */
  readonly toValue?: ((found: Found) => unknown) | undefined;
}

function toValue<T>({ value }: Gets<T>): T {
  return value;
}

function mapOf<Found>(key: ItemKey, found: Found | undefined): Map<Key, Found> {
  return found === undefined ? new Map<Key, Found>() : new Map([[ownKey(key), found]]);
}

function inOrder<Found>(keys: readonly ItemKey[], found: Map<Key, Found>): Map<Key, Found> {
  const ordered = new Map<Key, Found>();
  for (const key of keys.map(ownKey)) {
    const one = found.get(key);
    if (one !== undefined) ordered.set(key, one);
  }
  return ordered;
}
