import type { Clock } from '../clock.ts';
import type { Command, Key } from '../wire/command.ts';
import { ProtocolError, UsageError } from '../wire/errors.ts';
import { checkBase64Key, checkKey } from '../wire/key.ts';
import { MAX_U32, MAX_U64 } from '../wire/numbers.ts';
import type { Reply } from '../wire/reply.ts';
import type { Dialect, StoreMode } from './dialect.ts';
import type { ExecuteOptions, Executor } from './executor.ts';
import { type Expire, toExptime } from './expire.ts';
import type { Keys, WireKey } from './key-policy.ts';
import {
  type CasResult,
  type Found,
  toCasResult,
  toDone,
  toFound,
  toNumber,
  toStats,
  toVersion,
} from './results.ts';
import type { Serde } from './serde.ts';

/** What every operation takes. */
export type CallOptions = Pick<ExecuteOptions, 'timeout' | 'signal'>;

export interface WriteOptions extends CallOptions {
  /**
   * Do not wait for the server: the promise resolves when the command is on its way, and says that
   * all went well whether it did or not.
   */
  readonly noreply?: boolean;
}

export interface StoreOptions extends WriteOptions {
  /** When it expires; never by default. */
  readonly expire?: Expire;
  /** Client flags to store instead of those that say how the value was serialised. */
  readonly flags?: number;
}

export interface Gets<T> {
  readonly value: T;
  /** The version of the value, to be given to `cas`. */
  readonly cas: bigint;
}

/** What a `Memcache` is made of. */
export interface MemcacheParts {
  readonly executor: Executor;
  readonly dialect: Dialect;
  readonly serde: Serde;
  readonly keys: Keys;
  readonly clock: Clock;
  /** What `noreply` is where a call does not say. */
  readonly noreply: boolean;
}

/** A `get` for more keys than this is cut, so that no line and no reply grows without limit. */
const MAX_KEYS = 1000;

/**
 * Every operation of memcached over any executor.
 *
 * Misses are values, not errors. All methods reject with `UsageError` before anything is sent when
 * an argument breaks a rule, and otherwise as `Executor.execute` does.
 */
export class Memcache {
  readonly #parts: MemcacheParts;

  constructor(parts: MemcacheParts) {
    this.#parts = parts;
  }

  /** The value of a key, or undefined. */
  async get<T = unknown>(key: Key, options?: CallOptions): Promise<T | undefined> {
    const { dialect, keys, executor } = this.#parts;
    const found = toFound(await executor.execute(dialect.get(keys.toWire(key), false), options));
    return found === undefined ? undefined : this.#read<T>(key, found);
  }

  /** The value of a key and its version, or undefined. */
  async gets<T = unknown>(key: Key, options?: CallOptions): Promise<Gets<T> | undefined> {
    const { dialect, keys, executor } = this.#parts;
    const found = toFound(await executor.execute(dialect.get(keys.toWire(key), true), options));
    if (found === undefined) return undefined;
    const { cas } = found;
    if (cas === undefined) {
      throw new ProtocolError('the server left out the cas that it was asked for');
    }
    return { value: this.#read<T>(key, found), cas };
  }

  /** The values of many keys; those that are not there are not in the map. */
  async getMany<T = unknown>(keys: Iterable<Key>, options?: CallOptions): Promise<Map<Key, T>> {
    const wanted = toList(keys);
    const wire = wanted.map((key) => this.#parts.keys.toWire(key));
    // Where it takes several commands, none may go before the last is known to be right.
    if (wire.length > MAX_KEYS || wire.some(({ base64 }) => base64)) {
      for (const { key, base64 } of wire) (base64 ? checkBase64Key : checkKey)(key);
    }
    const jobs: Promise<void>[] = [];
    const found = new Map<number, Found>();
    for (let from = 0; from < wanted.length; from += MAX_KEYS) {
      jobs.push(this.#getBatch(wire.slice(from, from + MAX_KEYS), from, found, options));
    }
    await Promise.all(jobs);
    const result = new Map<Key, T>();
    wanted.forEach((key, index) => {
      const item = found.get(index);
      if (item !== undefined) result.set(key, this.#read<T>(key, item));
    });
    return result;
  }

  /** Stores a value. */
  set(key: Key, value: unknown, options?: StoreOptions): Promise<boolean> {
    return this.#store('set', key, value, options);
  }

  /** Stores a value if the key is not there; false when it is. */
  add(key: Key, value: unknown, options?: StoreOptions): Promise<boolean> {
    return this.#store('add', key, value, options);
  }

  /** Stores a value if the key is there; false when it is not. */
  replace(key: Key, value: unknown, options?: StoreOptions): Promise<boolean> {
    return this.#store('replace', key, value, options);
  }

  /** Adds to the end of a value; false when the key is not there. Flags and expiry stay. */
  async append(key: Key, value: string | Uint8Array, options?: WriteOptions): Promise<boolean> {
    return await this.#store('append', key, checkPiece(value), options);
  }

  /** Adds to the start of a value; false when the key is not there. Flags and expiry stay. */
  async prepend(key: Key, value: string | Uint8Array, options?: WriteOptions): Promise<boolean> {
    return await this.#store('prepend', key, checkPiece(value), options);
  }

  /** Stores a value if nobody has stored one since `gets` gave this version. */
  async cas(key: Key, value: unknown, cas: bigint, options: StoreOptions = {}): Promise<CasResult> {
    const { dialect } = this.#parts;
    if (typeof cas !== 'bigint' || cas < 0n || cas > MAX_U64) {
      throw new UsageError('cas', 'must be a bigint, as gets gave it');
    }
    const { wire, data, fields } = this.#prepare(key, value, options);
    return toCasResult(await this.#write(dialect.cas(wire, data, cas, fields), options));
  }

  /** Deletes a key; false when it was not there. */
  async delete(key: Key, options: WriteOptions = {}): Promise<boolean> {
    const { dialect, keys } = this.#parts;
    const command = dialect.delete(keys.toWire(key), this.#isQuiet(options));
    return toDone(await this.#write(command, options));
  }

  /**
   * Adds to a decimal number, which wraps at 2^64.
   *
   * @returns The new number; undefined when the key is not there, and with `noreply`.
   */
  incr(
    key: Key,
    delta: bigint | number = 1n,
    options?: WriteOptions,
  ): Promise<bigint | undefined> {
    return this.#arithmetic('incr', key, delta, options);
  }

  /**
   * Subtracts from a decimal number, which stops at 0.
   *
   * @returns The new number; undefined when the key is not there, and with `noreply`.
   */
  decr(
    key: Key,
    delta: bigint | number = 1n,
    options?: WriteOptions,
  ): Promise<bigint | undefined> {
    return this.#arithmetic('decr', key, delta, options);
  }

  /** Sets when a key expires; false when it is not there. */
  async touch(key: Key, expire: Expire, options: WriteOptions = {}): Promise<boolean> {
    const { dialect, keys, clock } = this.#parts;
    const exptime = toExptime(expire, clock.now());
    const command = dialect.touch(keys.toWire(key), exptime, this.#isQuiet(options));
    return toDone(await this.#write(command, options));
  }

  /** The version of the server. */
  async version(options?: CallOptions): Promise<string> {
    return toVersion(await this.execute({ verb: 'version' }, options));
  }

  /**
   * What the server tells of itself, by name.
   *
   * @param words What to tell of: `settings`, `items`; everything general by default.
   */
  async stats(words: readonly string[] = [], options?: CallOptions): Promise<Map<string, string>> {
    return toStats(await this.execute({ verb: 'stats', words }, options));
  }

  /** Does any command of the protocol. */
  execute(command: Command, options?: ExecuteOptions): Promise<Reply> {
    return this.#parts.executor.execute(command, options);
  }

  /** Waits for what is pending, then lets go of the connection. No call is taken after it. */
  close(): Promise<void> {
    return this.#parts.executor.close();
  }

  async #getBatch(
    wire: readonly WireKey[],
    offset: number,
    found: Map<number, Found>,
    options: CallOptions | undefined,
  ): Promise<void> {
    const { dialect, executor } = this.#parts;
    const together = dialect.getMany(wire);
    if (together === null) {
      await Promise.all(wire.map(async (key, index) => {
        const item = toFound(await executor.execute(dialect.get(key, false), options));
        if (item !== undefined) found.set(offset + index, item);
      }));
      return;
    }
    const reply = await executor.execute(together, options);
    if (reply.type !== 'values') return;
    // Items come in the order of the request, which they leave gaps in.
    let index = 0;
    for (const item of reply.items) {
      while (index < wire.length && wire[index]!.key !== item.key) index++;
      found.set(offset + index++, { value: item.value, flags: item.flags, cas: undefined });
    }
  }

  async #store(
    mode: StoreMode,
    key: Key,
    value: unknown,
    options: StoreOptions = {},
  ): Promise<boolean> {
    const { wire, data, fields } = this.#prepare(key, value, options);
    return toDone(await this.#write(this.#parts.dialect.store(mode, wire, data, fields), options));
  }

  #prepare(key: Key, value: unknown, options: StoreOptions): {
    wire: WireKey;
    data: string | Uint8Array;
    fields: { expire: number; flags: number; quiet: boolean };
  } {
    const { keys, serde, clock } = this.#parts;
    const quiet = this.#isQuiet(options);
    const wire = keys.toWire(key);
    const { value: data, flags: ownFlags } = serde.serialize(key, value);
    const { flags = ownFlags } = options;
    // As text in a meta command, what is no number could pass for one.
    if (!Number.isInteger(flags) || flags < 0 || flags > MAX_U32) {
      throw new UsageError('flags', 'must be a whole number from 0 to 4294967295');
    }
    const expire = options.expire === undefined ? 0 : toExptime(options.expire, clock.now());
    return { wire, data, fields: { expire, flags, quiet } };
  }

  async #arithmetic(
    direction: 'incr' | 'decr',
    key: Key,
    delta: bigint | number,
    options: WriteOptions = {},
  ): Promise<bigint | undefined> {
    const { dialect, keys } = this.#parts;
    const amount = toDelta(delta);
    const command = dialect.arithmetic(keys.toWire(key), direction, amount, this.#isQuiet(options));
    return toNumber(await this.#write(command, options));
  }

  #write(command: Command, options: WriteOptions): Promise<Reply> {
    if (!this.#isQuiet(options)) return this.#parts.executor.execute(command, options);
    return this.#parts.executor.execute(command, { ...options, unconfirmed: true });
  }

  #isQuiet(options: WriteOptions): boolean {
    if (typeof options !== 'object' || options === null) {
      throw new UsageError('options', 'must be an object');
    }
    const { noreply = this.#parts.noreply } = options;
    if (typeof noreply !== 'boolean') throw new UsageError('noreply', 'must be true or false');
    return noreply;
  }

  // The caller decides what a value is; its type argument is a promise to itself.
  #read<T>(key: Key, { value, flags }: Found): T {
    return this.#parts.serde.deserialize(key, value, flags) as T;
  }
}

// A string can be iterated too, but who passes one means one key.
function toList(keys: Iterable<Key>): Key[] {
  const iterable = typeof keys === 'object' && keys !== null && !(keys instanceof Uint8Array);
  if (!iterable || typeof keys[Symbol.iterator] !== 'function') {
    throw new UsageError('keys', 'must be an array of keys, or another iterable of them');
  }
  return [...keys];
}

function checkPiece(value: string | Uint8Array): string | Uint8Array {
  if (typeof value === 'string' || value instanceof Uint8Array) return value;
  throw new UsageError('value', 'must be a string or a Uint8Array to be added to another');
}

function toDelta(delta: bigint | number): bigint {
  const amount = typeof delta === 'number' && Number.isSafeInteger(delta) ? BigInt(delta) : delta;
  if (typeof amount !== 'bigint' || amount < 0n || amount > MAX_U64) {
    throw new UsageError('delta', 'must be a whole number from 0 to 18446744073709551615');
  }
  return amount;
}
