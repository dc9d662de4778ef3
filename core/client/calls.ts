import { checkBoolean, checkObject, checkU32, checkU64 } from '../wire/check.ts';
import type { Command } from '../wire/command.ts';
import { MemcacheError, UsageError } from '../wire/errors.ts';
import type { Reply } from '../wire/reply.ts';
import { chooseDialect } from './choose-dialect.ts';
import type { Dialect, WriteFields } from './dialect.ts';
import { toExptime } from './expire.ts';
import { type ItemKey, ownKey, type WireKey } from './key-policy.ts';
import { apart } from './observe.ts';
import type { ExecuteOptions } from './executor.ts';
import type { MemcacheParts, StoreOptions, WriteOptions } from './memcache-options.ts';
import type { Found } from './results.ts';

/** What a store command is made of, whatever the dialect. */
export interface Prepared {
  readonly wire: WireKey;
  readonly data: string | Uint8Array;
  readonly fields: WriteFields;
}

/** What all operations share: how arguments become parts of commands, and items values. */
export class Calls {
  readonly parts: MemcacheParts;
  /** Null until the server was asked what it understands: `learn` it then. */
  dialect: Dialect | null;
  /** How many failures were ignored. */
  ignored = 0;
  #learning: Promise<Dialect> | null = null;

  constructor(parts: MemcacheParts) {
    this.parts = parts;
    this.dialect = parts.dialect;
    // A server that joins may be older than those that were asked for their versions.
    parts.onJoin?.(() => {
      this.dialect = parts.dialect;
    });
  }

  /** Asks the server, once for all who wait for it. */
  learn(): Promise<Dialect> {
    this.#learning ??= this.#ask().finally(() => {
      this.#learning = null;
    });
    return this.#learning;
  }

  /** Resolves when nobody waits for the choice of a dialect any more. */
  async learned(): Promise<void> {
    await this.#learning?.catch(() => {});
  }

  /** A read: where failures are ignored, one gives what a miss gives. */
  read<Result>(miss: Result, run: () => Promise<Result>): Promise<Result> {
    return this.parts.ignoreErrors ? this.#forgive(miss, run) : run();
  }

  /** A command for one key. */
  execute(wire: WireKey, command: Command, options: ExecuteOptions | undefined): Promise<Reply> {
    const { route } = wire;
    const { executor } = this.parts;
    if (route === undefined) return executor.execute(command, options);
    return executor.execute(command, options === undefined ? { route } : { ...options, route });
  }

  /** A write to one key, which is waited for unless it is quiet. */
  write(
    wire: WireKey,
    command: Command,
    quiet: boolean,
    options: WriteOptions,
  ): Promise<Reply> {
    return this.execute(wire, command, waiting(quiet, options));
  }

  /** Whether a write asks for no reply. */
  isQuiet(options: WriteOptions): boolean {
    checkObject('options', options);
    const { noreply = this.parts.noreply } = options;
    return checkBoolean('noreply', noreply);
  }

  /** What a store command is made of. */
  prepare(key: ItemKey, value: unknown, options: StoreOptions): Prepared {
    const { keys, serde, clock } = this.parts;
    const quiet = this.isQuiet(options);
    const wire = keys.toWire(key);
    const { value: data, flags: ownFlags } = serde.serialize(ownKey(key), value);
    const { flags = ownFlags } = options;
    // As text in a meta command, what is no number could pass for one.
    checkU32('flags', flags);
    const expire = options.expire === undefined ? 0 : toExptime(options.expire, clock.now());
    return { wire, data, fields: { expire, flags, quiet } };
  }

  /** The value of an item. What it is, is the caller's promise to itself. */
  value<T>(key: ItemKey, { value, flags }: Found): T {
    return this.parts.serde.deserialize(ownKey(key), value, flags) as T;
  }

  /** Counts a failure that the caller need not know of, and tells of it. */
  ignore(error: MemcacheError): void {
    this.ignored++;
    apart(() => this.parts.onIgnored?.(error));
  }

  async #ask(): Promise<Dialect> {
    const { executor, ready, servers } = this.parts;
    await ready?.({});
    this.dialect = await chooseDialect(servers?.() ?? [executor]);
    return this.dialect;
  }

  async #forgive<Result>(miss: Result, run: () => Promise<Result>): Promise<Result> {
    try {
      return await run();
    } catch (error) {
      // Who broke a rule is told so, unless it was whoever stored the value.
      const own = error instanceof UsageError && error.argument !== 'serde';
      if (own || !(error instanceof MemcacheError)) throw error;
      this.ignore(error);
      return miss;
    }
  }
}

/** The options of a write, which is waited for unless it is quiet. */
export function waiting(quiet: boolean, options: WriteOptions): ExecuteOptions {
  return quiet ? { ...options, unconfirmed: true } : options;
}

/** A number of 64 bits without sign, however the caller writes it. */
export function toU64(argument: string, value: unknown): bigint {
  const whole = typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value;
  return checkU64(argument, whole, 'whole number');
}

/** A list of keys. A string can be iterated too, but who passes one means one key. */
export function toKeys(keys: Iterable<ItemKey>): ItemKey[] {
  const iterable = typeof keys === 'object' && keys !== null && !(keys instanceof Uint8Array);
  if (!iterable || typeof keys[Symbol.iterator] !== 'function') {
    throw new UsageError('keys', 'must be an array of keys, or another iterable of them');
  }
  return [...keys];
}
