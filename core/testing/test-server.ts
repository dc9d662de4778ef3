import { VirtualClock } from '../io/clock.ts';
import { memoryDialer } from '../io/memory-pipe.ts';
import type { ServerOptions } from '../server/options.ts';
import { Server } from '../server/serve.ts';
import type { Accept, Dialer, Transport, TransportEvents } from '../io/transport.ts';
import { fromUtf8 } from '../wire/bytes.ts';
import { checkObject } from '../wire/check.ts';
import { UsageError } from '../wire/errors.ts';
import type { Optional } from '../wire/options.ts';

/** An item on the server. */
export interface StoredItem {
  /** The bytes of the value. */
  readonly value: Uint8Array;
  /** The value as the client's serde encoded it. */
  readonly flags: number;
  /** When it expires, or null for never. */
  readonly expire: Date | null;
  /** The version of the item. */
  readonly cas: bigint;
}

// Few tests store more, and to allocate memcached's 64 MB takes milliseconds.
const MEMORY = 8 * 1024 * 1024;

/** A memcached in memory that can be made to fail, and whose items can be inspected. */
export class TestServer {
  /** Its clock, which stands still until it is advanced. */
  readonly clock: VirtualClock;
  /** Connects to it; the endpoint is ignored. */
  readonly dial: Dialer;
  readonly #server: Server;
  readonly #transports: Set<Transport> = new Set();
  #isDown = false;
  #latency = 0;

  /**
   * Makes a server in memory.
   *
   * @param options The options of `Server`, with 8 MB of memory by default.
   */
  constructor(options: Optional<ServerOptions> = {}, clock: VirtualClock = new VirtualClock()) {
    checkObject('options', options);
    this.clock = clock;
    this.#server = new Server({ ...options, memory: options.memory ?? MEMORY }, clock);
    const connect = memoryDialer({ accept: this.#accept });
    this.dial = (to, events, signal) =>
      this.#isDown
        ? Promise.reject(new Error('the test server is down'))
        : connect(to, events, signal);
  }

  /** Drops every connection and refuses new ones. It keeps its items. */
  down(): void {
    this.#isDown = true;
    for (const transport of this.#transports) transport.abort();
  }

  /**
   * Delays each request from now on: the reply comes when the clock has advanced by so much. Requests
   * that have been sent keep their delay. A client that is being closed waits for its replies, so
   * advance the clock.
   *
   * @param milliseconds The delay; 0 for none.
   */
  slow(milliseconds: number): void {
    if (!(milliseconds >= 0 && milliseconds < Infinity)) {
      throw new UsageError('milliseconds', 'must be a number, 0 or more');
    }
    this.#latency = milliseconds;
  }

  /** Refuses every store, as memcached does with `-M` when its memory is full. */
  full(): void {
    this.#server.engine.store.full = true;
  }

  /** Ends `down`, `slow` and `full`, for later requests. */
  recover(): void {
    this.#isDown = false;
    this.#latency = 0;
    this.#server.engine.store.full = false;
  }

  /** Removes every item at once. */
  clear(): void {
    const { store } = this.#server.engine;
    for (let item = store.items.scan(1); item !== 0; item = store.items.scan(item + 1)) {
      store.remove(item);
    }
  }

  /** The items that have not expired, by their keys with prefixes. */
  get items(): Map<string, StoredItem> {
    const { store } = this.#server.engine;
    const { items, started } = store;
    const found = new Map<string, StoredItem>();
    store.tick(this.clock.now());
    for (let item = items.scan(1); item !== 0; item = items.scan(item + 1)) {
      if (store.isExpired(item) || store.isFlushed(item)) continue;
      const expire = items.expire(item);
      found.set(fromUtf8(items.key(item)), {
        value: items.value(item, true),
        flags: items.flags(item),
        expire: expire === 0 ? null : new Date((started + expire) * 1000),
        cas: items.cas(item),
      });
    }
    return found;
  }

  readonly #accept: Accept = (transport, address) => {
    const { clock } = this;
    const served = this.#server.accept(transport, address);
    this.#transports.add(transport);
    // Not before the previous request, so that none overtakes it.
    let last = 0;
    return {
      onData: (chunk) => {
        last = Math.max(last, clock.elapsed() + this.#latency);
        const wait = last - clock.elapsed();
        if (wait === 0) served.onData(chunk);
        else clock.after(wait, () => served.onData(chunk));
      },
      onDrain: () => served.onDrain(),
      onClosed: (cause) => {
        this.#transports.delete(transport);
        const wait = this.#isDown ? 0 : last - clock.elapsed();
        // As a server that is slow, it reads what has arrived before the end.
        if (wait <= 0) served.onClosed(cause);
        else clock.after(wait, () => served.onClosed(cause));
      },
    } satisfies TransportEvents;
  };
}
