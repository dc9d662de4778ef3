import { fromLatin1, latin1 } from '../wire/bytes.ts';
import { MAX_U64, uint64 } from '../wire/numbers.ts';
import { Cache } from './cache.ts';
import { BASE64, STALE, TOKEN_SENT } from './items.ts';
import type { StoreRequest, StoreStatus } from './store-request.ts';

/** memcached keeps larger items in chunks, and does not look for a number in those. */
const LARGEST_NUMBER_ITEM = 512 * 1024;

/** The longest text that can still be a number: 20 digits, and blanks before them. */
const NUMBER_TEXT = 128;

/** What can be done to the items of a cache: each way of storing, and arithmetic. */
export class Store extends Cache {
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
    items.write(found, 0, digits);
    items.fill(found, digits.length, 0x20);
    items.setCas(found, newCas ?? this.nextCas());
    items.setTime(found, this.now);
    return { value, item: found };
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
    // Most recently used, it is not what makes room for its successor.
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
    if (!this.makeRoom(key.length, flags, length)) return 0;
    const item = items.create(key, length, flags, expire, marks);
    let at = 0;
    for (const part of parts) {
      items.write(item, at, part);
      at += part.length;
    }
    if (replaces !== 0) this.remove(replaces);
    items.setTime(item, this.now);
    items.setCas(item, newCas ?? this.nextCas());
    items.link(item);
    this.counters.total_items++;
    const size = this.sizeOf(item);
    this.bytes += size;
    this.countSize(size, 1);
    return item;
  }
}

const NOT_STORED = { status: 'not_stored', item: 0 } as const;
const NOT_FOUND = { status: 'not_found', item: 0 } as const;
const EXISTS = { status: 'exists', item: 0 } as const;
const NO_MEMORY = { status: 'no_memory', item: 0 } as const;

function made(item: number): { status: StoreStatus; item: number } {
  return item === 0 ? NO_MEMORY : { status: 'stored', item };
}
