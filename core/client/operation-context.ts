// What all operations share: dependencies, and arguments and items turned into values.
import type { Clock } from '../io/clock.ts';
import { isBytes } from '../wire/bytes.ts';
import { checkBoolean, checkObject, checkU32, checkU64 } from '../wire/check.ts';
import type { Command } from '../wire/command.ts';
import { MemcacheError, ProtocolError, SerdeError, UsageError } from '../wire/errors.ts';
import type { PlainReply } from '../wire/plain.ts';
import type { Reply } from '../wire/reply.ts';
import { toExptime } from './expire.ts';
import { type ItemKey, type Keys, ownKey, type WireKey } from './keys.ts';
import type { ClusterServer } from './cluster/cluster-server.ts';
import type { ServerName } from './connection/endpoint.ts';
import { callListener } from './connection/observe.ts';
import {
  type ExecuteOptions,
  executeThenRead,
  type Executor,
  type Reader,
} from './connection/executor.ts';
import type { CallOptions, StoreOptions, WriteOptions } from './options.ts';
import { getCommand, type WriteFields } from './dialect.ts';
import { type Found, isUnclear, toFound } from './results.ts';
import { deserialize, type Serde, serialize } from './values/serde.ts';

/** A value and its version. */
export interface Gets<T> {
  /** The value, as the serde reads it. */
  readonly value: T;
  /** The version of the value, to be given to `cas`. */
  readonly cas: bigint;
}

/** What a `Memcache` is made of. */
export interface MemcacheDependencies {
  /** Where commands go. */
  readonly executor: Executor;
  /** Its servers, where the executor is of many. */
  readonly servers?: Servers | undefined;
  /** What makes bytes of values, and values of bytes. */
  readonly serde: Serde;
  /** What makes keys of the wire of keys. */
  readonly keys: Keys;
  /** The time of deadlines. */
  readonly clock: Clock;
  /**
   * A number from 0 to 1, for the jitter of what is made of the client; `Math.random` by default.
   */
  readonly random?: (() => number) | undefined;
  /** A `get` for more keys than this is cut, so that no line and no reply grows without limit. */
  readonly maxKeys: number;
  /** The `noreply` of a call that has none of its own. */
  readonly noreply: boolean;
  /** Reads that fail become misses. */
  readonly ignoreErrors: boolean;
  /** Called with each such failure. */
  readonly onIgnored: ((error: MemcacheError) => void) | undefined;
}

/** What a client of many servers knows of them. */
export interface Servers {
  /** Their names, in their order. */
  readonly names: () => string[];
  /** The server that has a key now, or undefined. Keys that share one are asked for together. */
  readonly serverOf: (key: WireKey) => string | undefined;
  /**
   * The executor for one of them. To close it does nothing.
   *
   * @throws UsageError when there is none of that name.
   */
  readonly executorOf: (name: string) => Executor;
  /**
   * Adds a server.
   *
   * @throws UsageError when it breaks a rule, or a discovery says which servers there are.
   */
  readonly add: (server: ServerName | ClusterServer) => void;
  /** Resolves, once its pending commands have ended, with whether there was one of that name. */
  readonly remove: (name: string) => Promise<boolean>;
  /**
   * Where they have to be found first: waits until they are, and resolves with the options of the
   * call with the time that is left.
   */
  readonly ready: (<Options extends CallOptions>(options: Options) => Promise<Options>) | undefined;
}

/** What a store command is made of, whatever the dialect. */
export interface Prepared {
  readonly wire: WireKey;
  readonly data: string | Uint8Array;
  readonly fields: WriteFields;
}

/** What all operations share: arguments become parts of commands, and items values. */
export class OperationContext {
  readonly dependencies: MemcacheDependencies;
  /** How many failures were ignored. */
  ignored = 0;

  /** The value that a read of one key finds, or undefined. */
  readonly valueReader: Reader<unknown> = {
    ofReply: (reply, { key, options }) => {
      if (!isUnclear(reply)) return this.#valueOf(reply, key);
      const wire = this.dependencies.keys.toWire(key);
      const again = this.execute(wire, getCommand(wire, false), options);
      return again.then((second) => this.#valueOf(second, key));
    },
    ofItem: (item, { key }) => this.itemValue(key, item),
  };

  constructor(dependencies: MemcacheDependencies) {
    this.dependencies = dependencies;
  }

  /** Runs a read. With `ignoreErrors` a failure gives what a miss gives. */
  read<Result>(miss: Result, run: () => Promise<Result>): Promise<Result> {
    return this.dependencies.ignoreErrors ? this.#forgive(miss, run) : run();
  }

  /** A command for one key. */
  execute(wire: WireKey, command: Command, options: ExecuteOptions | undefined): Promise<Reply> {
    const { route } = wire;
    const { executor } = this.dependencies;
    if (route === undefined) return executor.execute(command, options);
    return executor.execute(command, options === undefined ? { route } : { ...options, route });
  }

  /** A command for one key, with a reader for its reply. */
  executeWith<Result>(
    { route }: WireKey,
    command: Command,
    options: ExecuteOptions | undefined,
    reader: Reader<Result>,
    key: ItemKey,
  ): Promise<Result> {
    const routed = route === undefined ? options : { ...options, route };
    const { executor } = this.dependencies;
    return executor.executeWith?.(command, routed, reader, key) ??
      executeThenRead(executor, command, routed, reader, key);
  }

  /** The item that a read of one key finds. */
  async find(
    wire: WireKey,
    command: Command,
    options: ExecuteOptions | undefined,
  ): Promise<Found | undefined> {
    const reply = await this.execute(wire, command, options);
    return toFound(isUnclear(reply) ? await this.execute(wire, command, options) : reply);
  }

  /** A write to one key, which is waited for unless it is quiet. */
  write(
    wire: WireKey,
    command: Command,
    quiet: boolean,
    options: WriteOptions,
  ): Promise<Reply> {
    return this.execute(wire, command, executeOptions(quiet, options));
  }

  /**
   * Whether a write asks for no reply.
   *
   * @param heedsDefault Whether the client's `noreply` holds for it: not where the reply is what
   * the call is for, as with cas, incr and decr.
   */
  isQuiet(options: WriteOptions | undefined, heedsDefault = true): boolean {
    if (options === undefined) return heedsDefault && this.dependencies.noreply;
    checkObject('options', options);
    const { noreply = heedsDefault && this.dependencies.noreply } = options;
    return checkBoolean('noreply', noreply);
  }

  /** What a store command is made of; see `isQuiet`. */
  prepare(
    key: ItemKey,
    value: unknown,
    options: StoreOptions | undefined,
    heedsDefault: boolean,
  ): Prepared {
    const { keys, serde, clock } = this.dependencies;
    const quiet = this.isQuiet(options, heedsDefault);
    const wire = keys.toWire(key);
    const { value: serialized, flags: ownFlags } = serialize(serde, ownKey(key), value);
    const data = ownCopy(serialized);
    let flags = ownFlags;
    let expire = 0;
    if (options !== undefined) {
      if (options.expire !== undefined) expire = toExptime(options.expire, clock.now());
      // In a meta command flags are text, where something that is no number could pass for one.
      if (options.flags !== undefined) flags = checkU32('flags', options.flags);
    }
    return { wire, data, fields: { expire, flags, quiet } };
  }

  /**
   * The value of an item. Its type is not checked.
   *
   * @throws SerdeError
   */
  value<T>(key: ItemKey, { value, flags }: Found): T {
    const own = ownKey(key);
    try {
      return this.dependencies.serde.deserialize(own, value, flags) as T;
    } catch (error) {
      throw new SerdeError(own, error);
    }
  }

  /**
   * The value of an item of a plain reply.
   *
   * @throws SerdeError
   */
  itemValue(key: ItemKey, item: PlainReply): unknown {
    const own = ownKey(key);
    try {
      return deserialize(this.dependencies.serde, own, item);
    } catch (error) {
      throw new SerdeError(own, error);
    }
  }

  #valueOf(reply: Reply, key: ItemKey): unknown {
    const found = toFound(reply);
    return found === undefined ? undefined : this.value(key, found);
  }

  /** The value of an item and its version. */
  gets<T>(key: ItemKey, found: Found): Gets<T> {
    const { cas } = found;
    if (cas === undefined) {
      throw new ProtocolError('the server left out the cas that it was asked for');
    }
    return { value: this.value<T>(key, found), cas };
  }

  /** Counts a failure that is hidden from the caller, and calls `onIgnored` with it. */
  ignore(error: MemcacheError): void {
    this.ignored++;
    callListener(() => this.dependencies.onIgnored?.(error));
  }

  async #forgive<Result>(miss: Result, run: () => Promise<Result>): Promise<Result> {
    try {
      return await run();
    } catch (error) {
      // A broken rule is never hidden.
      if (error instanceof UsageError || !(error instanceof MemcacheError)) throw error;
      this.ignore(error);
      return miss;
    }
  }
}

/** Small values are copied when a call is made, so that the caller may write to its array again. */
const COPIED = 4 * 1024;

/** The value, or a copy of it where it is a small array. */
export function ownCopy<Value>(value: Value): Value | Uint8Array {
  // Not `slice`: a Buffer's own makes no copy.
  return isBytes(value) && value.length <= COPIED ? new Uint8Array(value) : value;
}

const UNCONFIRMED: ExecuteOptions = { unconfirmed: true };

/** The options of a write, which is waited for unless it is quiet. */
export function executeOptions(
  quiet: boolean,
  options: WriteOptions | undefined,
): ExecuteOptions | undefined {
  if (!quiet) return options;
  const { timeout, signal } = options ?? {};
  return timeout === undefined && signal === undefined
    ? UNCONFIRMED
    : { ...options, unconfirmed: true };
}

/** An unsigned 64-bit number, given as a bigint or a number. */
export function toU64(argument: string, value: unknown): bigint {
  const whole = typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value;
  return checkU64(argument, whole, 'whole number');
}

/** A list of keys. A string is refused, though it can be iterated: one key was meant. */
export function toKeys(keys: Iterable<ItemKey>): ItemKey[] {
  const iterable = typeof keys === 'object' && keys !== null && !(keys instanceof Uint8Array);
  if (!iterable || typeof keys[Symbol.iterator] !== 'function') {
    throw new UsageError('keys', 'must be an array of keys, or another iterable of them');
  }
  return [...keys];
}
