// The clients of one server: administration, dumps and statistics beside the operations on items.
import { type Aborter, newAborter } from '../io/transport.ts';
import { checkObject } from '../wire/check.ts';
import type { Command, Key, RawCommand } from '../wire/command.ts';
import { UsageError } from '../wire/errors.ts';
import type { Reply, ReplyItem } from '../wire/reply.ts';
import { LIST_RULE, type ServerName, toEndpoint } from './connection/endpoint.ts';
import type { Executor } from './connection/executor.ts';
import {
  type Environment,
  noEnvironment,
  readEnvironment,
  readServerUrls,
} from './connection/server-url.ts';
import { upstreamFor } from './connection/upstream.ts';
import { type Expire, toDelay } from './expire.ts';
import { type KeyPolicy, Keys } from './keys.ts';
import { Memcache } from './memcache.ts';
import { executeOptions, type MemcacheDependencies, withPrefix } from './operation-context.ts';
import {
  asGiven,
  type CallOptions,
  checkCallOptions,
  checkWriteOptions,
  type ClientOptions,
  type ClientSettings,
  clientSettings,
  clientTable,
  type OptionTable,
  type PooledClientOptions,
  pooledClientTable,
  type PoolOptions,
  type Prepare,
  type WriteOptions,
} from './options.ts';
import {
  checkRefusal,
  type ItemInfo,
  type StatValue,
  toDumpedInfo,
  toOk,
  toStats,
  toVersion,
} from './results.ts';
import type { Optional } from '../wire/options.ts';

/** A client of one server: the operations on items, and those on the server itself. */
export class ServerClient extends Memcache {
  /**
   * The same client with a prefix for every key, as in `Memcache`. The operations on the server itself
   * concern all keys.
   *
   * @throws UsageError when the prefix breaks a rule.
   *
   * @example
   * ```ts
   * const users = client.withPrefix('user:');
   * await users.set('1', { name: 'Ada' }); // user:1
   * ```
   */
  override withPrefix(prefix: string): ServerClient {
    return new ServerClient(withPrefix(this.dependencies, prefix));
  }

  /**
   * The version of the server.
   *
   * @example
   * ```ts
   * const version = await client.version(); // '1.6.39'
   * ```
   */
  async version(options?: CallOptions): Promise<string> {
    checkCallOptions(options);
    return toVersion(
      await this.context.dependencies.executor.execute({ verb: 'version' }, options),
    );
  }

  /**
   * The statistics of the server, by name; numbers as numbers.
   *
   * @param words The topic: `settings`, `items`, …; the general statistics by default.
   *
   * @example
   * ```ts
   * const { curr_items: items } = Object.fromEntries(await client.stats());
   * ```
   */
  stats(
    words: readonly string[] = [],
    options?: CallOptions,
  ): Promise<Map<string, StatValue>> {
    return this.context.read(new Map<string, StatValue>(), async () => {
      checkCallOptions(options);
      return toStats(
        await this.context.dependencies.executor.execute({ verb: 'stats', words }, options),
      );
    });
  }

  /**
   * Deletes all items, now or after a delay; those that are stored until then, too.
   *
   * @param delay Seconds from now, or a Date; at once by default.
   * @throws UsageError when it is negative or longer than 30 days: memcached would take it for a Unix
   * time, reply OK, and delete nothing.
   *
   * @example
   * ```ts
   * await client.flushAll(); // every item of the server
   * ```
   */
  async flushAll(delay: Expire = 0, options: WriteOptions = {}): Promise<void> {
    checkWriteOptions(options);
    const noreply = this.context.isQuiet(options);
    const seconds = toDelay(delay, this.context.dependencies.clock.now());
    const command = { verb: 'flush_all', delay: seconds, noreply } as const;
    toOk(
      await this.context.dependencies.executor.execute(command, executeOptions(noreply, options)),
    );
  }

  /**
   * Sets how much memory the server may use, in megabytes.
   *
   * @example
   * ```ts
   * await client.cacheMemlimit(128);
   * ```
   */
  async cacheMemlimit(megabytes: number, options?: CallOptions): Promise<void> {
    checkCallOptions(options);
    toOk(
      await this.context.dependencies.executor.execute(
        { verb: 'cache_memlimit', megabytes, noreply: false },
        options,
      ),
    );
  }

  /**
   * Sets how much the server logs.
   *
   * @example
   * ```ts
   * await client.verbosity(1);
   * ```
   */
  async verbosity(level: number, options?: CallOptions): Promise<void> {
    checkCallOptions(options);
    toOk(
      await this.context.dependencies.executor.execute(
        { verb: 'verbosity', level, noreply: false },
        options,
      ),
    );
  }

  /**
   * Stops the server, which must have been started with `-A`.
   *
   * @example
   * ```ts
   * await client.shutdown();
   * ```
   */
  async shutdown(
    options: CallOptions & { readonly graceful?: boolean | undefined } = {},
  ): Promise<void> {
    checkObject('options', options);
    const { graceful = false, ...call } = options;
    checkCallOptions(call);
    await this.context.dependencies.executor.execute({ verb: 'shutdown', graceful }, call);
  }

  /**
   * Asks the server to close the connection. The next call makes another.
   *
   * @example
   * ```ts
   * await client.quit();
   * ```
   */
  async quit(options?: CallOptions): Promise<void> {
    checkCallOptions(options);
    await this.context.dependencies.executor.execute({ verb: 'quit' }, options);
  }

  /**
   * Sends a command line that this package does not know.
   *
   * Pass a `value` only with a line that the server is known to accept: a server that refuses the line
   * reads the value as commands. The commands that this package knows have methods without that risk.
   *
   * @param options `reply` is the shape of the reply, `value` is sent as a data block after the
   * line.
   *
   * @example
   * ```ts
   * const reply = await client.raw('verbosity 1', { reply: 'line' });
   * ```
   */
  async raw(
    line: string,
    options: CallOptions & Optional<Pick<RawCommand, 'reply' | 'value'>> = {},
  ): Promise<Reply> {
    checkObject('options', options);
    const { reply = 'line', value = null, ...call } = options;
    checkCallOptions(call);
    return await this.context.dependencies.executor.execute(
      { verb: 'raw', line, value, reply },
      call,
    );
  }

  /**
   * The items of the server without their values: keys, sizes, times. The times are those of the
   * server's clock.
   *
   * @param classes `all`, `hash`, or slab classes: `1,2`.
   *
   * @example
   * ```ts
   * for await (const { key, size } of client.metadump()) console.log(key, size);
   * ```
   */
  metadump(classes = 'all', options?: CallOptions): ItemStream<ItemInfo> {
    const command = { verb: 'lru_crawler metadump', words: [classes] } as const;
    return new ItemStream(this, command, options, (item) => {
      return item.type === 'metadump' ? toDumpedInfo(item) : undefined;
    });
  }

  /**
   * The keys on the server (memcached 1.6.19).
   *
   * @param classes As `metadump`.
   *
   * @example
   * ```ts
   * for await (const key of client.mgdump()) console.log(key);
   * ```
   */
  mgdump(classes = 'all', options?: CallOptions): ItemStream<Key> {
    const command = { verb: 'lru_crawler mgdump', words: [classes] } as const;
    return new ItemStream(this, command, options, (item) => {
      return item.type === 'mgdump' ? item.key : undefined;
    });
  }

  /**
   * The lines that the server logs, until the loop over them is left.
   *
   * @param logs `fetchers`, `mutations`, `evictions`, `connevents`, `deletions`; fetchers by
   * default.
   *
   * @example
   * ```ts
   * const lines = client.watch(['mutations']);
   * const first = lines.next(); // resolves with the first line
   * await lines.return(); // ends the watch
   * ```
   */
  watch(logs: readonly string[] = ['fetchers'], options?: CallOptions): ItemStream<string> {
    const command = { verb: 'watch', words: logs } as const;
    return new ItemStream(this, command, options, (item) => {
      return item.type === 'watch' ? item.line : undefined;
    });
  }
}

/** A client of one server, over one connection. It connects with the first call. */
export class Client extends ServerClient {
  /** What the runtime adds to the options, among them how to dial. */
  static readonly prepare: Prepare = asGiven;
  /** @internal The environment of the process. */
  static readonly environment: () => Environment = noEnvironment;

  /**
   * Makes a client of one server.
   *
   * @param server `host:port` and the like, see `ServerName`; `localhost:11211` by default.
   * @throws UsageError when an option breaks a rule, or there is no `dial`.
   */
  constructor(server: ServerName = 'localhost', options: ClientOptions = {}) {
    super(dependenciesOf(server, options, clientTable, new.target.prepare));
  }

  /**
   * Makes a client of the server that `MEMCACHED_URL` names in the environment, with the login and the
   * options in that URL: `memcached://user:password@cache.example:11211?timeout=500`.
   *
   * @param options They override those of the URL.
   * @param environment The variables; those of the process by default. In a Worker they are the `env`
   * of its handler.
   * @throws UsageError when the variable is not set, the runtime has no environment, or the URL breaks
   * a rule; it never quotes a login.
   *
   * @example
   * ```ts
   * const own = Client.fromEnv({ timeout: 500 }); // MEMCACHED_URL is memcached://cache.example
   * console.log(await own.version());
   * await own.close();
   * ```
   */
  static fromEnv(
    options: ClientOptions = {},
    environment: { readonly MEMCACHED_URL?: string | undefined } = this.environment(),
  ): Client {
    return new this(readEnvironment(environment), options);
  }
}

/**
 * A client of one server, over several connections: for values so large that others should not wait
 * behind them. One connection carries any number of calls at once, so most programs need only one.
 *
 * Where pymemcache's pool fails when it is full, calls share the least busy connection: each ends
 * within its `timeout`, and `maxPending` bounds what waits on each connection.
 */
export class PooledClient extends ServerClient {
  /** What the runtime adds to the options, among them how to dial. */
  static readonly prepare: Prepare = asGiven;
  /** @internal The environment of the process. */
  static readonly environment: () => Environment = noEnvironment;

  /**
   * Makes a client of one server, over several connections.
   *
   * @param server `host:port` and the like, see `ServerName`; `localhost:11211` by default.
   * @throws UsageError when an option breaks a rule, or there is no `dial`.
   */
  constructor(server: ServerName = 'localhost', options: PooledClientOptions = {}) {
    super(dependenciesOf(server, options, pooledClientTable, new.target.prepare));
  }

  /**
   * Makes a client of the server that `MEMCACHED_URL` names in the environment, with the login and the
   * options in that URL: `memcached://user:password@cache.example:11211?timeout=500`.
   *
   * @param options They override those of the URL.
   * @param environment The variables; those of the process by default. In a Worker they are the `env`
   * of its handler.
   * @throws UsageError when the variable is not set, the runtime has no environment, or the URL breaks
   * a rule; it never quotes a login.
   *
   * @example
   * ```ts
   * const own = PooledClient.fromEnv({ maxPoolSize: 8 }); // MEMCACHED_URL is memcached://cache.example
   * console.log(await own.version());
   * await own.close();
   * ```
   */
  static fromEnv(
    options: PooledClientOptions = {},
    environment: { readonly MEMCACHED_URL?: string | undefined } = this.environment(),
  ): PooledClient {
    return new this(readEnvironment(environment), options);
  }
}

/** How many items wait for a slow reader before reading from the server is paused. */
const ROOM = 256;

interface Waiter<Item> {
  readonly resolve: (result: IteratorResult<Item, void>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The items of a reply that arrives piece by piece. The command is sent with the
 * first call of `next`. Leaving the loop, or calling `return`, ends the command at once and closes
 * the connection that was made for it. A slow reader slows the server down (backpressure).
 *
 * There is no `timeout` unless one is given: how long a dump takes depends on its reader. It is no
 * async generator, because `return` of one waits for a pending `next`.
 */
export class ItemStream<Item> implements AsyncIterableIterator<Item> {
  readonly #start: () => Promise<void>;
  readonly #aborter: Aborter = newAborter();
  #isStarted = false;
  #items: Item[] = [];
  // Calls of `next` for which no item has arrived yet.
  #waiters: Waiter<Item>[] = [];
  // Resumes reading from the connection.
  #resume: () => void = () => {};
  // Set at the end, with the error of the next call of `next`, if any.
  #end: { readonly error: Error | null } | null = null;

  /**
   * Makes a client of one server.
   *
   * @param toItem Turns each part of the reply into an item, or undefined to skip it.
   */
  constructor(
    executor: Executor,
    command: Command,
    options: CallOptions | undefined,
    toItem: (part: ReplyItem) => Item | undefined,
  ) {
    this.#start = async () => {
      checkCallOptions(options);
      const { signal, timeout = Infinity } = options ?? {};
      const onAbort = (): void => this.#aborter.abort(signal?.reason);
      if (signal?.aborted === true) onAbort();
      signal?.addEventListener('abort', onAbort);
      const onItem = (part: ReplyItem): Promise<void> | undefined => {
        const item = toItem(part);
        return item === undefined ? undefined : this.#take(item);
      };
      try {
        const within = { timeout, signal: this.#aborter.signal, onItem };
        checkRefusal(await executor.execute(command, within));
      } finally {
        signal?.removeEventListener('abort', onAbort);
      }
    };
  }

  /** The next item, when it has arrived; rejects once if the command failed. */
  next(): Promise<IteratorResult<Item, void>> {
    if (!this.#isStarted && this.#end === null) {
      this.#isStarted = true;
      this.#start().then(() => this.#finish({ error: null }), (error: Error) => {
        this.#finish({ error });
      });
    }
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      this.#give();
    });
  }

  /** Ends the stream: pending calls of `next` get no item. */
  return(): Promise<IteratorResult<Item, void>> {
    this.#items = [];
    this.#finish({ error: null });
    this.#aborter.abort(undefined);
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Itself. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  #take(item: Item): Promise<void> | undefined {
    if (this.#end !== null) return undefined;
    this.#items.push(item);
    this.#give();
    if (this.#items.length < ROOM) return undefined;
    return new Promise((resolve) => {
      this.#resume = resolve;
    });
  }

  #finish(end: { readonly error: Error | null }): void {
    this.#end ??= end;
    this.#give();
    this.#resume();
  }

  #give(): void {
    while (this.#waiters.length > 0) {
      const item = this.#items.shift();
      if (item === undefined && this.#end === null) return;
      const { resolve, reject } = this.#waiters.shift()!;
      const error = this.#end?.error ?? null;
      if (item !== undefined) resolve({ done: false, value: item });
      else if (error === null) resolve({ done: true, value: undefined });
      else {
        this.#end = { error: null };
        reject(error);
      }
    }
    if (this.#items.length === 0) this.#resume();
  }
}

function dependenciesOf<Settings extends ClientSettings & Optional<PoolOptions>>(
  server: ServerName,
  given: Optional<Settings>,
  table: OptionTable<Settings>,
  prepare: Prepare,
): MemcacheDependencies {
  const { servers: [first, ...others], options } = readServerUrls([server], given, table);
  if (others.length > 0) throw new UsageError('server', LIST_RULE);
  const settings = clientSettings(table, prepare(options));
  const executor = upstreamFor(toEndpoint(first!, settings.tls), settings);
  return { ...clientDependencies(settings), executor, statuses: () => [executor.status] };
}

/** The dependencies of a client, except its executor. */
export function clientDependencies(
  settings: ClientSettings,
): Omit<MemcacheDependencies, 'executor'> {
  const { serde, textCodec, timeout, clock, random, maxKeys } = settings;
  const { expire, jitter, noreply, ignoreErrors, onIgnored, onFetch } = settings;
  const keys = new Keys(keyPolicy(settings));
  return {
    ...{ serde, textCodec, keys, timeout, clock, random, maxKeys },
    ...{ expire, jitter, noreply, ignoreErrors, onIgnored, onFetch },
  };
}

export function keyPolicy(settings: ClientSettings): KeyPolicy {
  const { keyPrefix, unicodeKeys, binaryKeys } = settings;
  return { prefix: keyPrefix, unicode: unicodeKeys, binary: binaryKeys };
}
