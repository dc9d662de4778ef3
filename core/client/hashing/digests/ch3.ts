// mcrouter's hash, as a scheme.
import { UsageError } from '../../../wire/errors.ts';
import type { HashScheme } from '../hasher.ts';
import { byteHash } from '../key-hash.ts';
import { murmur64 } from './murmur64.ts';
import { spooky32 } from './spooky.ts';
import type { Word64 } from './word64.ts';

/**
 * mcrouter's `Ch3`, its default: consistent for the nodes at the end of the list. With a weight
 * that is not 1 its `WeightedCh3`, whose weights are parts of a full node, up to 1.
 */
export const ch3: HashScheme = (nodes) => {
  const weights = nodes.map(({ name, weight = 1 }) => {
    if (weight <= 1) return weight;
    throw new UsageError('weight', `of ${name}: mcrouter has weights up to 1`);
  });
  return byteHash(
    weights.every((weight) => weight === 1)
      ? (bytes, length) => furcHash(bytes, length, weights.length)
      : (bytes, length) => weightedHash(bytes, length, weights),
  );
};

/** How many nodes are tried that turn a key away. */
const WEIGHTED_TRIES = 32;
const WEIGHTED_SEED = 0xface2014;

// Each node takes a part of its keys, the size of its weight; the others try again with a number
// behind them, its digits in reverse.
function weightedHash(bytes: Uint8Array, length: number, weights: readonly number[]): number {
  let salted = bytes;
  let end = length;
  for (let salt = 0;; salt++) {
    const index = furcHash(salted, end, weights.length);
    const limit = Math.floor(weights[index]! * 0xffffffff);
    if (spooky32(salted, end, WEIGHTED_SEED) < limit || salt === WEIGHTED_TRIES - 1) return index;
    if (salt === 0) {
      salted = new Uint8Array(length + 2);
      salted.set(bytes.subarray(0, length));
    }
    end = length;
    for (const digit of String(salt).split('').reverse()) salted[end++] = digit.charCodeAt(0);
  }
}

const SEED = 4193360111;
/** How many buckets are drawn in vain before the first one is taken. */
const TRIES = 32;
/** How far apart the bits are that one bucket is drawn from. */
const STRIDE = 23;

/**
 * mcrouter's furc_hash: walks down a binary tree of buckets by bits that are drawn from the key.
 *
 * @param buckets At most 2^23.
 */
export function furcHash(bytes: Uint8Array, length: number, buckets: number): number {
  if (buckets <= 1) return 0;
  const bits = new KeyBits(bytes, length);
  let level = 32 - Math.clz32(buckets - 1);
  let at = level;
  for (let tries = 0; tries < TRIES; tries++) {
    while (bits.at(at) === 0) {
      if (--level === 0) return 0;
      at = level;
    }
    at += STRIDE;
    let bucket = 1;
    for (let i = 1; i < level; i++, at += STRIDE) bucket = (bucket << 1) | bits.at(at);
    if (bucket < buckets) return bucket;
  }
  return 0;
}

/** Endless bits of a key: its hash, the hash of that, and so on. */
class KeyBits {
  readonly #words: Word64[];
  readonly #bytes = new Uint8Array(8);

  constructor(bytes: Uint8Array, length: number) {
    this.#words = [murmur64(bytes, length, SEED)];
  }

  at(index: number): number {
    while (this.#words.length <= index >> 6) this.#words.push(this.#hashOf(this.#words.at(-1)!));
    const word = this.#words[index >> 6]!;
    return (((index & 32) === 0 ? word.low : word.high) >>> (index & 31)) & 1;
  }

  #hashOf({ high, low }: Word64): Word64 {
    for (let i = 0; i < 4; i++) {
      this.#bytes[i] = low >>> (i << 3);
      this.#bytes[i + 4] = high >>> (i << 3);
    }
    return murmur64(this.#bytes, 8, SEED);
  }
}
