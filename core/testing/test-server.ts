import { VirtualClock } from '../io/clock.ts';
import { memoryDialer } from '../io/memory-pipe.ts';
import type { ServerOptions } from '../server/options.ts';
import { Server } from '../server/serve.ts';
import type { Accept, Dialer, Transport, TransportEvents } from '../io/transport.ts';
import { fromUtf8 } from '../wire/bytes.ts';
import { checkObject } from '../wire/check.ts';
import { UsageError } from '../wire/errors.ts';

/** An item as the server has it. */
export interface StoredItem {
  /** The bytes of the value. */
  readonly value: Uint8Array;
  /** What the client's serde wrote of it. */
  readonly flags: number;
  /** When it expires, or null for never. */
  readonly expire: Date | null;
  /** The version of the item. */
  readonly cas: bigint;
}

// Few tests store more, and memcached's 64 MB take a runtime milliseconds to hand out.
const MEMORY = 8 * 1024 * 1024;

/** A memcached in memory that fails when it is told to, and shows what it holds. */
export class TestServer {
  /** Time stands still until it is advanced. */
  readonly clock: VirtualClock;
  /** Connects to it, whatever the endpoint says. */
  readonly dial: Dialer;
  readonly #server: Server;
  readonly #transports: Set<Transport> = new Set();
  #isDown = false;
  #latency = 0;

  /**
   * Makes a server in memory.
   *
   * @param options Those of `Server`: what memcached's command line sets; 8 MB of memory.
   */
  constructor(options: Partial<ServerOptions> = {}, clock: VirtualClock = new VirtualClock()) {
    checkObject('options', options);
    this.clock = clock;
    this.#server = new Server({ memory: MEMORY, ...options }, clock);
    const connect = memoryDialer({ accept: this.#accept });
    this.dial = (to, events, signal) =>
      this.#isDown
        ? Promise.reject(new Error('the test server is down'))
        : connect(to, events, signal);
  }

  /** Drops every connection and refuses new ones. What it holds it keeps. */
  down(): void {
    this.#isDown = true;
    for (const transport of this.#transports) transport.abort();
  }

  /**
   * Takes so long for each request from now on: the reply comes when the clock was advanced by it.
   * What was asked already keeps its time, whatever is said later; a client that is closed waits
   * for it, so advance the clock.
   *
   * @param milliseconds 0 for at once.
   */
  slow(milliseconds: number): void {
    if (!(milliseconds >= 0 && milliseconds < Infinity)) {
      throw new UsageError('milliseconds', 'must be a number, 0 or more');
    }
    this.#latency = milliseconds;
  }

  /** Refuses everything that is to be stored, as memcached does with `-M` and no room left. */
  full(): void {
    this.#server.engine.store.full = true;
  }

  /** Ends `down`, `slow` and `full`, for what comes from now on. */
  recover(): void {
    this.#isDown = false;
    this.#latency = 0;
    this.#server.engine.store.full = false;
  }

  /** Forgets every item, at once. */
  clear(): void {
    const { store } = this.#server.engine;
    for (let item = store.items.scan(1); item !== 0; item = store.items.scan(item + 1)) {
      store.remove(item);
    }
  }

  /** What it holds and has not expired, by key, prefixes and all. */
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
    // When the last request so far is served: none overtakes it.
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
        served.onClosed(cause);
      },
    } satisfies TransportEvents;
  };
}
