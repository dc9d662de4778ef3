/** The bytes in a block. */
export const BLOCK = 64;

/** The 32-bit words in a block. */
export const BLOCK_WORDS = 16;

// Runs up to this length are copied by hand: cheaper than a call with a view.
const SHORT = 32;

// And up to this one by four bytes, where there are views for that.
const WORDS = 160;

/**
 * Memory for items: one array, cut into blocks of 64 bytes that are chained to hold what does not
 * fit one. Any free block serves any item, so no memory is lost to size classes, and the least
 * recently used item is evicted, regardless of its size.
 *
 * The array has the size of the limit from the start. Its memory is untouched at first, so a block
 * takes memory of the process only after the first write.
 */
export class Arena {
  bytes: Uint8Array;
  words: Int32Array;
  view: DataView;
  /** The block after each block of a chain; 0 ends a chain, which is why block 0 is never used. */
  next: Int32Array;
  /** The maximum number of blocks in use. */
  limit: number;
  /** The number of blocks in use. */
  used = 0;
  /** One more than the highest block ever used. */
  top = 1;
  #free = 0;
  #freeCount = 0;

  /** @param size The limit in bytes. */
  constructor(size: number) {
    this.limit = Math.max(1, Math.floor(size / BLOCK));
    const buffer = new ArrayBuffer((this.limit + 1) * BLOCK);
    this.bytes = new Uint8Array(buffer);
    this.words = new Int32Array(buffer);
    this.view = new DataView(buffer);
    this.next = new Int32Array(this.limit + 1);
  }

  /**
   * Changes the limit. Blocks over a lower limit stay where they are until they are released;
   * the caller frees as many as it must.
   */
  resize(size: number): void {
    const limit = Math.max(1, Math.floor(size / BLOCK));
    if (limit >= this.next.length) {
      const buffer = new ArrayBuffer((limit + 1) * BLOCK);
      const bytes = new Uint8Array(buffer);
      bytes.set(this.bytes.subarray(0, this.top * BLOCK));
      const next = new Int32Array(limit + 1);
      next.set(this.next.subarray(0, this.top));
      this.bytes = bytes;
      this.words = new Int32Array(buffer);
      this.view = new DataView(buffer);
      this.next = next;
    }
    this.limit = limit;
  }

  /** How many blocks a chain of so many bytes needs. */
  static blocks(bytes: number): number {
    return Math.ceil(bytes / BLOCK);
  }

  /** Whether so many blocks may be allocated now. */
  has(count: number): boolean {
    return this.used + count <= this.limit;
  }

  /** A chain of `count` blocks: its first block. There must be room for it. */
  allocate(count: number): number {
    this.used += count;
    const recycled = Math.min(count, this.#freeCount);
    let first = 0;
    let last = 0;
    if (recycled > 0) {
      first = last = this.#free;
      for (let i = 1; i < recycled; i++) last = this.next[last]!;
      this.#free = this.next[last]!;
      this.#freeCount -= recycled;
      this.next[last] = 0;
    }
    const fresh = count - recycled;
    if (fresh > 0) {
      const start = this.top;
      if (last === 0) first = start;
      else this.next[last] = start;
      this.top += fresh;
      for (let block = start; block < this.top - 1; block++) this.next[block] = block + 1;
      this.next[this.top - 1] = 0;
    }
    return first;
  }

  /** Frees a chain. The next allocation of its size gets the same blocks, in the same order. */
  release(first: number): void {
    let last = first;
    let count = 1;
    while (this.next[last] !== 0) {
      last = this.next[last]!;
      count++;
    }
    this.next[last] = this.#free;
    this.#free = first;
    this.#freeCount += count;
    this.used -= count;
  }

  /** Copies `source[from, to)` into a chain, from byte `offset` on. */
  write(first: number, offset: number, source: Memory, from: number, to: number): void {
    let block = this.#skip(first, offset);
    let within = offset % BLOCK;
    for (let read = from; read < to;) {
      const left = to - read;
      let last = block;
      let length = BLOCK - within;
      while (length < left && this.next[last] === last + 1) {
        last++;
        length += BLOCK;
      }
      if (length > left) length = left;
      copy(source, read, length, this, block * BLOCK + within);
      read += length;
      block = this.next[last]!;
      within = 0;
    }
  }

  /** Copies `length` bytes of a chain, from byte `offset` on, to `target` at `at`. */
  copyTo(first: number, offset: number, length: number, target: Memory, at: number): void {
    let block = this.#skip(first, offset);
    let within = offset % BLOCK;
    for (let done = 0; done < length;) {
      const left = length - done;
      let last = block;
      let run = BLOCK - within;
      while (run < left && this.next[last] === last + 1) {
        last++;
        run += BLOCK;
      }
      if (run > left) run = left;
      copy(this, block * BLOCK + within, run, target, at + done);
      done += run;
      block = this.next[last]!;
      within = 0;
    }
  }

  /** Fills `length` bytes of a chain, from byte `offset` on, with one byte. */
  fill(first: number, offset: number, length: number, byte: number): void {
    let block = this.#skip(first, offset);
    for (let i = offset; i < offset + length; i++) {
      this.bytes[block * BLOCK + (i % BLOCK)] = byte;
      if (i % BLOCK === BLOCK - 1) block = this.next[block]!;
    }
  }

  /**
   * `length` bytes of a chain, from byte `offset` on: a view where they lie side by side, else a
   * copy. A view is valid until the arena changes. With `copy` the result is always a copy.
   */
  read(first: number, offset: number, length: number, copy: boolean): Uint8Array {
    const start = this.#skip(first, offset);
    const at = start * BLOCK + (offset % BLOCK);
    let last = start;
    let run = BLOCK - (offset % BLOCK);
    while (run < length && this.next[last] === last + 1) {
      last++;
      run += BLOCK;
    }
    if (run >= length) {
      const view = this.bytes.subarray(at, at + length);
      return copy ? view.slice() : view;
    }
    const target = new Uint8Array(length);
    target.set(this.bytes.subarray(at, at + run));
    let done = run;
    for (let block = this.next[last]!; done < length; block = this.next[last]!) {
      last = block;
      run = BLOCK;
      while (run < length - done && this.next[last] === last + 1) {
        last++;
        run += BLOCK;
      }
      run = Math.min(run, length - done);
      target.set(this.bytes.subarray(block * BLOCK, block * BLOCK + run), done);
      done += run;
    }
    return target;
  }

  /** Whether the bytes of a chain from byte `offset` on are `expected[from, to)`. */
  equals(first: number, offset: number, expected: Uint8Array, from: number, to: number): boolean {
    const { bytes } = this;
    let block = first;
    let at = block * BLOCK + offset;
    let room = BLOCK - offset;
    for (let i = from; i < to;) {
      const end = Math.min(to, i + room);
      while (i < end) if (bytes[at++] !== expected[i++]) return false;
      block = this.next[block]!;
      at = block * BLOCK;
      room = BLOCK;
    }
    return true;
  }

  // The block of a chain in which byte `offset` lies.
  #skip(first: number, offset: number): number {
    let block = first;
    for (let i = offset; i >= BLOCK; i -= BLOCK) block = this.next[block]!;
    return block;
  }
}

/** Bytes, and where they are a part of many copies a view of the same bytes. */
export interface Memory {
  readonly bytes: Uint8Array;
  readonly view: DataView | null;
}

function copy(source: Memory, from: number, length: number, target: Memory, at: number): void {
  const { bytes, view } = source;
  if (view !== null && target.view !== null && length <= WORDS) {
    let i = 0;
    for (; i + 4 <= length; i += 4) {
      target.view.setInt32(at + i, view.getInt32(from + i, true), true);
    }
    for (; i < length; i++) target.bytes[at + i] = bytes[from + i]!;
  } else if (length > SHORT) {
    target.bytes.set(length === bytes.length ? bytes : bytes.subarray(from, from + length), at);
  } else for (let i = 0; i < length; i++) target.bytes[at + i] = bytes[from + i]!;
}
