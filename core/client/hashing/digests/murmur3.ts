// MurmurHash3, x86 32 bits.
import { isBytes } from '../../../wire/bytes.ts';
import { assertArgument, checkU32 } from '../../../wire/check.ts';

/**
 * MurmurHash3_x86_32, which pymemcache has as `murmur3_32`: an unsigned 32-bit number.
 *
 * @param data Bytes, or a text of which each character is cut to the low 8 bits of its code point,
 * as pymemcache does it. For the hash of its UTF-8 give that.
 * @param seed An unsigned 32-bit number; 0 by default.
 * @throws UsageError when an argument is none of these.
 */
export function murmur3(data: string | Uint8Array, seed: number = 0): number {
  checkU32('seed', seed);
  if (typeof data !== 'string') {
    assertArgument(isBytes(data), 'data', 'must be a string or a Uint8Array');
    return murmur3Digest(data, data.length, seed);
  }
  const bytes = new Uint8Array(data.length);
  return murmur3Digest(bytes, putCharacters(bytes, data), seed);
}

/**
 * Writes a byte for each code point, the low one of its number: that is all pymemcache looks at.
 *
 * @returns How many there are.
 */
export function putCharacters(target: Uint8Array, text: string): number {
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    target[length++] = unit;
    if (unit < 0xd800 || unit > 0xdbff) continue;
    const point = text.codePointAt(i)!;
    if (point === unit) continue;
    target[length - 1] = point;
    i++;
  }
  return length;
}

/** MurmurHash3_x86_32 of the first `length` of some bytes. */
export function murmur3Digest(bytes: Uint8Array, length: number, seed: number): number {
  const end = length & ~3;
  let state = seed;
  for (let at = 0; at < end; at += 4) state = mix(state, scramble(wordAt(bytes, at)));
  return finish(state, restOf(bytes, end, length), length);
}

/** The same of texts that begin alike: the beginning is hashed once. */
export class Murmur3 {
  /** How many bytes of the beginning are left over from its whole words. */
  readonly offset: number;
  // Of the whole words, and what is left over, as the low end of the next word.
  readonly #state: number;
  readonly #rest: number;
  readonly #length: number;

  constructor(beginning: Uint8Array, seed = 0) {
    const words = new KeyWords(0);
    words.set(beginning, beginning.length);
    this.offset = beginning.length & 3;
    this.#state = mixAll(seed, words);
    this.#rest = words.rest;
    this.#length = beginning.length;
  }

  /** The hash of the beginning and of what follows it, at its offset. */
  digest(words: KeyWords): number {
    const { offset, first, rest, length } = words;
    const begun = this.#rest | first;
    const total = this.#length + length;
    if (offset + length < 4) return finish(this.#state, begun | rest, total);
    const state = offset === 0 ? this.#state : mix(this.#state, scramble(begun));
    return finish(mixAll(state, words), rest, total);
  }
}

/**
 * Some bytes as the words that they make behind a beginning. Behind all with the same offset they
 * are the same, and to make them is most of the work.
 */
export class KeyWords {
  /** How many bytes of the word that they start in are not theirs. */
  readonly offset: number;
  /** How many bytes there are. */
  length = 0;
  /** What they add to that word. */
  first = 0;
  /** The words that are all theirs, scrambled, and how many. */
  whole: Int32Array = new Int32Array(64);
  count = 0;
  /** What is left over. */
  rest = 0;

  constructor(offset: number) {
    this.offset = offset;
  }

  /** Takes the first `length` of these bytes. */
  set(bytes: Uint8Array, length: number): void {
    if (length > this.whole.length * 4) this.whole = new Int32Array(length >> 2);
    const head = Math.min(length, (4 - this.offset) & 3);
    this.length = length;
    this.first = restOf(bytes, 0, head) << (this.offset << 3);
    this.count = (length - head) >> 2;
    for (let i = 0; i < this.count; i++) this.whole[i] = scramble(wordAt(bytes, head + 4 * i));
    this.rest = restOf(bytes, head + 4 * this.count, length);
  }
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

// Less than a word, at its low end.
function restOf(bytes: Uint8Array, from: number, to: number): number {
  let rest = 0;
  for (let i = from; i < to; i++) rest |= bytes[i]! << ((i - from) << 3);
  return rest;
}

function mixAll(state: number, { whole, count }: KeyWords): number {
  let mixed = state;
  for (let i = 0; i < count; i++) mixed = mix(mixed, whole[i]!);
  return mixed;
}

function mix(state: number, scrambled: number): number {
  const mixed = state ^ scrambled;
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}

function scramble(word: number): number {
  const product = Math.imul(word, 0xcc9e2d51);
  return Math.imul((product << 15) | (product >>> 17), 0x1b873593);
}

function finish(state: number, rest: number, length: number): number {
  let hash = state ^ scramble(rest) ^ length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
