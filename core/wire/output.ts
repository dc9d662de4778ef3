// The buffer of encoded bytes that wait for the transport.
import { EMPTY, standardCodec, type TextCodec, utf8, utf8Into } from './bytes.ts';
import { UsageError } from './errors.ts';
import { assertInvariant } from './invariant.ts';
import { LARGEST_SPARE, spareMemory } from './spare-memory.ts';

const FIRST_SLAB = 4 * 1024;
const LAST_SLAB = 64 * 1024;

/** Commands are encoded until so many bytes wait; what is not encoded can still be cancelled. */
export const ENCODE_AHEAD: number = 64 * 1024;

/**
 * Values from this size on are passed to the transport by reference. Below it, copying costs less
 * than the extra write that a reference costs.
 */
export const REFERENCE_SIZE: number = 32 * 1024;

/**
 * Encoded bytes, in order, until the transport has taken them.
 *
 * Encoders `reserve` room and write straight into `slab` at `end`. What was written is not written
 * again, as a transport may hold it for as long as it likes; but a large text lies in spare memory,
 * which `reclaim` gives back. Slabs start small, so that a thousand idle connections cost little, and
 * double as they fill.
 */
export class Output {
  /** The array that encoders write into, between `end` and its length. */
  slab: Uint8Array = EMPTY;
  end = 0;
  /** How many bytes the transport has taken, ever. */
  taken = 0;
  /** The transport took less than it was offered, and was not offered more. */
  isBlocked = false;
  /** How encoders write text into the slab. */
  readonly codec: TextCodec;
  #offered = 0;
  #start = 0;
  // Closed pieces before the slab: finished slabs, and values passed by reference.
  readonly #pieces: { bytes: Uint8Array; length: number; spare: Uint8Array | null }[] = [];
  #piecesLength = 0;
  #scratch: Uint8Array = EMPTY;
  // The spare memory of a large text that is appended next.
  #spare: Uint8Array | null = null;
  // Spare memory whose bytes the transport has taken.
  readonly #left: Uint8Array[] = [];

  constructor(codec: TextCodec = standardCodec) {
    this.codec = codec;
  }

  /** The bytes that wait for the transport. */
  get length(): number {
    return this.#piecesLength + this.end - this.#start;
  }

  /** Where the next byte stands among all bytes, ever. */
  get position(): number {
    return this.taken + this.#piecesLength + this.end - this.#start;
  }

  /** Makes room for `count` more bytes in `slab`. */
  reserve(count: number): void {
    if (this.slab.length - this.end >= count) return;
    this.#close();
    const size = Math.max(count, Math.min(LAST_SLAB, Math.max(FIRST_SLAB, this.slab.length * 2)));
    this.slab = this.#allocate(size);
    this.#start = this.end = 0;
  }

  /** Appends bytes: small ones as a copy, large ones by reference. */
  append(bytes: Uint8Array): void {
    const length = bytes.length;
    const spare = this.#spare !== null && bytes.buffer === this.#spare.buffer ? this.#spare : null;
    if (spare !== null) this.#spare = null;
    if (length >= REFERENCE_SIZE) {
      this.#close();
      this.#pieces.push({ bytes, length, spare });
      this.#piecesLength += length;
      return;
    }
    this.reserve(length);
    this.slab.set(bytes, this.end);
    this.end += length;
    if (spare !== null) spareMemory.put(spare);
  }

  /** Appends a data block: the bytes and the CR LF that ends them. */
  appendBlock(bytes: Uint8Array): void {
    this.append(bytes);
    this.reserve(2);
    this.end = putEnd(this.slab, this.end);
  }

  /**
   * The UTF-8 bytes of a text, in memory that the next call writes over. For text that is soon
   * appended: it saves an array for each.
   */
  utf8(text: string): Uint8Array {
    // Three bytes a unit is the most UTF-8 takes.
    if (text.length * 3 > this.#scratch.length) {
      this.#scratch = new Uint8Array(Math.max(256, text.length * 6));
    }
    return this.#scratch.subarray(0, utf8Into(text, this.#scratch));
  }

  /** As `utf8`, for a text that is appended next, by reference if its bytes are many. */
  largeUtf8(text: string): Uint8Array {
    const most = text.length * 3;
    if (most > LARGEST_SPARE) return utf8(text);
    const memory = spareMemory.take(most) ?? this.#allocate(most);
    this.#spare = memory;
    return memory.subarray(0, this.codec.write(text, memory, 0));
  }

  /** Whether the transport has taken bytes whose memory is to be used again. */
  get isAwaited(): boolean {
    return this.#left.length > 0;
  }

  /** The transport holds none of the bytes that it has taken: their spare memory is used again. */
  reclaim(): void {
    for (let spare = this.#left.pop(); spare !== undefined; spare = this.#left.pop()) {
      spareMemory.put(spare);
    }
  }

  /** Appends a line: text of which every character is one byte, and its end. */
  appendLine(text: string, end = '\r\n'): void {
    this.reserve(text.length + end.length);
    this.end = putAscii(this.slab, putAscii(this.slab, this.end, text), end);
  }

  /**
   * The next bytes for the transport, or null.
   *
   * @throws UsageError when a value passed by reference has changed its length since (its buffer
   * was transferred or resized): the length announced for it is no longer true.
   */
  peek(): Uint8Array | null {
    const piece = this.#pieces[0];
    if (piece === undefined) {
      this.#offered = this.end - this.#start;
      return this.#offered > 0 ? this.slab.subarray(this.#start, this.end) : null;
    }
    if (piece.bytes.length !== piece.length) {
      throw new UsageError('value', 'must keep its length until it is sent');
    }
    this.#offered = piece.length;
    return piece.bytes;
  }

  /** Takes `count` bytes off the front of what `peek` gave. */
  consume(count: number): void {
    this.taken += count;
    this.isBlocked = count < this.#offered;
    const piece = this.#pieces[0];
    if (piece === undefined) {
      this.#start += count;
      return;
    }
    this.#piecesLength -= count;
    if (count === piece.length) {
      this.#pieces.shift();
      if (piece.spare !== null) this.#left.push(piece.spare);
    } else {
      piece.bytes = piece.bytes.subarray(count);
      piece.length -= count;
    }
  }

  /** Counts the waiting bytes again. */
  assertInvariants(): void {
    let length = 0;
    for (const piece of this.#pieces) length += piece.length;
    assertInvariant(length === this.#piecesLength, 'bytes in closed pieces');
    assertInvariant(this.#start <= this.end && this.end <= this.slab.length, 'bytes in the slab');
  }

  // To clear memory takes longer than to write a value into it. Only what was written is sent.
  #allocate(size: number): Uint8Array {
    const memory = this.codec.allocate?.(size) ?? new Uint8Array(size);
    if (memory.length !== size) {
      throw new UsageError('textCodec', 'must allocate what it is asked for');
    }
    return memory;
  }

  #close(): void {
    if (this.end === this.#start) return;
    const bytes = this.slab.subarray(this.#start, this.end);
    this.#pieces.push({ bytes, length: bytes.length, spare: null });
    this.#piecesLength += bytes.length;
    this.#start = this.end;
  }
}

/** Takes everything that waits, in one array. */
export function drain(output: Output): Uint8Array {
  const bytes = new Uint8Array(output.length);
  let at = 0;
  for (let piece = output.peek(); piece !== null; piece = output.peek()) {
    bytes.set(piece, at);
    at += piece.length;
    output.consume(piece.length);
  }
  return bytes;
}

/** Writes text of which every character is one byte; returns the position after it. */
export function putAscii(target: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) target[at + i] = text.charCodeAt(i);
  return at + text.length;
}

/** Writes CR LF; returns the position after it. */
export function putEnd(target: Uint8Array, at: number): number {
  target[at] = 0x0d;
  target[at + 1] = 0x0a;
  return at + 2;
}
