import { type ClassCounters, type Counters, newClassCounters, newCounters } from './counters.ts';
import { ACTIVE, FETCHED, Items } from './items.ts';
import { itemSize, slabClass } from './slab-classes.ts';
import type { StoreMode, StoreStatus } from './store-request.ts';

/** How much a store may hold. */
export interface CacheOptions {
  /** The memory for items, in bytes. */
  readonly memory: number;
  /** The largest item in bytes, reckoned as memcached reckons it (`itemSize`). */
  readonly maxItem: number;
  /** Give each item a cas unique, and keep 8 bytes for it (memcached `-C` turns it off). */
  readonly useCas: boolean;
  /** Make room by evicting (memcached `-M` turns it off: storing then fails). */
  readonly evict: boolean;
  /** What the hash of keys is made different by; `Math.random`, which one with a seed may replace. */
  readonly random: () => number;
}

export const cacheOptions: CacheOptions = {
  memory: 64 * 1024 * 1024,
  maxItem: 1024 * 1024,
  useCas: true,
  evict: true,
  random: Math.random,
};

/** Hears what happens to items; for `watch`. */
export interface StoreLog {
  fetched(
    key: Uint8Array,
    status: 'not_found' | 'found' | 'flushed' | 'expired',
    item: number,
  ): void;
  stored(
    key: Uint8Array,
    status: StoreStatus | 'too_large',
    mode: StoreMode,
    expire: number,
    flags: number,
    size: number,
  ): void;
  evicted(item: number): void;
  deleted(item: number, verb: 'delete' | 'md'): void;
}

const MONTH = 60 * 60 * 24 * 30;

/** Items that were read get another round in the LRU; no more of them than this in one eviction. */
const MAX_REPRIEVES = 50;

/**
 * The items of an embedded memcached, how long they live, and what makes room for new ones.
 *
 * Expiry and flushing follow memcached; eviction is by use alone, over items of all sizes. Time
 * comes from outside: `tick` sets it, in whole seconds, as memcached's clock ticks.
 */
export class Cache {
  readonly items: Items;
  readonly options: CacheOptions;
  counters: Counters = newCounters();
  /** By slab class; a class that nothing happened to is not there. */
  readonly classes: Map<number, ClassCounters> = new Map();
  log: StoreLog | null = null;
  /** Seconds since a little before the start, so that 1 is always in the past. */
  now = 0;
  /** The Unix time at which `now` was 0. */
  readonly started: number;
  /** The bytes of all items as memcached reckons them. */
  bytes = 0;
  #lastCas = 0;
  #flushedUntil = 0;
  // The blocks of values that are on their way.
  #reserved = 0;
  // For `stats sizes`, while it is on: how many items there are of each multiple of 32 bytes.
  sizes: Map<number, number> | null = null;

  /** Takes nothing more, however much room there is: for tests of those who store. */
  full = false;

  /** @param now Milliseconds since 1970. */
  constructor(options: CacheOptions, now: number) {
    this.options = options;
    this.items = new Items(options.memory, options.random);
    this.started = Math.floor(now / 1000) - 2;
    this.tick(now);
  }

  /** @param now Milliseconds since 1970. */
  tick(now: number): void {
    this.now = Math.floor(now / 1000) - this.started;
  }

  /** Changes the limit of memory, in bytes, and evicts what is over it. */
  resize(memory: number): void {
    this.items.resize(memory);
    const { items } = this;
    while (!items.arena.has(this.#reserved) && items.oldest !== 0) this.#evict(items.oldest);
  }

  /**
   * When an item with this time to live expires, in the store's seconds. The argument follows the
   * protocol: 0 never, negative at once, up to 30 days relative, beyond that a Unix time.
   */
  expireAt(seconds: number): number {
    if (seconds === 0) return 0;
    if (seconds < 0) return 1;
    if (seconds > MONTH) return Math.max(1, seconds - this.started);
    return seconds + this.now;
  }

  /** Whether an item of this size may be stored at all. */
  fits(keyLength: number, flags: number, length: number): boolean {
    return itemSize(keyLength, flags, length, this.options.useCas) <= this.options.maxItem;
  }

  /** The bytes memcached reckons for an item. */
  sizeOf(item: number): number {
    const { items } = this;
    return itemSize(
      items.keyLength(item),
      items.flags(item),
      items.length(item),
      this.options.useCas,
    );
  }

  /** The item with this key, or 0. Removes it if it has expired or was flushed. */
  find(key: Uint8Array): number {
    const item = this.items.find(key);
    if (item === 0) {
      this.log?.fetched(key, 'not_found', 0);
      return 0;
    }
    if (this.isFlushed(item)) {
      this.counters.get_flushed++;
      this.remove(item);
      this.log?.fetched(key, 'flushed', 0);
      return 0;
    }
    if (this.isExpired(item)) {
      this.counters.get_expired++;
      this.remove(item);
      this.log?.fetched(key, 'expired', 0);
      return 0;
    }
    this.log?.fetched(key, 'found', item);
    return item;
  }

  /** Marks an item as read. */
  bump(item: number): void {
    this.items.mark(item, FETCHED | ACTIVE);
    this.items.setTime(item, this.now);
  }

  isExpired(item: number): boolean {
    const expire = this.items.expire(item);
    return expire !== 0 && expire <= this.now;
  }

  isFlushed(item: number): boolean {
    return this.#flushedUntil <= this.now && this.items.time(item) <= this.#flushedUntil;
  }

  /**
   * Drops all items that there are `delay` seconds from now. As in memcached, items of earlier
   * seconds go when somebody asks for them.
   */
  flush(delay: number): void {
    const { items } = this;
    const until = (delay > 0 ? this.expireAt(delay) : this.now) - 1;
    // memcached takes a Unix time that is past for one before any item, and drops nothing.
    const inEffect = until > 0 && until <= this.now;
    for (let item = items.scan(1); item !== 0; item = items.scan(item + 1)) {
      // A flush in effect takes the items of this second now: their times do not tell them from
      // those to come. Any other must not bring back what an earlier one has dropped.
      if (inEffect ? items.time(item) > until : this.isFlushed(item)) this.remove(item);
    }
    this.#flushedUntil = until;
  }

  /** The next cas unique, 0 when there are none. */
  nextCas(): number {
    return this.options.useCas ? ++this.#lastCas : 0;
  }

  wasFetched(item: number): boolean {
    return this.items.has(item, FETCHED);
  }

  /** Sets all counters to zero. */
  resetCounters(): void {
    this.counters = newCounters();
    this.classes.clear();
  }

  /** Removes the items that have expired, of the slab classes that are wanted. */
  crawl(isWanted: (cls: number) => boolean): void {
    for (let item = this.items.scan(1); item !== 0; item = this.items.scan(item + 1)) {
      const cls = slabClass(this.sizeOf(item));
      if (!isWanted(cls)) continue;
      const counters = this.classCounters(cls);
      counters.crawler_items_checked++;
      if (!this.isExpired(item) && !this.isFlushed(item)) continue;
      counters.crawler_reclaimed++;
      if (!this.items.has(item, FETCHED)) counters.expired_unfetched++;
      this.remove(item);
    }
  }

  /** Starts or stops counting sizes. Like memcached it counts what is stored from then on. */
  trackSizes(on: boolean): void {
    if (!on) this.sizes = null;
    else this.sizes ??= new Map();
  }

  /** Takes an item out. */
  remove(item: number): void {
    const size = this.sizeOf(item);
    this.bytes -= size;
    this.countSize(size, -1);
    this.items.remove(item);
  }

  /** Counts an item of this size in or out, for `stats sizes`. */
  protected countSize(size: number, change: number): void {
    if (this.sizes === null) return;
    const bucket = Math.ceil(size / 32) * 32;
    const count = (this.sizes.get(bucket) ?? 0) + change;
    if (count > 0) this.sizes.set(bucket, count);
    else this.sizes.delete(bucket);
  }

  /** What is counted for a slab class. */
  protected classCounters(cls: number): ClassCounters {
    let counters = this.classes.get(cls);
    if (counters === undefined) {
      counters = newClassCounters();
      this.classes.set(cls, counters);
    }
    return counters;
  }

  /**
   * Makes room for an item that is on its way, and keeps it: values that are being sent count
   * against the memory there is, as they do in memcached.
   *
   * @returns What to `release`, once the item has come or will not come; null when there is no room.
   */
  reserve(keyLength: number, flags: number, length: number): number | null {
    if (!this.makeRoom(keyLength, flags, length)) return null;
    const blocks = Items.blocks(keyLength, length);
    this.#reserved += blocks;
    return blocks;
  }

  /** Gives up what `reserve` has kept. */
  release(blocks: number): void {
    this.#reserved -= blocks;
  }

  /** Evicts until there is room for an item; false when there will be none. */
  protected makeRoom(keyLength: number, flags: number, length: number): boolean {
    if (!this.full && this.#evictFor(Items.blocks(keyLength, length))) return true;
    const size = itemSize(keyLength, flags, length, this.options.useCas);
    this.classCounters(slabClass(size)).outofmemory++;
    return false;
  }

  #evictFor(blocks: number): boolean {
    const { items } = this;
    let reprieves = 0;
    while (!items.arena.has(this.#reserved + blocks)) {
      const item = items.oldest;
      // What alone is more than there is would take all others with it for nothing.
      if (item === 0 || this.#reserved + blocks > items.arena.limit) return false;
      if (this.isExpired(item) || this.isFlushed(item)) {
        const counters = this.classCounters(slabClass(this.sizeOf(item)));
        counters.reclaimed++;
        if (!items.has(item, FETCHED)) counters.expired_unfetched++;
        this.remove(item);
      } else if (!this.options.evict) {
        return false;
      } else if (items.has(item, ACTIVE) && reprieves++ < MAX_REPRIEVES) {
        // Reading does not reorder the LRU: an item that was read is moved when its turn comes.
        items.unmark(item, ACTIVE);
        items.renew(item);
      } else {
        this.#evict(item);
      }
    }
    return true;
  }

  #evict(item: number): void {
    const { items } = this;
    const counters = this.classCounters(slabClass(this.sizeOf(item)));
    counters.evicted++;
    counters.evicted_time = this.now - items.time(item);
    if (items.expire(item) !== 0) counters.evicted_nonzero++;
    if (!items.has(item, FETCHED)) counters.evicted_unfetched++;
    if (items.has(item, ACTIVE)) counters.evicted_active++;
    this.log?.evicted(item);
    this.remove(item);
  }
}
