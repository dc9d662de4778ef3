// The items of an embedded memcached.
import { fromLatin1, latin1 } from '../wire/bytes.ts';
import { MAX_U64, uint64 } from '../wire/numbers.ts';
import type { PlainRequest } from '../wire/plain-request.ts';
import { type ClassCounters, type Counters, newClassCounters, newCounters } from './counters.ts';
import { ACTIVE, BASE64, FETCHED, Items, STALE, TOKEN_SENT } from './items.ts';
import { itemSize, slabClass } from './slab-classes.ts';

/** The limits of a store. */
export interface CacheOptions {
  /** The memory for items, in bytes. */
  readonly memory: number;
  /** The largest item in bytes, reckoned as memcached reckons it (`itemSize`). */
  readonly maxItem: number;
  /** Give each item a cas unique, and keep 8 bytes for it (memcached `-C` turns it off). */
  readonly useCas: boolean;
  /** Make room by evicting (memcached `-M` turns it off: storing then fails). */
  readonly evict: boolean;
  /** Makes the hash of keys differ between servers; `Math.random`, or one with a seed. */
  readonly random: () => number;
}

export const cacheOptions: CacheOptions = {
  memory: 64 * 1024 * 1024,
  maxItem: 1024 * 1024,
  useCas: true,
  evict: true,
  random: Math.random,
};

/** Called with each event of an item; for `watch`. */
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

export type StoreMode = 'set' | 'add' | 'replace' | 'append' | 'prepend' | 'cas';

/** The result of a request to store. */
export type StoreStatus = 'stored' | 'not_stored' | 'exists' | 'not_found' | 'no_memory';

/** How an item is to be stored. Times are in the store's seconds, see `Store.expireAt`. */
export interface StoreRequest {
  readonly mode: StoreMode;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly flags: number;
  readonly expire: number;
  /** The cas unique to compare; 0 compares nothing, but in mode `cas` matches nothing either. */
  readonly cas: bigint;
  /** The cas unique to give it, instead of the next one. */
  readonly newCas: bigint | null;
  /** In mode `cas`, store over a newer item too, and leave it stale. */
  readonly allowStale: boolean;
  /** In mode `append` and `prepend`, create a missing item with this expiry. */
  readonly vivify: number | null;
  readonly base64: boolean;
}

const MONTH = 60 * 60 * 24 * 30;

/** Items that were read get another round in the LRU; no more of them than this in one eviction. */
const MAX_REPRIEVES = 50;

/** memcached keeps larger items in chunks, and does not look for a number in those. */
const LARGEST_NUMBER_ITEM = 512 * 1024;

/** The longest text that can still be a number: 20 digits, and blanks before them. */
const NUMBER_TEXT = 128;

/**
 * The items of an embedded memcached: how they are stored, how long they live, and which of them are
 * evicted for new ones.
 *
 * Expiry and flushing follow memcached; eviction is by use alone, over items of all sizes. Time
 * comes from outside: `tick` sets it, in whole seconds, as memcached's clock ticks.
 */
export class Store {
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
  /** For `stats sizes`, while it is on: how many items there are of each multiple of 32 bytes. */
  sizes: Map<number, number> | null = null;
  /** Refuses every store, even if there is room: for tests of programs. */
  full = false;
  #lastCas = 0;
  #flushedUntil = 0;
  // The monotonic second at which `now` was 0.
  readonly #origin: number;
  // The blocks of values that are on their way.
  #reserved = 0;

  /**
   * @param now Milliseconds since 1970.
   * @param elapsed Monotonic milliseconds, see `tick`.
   */
  constructor(options: CacheOptions, now: number, elapsed: number) {
    this.options = options;
    this.items = new Items(options.memory, options.random);
    this.started = Math.floor(now / 1000) - 2;
    this.#origin = Math.floor(elapsed / 1000) - 2;
    this.tick(elapsed);
  }

  /**
   * Sets the time. As in memcached it is monotonic: an item lives as long as it was told to, even if
   * the time of day is set meanwhile.
   *
   * @param elapsed Milliseconds on the clock whose time the constructor was given.
   */
  tick(elapsed: number): void {
    this.now = Math.floor(elapsed / 1000) - this.#origin;
  }

  /** Changes the limit of memory, in bytes, and evicts items until it is kept. */
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

  /** Stores, and returns the item it made or 0 with the status. */
  store(request: StoreRequest): { readonly status: StoreStatus; readonly item: number } {
    const { mode, key } = request;
    const old = this.find(key);
    const outcome = old === 0 ? this.#storeNew(request) : this.#storeOver(request, old);
    if (this.log !== null) {
      const { status, item } = outcome;
      const expire = item === 0 ? request.expire : this.items.expire(item);
      const length = item === 0 ? request.value.length : this.items.length(item);
      this.log.stored(key, status, mode, expire, request.flags, length);
    }
    return outcome;
  }

  /**
   * Stores the value of a plain request without a copy of it or of its key in between, over the old
   * one where that has as many blocks. Returns false, with nothing done, where an item has to go
   * first, or the event is logged: `store` does that.
   */
  put(request: PlainRequest): boolean {
    const { items } = this;
    const { bytes, keyFrom, keyTo, valueFrom, valueTo, flags } = request;
    const keyLength = keyTo - keyFrom;
    const length = valueTo - valueFrom;
    const blocks = Items.blocks(keyLength, length);
    if (this.full || this.log !== null || !items.arena.has(this.#reserved + blocks)) return false;
    if (!this.fits(keyLength, flags, length)) return false;
    const old = items.find(bytes, keyFrom, keyTo);
    if (old !== 0 && !this.isLive(old)) return false;
    const expire = this.expireAt(request.expire);
    let item = old;
    if (old !== 0 && Items.blocks(keyLength, items.length(old)) === blocks) {
      this.#countOf(old, -1);
      items.reuse(item, length, flags, expire);
    } else {
      item = items.create(bytes, keyFrom, keyTo, length, flags, expire, 0);
      if (old !== 0) this.remove(old);
      items.link(item);
    }
    items.write(item, 0, request, valueFrom, valueTo);
    this.#countIn(item, null);
    return true;
  }

  /** Makes an item without looking for an old one; 0 when there is no memory for it. */
  create(
    key: Uint8Array,
    value: Uint8Array,
    flags: number,
    expire: number,
    newCas: bigint | null,
  ): number {
    return this.#make(key, [value], flags, expire, 0, newCas);
  }

  /**
   * Adds to or subtracts from a value that is a decimal number. As in memcached sums wrap at 2^64
   * and differences stop at 0.
   *
   * @param cas The cas unique that the item must have; 0 for any.
   */
  delta(
    found: number,
    increment: boolean,
    delta: bigint,
    cas: bigint,
    newCas: bigint | null,
  ): { readonly value: string; readonly item: number } | 'non-numeric' | 'exists' | 'no-memory' {
    const { items } = this;
    const length = items.length(found);
    if (length === 0 || this.sizeOf(found) > LARGEST_NUMBER_ITEM) return 'non-numeric';
    if (cas !== 0n && cas !== items.cas(found)) return 'exists';
    const number = uint64(latin1(items.value(found, false), 0, Math.min(length, NUMBER_TEXT)));
    if (number === null) return 'non-numeric';
    const decremented = number > delta ? number - delta : 0n;
    const value = String(increment ? (number + delta) & MAX_U64 : decremented);
    const counters = this.counters;
    if (increment) counters.incr_hits++;
    else counters.decr_hits++;
    const digits = fromLatin1(value);
    if (digits.length > length) {
      items.renew(found);
      const item = this.#make(
        items.key(found),
        [digits],
        items.flags(found),
        items.expire(found),
        0,
        newCas,
        found,
      );
      return item === 0 ? 'no-memory' : { value, item };
    }
    // A number with fewer digits is padded with spaces, as memcached does to write in place.
    items.write(found, 0, { bytes: digits, view: null }, 0, digits.length);
    items.fill(found, digits.length, 0x20);
    items.setCas(found, newCas ?? this.nextCas());
    items.setTime(found, this.now);
    return { value, item: found };
  }

  /** Marks an item as read. */
  bump(item: number): void {
    this.items.mark(item, FETCHED | ACTIVE);
    this.items.setTime(item, this.now);
  }

  /** Whether an item has neither expired nor been flushed. */
  isLive(item: number): boolean {
    return !this.isExpired(item) && !this.isFlushed(item);
  }

  isExpired(item: number): boolean {
    const expire = this.items.expire(item);
    return expire !== 0 && expire <= this.now;
  }

  isFlushed(item: number): boolean {
    return this.#flushedUntil <= this.now && this.items.time(item) <= this.#flushedUntil;
  }

  /**
   * Invalidates all items that exist `delay` seconds from now. As in memcached, items of earlier seconds
   * are removed when they are requested.
   */
  flush(delay: number): void {
    const { items } = this;
    const until = (delay > 0 ? this.expireAt(delay) : this.now) - 1;
    // memcached takes a past Unix time for one before any item was stored, and drops nothing.
    const inEffect = until > 0 && until <= this.now;
    for (let item = items.scan(1); item !== 0; item = items.scan(item + 1)) {
      // A flush in effect takes the items of this second now: their times do not tell them from
      // those to come. Any other must not bring back items that an earlier one has dropped.
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
      const counters = this.#classCounters(cls);
      counters.crawler_items_checked++;
      if (!this.isExpired(item) && !this.isFlushed(item)) continue;
      counters.crawler_reclaimed++;
      if (!this.items.has(item, FETCHED)) counters.expired_unfetched++;
      this.remove(item);
    }
  }

  /** Starts or stops counting sizes. As in memcached, only items stored from then on count. */
  trackSizes(on: boolean): void {
    if (!on) this.sizes = null;
    else this.sizes ??= new Map();
  }

  /** Takes an item out. */
  remove(item: number): void {
    this.#countOf(item, -1);
    this.items.remove(item);
  }

  /**
   * Reserves memory for an item that is arriving: such values count against the limit, as in
   * memcached.
   *
   * @returns The blocks to `release` once the item has arrived or will not; null if there is no room.
   */
  reserve(keyLength: number, flags: number, length: number): number | null {
    if (!this.#makeRoom(keyLength, flags, length)) return null;
    const blocks = Items.blocks(keyLength, length);
    this.#reserved += blocks;
    return blocks;
  }

  /** Frees blocks of `reserve`. */
  release(blocks: number): void {
    this.#reserved -= blocks;
  }

  #storeNew(request: StoreRequest): { status: StoreStatus; item: number } {
    const { mode, key, value, flags, vivify } = request;
    if (mode === 'cas') {
      this.counters.cas_misses++;
      return NOT_FOUND;
    }
    const joins = mode === 'append' || mode === 'prepend';
    if (mode === 'replace' || (joins && vivify === null)) return NOT_STORED;
    const expire = joins && vivify !== null ? vivify : request.expire;
    const marks = request.base64 ? BASE64 : 0;
    return made(this.#make(key, [value], flags, expire, marks, request.newCas));
  }

  #storeOver(request: StoreRequest, old: number): { status: StoreStatus; item: number } {
    const { items, counters } = this;
    const { mode, key, value, cas, newCas } = request;
    let { flags, expire } = request;
    let marks = request.base64 ? BASE64 : 0;
    const oldCas = cas === 0n ? 0n : items.cas(old);
    let parts = [value];
    switch (mode) {
      case 'add':
        // Not stored, but the attempt shows that the item is in use.
        items.setTime(old, this.now);
        return NOT_STORED;
      case 'cas':
        if (cas === 0n || cas !== oldCas) {
          if (cas === 0n || !request.allowStale || cas > oldCas) {
            counters.cas_badval++;
            return EXISTS;
          }
          expire = items.expire(old);
          marks |= STALE | (items.has(old, TOKEN_SENT) ? TOKEN_SENT : 0);
        }
        counters.cas_hits++;
        break;
      case 'append':
      case 'prepend': {
        if (cas !== 0n && cas !== oldCas) return EXISTS;
        flags = items.flags(old);
        expire = items.expire(old);
        if (!this.fits(key.length, flags, items.length(old) + value.length)) return NOT_STORED;
        const before = items.value(old, true);
        parts = mode === 'append' ? [before, value] : [value, before];
        marks = 0;
        break;
      }
      case 'set':
      case 'replace':
        break;
    }
    // As the most recently used item it is the last to be evicted for its successor.
    items.renew(old);
    const item = this.#make(key, parts, flags, expire, marks, newCas, old);
    if (item !== 0) return made(item);
    if (mode === 'append' || mode === 'prepend') return NOT_STORED;
    if (mode === 'set') this.remove(old);
    return NO_MEMORY;
  }

  #make(
    key: Uint8Array,
    parts: readonly Uint8Array[],
    flags: number,
    expire: number,
    marks: number,
    newCas: bigint | null,
    replaces = 0,
  ): number {
    const { items } = this;
    let length = 0;
    for (const part of parts) length += part.length;
    if (!this.#makeRoom(key.length, flags, length)) return 0;
    // Where there is no room for both, the old item was evicted for its successor.
    const old = replaces !== 0 && items.scan(replaces) === replaces ? replaces : 0;
    const item = items.create(key, 0, key.length, length, flags, expire, marks);
    let at = 0;
    for (const part of parts) {
      items.write(item, at, { bytes: part, view: null }, 0, part.length);
      at += part.length;
    }
    if (old !== 0) this.remove(old);
    items.link(item);
    this.#countIn(item, newCas);
    return item;
  }

  // An item is written and linked.
  #countIn(item: number, newCas: bigint | null): void {
    const { items } = this;
    items.setTime(item, this.now);
    items.setCas(item, newCas ?? this.nextCas());
    this.counters.total_items++;
    this.#countOf(item, 1);
  }

  // Adds an item of its size, or takes it away.
  #countOf(item: number, change: 1 | -1): void {
    const size = this.sizeOf(item);
    this.bytes += size * change;
    if (this.sizes !== null) this.#countSize(this.sizes, size, change);
  }

  /** Evicts until there is room for an item; false when there will be none. */
  #makeRoom(keyLength: number, flags: number, length: number): boolean {
    if (!this.full && this.#evictFor(Items.blocks(keyLength, length))) return true;
    const size = itemSize(keyLength, flags, length, this.options.useCas);
    this.#classCounters(slabClass(size)).outofmemory++;
    return false;
  }

  #evictFor(blocks: number): boolean {
    const { items } = this;
    let reprieves = 0;
    while (!items.arena.has(this.#reserved + blocks)) {
      const item = items.oldest;
      // An item larger than all memory would evict all others and still not fit.
      if (item === 0 || this.#reserved + blocks > items.arena.limit) return false;
      if (this.isExpired(item) || this.isFlushed(item)) {
        const counters = this.#classCounters(slabClass(this.sizeOf(item)));
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
    const counters = this.#classCounters(slabClass(this.sizeOf(item)));
    counters.evicted++;
    counters.evicted_time = this.now - items.time(item);
    if (items.expire(item) !== 0) counters.evicted_nonzero++;
    if (!items.has(item, FETCHED)) counters.evicted_unfetched++;
    if (items.has(item, ACTIVE)) counters.evicted_active++;
    this.log?.evicted(item);
    this.remove(item);
  }

  /** Counts an item of this size in or out, for `stats sizes`. */
  #countSize(sizes: Map<number, number>, size: number, change: number): void {
    const bucket = Math.ceil(size / 32) * 32;
    const count = (sizes.get(bucket) ?? 0) + change;
    if (count > 0) sizes.set(bucket, count);
    else sizes.delete(bucket);
  }

  /** The counters of a slab class. */
  #classCounters(cls: number): ClassCounters {
    let counters = this.classes.get(cls);
    if (counters === undefined) {
      counters = newClassCounters();
      this.classes.set(cls, counters);
    }
    return counters;
  }
}

const NOT_STORED = { status: 'not_stored', item: 0 } as const;
const NOT_FOUND = { status: 'not_found', item: 0 } as const;
const EXISTS = { status: 'exists', item: 0 } as const;
const NO_MEMORY = { status: 'no_memory', item: 0 } as const;

function made(item: number): { status: StoreStatus; item: number } {
  return item === 0 ? NO_MEMORY : { status: 'stored', item };
}
