import { EMPTY } from '../../wire/bytes.ts';

/** MurmurHash3_x86_32 of texts that begin alike: the beginning is hashed once. */
export class Murmur3 {
  // Whole words of the prefix, and the bytes that are left of it, as the low end of the next word.
  readonly #state: number;
  readonly #rest: number;
  readonly #length: number;

  constructor(seed: number, prefix: Uint8Array = EMPTY) {
    let state = seed;
    let rest = 0;
    for (const [i, byte] of prefix.entries()) {
      rest |= byte << ((i & 3) << 3);
      if ((i & 3) < 3) continue;
      state = mix(state, rest);
      rest = 0;
    }
    this.#state = state;
    this.#rest = rest;
    this.#length = prefix.length;
  }

  /** The hash of the prefix and the first `length` of these bytes. */
  digest(bytes: Uint8Array, length: number): number {
    let state = this.#state;
    let word = this.#rest;
    let at = this.#length;
    for (let i = 0; i < length; i++, at++) {
      word |= bytes[i]! << ((at & 3) << 3);
      if ((at & 3) < 3) continue;
      state = mix(state, word);
      word = 0;
    }
    let hash = state ^ scramble(word) ^ at;
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return (hash ^ (hash >>> 16)) >>> 0;
  }
}

function mix(state: number, word: number): number {
  const mixed = state ^ scramble(word);
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}

function scramble(word: number): number {
  const product = Math.imul(word, 0xcc9e2d51);
  return Math.imul((product << 15) | (product >>> 17), 0x1b873593);
}
