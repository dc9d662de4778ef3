// The base of all operations: dependencies, and the conversion of arguments and items.
import type { Clock } from '../io/clock.ts';
import { isBytes, standardCodec, type TextCodec } from '../wire/bytes.ts';
import { checkBoolean, checkObject, checkU32, checkU64 } from '../wire/check.ts';
import type { Command } from '../wire/command.ts';
import { MemcacheError, SerdeError, UsageError } from '../wire/errors.ts';
import type { Reply } from '../wire/reply.ts';
import { type Expire, jittered, toExptime } from './expire.ts';
import { type ItemKey, type Keys, ownKey, type WireKey } from './keys.ts';
import type { ClusterServer } from './cluster/cluster-server.ts';
import type { ServerName } from './connection/endpoint.ts';
import { callListener } from './connection/observe.ts';
import type { ServerStatus } from './connection/server-status.ts';
import { Deadline } from './connection/timing.ts';
import {
  type Call,
  checkExecuteOptions,
  type ExecuteOptions,
  executeThenRead,
  type Executor,
  type Reader,
} from './connection/executor.ts';
import type { CallOptions, StoreOptions, WriteOptions } from './options.ts';
import { getCommand, type WriteFields } from './dialect.ts';
import type { OnFetch } from './cache/fetch-end.ts';
import { type Found, isUnclear, toCas, toFound } from './results.ts';
import { deserialize, type ItemBytes, type Serde, serialize } from './values/serde.ts';

/** A value and its version. */
export interface Gets<T> {
  /** The value, as the serde reads it. */
  readonly value: T;
  /** The version of the value, to be given to `cas`. */
  readonly cas: bigint;
}

/** The dependencies of a `Memcache`. */
export interface MemcacheDependencies {
  /** Where commands go. */
  readonly executor: Executor;
  /** Its servers, where the executor is of many. */
  readonly servers?: Servers | undefined;
  /** @internal The state and the counters of each server. */
  readonly statuses?: (() => readonly ServerStatus[]) | undefined;
  /** @internal What callers hold on the servers, and is given up before the connections are closed. */
  readonly held?: Set<() => Promise<void>> | undefined;
  /** @internal The connections are another client's, which closes them. */
  readonly isBorrowed?: boolean | undefined;
  /** Turns values into bytes and flags, and back. */
  readonly serde: Serde;
  /** How text becomes UTF-8 and back; the standard's way by default. */
  readonly textCodec?: TextCodec | undefined;
  /** Turns keys into those on the wire. */
  readonly keys: Keys;
  /** The `timeout` of a call without one, in milliseconds; that of the executor by default. */
  readonly timeout?: number | undefined;
  /** The time of deadlines. */
  readonly clock: Clock;
  /**
   * Returns a number from 0 to 1, for the jitter of wrappers; `Math.random` by default.
   */
  readonly random?: (() => number) | undefined;
  /** The most keys in one `get`, so that lines and replies have a limit. */
  readonly maxKeys: number;
  /** The default of the option `expire` of stores, in seconds; never by default. */
  readonly expire?: number | undefined;
  /** The part of an expiry that may be taken away, from 0 to 1; none by default. */
  readonly jitter?: number | undefined;
  /** The default of the option `noreply`. */
  readonly noreply: boolean;
  /** Reads that fail become misses. */
  readonly ignoreErrors: boolean;
  /** Called with each such failure. */
  readonly onIgnored: ((error: MemcacheError) => void) | undefined;
  /** Called with the end of each `fetch`. */
  readonly onFetch?: OnFetch | undefined;
}

/** The servers of a client of many. */
export interface Servers {
  /** Their names, in their order. */
  readonly names: () => string[];
  /** The current server of a key, or undefined. Keys of one server are read together. */
  readonly serverOf: (key: WireKey) => string | undefined;
  /** The list over which keys are distributed now: another object after each change of it. */
  readonly nodes: () => object;
  /**
   * The executor for one of them. Its `close` does nothing.
   *
   * @throws UsageError when there is none of that name.
   */
  readonly executorOf: (name: string) => Executor;
  /**
   * Adds a server.
   *
   * @throws UsageError when it breaks a rule, or the list comes from a discovery.
   */
  readonly add: (server: ServerName | ClusterServer) => void;
  /** Resolves, once its pending commands have ended, with whether there was one of that name. */
  readonly remove: (name: string) => Promise<boolean>;
  /**
   * Set if the servers are discovered: waits until they are, and resolves with the options of the
   * call and the time that is left.
   */
  readonly ready: (<Options extends CallOptions>(options: Options) => Promise<Options>) | undefined;
}

/** The dependencies of a client with a prefix for its keys. Its `close` does nothing. */
export function withPrefix<Dependencies extends MemcacheDependencies>(
  dependencies: Dependencies,
  prefix: string,
): Dependencies {
  const { executor } = dependencies;
  const shared: Executor = {
    execute: executor.execute.bind(executor),
    close: () => Promise.resolve(),
  };
  const executeWith = executor.executeWith?.bind(executor);
  if (executeWith !== undefined) shared.executeWith = executeWith;
  const keys = dependencies.keys.withPrefix(prefix);
  return { ...dependencies, keys, executor: shared, isBorrowed: true };
}

/** Which version of an item was seen, and where. */
export interface Version {
  readonly cas: bigint;
  /**
   * The connection that replied. What depends on the cas goes over this one only: another may lead to
   * a server that was restarted, or to another server, where the cas may be that of another item.
   */
  readonly connection: Executor | undefined;
}

/** The parts of a store command in either dialect. */
export interface Prepared {
  readonly wire: WireKey;
  readonly data: string | Uint8Array;
  readonly fields: WriteFields;
}

/** Converts the arguments of operations into commands, and items into values. */
export class OperationContext {
  readonly dependencies: MemcacheDependencies;
  /** See `MemcacheDependencies`. */
  readonly held: Set<() => Promise<void>>;
  /** How many failures `ignoreErrors` has turned into misses. */
  ignored = 0;

  /** The value that a read of one key finds, or undefined. */
  readonly valueReader: Reader<unknown> = {
    ofReply: (reply, call) => this.#readReply(reply, call, false),
    ofItem: (item, { key }) => item.isPlaceholder ? undefined : this.itemValue(key, item),
  };

  /** The same with its version. */
  readonly versionReader: Reader<Gets<unknown> | undefined> = {
    ofReply: (reply, call) => this.#readReply(reply, call, true) as Promise<Gets<unknown>>,
    ofItem: (item, { key }) => {
      if (item.isPlaceholder) return undefined;
      return { value: this.itemValue(key, item), cas: toCas(item.cas) };
    },
  };

  readonly #codec: TextCodec;
  readonly #expire: number;
  readonly #jitter: number;

  constructor(dependencies: MemcacheDependencies) {
    const { held = new Set() } = dependencies;
    this.dependencies = { ...dependencies, held };
    this.held = held;
    this.#expire = dependencies.expire ?? 0;
    this.#jitter = dependencies.jitter ?? 0;
    this.#codec = dependencies.textCodec ?? standardCodec;
  }

  /** Runs a read. With `ignoreErrors` a failure gives the result of a miss. */
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

  /** A command that depends on the version of an item. */
  executeOn(
    { connection }: Version,
    wire: WireKey,
    command: Command,
    options: ExecuteOptions | undefined,
  ): Promise<Reply> {
    return connection === undefined
      ? this.execute(wire, command, options)
      : connection.execute(command, options);
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
    const { executor, clock } = this.dependencies;
    const result = executor.executeWith?.(command, routed, reader, key);
    if (result !== undefined) return result;
    const deadline = clock.elapsed() + this.#timeout(options);
    return executeThenRead(executor, command, { key, options: routed, deadline }, reader);
  }

  /**
   * The deadline of a call that may send more than one command.
   *
   * @throws UsageError when an option breaks a rule: what is left of a wrong time would not show it.
   */
  deadline(options: ExecuteOptions | undefined): Deadline {
    checkExecuteOptions(options);
    return new Deadline(this.dependencies.clock, this.#timeout(options));
  }

  #timeout(options: ExecuteOptions | undefined): number {
    return options?.timeout ?? this.dependencies.timeout ?? Infinity;
  }

  /** The item that a read of one key finds. */
  async find(
    wire: WireKey,
    command: Command,
    options: ExecuteOptions | undefined,
  ): Promise<Found | undefined> {
    const left = this.deadline(options);
    const reply = await this.execute(wire, command, options);
    if (!isUnclear(reply)) return toFound(reply);
    return toFound(await this.execute(wire, command, left.within(options ?? {})));
  }

  /**
   * Whether a write asks for no reply.
   *
   * @param heedsDefault Whether the client's `noreply` applies: not to cas, incr and decr, which
   * are called for their result.
   */
  isQuiet(options: WriteOptions | undefined, heedsDefault = true): boolean {
    if (options === undefined) return heedsDefault && this.dependencies.noreply;
    checkObject('options', options);
    const { noreply = heedsDefault && this.dependencies.noreply } = options;
    return checkBoolean('noreply', noreply);
  }

  /** The exptime of a store or of a number that is created; the client's own by default. */
  exptime(expire: Expire | undefined): number {
    const given = expire === undefined ? this.#expire : expire;
    if (given === 0) return 0;
    const exptime = toExptime(given, this.dependencies.clock.now());
    if (this.#jitter === 0 || typeof given !== 'number') return exptime;
    return jittered(exptime, this.#jitter, this.dependencies.random ?? Math.random);
  }

  /** A text that no other caller makes. */
  token(): string {
    const { random = Math.random } = this.dependencies;
    const part = (): string => Math.floor(random() * 0x1_0000_0000).toString(36);
    return `${part()}.${part()}.${part()}`;
  }

  /** The parts of a store command without an expiry; see `isQuiet`. */
  prepare(
    key: ItemKey,
    value: unknown,
    options: WriteOptions & Pick<StoreOptions, 'flags'> | undefined,
    heedsDefault: boolean,
    expire = 0,
  ): Prepared {
    const { keys, serde } = this.dependencies;
    const quiet = this.isQuiet(options, heedsDefault);
    const wire = keys.toWire(key);
    const { value: serialized, flags: ownFlags } = serialize(serde, ownKey(key), value);
    const data = ownCopy(serialized);
    // In a meta command flags are text, so anything would be sent.
    const flags = options?.flags === undefined ? ownFlags : checkU32('flags', options.flags);
    return { wire, data, fields: { expire, flags, quiet } };
  }

  /**
   * The value of an item. Its type is not checked.
   *
   * @throws SerdeError
   */
  value<T>(key: ItemKey, { value, flags }: Found): T {
    return this.itemValue(key, {
      bytes: value,
      from: 0,
      to: value.length,
      flags,
      isLent: false,
    }) as T;
  }

  /**
   * The value of an item whose bytes are part of a chunk.
   *
   * @throws SerdeError
   */
  itemValue(key: ItemKey, item: ItemBytes): unknown {
    const own = ownKey(key);
    try {
      return deserialize(this.dependencies.serde, this.#codec, own, item);
    } catch (error) {
      throw new SerdeError(own, error);
    }
  }

  #readReply(reply: Reply, { key, options, deadline }: Call, withCas: boolean): unknown {
    if (!isUnclear(reply)) return this.#foundIn(reply, key, withCas);
    const wire = this.dependencies.keys.toWire(key);
    const { clock } = this.dependencies;
    const left = new Deadline(clock, deadline - clock.elapsed());
    const again = this.execute(wire, getCommand(wire, withCas), left.within(options ?? {}));
    return again.then((second) => this.#foundIn(second, key, withCas));
  }

  #foundIn(reply: Reply, key: ItemKey, withCas: boolean): unknown {
    const found = toFound(reply);
    if (found === undefined) return undefined;
    return withCas ? this.gets(key, found) : this.value(key, found);
  }

  /** The value of an item and its version. */
  gets<T>(key: ItemKey, found: Found): Gets<T> {
    const cas = toCas(found.cas);
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
      // UsageErrors are never hidden.
      if (error instanceof UsageError || !(error instanceof MemcacheError)) throw error;
      this.ignore(error);
      return miss;
    }
  }
}

/** Values up to this size are copied at the call, so that the caller may reuse its array. */
const COPIED = 4 * 1024;

/** The value, or a copy of it if it is a small array. */
export function ownCopy<Value>(value: Value): Value | Uint8Array {
  // Not `slice`, which makes no copy of a Buffer.
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

/** A list of keys. A string is refused, although it is iterable: it is probably one key. */
export function toKeys(keys: Iterable<ItemKey>): ItemKey[] {
  const iterable = typeof keys === 'object' && keys !== null && !(keys instanceof Uint8Array);
  if (!iterable || typeof keys[Symbol.iterator] !== 'function') {
    throw new UsageError('keys', 'must be an array of keys, or another iterable of them');
  }
  return [...keys];
}
