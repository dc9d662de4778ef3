/**
 * HalfSipHash-1-3: a hash of 32 bits with a key of 64, made anew for each server. Without
 * that key, an attacker cannot choose item keys that collide and make each lookup walk all of them.
 */
export class KeyHash {
  readonly #low: number;
  readonly #high: number;

  /** @param random Gives numbers from 0 up to, and not including, 1. */
  constructor(random: () => number) {
    this.#low = (random() * 2 ** 32) | 0;
    this.#high = (random() * 2 ** 32) | 0;
  }

  /** The hash of the key `bytes[from, to)`. */
  of(bytes: Uint8Array, from = 0, to: number = bytes.length): number {
    let v0 = this.#low;
    let v1 = this.#high;
    let v2 = this.#low ^ 0x6c796765;
    let v3 = this.#high ^ 0x74656462;
    // Words of four bytes, the last one filled up with the length.
    for (let at = from; at <= to; at += 4) {
      let word: number;
      if (at + 4 <= to) {
        word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
      } else {
        word = (to - from) << 24;
        if (at < to) word |= bytes[at]!;
        if (at + 1 < to) word |= bytes[at + 1]! << 8;
        if (at + 2 < to) word |= bytes[at + 2]! << 16;
      }
      v3 ^= word;
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
      v0 ^= word;
    }
    // Then three rounds that mix in nothing. They are the same again: a function for one would have
    // to return four numbers, and to ask in one loop which round it is costs a quarter of the time.
    v2 ^= 0xff;
    for (let round = 0; round < 3; round++) {
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
    }
    return v1 ^ v3;
  }
}
