// The buffer of received bytes, from which lines and data blocks are taken.
import { EMPTY, startsWith } from './bytes.ts';

const LF = 0x0a;
const CR = 0x0d;

/** From so many missing bytes on, a block is read into directly: a usual read would be all its. */
export const LONG: number = 64 * 1024;

/** What is wrong with a block that is not `terminated`. */
export const BAD_END = 'a value does not end where its length says';

// One for all, not one for each connection.
const zeroed = (size: number): Uint8Array => new Uint8Array(size);

/**
 * Received bytes: chunks go in as they arrive, whole lines and whole data blocks come out.
 *
 * A line or a block that lies in one chunk is handed out as a view of it; a block of a lent chunk as
 * a copy. A line cut by the end of a chunk is carried over, a block is filled into an array of its
 * final size; so each byte is copied once at most, and the work is linear however the bytes are cut.
 */
export class Input {
  /** Where the line lies that `line` found: `bytes[from, to)`, without its end. */
  bytes: Uint8Array = EMPTY;
  from = 0;
  to = 0;
  /** After `data`: whether the block was followed by CR LF. */
  terminated = true;
  /** The chunk that is read now, and how far: for readers that take what lies whole in it. */
  chunk: Uint8Array = EMPTY;
  position = 0;
  /** The memory of the chunk is only lent until `keep`: what is handed out of it is copied. */
  isLent = false;

  // The bytes of the chunks before this one.
  #past = 0;
  // The chunks after this one, from #first on: shifting a long array costs its whole length.
  #waiting: Uint8Array[] = [];
  #first = 0;
  #carry: Uint8Array = EMPTY;
  #carried = 0;
  #block: Uint8Array | null = null;
  /** Makes arrays for long blocks. */
  readonly allocate: (size: number) => Uint8Array;
  #filled = 0;

  /** @param allocate Makes arrays for long blocks, each of whose bytes is then written. */
  constructor(allocate: (size: number) => Uint8Array = zeroed) {
    this.allocate = allocate;
  }

  /**
   * Takes a chunk. The chunk must not be written to from now on, or if it is lent, until `keep` was
   * called.
   */
  push(chunk: Uint8Array, isLent = false): void {
    if (chunk.length === 0) return;
    // Not past a chunk that waits: the one before it may have been read to its very end.
    if (this.position < this.chunk.length || this.#waiting.length > 0) {
      this.#waiting.push(isLent ? chunk.slice() : chunk);
      return;
    }
    this.#past += this.chunk.length;
    this.chunk = chunk;
    this.isLent = isLent;
    this.position = 0;
  }

  /**
   * Copies what is left of a lent chunk: its memory may be written to from now on.
   *
   * @returns The rest of a long block, if the next bytes belong to it: a read that fills it saves a
   * copy. Push what it has filled before anything else.
   */
  keep(): Uint8Array | null {
    if (this.isLent) {
      this.isLent = false;
      this.#past += this.position;
      this.chunk = this.position < this.chunk.length ? this.chunk.slice(this.position) : EMPTY;
      this.position = 0;
    }
    const block = this.#block;
    if (block === null || this.missing < LONG) return null;
    if (this.chunk.length > 0 || this.#waiting.length > 0) return null;
    return block.subarray(this.#filled);
  }

  /** How many bytes of a block have not been read that `data` was asked for. */
  get missing(): number {
    return this.#block === null ? 0 : this.#block.length - this.#filled;
  }

  /** How many bytes are left of the chunk that is read now. */
  get left(): number {
    return this.chunk.length - this.position;
  }

  /** How many bytes were read, ever. */
  get consumed(): number {
    return this.#past + this.position;
  }

  /** Whether a part of a line or a block is kept that began in another chunk. */
  get isCut(): boolean {
    return this.#carried > 0 || this.#block !== null;
  }

  /** Whether the line that began in another chunk begins with a word that lies in that chunk. */
  carries(word: string): boolean {
    return startsWith(this.#carry, 0, this.#carried, word);
  }

  /** Whether bytes were taken that have not come out. */
  get pending(): boolean {
    return this.position < this.chunk.length || this.#waiting.length > 0 || this.#carried > 0 ||
      this.#block !== null;
  }

  /** Lets go of a chunk that was read to its end: a connection that is idle must not keep it. */
  release(): void {
    if (this.pending) return;
    this.#advance();
    this.#showCarry();
  }

  /**
   * Finds the next line and sets `bytes`, `from` and `to`. On false the line is not all there; the
   * three then show as much of it as has arrived, so that the caller may set a limit.
   */
  line(): boolean {
    do {
      const chunk = this.chunk;
      const start = this.position;
      const end = chunk.indexOf(LF, start);
      if (end >= 0) {
        this.position = end + 1;
        if (this.#carried === 0) {
          this.bytes = chunk;
          this.from = start;
          this.to = end;
        } else {
          this.#carryOver(chunk, start, end);
          this.#showCarry();
          // What was handed out may be kept, so the next carried line gets an array of its own.
          this.#carry = EMPTY;
          this.#carried = 0;
        }
        if (this.to > this.from && this.bytes[this.to - 1] === CR) this.to--;
        return true;
      }
      this.#carryOver(chunk, start, chunk.length);
      this.position = chunk.length;
    } while (this.#advance());
    this.#showCarry();
    return false;
  }

  /**
   * The next `length` bytes and the two that end the block, or null when they are not all there.
   * Must be called with the same length until it gives them.
   *
   * @param spare Memory to put them into if they do not lie whole in one chunk.
   */
  data(length: number, spare: Uint8Array | null = null): Uint8Array | null {
    const start = this.position;
    const end = start + length;
    if (this.#block === null) {
      if (end + 2 <= this.chunk.length) {
        this.position = end + 2;
        this.terminated = this.chunk[end] === CR && this.chunk[end + 1] === LF;
        return this.isLent ? this.chunk.slice(start, end) : this.chunk.subarray(start, end);
      }
      if (spare !== null) this.#block = spare.subarray(0, length);
      // To clear a megabyte takes as long as to read it.
      else this.#block = length < LONG ? new Uint8Array(length) : this.allocate(length);
      this.#filled = 0;
      this.terminated = true;
    }
    const block = this.#block;
    do {
      const room = length - this.#filled;
      if (room > 0) {
        const from = this.position;
        const taken = this.#take(room);
        if (!this.#isInPlace(block, from)) {
          copy(this.chunk, from, from + taken, block, this.#filled);
        }
        this.#filled += taken;
      }
      while (this.#filled >= length && this.position < this.chunk.length) {
        const expected = this.#filled === length ? CR : LF;
        if (this.chunk[this.position++] !== expected) this.terminated = false;
        if (++this.#filled === length + 2) {
          this.#block = null;
          return block;
        }
      }
    } while (this.#advance());
    return null;
  }

  /** Drops up to `count` bytes; returns how many it dropped. */
  skip(count: number): number {
    let left = count;
    do {
      left -= this.#take(left);
    } while (left > 0 && this.#advance());
    return count - left;
  }

  // Whether the bytes at a position of the chunk were read straight into the block.
  #isInPlace(block: Uint8Array, from: number): boolean {
    const { chunk } = this;
    return chunk.length > 0 && chunk.byteOffset + from === block.byteOffset + this.#filled &&
      chunk.buffer === block.buffer;
  }

  // Passes over up to `count` bytes of the chunk; returns how many.
  #take(count: number): number {
    const taken = Math.min(count, this.left);
    this.position += taken;
    return taken;
  }

  // Moves on to the next chunk once this one is used up.
  #advance(): boolean {
    if (this.position < this.chunk.length) return true;
    const next = this.#waiting[this.#first];
    this.#past += this.chunk.length;
    this.chunk = next ?? EMPTY;
    this.isLent = false;
    this.position = 0;
    if (next === undefined) return false;
    this.#waiting[this.#first++] = EMPTY;
    if (this.#first === this.#waiting.length) {
      this.#waiting = [];
      this.#first = 0;
    }
    return true;
  }

  #carryOver(chunk: Uint8Array, from: number, to: number): void {
    const needed = this.#carried + to - from;
    if (needed > this.#carry.length) {
      const grown = new Uint8Array(Math.max(needed, 256, this.#carry.length * 2));
      grown.set(this.#carry.subarray(0, this.#carried));
      this.#carry = grown;
    }
    copy(chunk, from, to, this.#carry, this.#carried);
    this.#carried = needed;
  }

  #showCarry(): void {
    this.bytes = this.#carry;
    this.from = 0;
    this.to = this.#carried;
  }
}

// A few bytes are copied one by one: to make a view of them costs more than that.
function copy(source: Uint8Array, from: number, to: number, target: Uint8Array, at: number): void {
  if (to - from > 32) target.set(source.subarray(from, to), at);
  else for (let i = from; i < to; i++) target[at + i - from] = source[i]!;
}
