// The operations on items, over any executor.
import { checkU64 } from '../wire/check.ts';
import type { Command, Key, MetaCommand, StoreVerb } from '../wire/command.ts';
import { type MemcacheError, UsageError } from '../wire/errors.ts';
import type { Reply } from '../wire/reply.ts';
import { deleteMany, type Entries, findMany, storeMany } from './bulk.ts';
import {
  executeOptions,
  type Gets,
  type MemcacheDependencies,
  OperationContext,
} from './operation-context.ts';
import { checkExecuteNames, type ExecuteOptions, type Reader } from './connection/executor.ts';
import { type Expire, toExptime } from './expire.ts';
import { checkWireKey, type ItemKey, type WireKey } from './keys.ts';
import { count } from './patterns/counters.ts';
import {
  type BulkOptions,
  type CallOptions,
  checkCallOptions,
  checkStoreOptions,
  checkWriteOptions,
  type CountOptions,
  type StoreOptions,
  type WriteOptions,
} from './options.ts';
import { MetaCommands } from './meta/meta-commands.ts';
import {
  casCommand,
  deleteCommand,
  gatCommand,
  getCommand,
  storeCommand,
  touchCommand,
} from './dialect.ts';
import { casReader, type CasResult, doneReader } from './results.ts';

/**
 * The operations on items over any executor; `Memcache` adds what is made of them.
 *
 * Misses are values, not errors. All methods reject with `UsageError` before anything is sent when
 * an argument breaks a rule, and otherwise as `Executor.execute` does.
 */
export class Items {
  /** The meta commands with all of their flags. */
  readonly meta: MetaCommands;
  /** @internal */
  protected readonly context: OperationContext;

  /**
   * Makes the operations over an executor.
   *
   * @param dependencies The executor, and what is done with keys and values.
   */
  constructor(dependencies: MemcacheDependencies) {
    this.context = new OperationContext(dependencies);
    this.meta = new MetaCommands(this.context);
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
    const reader = this.context.valueReader as Reader<T | undefined>;
    if (!this.context.dependencies.ignoreErrors) return this.#read(key, options, reader, toGet);
    return this.context.read(undefined, () => this.#read(key, options, reader, toGet));
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
    const reader = this.context.versionReader as Reader<Gets<T> | undefined>;
    return this.context.read(undefined, () => this.#read(key, options, reader, toGets));
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
    const reader = this.context.valueReader as Reader<T | undefined>;
    const toGat = (wire: WireKey): MetaCommand => gatCommand(wire, false, this.#exptime(expire));
    return this.context.read(undefined, () => this.#read(key, options, reader, toGat));
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
    const reader = this.context.versionReader as Reader<Gets<T> | undefined>;
    const toGats = (wire: WireKey): MetaCommand => gatCommand(wire, true, this.#exptime(expire));
    return this.context.read(undefined, () => this.#read(key, options, reader, toGats));
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
  cas(key: ItemKey, value: unknown, cas: bigint, options?: StoreOptions): Promise<CasResult> {
    try {
      checkStoreOptions(options);
      checkU64('cas', cas);
      const expire = this.context.exptime(options?.expire);
      const { wire, data, fields } = this.context.prepare(key, value, options, false, expire);
      const command = casCommand(wire, data, cas, fields);
      const given = executeOptions(fields.quiet, options);
      return this.context.executeWith(wire, command, given, casReader, key);
    } catch (error) {
      return Promise.reject(error);
    }
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
  delete(key: ItemKey, options?: WriteOptions): Promise<boolean> {
    return this.#write(key, options, deleteCommand);
  }

  /**
   * Adds to a decimal number, which wraps at 2^64; creates it with `initial` if there is none.
   *
   * @returns The new number, or `initial` where it was created; undefined if the key does not exist,
   * and with `noreply`.
   *
   * @example
   * ```ts
   * await client.set('visits', 41);
   * const visits = await client.incr('visits'); // 42n
   * const first = await client.incr('today', 1, { initial: 1, expire: 86_400 }); // 1n
   * ```
   */
  incr(
    key: ItemKey,
    delta: bigint | number = 1n,
    options?: CountOptions,
  ): Promise<bigint | undefined> {
    return count(this.context, key, 'incr', delta, options);
  }

  /**
   * Subtracts from a decimal number, which stops at 0; otherwise as `incr`.
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
    options?: CountOptions,
  ): Promise<bigint | undefined> {
    return count(this.context, key, 'decr', delta, options);
  }

  /**
   * Sets when a key expires; false if it does not exist.
   *
   * @example
   * ```ts
   * const isThere = await client.touch('session:1', 1800);
   * ```
   */
  touch(key: ItemKey, expire: Expire, options?: WriteOptions): Promise<boolean> {
    return this.#write(key, options, (wire, quiet) => {
      return touchCommand(wire, this.#exptime(expire), quiet);
    });
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
   * Waits for pending commands, then closes the connections. Calls after it are refused. What a `fetch`
   * still loads is its answer, and is not stored: others may load it at once.
   *
   * @example
   * ```ts
   * await client.close();
   * ```
   */
  async close(): Promise<void> {
    const { executor, isBorrowed } = this.context.dependencies;
    if (isBorrowed === true) return;
    await Promise.all([...this.context.held].map((giveUp) => giveUp()));
    await executor.close();
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

  // The operations on one key do not use `await`, which would cost each call 300 bytes and a tenth of
  // its time.
  #read<Result>(
    key: ItemKey,
    options: CallOptions | undefined,
    reader: Reader<Result>,
    toCommand: (wire: WireKey) => MetaCommand,
  ): Promise<Result> {
    const { context } = this;
    try {
      if (options !== undefined) checkCallOptions(options);
      const wire = context.dependencies.keys.toWire(key);
      return context.executeWith(wire, toCommand(wire), options, reader, key);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  // A write without a value.
  #write(
    key: ItemKey,
    options: WriteOptions | undefined,
    toCommand: (wire: WireKey, quiet: boolean) => MetaCommand,
  ): Promise<boolean> {
    const { context } = this;
    try {
      checkWriteOptions(options);
      const quiet = context.isQuiet(options);
      const wire = context.dependencies.keys.toWire(key);
      const command = toCommand(wire, quiet);
      return context.executeWith(wire, command, executeOptions(quiet, options), doneReader, key);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #exptime(expire: Expire): number {
    return toExptime(expire, this.context.dependencies.clock.now());
  }

  #store(
    mode: StoreVerb,
    key: ItemKey,
    value: unknown,
    options: StoreOptions | undefined,
  ): Promise<boolean> {
    try {
      let expire = 0;
      if (mode === 'append' || mode === 'prepend') checkWriteOptions(options);
      else {
        checkStoreOptions(options);
        expire = this.context.exptime(options?.expire);
      }
      const { wire, data, fields } = this.context.prepare(key, value, options, true, expire);
      const command = storeCommand(mode, wire, data, fields);
      const given = executeOptions(fields.quiet, options);
      return this.context.executeWith(wire, command, given, doneReader, key);
    } catch (error) {
      return Promise.reject(error);
    }
  }
}

const toGet = (wire: WireKey): MetaCommand => getCommand(wire, false);
const toGets = (wire: WireKey): MetaCommand => getCommand(wire, true);

function checkPiece(value: string | Uint8Array): string | Uint8Array {
  if (typeof value === 'string' || value instanceof Uint8Array) return value;
  throw new UsageError('value', 'must be a string or a Uint8Array to be added to another');
}
