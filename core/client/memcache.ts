// The operations on items, over any executor.
import { checkU64 } from '../wire/check.ts';
import type { Command, Key, StoreVerb } from '../wire/command.ts';
import { type MemcacheError, UsageError } from '../wire/errors.ts';
import type { Reply } from '../wire/reply.ts';
import { deleteMany, type Entries, findMany, storeMany } from './bulk.ts';
import { Cache, Fetches } from './cache/cache.ts';
import type { FetchOptions } from './cache/fetcher.ts';
import type { CachePolicy, FetchPolicy, LoadContext } from './cache/policy.ts';
import {
  executeOptions,
  type Gets,
  type MemcacheDependencies,
  OperationContext,
  toU64,
} from './operation-context.ts';
import { checkExecuteNames, type ExecuteOptions, type Reader } from './connection/executor.ts';
import { type Counters, defineInspect, sumCounters, sumState } from './connection/server-status.ts';
import { type Expire, toExptime } from './expire.ts';
import { checkWireKey, type ItemKey } from './keys.ts';
import {
  type BulkOptions,
  type CallOptions,
  checkCallOptions,
  checkStoreOptions,
  checkWriteOptions,
  type StoreOptions,
  type WriteOptions,
} from './options.ts';
import { MetaCommands } from './meta/meta-commands.ts';
import {
  arithmeticCommand,
  casCommand,
  deleteCommand,
  gatCommand,
  getCommand,
  storeCommand,
  touchCommand,
} from './dialect.ts';
import {
  type CasResult,
  doneReader,
  type Found,
  toCasResult,
  toDone,
  toNumber,
} from './results.ts';

/**
 * Every operation of memcached over any executor.
 *
 * Misses are values, not errors. All methods reject with `UsageError` before anything is sent when
 * an argument breaks a rule, and otherwise as `Executor.execute` does.
 */
export class Memcache {
  /** The meta commands with all of their flags. */
  readonly meta: MetaCommands;
  /** @internal */
  protected readonly context: OperationContext;
  #fetches: Fetches | null = null;

  /**
   * Makes the operations over an executor.
   *
   * @param dependencies The executor, and what is done with keys and values.
   */
  constructor(dependencies: MemcacheDependencies) {
    this.context = new OperationContext(dependencies);
    this.meta = new MetaCommands(this.context);
    defineInspect(this);
  }

  /**
   * The value of a key, or undefined.
   *
   * @example
   * ```ts
   * const user = await client.get<{ name: string }>('user:1'); // undefined for a miss
   * ```
   */
  get<T = unknown>(key: ItemKey, options?: CallOptions): Promise<T | undefined> {
    if (!this.context.dependencies.ignoreErrors) return this.#get(key, options);
    return this.context.read(undefined, () => this.#get(key, options));
  }

  /**
   * The value of a key and its version, or undefined.
   *
   * @example
   * ```ts
   * const found = await client.gets('user:1');
   * if (found !== undefined) await client.cas('user:1', { name: 'Ada' }, found.cas);
   * ```
   */
  gets<T = unknown>(key: ItemKey, options?: CallOptions): Promise<Gets<T> | undefined> {
    return this.context.read(undefined, async () => {
      checkCallOptions(options);
      const wire = this.context.dependencies.keys.toWire(key);
      const found = await this.context.find(wire, getCommand(wire, true), options);
      return found === undefined ? undefined : this.context.gets<T>(key, found);
    });
  }

  /**
   * The value of a key, or undefined; sets when it expires.
   *
   * @example
   * ```ts
   * const session = await client.gat('session:1', 1800); // and for 30 minutes more
   * ```
   */
  gat<T = unknown>(key: ItemKey, expire: Expire, options?: CallOptions): Promise<T | undefined> {
    return this.context.read(undefined, async () => {
      const found = await this.#getAndTouch(key, false, expire, options);
      return found === undefined ? undefined : this.context.value<T>(key, found);
    });
  }

  /**
   * The value of a key and its version, or undefined; sets when it expires.
   *
   * @example
   * ```ts
   * const found = await client.gats('session:1', 1800);
   * const version = found?.cas; // 1n
   * ```
   */
  gats<T = unknown>(
    key: ItemKey,
    expire: Expire,
    options?: CallOptions,
  ): Promise<Gets<T> | undefined> {
    return this.context.read(undefined, async () => {
      const found = await this.#getAndTouch(key, true, expire, options);
      return found === undefined ? undefined : this.context.gets<T>(key, found);
    });
  }

  /**
   * The values of many keys; the map has those that were found.
   *
   * @throws SerdeError after all have been read, if a value cannot be decoded; its `values` are the
   * others.
   *
   * @example
   * ```ts
   * const found = await client.getMany<string>(['a', 'b', 'c']);
   * const b = found.get('b'); // undefined for a miss
   * ```
   */
  getMany<T = unknown>(keys: Iterable<ItemKey>, options?: CallOptions): Promise<Map<Key, T>> {
    return findMany(this.context, keys, false, options, (key, found) => {
      return this.context.value<T>(key, found);
    });
  }

  /**
   * The values of many keys and their versions; otherwise as `getMany`.
   *
   * @example
   * ```ts
   * const found = await client.getsMany<string>(['a', 'b']);
   * for (const [key, { value, cas }] of found) console.log(key, value, cas);
   * ```
   */
  getsMany<T = unknown>(
    keys: Iterable<ItemKey>,
    options?: CallOptions,
  ): Promise<Map<Key, Gets<T>>> {
    return findMany(this.context, keys, true, options, (key, found) => {
      return this.context.gets<T>(key, found);
    });
  }

  /**
   * Stores a value.
   *
   * @example
   * ```ts
   * await client.set('user:1', { name: 'Ada' }, { expire: 60 }); // for 60 seconds
   * ```
   */
  set(key: ItemKey, value: unknown, options?: StoreOptions): Promise<boolean> {
    return this.#store('set', key, value, options);
  }

  /**
   * Stores a value if the key does not exist; false if it does.
   *
   * @example
   * ```ts
   * const isFirst = await client.add('lock', 'me', { expire: 10 });
   * ```
   */
  add(key: ItemKey, value: unknown, options?: StoreOptions): Promise<boolean> {
    return this.#store('add', key, value, options);
  }

  /**
   * Stores a value if the key exists; false if it does not.
   *
   * @example
   * ```ts
   * const wasThere = await client.replace('user:1', { name: 'Grace' });
   * ```
   */
  replace(key: ItemKey, value: unknown, options?: StoreOptions): Promise<boolean> {
    return this.#store('replace', key, value, options);
  }

  /**
   * Appends to a value; false if the key does not exist. Flags and expiry are kept.
   *
   * @example
   * ```ts
   * await client.set('log', 'one');
   * await client.append('log', ', two'); // true
   * ```
   */
  async append(key: ItemKey, value: string | Uint8Array, options?: WriteOptions): Promise<boolean> {
    return await this.#store('append', key, checkPiece(value), options);
  }

  /**
   * Prepends to a value; false if the key does not exist. Flags and expiry are kept.
   *
   * @example
   * ```ts
   * await client.set('log', 'two');
   * await client.prepend('log', 'one, '); // true
   * ```
   */
  async prepend(
    key: ItemKey,
    value: string | Uint8Array,
    options?: WriteOptions,
  ): Promise<boolean> {
    return await this.#store('prepend', key, checkPiece(value), options);
  }

  /**
   * Stores a value if the item still has the version that `gets` gave.
   *
   * @example
   * ```ts
   * const found = await client.gets<number>('n');
   * if (found !== undefined) {
   *   const result = await client.cas('n', found.value + 1, found.cas); // 'stored', 'exists' …
   * }
   * ```
   */
  async cas(
    key: ItemKey,
    value: unknown,
    cas: bigint,
    options: StoreOptions = {},
  ): Promise<CasResult> {
    checkStoreOptions(options);
    checkU64('cas', cas);
    const { wire, data, fields } = this.context.prepare(key, value, options, false);
    return toCasResult(
      await this.context.write(wire, casCommand(wire, data, cas, fields), fields.quiet, options),
    );
  }

  /**
   * Stores many values, with at most 2048 or 8 MiB of them in flight. A `timeout` covers the whole
   * call.
   *
   * Do not change a value before the call has ended. Byte arrays of up to 4 KiB are copied when the
   * call is made.
   *
   * @returns The keys that were not stored, each with its reason: empty when all went well.
   *
   * @example
   * ```ts
   * const failed = await client.setMany(new Map([['a', 1], ['b', 2]]), { expire: 60 });
   * for (const [key, error] of failed) console.error(key, error.code);
   * ```
   */
  setMany(
    entries: Entries,
    options: BulkOptions & Pick<StoreOptions, 'expire' | 'flags'> = {},
  ): Promise<Map<Key, MemcacheError>> {
    return storeMany(this.context, entries, options);
  }

  /**
   * Deletes many keys, whether they exist or not. A `timeout` covers the whole call.
   *
   * @returns The keys that may still be there, each with its reason: empty when all went well.
   *
   * @example
   * ```ts
   * const failed = await client.deleteMany(['a', 'b']);
   * if (failed.size > 0) console.error('some may still be there');
   * ```
   */
  deleteMany(keys: Iterable<ItemKey>, options: BulkOptions = {}): Promise<Map<Key, MemcacheError>> {
    return deleteMany(this.context, keys, options);
  }

  /**
   * Deletes a key; false if it did not exist.
   *
   * @example
   * ```ts
   * const wasThere = await client.delete('user:1');
   * ```
   */
  async delete(key: ItemKey, options: WriteOptions = {}): Promise<boolean> {
    checkWriteOptions(options);
    const wire = this.context.dependencies.keys.toWire(key);
    const quiet = this.context.isQuiet(options);
    return toDone(await this.context.write(wire, deleteCommand(wire, quiet), quiet, options));
  }

  /**
   * Adds to a decimal number, which wraps at 2^64.
   *
   * @returns The new number; undefined if the key does not exist, and with `noreply`.
   *
   * @example
   * ```ts
   * await client.set('visits', 41);
   * const visits = await client.incr('visits'); // 42n
   * ```
   */
  incr(
    key: ItemKey,
    delta: bigint | number = 1n,
    options?: WriteOptions,
  ): Promise<bigint | undefined> {
    return this.#arithmetic('incr', key, delta, options);
  }

  /**
   * Subtracts from a decimal number, which stops at 0.
   *
   * @returns The new number; undefined when the key is not there, and with `noreply`.
   *
   * @example
   * ```ts
   * await client.set('stock', 3);
   * const left = await client.decr('stock', 5); // 0n: it stops there
   * ```
   */
  decr(
    key: ItemKey,
    delta: bigint | number = 1n,
    options?: WriteOptions,
  ): Promise<bigint | undefined> {
    return this.#arithmetic('decr', key, delta, options);
  }

  /**
   * Sets when a key expires; false if it does not exist.
   *
   * @example
   * ```ts
   * const isThere = await client.touch('session:1', 1800);
   * ```
   */
  async touch(key: ItemKey, expire: Expire, options: WriteOptions = {}): Promise<boolean> {
    checkWriteOptions(options);
    const { keys, clock } = this.context.dependencies;
    const wire = keys.toWire(key);
    const exptime = toExptime(expire, clock.now());
    const quiet = this.context.isQuiet(options);
    return toDone(
      await this.context.write(wire, touchCommand(wire, exptime, quiet), quiet, options),
    );
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
   * Checks whether a key can be sent, including its prefix.
   *
   * @throws UsageError that names the rule it breaks.
   *
   * @example
   * ```ts
   * client.checkKey('user:1'); // throws a UsageError for 'user 1'
   * ```
   */
  checkKey(key: ItemKey): void {
    checkWireKey(this.context.dependencies.keys.toWire(key));
  }

  /** Its dependencies, for another client over the same executor or over a wrapper of it. */
  get dependencies(): MemcacheDependencies {
    return this.context.dependencies;
  }

  /** How many failed reads were turned into misses; see `ignoreErrors`. */
  get ignored(): number {
    return this.context.ignored;
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

  /**
   * Sends any command of the protocol.
   *
   * @example
   * ```ts
   * const reply = await client.execute({ verb: 'mn' }); // { type: 'MN' }
   * ```
   */
  execute(command: Command, options?: ExecuteOptions): Promise<Reply> {
    try {
      checkExecuteNames(options);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.context.dependencies.executor.execute(command, options);
  }

  /**
   * Waits for pending calls, then closes the connections. Calls after it are refused.
   *
   * @example
   * ```ts
   * await client.close();
   * ```
   */
  async close(): Promise<void> {
    await this.context.dependencies.executor.close();
  }

  /**
   * `close`, for `await using`.
   *
   * @example
   * ```ts
   * await client[Symbol.asyncDispose](); // what `await using` calls
   * ```
   */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  // Neither this nor #store uses `await`, which would cost each call 300 bytes and a tenth of its
  // time.
  #get<T>(key: ItemKey, options: CallOptions | undefined): Promise<T | undefined> {
    const { context } = this;
    try {
      if (options !== undefined) checkCallOptions(options);
      const wire = context.dependencies.keys.toWire(key);
      const reader = context.valueReader as Reader<T | undefined>;
      return context.executeWith(wire, getCommand(wire, false), options, reader, key);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async #getAndTouch(
    key: ItemKey,
    withCas: boolean,
    expire: Expire,
    options: CallOptions | undefined,
  ): Promise<Found | undefined> {
    checkCallOptions(options);
    const { keys, clock } = this.context.dependencies;
    const wire = keys.toWire(key);
    const exptime = toExptime(expire, clock.now());
    return await this.context.find(wire, gatCommand(wire, withCas, exptime), options);
  }

  #store(
    mode: StoreVerb,
    key: ItemKey,
    value: unknown,
    options: StoreOptions | undefined,
  ): Promise<boolean> {
    try {
      if (mode === 'append' || mode === 'prepend') checkWriteOptions(options);
      else checkStoreOptions(options);
      const { wire, data, fields } = this.context.prepare(key, value, options, true);
      const command = storeCommand(mode, wire, data, fields);
      const given = executeOptions(fields.quiet, options);
      return this.context.executeWith(wire, command, given, doneReader, key);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async #arithmetic(
    direction: 'incr' | 'decr',
    key: ItemKey,
    delta: bigint | number,
    options: WriteOptions = {},
  ): Promise<bigint | undefined> {
    checkWriteOptions(options);
    const wire = this.context.dependencies.keys.toWire(key);
    const amount = toU64('delta', delta);
    const quiet = this.context.isQuiet(options, false);
    const command = arithmeticCommand(wire, direction, amount, quiet);
    return toNumber(await this.context.write(wire, command, quiet, options));
  }
}

function checkPiece(value: string | Uint8Array): string | Uint8Array {
  if (typeof value === 'string' || value instanceof Uint8Array) return value;
  throw new UsageError('value', 'must be a string or a Uint8Array to be added to another');
}
