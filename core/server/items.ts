// Items in the arena: found by key, ordered by use.
import { Arena, BLOCK_WORDS, type Memory } from './arena.ts';
import { KeyHash } from './key-hash.ts';

// An item is a chain of blocks: these words, then the key, then the value.
const HASH = 0;
const CHAIN = 1;
const NEWER = 2;
const OLDER = 3;
const EXPIRE = 4;
const TIME = 5;
const FLAGS = 6;
const LENGTH = 7;
const CAS_LOW = 8;
const CAS_HIGH = 9;
// The length of the key in the low byte, marks above it.
const INFO = 10;
const HEADER = 11 * 4;

const FIRST_BUCKETS = 1024;

/** Mark: it was read since it was stored. */
export const FETCHED: number = 1 << 16;
/** Mark: it was read since it last moved to the head of the LRU. */
export const ACTIVE: number = 1 << 17;
/** Mark: its key came as base64, and is shown so. */
export const BASE64: number = 1 << 18;
/** Mark: it was invalidated, and may be served until a client recaches it. */
export const STALE: number = 1 << 19;
/** Mark: a client was asked to recache it. */
export const TOKEN_SENT: number = 1 << 20;

/** The items by key, and their order by use. */
export class Items {
  readonly arena: Arena;
  /** How many items are linked. */
  count = 0;
  /** The most and the least recently used item, 0 when there is none. */
  newest = 0;
  oldest = 0;
  /** The total number of items compared in lookups. Keys that collide make it grow. */
  probes = 0;
  readonly #hash: KeyHash;
  // The table grows by a bucket at a time (linear hashing), so no insertion waits for all items to
  // be moved: the buckets before #split are those of twice the #size.
  #buckets: Int32Array = new Int32Array(FIRST_BUCKETS * 2);
  #size = FIRST_BUCKETS;
  #split = 0;
  // One bit for each block: whether an item starts there.
  #heads: Uint8Array;

  /**
   * @param memory The limit in bytes.
   * @param random Makes the hash of keys differ between servers: `Math.random`, or one with a seed.
   */
  constructor(memory: number, random: () => number) {
    this.arena = new Arena(memory);
    this.#hash = new KeyHash(random);
    this.#heads = new Uint8Array((this.arena.next.length >> 3) + 1);
  }

  /** Changes the limit of memory, in bytes. */
  resize(memory: number): void {
    this.arena.resize(memory);
    const heads = new Uint8Array((this.arena.next.length >> 3) + 1);
    heads.set(this.#heads.subarray(0, heads.length));
    this.#heads = heads;
  }

  /** How many blocks an item takes. */
  static blocks(keyLength: number, length: number): number {
    return Arena.blocks(HEADER + keyLength + length);
  }

  /** The item whose key is `bytes[from, to)`, or 0. */
  find(bytes: Uint8Array, from = 0, to: number = bytes.length): number {
    const { arena } = this;
    const hash = this.#hash.of(bytes, from, to);
    let item = this.#buckets[this.#bucket(hash)]!;
    while (item !== 0) {
      this.probes++;
      const base = item * BLOCK_WORDS;
      if (
        arena.words[base + HASH] === hash &&
        (arena.words[base + INFO]! & 0xff) === to - from &&
        arena.equals(item, HEADER, bytes, from, to)
      ) return item;
      item = arena.words[base + CHAIN]!;
    }
    return 0;
  }

  /**
   * Makes an item with the key `bytes[from, to)` in memory that the arena has. It is not found
   * before it is linked.
   */
  create(
    bytes: Uint8Array,
    from: number,
    to: number,
    length: number,
    flags: number,
    expire: number,
    marks: number,
  ): number {
    const { arena } = this;
    const item = arena.allocate(Items.blocks(to - from, length));
    const { words } = arena;
    const base = item * BLOCK_WORDS;
    words[base + HASH] = this.#hash.of(bytes, from, to);
    words[base + EXPIRE] = expire;
    words[base + FLAGS] = flags;
    words[base + LENGTH] = length;
    words[base + INFO] = (to - from) | marks;
    arena.write(item, HEADER, { bytes, view: null }, from, to);
    return item;
  }

  /**
   * Gives an item a value of another length, to be written, in the blocks that it has: there must
   * be as many as the value needs. It loses its marks, and is the most recently used.
   */
  reuse(item: number, length: number, flags: number, expire: number): void {
    const { words } = this.arena;
    const base = item * BLOCK_WORDS;
    words[base + EXPIRE] = expire;
    words[base + FLAGS] = flags;
    words[base + LENGTH] = length;
    words[base + INFO]! &= 0xff;
    this.renew(item);
  }

  /** Makes an item findable, and the most recently used. */
  link(item: number): void {
    const { words } = this.arena;
    this.#heads[item >> 3]! |= 1 << (item & 7);
    this.#linkNewest(item);
    this.count++;
    const bucket = this.#bucket(words[item * BLOCK_WORDS + HASH]!);
    words[item * BLOCK_WORDS + CHAIN] = this.#buckets[bucket]!;
    this.#buckets[bucket] = item;
    if (this.count > this.#size + this.#split) this.#grow();
  }

  /** Takes an item out and frees its memory. */
  remove(item: number): void {
    const { words } = this.arena;
    const base = item * BLOCK_WORDS;
    this.#heads[item >> 3]! &= ~(1 << (item & 7));
    this.#unlinkUse(item);
    this.count--;
    const bucket = this.#bucket(words[base + HASH]!);
    let at = this.#buckets[bucket]!;
    if (at === item) this.#buckets[bucket] = words[base + CHAIN]!;
    else {
      while (words[at * BLOCK_WORDS + CHAIN] !== item) at = words[at * BLOCK_WORDS + CHAIN]!;
      words[at * BLOCK_WORDS + CHAIN] = words[base + CHAIN]!;
    }
    this.arena.release(item);
  }

  /** Makes an item the most recently used. */
  renew(item: number): void {
    if (this.newest === item) return;
    this.#unlinkUse(item);
    this.#linkNewest(item);
  }

  /** The first linked item at or after block `from`, or 0. Survives changes between two calls. */
  scan(from: number): number {
    for (let block = from; block < this.arena.top; block++) {
      if ((this.#heads[block >> 3]! & (1 << (block & 7))) !== 0) return block;
    }
    return 0;
  }

  key(item: number): Uint8Array {
    return this.arena.read(item, HEADER, this.keyLength(item), true);
  }

  keyLength(item: number): number {
    return this.arena.words[item * BLOCK_WORDS + INFO]! & 0xff;
  }

  /** The value: a view that is valid until an item is stored or removed, or with `copy` a copy. */
  value(item: number, copy: boolean): Uint8Array {
    return this.arena.read(item, HEADER + this.keyLength(item), this.length(item), copy);
  }

  /** Copies the value to `target` at `at`. */
  copyValue(item: number, target: Memory, at: number): void {
    this.arena.copyTo(item, HEADER + this.keyLength(item), this.length(item), target, at);
  }

  /** Writes bytes `from` to `to` of the source as a part of the value. */
  write(item: number, offset: number, source: Memory, from: number, to: number): void {
    this.arena.write(item, HEADER + this.keyLength(item) + offset, source, from, to);
  }

  /** Fills the value from `offset` to its end with one byte. */
  fill(item: number, offset: number, byte: number): void {
    const start = HEADER + this.keyLength(item) + offset;
    this.arena.fill(item, start, this.length(item) - offset, byte);
  }

  length(item: number): number {
    return this.arena.words[item * BLOCK_WORDS + LENGTH]!;
  }

  flags(item: number): number {
    return this.arena.words[item * BLOCK_WORDS + FLAGS]! >>> 0;
  }

  /** When it expires, in the store's seconds; 0 for never. */
  expire(item: number): number {
    return this.arena.words[item * BLOCK_WORDS + EXPIRE]! >>> 0;
  }

  setExpire(item: number, expire: number): void {
    this.arena.words[item * BLOCK_WORDS + EXPIRE] = expire;
  }

  /** When it was last used, in the store's seconds. */
  time(item: number): number {
    return this.arena.words[item * BLOCK_WORDS + TIME]! >>> 0;
  }

  setTime(item: number, time: number): void {
    this.arena.words[item * BLOCK_WORDS + TIME] = time;
  }

  cas(item: number): bigint {
    const base = item * BLOCK_WORDS;
    const low = this.arena.words[base + CAS_LOW]! >>> 0;
    const high = this.arena.words[base + CAS_HIGH]! >>> 0;
    return high === 0 ? BigInt(low) : (BigInt(high) << 32n) | BigInt(low);
  }

  setCas(item: number, cas: number | bigint): void {
    const base = item * BLOCK_WORDS;
    if (typeof cas === 'number') {
      // A typed array keeps the low 32 bits of what it is given.
      this.arena.words[base + CAS_LOW] = cas;
      this.arena.words[base + CAS_HIGH] = cas / 2 ** 32;
    } else {
      this.arena.words[base + CAS_LOW] = Number(BigInt.asUintN(32, cas));
      this.arena.words[base + CAS_HIGH] = Number(BigInt.asUintN(32, cas >> 32n));
    }
  }

  has(item: number, mark: number): boolean {
    return (this.arena.words[item * BLOCK_WORDS + INFO]! & mark) !== 0;
  }

  mark(item: number, mark: number): void {
    this.arena.words[item * BLOCK_WORDS + INFO]! |= mark;
  }

  unmark(item: number, mark: number): void {
    this.arena.words[item * BLOCK_WORDS + INFO]! &= ~mark;
  }

  /** The item used last before this one, or 0. */
  olderThan(item: number): number {
    return this.arena.words[item * BLOCK_WORDS + OLDER]!;
  }

  #bucket(hash: number): number {
    const low = hash & (this.#size - 1);
    return low < this.#split ? hash & (this.#size * 2 - 1) : low;
  }

  #grow(): void {
    const { words } = this.arena;
    let item = this.#buckets[this.#split]!;
    this.#buckets[this.#split] = 0;
    this.#split++;
    while (item !== 0) {
      const base = item * BLOCK_WORDS;
      const next = words[base + CHAIN]!;
      const bucket = this.#bucket(words[base + HASH]!);
      words[base + CHAIN] = this.#buckets[bucket]!;
      this.#buckets[bucket] = item;
      item = next;
    }
    if (this.#split < this.#size) return;
    this.#size *= 2;
    this.#split = 0;
    const buckets = new Int32Array(this.#size * 2);
    buckets.set(this.#buckets);
    this.#buckets = buckets;
  }

  #linkNewest(item: number): void {
    const { words } = this.arena;
    words[item * BLOCK_WORDS + NEWER] = 0;
    words[item * BLOCK_WORDS + OLDER] = this.newest;
    if (this.newest !== 0) words[this.newest * BLOCK_WORDS + NEWER] = item;
    this.newest = item;
    if (this.oldest === 0) this.oldest = item;
  }

  #unlinkUse(item: number): void {
    const { words } = this.arena;
    const newer = words[item * BLOCK_WORDS + NEWER]!;
    const older = words[item * BLOCK_WORDS + OLDER]!;
    if (newer === 0) this.newest = older;
    else words[newer * BLOCK_WORDS + OLDER] = older;
    if (older === 0) this.oldest = newer;
    else words[older * BLOCK_WORDS + NEWER] = newer;
  }
}
