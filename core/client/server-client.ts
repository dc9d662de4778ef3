import { checkObject } from '../wire/check.ts';
import type { Key, RawCommand } from '../wire/command.ts';
import type { ItemFacts, Reply } from '../wire/reply.ts';
import { executeOptions } from './operation-context.ts';
import { type Expire, toDelay } from './expire.ts';
import { Memcache } from './memcache.ts';
import {
  type CallOptions,
  checkCallOptions,
  checkWriteOptions,
  type WriteOptions,
} from './memcache-options.ts';
import { type StatValue, toOk, toStats, toVersion } from './results.ts';
import { ItemStream } from './streams.ts';

/** Every operation, and those that speak of a server and not of an item: for one server. */
export class ServerClient extends Memcache {
  /** The version of the server. */
  async version(options?: CallOptions): Promise<string> {
    checkCallOptions(options);
    return toVersion(
      await this.context.dependencies.executor.execute({ verb: 'version' }, options),
    );
  }

  /**
   * What the server tells of itself, by name; numbers as numbers.
   *
   * @param words What to tell of: `settings`, `items`; everything general by default.
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
   * Deletes everything that is stored now, or by the time that it happens.
   *
   * @param delay When: in so many seconds, at a Date, or at once, which is the default.
   * @throws UsageError when it is negative, or past the 30 days up to which memcached counts from
   * now: it would say OK and delete nothing.
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

  /** Sets how much memory the server may use, in megabytes. */
  async cacheMemlimit(megabytes: number, options?: CallOptions): Promise<void> {
    checkCallOptions(options);
    toOk(
      await this.context.dependencies.executor.execute(
        { verb: 'cache_memlimit', megabytes, noreply: false },
        options,
      ),
    );
  }

  /** Sets how much the server logs. */
  async verbosity(level: number, options?: CallOptions): Promise<void> {
    checkCallOptions(options);
    toOk(
      await this.context.dependencies.executor.execute(
        { verb: 'verbosity', level, noreply: false },
        options,
      ),
    );
  }

  /** Stops the server, which must have been started with `-A`. */
  async shutdown(options: CallOptions & { readonly graceful?: boolean } = {}): Promise<void> {
    checkObject('options', options);
    const { graceful = false, ...call } = options;
    checkCallOptions(call);
    await this.context.dependencies.executor.execute({ verb: 'shutdown', graceful }, call);
  }

  /** Asks the server to close the connection. The next call makes another. */
  async quit(options?: CallOptions): Promise<void> {
    checkCallOptions(options);
    await this.context.dependencies.executor.execute({ verb: 'quit' }, options);
  }

  /**
   * Sends a command line that this package does not know.
   *
   * With a `value` it is for a line that the server takes, for sure: a server that refuses the line
   * reads the value as commands. What this package knows has methods, which do not have that hole.
   *
   * @param options `reply` says how what comes back is read, `value` is sent after the line.
   */
  async raw(
    line: string,
    options: CallOptions & Partial<Pick<RawCommand, 'reply' | 'value'>> = {},
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
   * What the server holds, item by item, without the values: keys, sizes, times.
   *
   * @param classes `all`, `hash`, or slab classes: `1,2`.
   */
  metadump(classes = 'all', options?: CallOptions): ItemStream<ItemFacts> {
    const command = { verb: 'lru_crawler metadump', words: [classes] } as const;
    return new ItemStream(this, command, options, (item) => {
      if (item.type !== 'metadump') return undefined;
      const { type: _type, ...facts } = item;
      return facts;
    });
  }

  /**
   * The keys that the server holds (memcached 1.6.19).
   *
   * @param classes As `metadump`.
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
   * @param logs `fetchers`, `mutations`, `evictions`, `connevents`, `deletions`; fetchers by default.
   */
  watch(logs: readonly string[] = ['fetchers'], options?: CallOptions): ItemStream<string> {
    const command = { verb: 'watch', words: logs } as const;
    return new ItemStream(this, command, options, (item) => {
      return item.type === 'watch' ? item.line : undefined;
    });
  }
}
