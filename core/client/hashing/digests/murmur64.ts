// MurmurHash64A.
import { Word64 } from './word64.ts';

const HIGH = 0xc6a4a793;
const LOW = 0x5bd1e995;

/** MurmurHash64A. */
export function murmur64(bytes: Uint8Array, length: number, seed: number): Word64 {
  const hash = new Word64(0, length);
  hash.multiply(HIGH, LOW);
  hash.xor(0, seed);
  const word = new Word64(0, 0);
  const whole = length & ~7;
  for (let i = 0; i < whole; i += 8) {
    word.low = half(bytes, i, i + 4);
    word.high = half(bytes, i + 4, i + 8);
    word.multiply(HIGH, LOW);
    fold(word);
    word.multiply(HIGH, LOW);
    hash.xor(word.high, word.low);
    hash.multiply(HIGH, LOW);
  }
  if (whole < length) {
    hash.xor(half(bytes, whole + 4, length), half(bytes, whole, Math.min(whole + 4, length)));
    hash.multiply(HIGH, LOW);
  }
  fold(hash);
  hash.multiply(HIGH, LOW);
  fold(hash);
  return hash;
}

// word ^= word >> 47
function fold(word: Word64): void {
  word.xor(0, word.high >>> 15);
}

/** Up to four bytes, the low one first. */
function half(bytes: Uint8Array, from: number, to: number): number {
  let value = 0;
  for (let i = to - 1; i >= from; i--) value = (value << 8) | bytes[i]!;
  return value >>> 0;
}
