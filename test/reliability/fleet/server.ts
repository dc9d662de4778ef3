// A simulated server: an embedded memcached in a process that crashes, stops and starts again.
import type { Random } from '../../../conformance/random.ts';
import type { TransportEvents } from '../../../core/io/transport.ts';
import { Server } from '../../../core/server/serve.ts';
import type { StoreRequest } from '../../../core/server/store.ts';
import { latin1 } from '../../../core/wire/bytes.ts';
import type { Host, Network } from './network.ts';
import { isCached, isItem } from './register.ts';
import { Process } from './timeline.ts';

/** What a server is at this start of it. */
export interface ServerKind {
  /** Bytes of memory for items. */
  readonly memory: number;
  /** As old as to know no meta commands. */
  readonly isOld: boolean;
}

/** Told of what a server really does. */
export interface ServerLog {
  /** It did the write that this number is in: the value's, or the amount of an incr or decr. */
  onApplied(id: number, result: bigint | true): void;
  /** It had no memory to add to an item, and says what it says where there is none. */
  onRefused(id: number): void;
  onEmptied(key: string, server: number): void;
  /** It was given the value that the older of two caches has. */
  onCopied(key: string, server: number): void;
  onDeleted(key: string, server: number): void;
  /** @param seconds From now on; 0 for never, null where nothing has changed. */
  onTouched(key: string, server: number, seconds: number | null): void;
  /** It has lost an item; null: all that it had. */
  onLost(key: string | null, server: number): void;
  /** A value was read as a command. */
  onSmuggled(server: number): void;
}

/** More versions than a server gives in a run. */
const VERSIONS = 10_000_000;

/** A server on a host of the network. */
export class SimulatedServer {
  readonly host: Host;
  readonly #network: Network;
  readonly #random: Random;
  readonly #log: ServerLog;
  #server: Server | null = null;
  #starts = 0;
  // By processes that have ended.
  #served = 0;

  constructor(network: Network, host: Host, random: Random, log: ServerLog) {
    this.host = host;
    this.#network = network;
    this.#random = random;
    this.#log = log;
  }

  /** How many keys its processes were asked for, or asked to write to. */
  get served(): number {
    return this.#served + servedBy(this.#server);
  }

  get isUp(): boolean {
    return this.#server !== null;
  }

  /** Starts a process that has no items. */
  start(kind: ServerKind): void {
    const { host } = this;
    const process = new Process(`server${host.index}`, this.#network.timeline, false);
    const random = (): number => this.#random.next();
    const server = new Server({ memory: kind.memory, random }, process.clock);
    // No two processes give the same version: memcached counts from 1 after each start, so that a
    // version of another life may fit, which is no fault of a client.
    const first = (this.#starts++ * this.#network.hosts.length + host.index) * VERSIONS;
    let cas = first;
    server.engine.store.nextCas = () => ++cas;
    this.#watch(server);
    host.process = process;
    host.isOff = false;
    host.accept = (transport, address) => {
      const events = server.accept(transport, address);
      return kind.isOld ? this.#withoutMeta(events) : events;
    };
    this.#server = server;
    this.#network.revived(host);
  }

  /** Ends the process. `isSilent`: with its machine, so that nobody is told. */
  crash(isSilent: boolean): void {
    const { process } = this.host;
    if (this.#server === null || process === null) return;
    this.#served += servedBy(this.#server);
    this.#server = null;
    this.host.isOff = isSilent;
    process.kill();
    this.#network.killed(process, isSilent);
    this.#log.onLost(null, this.host.index);
  }

  /** Ends in order: the replies that are ready still leave. */
  stop(): void {
    this.#server?.close();
    this.crash(false);
  }

  /** Forgets some items, as if others had needed the room. */
  evict(random: Random, share: number): void {
    const store = this.#server?.engine.store;
    if (store === undefined) return;
    for (let item = store.items.scan(1); item !== 0; item = store.items.scan(item + 1)) {
      if (!random.chance(share)) continue;
      this.#log.onLost(keyOf(store.items.key(item)), this.host.index);
      store.remove(item);
    }
  }

  /** Forgets an item and tells nobody: for a test that this is noticed. */
  forget(random: Random): void {
    const store = this.#server?.engine.store;
    if (store === undefined) return;
    for (let item = store.items.scan(1); item !== 0; item = store.items.scan(item + 1)) {
      if (random.chance(0.5)) store.remove(item);
    }
  }

  // The store's methods are replaced on this one object, as it is told the values that it stores.
  #watch({ engine: { store } }: Server): void {
    const log = this.#log;
    const { index } = this.host;
    const add = store.store.bind(store);
    store.store = (request) => {
      const result = add(request);
      const key = keyOf(request.key);
      if (isCached(key)) return result;
      const id = idOf(request.value);
      if (
        result.status === 'not_stored' && isJoin(request) && store.items.find(request.key) !== 0
      ) {
        log.onRefused(id);
      }
      if (result.status !== 'stored') return result;
      if (id > 0) log.onApplied(id, true);
      else if (request.value.length === 0) log.onEmptied(key, index);
      else if (isItem(key)) log.onCopied(key, index);
      return result;
    };
    const count = store.delta.bind(store);
    store.delta = (found, isIncrement, delta, cas, newCas) => {
      const result = count(found, isIncrement, delta, cas, newCas);
      if (typeof result === 'object') log.onApplied(Number(delta), BigInt(result.value));
      return result;
    };
    const { items } = store;
    const setExpire = items.setExpire.bind(items);
    items.setExpire = (item, expire) => {
      const key = keyOf(items.key(item));
      const isSame = items.expire(item) === expire;
      const seconds = expire === 0 ? 0 : expire - store.now;
      if (isItem(key)) log.onTouched(key, index, isSame ? null : seconds);
      setExpire(item, expire);
    };
    store.log = {
      fetched() {},
      // What there is no room for may take the old item with it.
      stored: (key, status) => {
        if (status === 'too_large' || status === 'no_memory') log.onLost(keyOf(key), index);
      },
      evicted: (item) => log.onLost(keyOf(store.items.key(item)), index),
      deleted: (item) => {
        const key = keyOf(store.items.key(item));
        if (isItem(key)) log.onDeleted(key, index);
      },
    };
  }

  // Each meta command becomes one that no server knows. No value of the simulation looks like one: two
  // letters at the beginning of a line, and a blank.
  #withoutMeta(events: TransportEvents): TransportEvents {
    let isStart = true;
    let word: number[] = [];
    return {
      onData: (chunk) => {
        const bytes: number[] = [];
        for (const byte of chunk) {
          if (word.length === 0 && !(isStart && byte === 0x6d)) bytes.push(byte);
          else if (word.push(byte) === 3) {
            if (byte === 0x20 || byte === 0x0d) {
              word[0] = 0x78;
              // A value comes behind this line, and would be read as commands.
              if (word[1] === 0x73) this.#log.onSmuggled(this.host.index);
            }
            bytes.push(...word);
            word = [];
          }
          isStart = byte === 0x0a;
        }
        if (bytes.length > 0) events.onData(Uint8Array.from(bytes));
      },
      onDrain: () => events.onDrain(),
      onEnd: () => events.onEnd?.(),
      onClosed: (cause) => events.onClosed(cause),
    };
  }
}

function isJoin({ mode }: StoreRequest): boolean {
  return mode === 'append' || mode === 'prepend';
}

function servedBy(server: Server | null): number {
  if (server === null) return 0;
  const { counters } = server.engine.store;
  return counters.cmd_get + counters.cmd_set + counters.cmd_touch +
    counters.delete_hits + counters.delete_misses + counters.incr_hits + counters.incr_misses +
    counters.decr_hits + counters.decr_misses;
}

function keyOf(bytes: Uint8Array): string {
  return latin1(bytes, 0, bytes.length);
}

/** The number in a value, a piece of one, or 0 where there is none. */
function idOf(value: Uint8Array): number {
  let id = 0;
  for (const byte of value) {
    if (byte >= 0x30 && byte <= 0x39) id = id * 10 + byte - 0x30;
    else if (id > 0) break;
  }
  return id;
}
