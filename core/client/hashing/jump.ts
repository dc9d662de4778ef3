import { type HashScheme, refuseWeights } from './hasher.ts';
import { byteHash } from './key-hash.ts';
import { murmur64 } from './digests/murmur64.ts';
import { Word64 } from './digests/word64.ts';

/**
 * Jump consistent hash over MurmurHash64A of the key. The most even and the smallest; but nodes are
 * numbers to it, so that only the last one of the list can leave without moving the keys of others.
 */
export const jump: HashScheme = (nodes) => {
  refuseWeights(nodes);
  const hash = byteHash((bytes, length) => murmur64(bytes, length, 0));
  return (key) => jumpBucket(hash(key), nodes.length);
};

/** The bucket of a 64-bit key (Lamping and Veach, "A Fast, Minimal Memory, Consistent Hash"). */
export function jumpBucket(key: Word64, buckets: number): number {
  const state = new Word64(key.high, key.low);
  let bucket = -1;
  let next = 0;
  while (next < buckets) {
    bucket = next;
    state.multiply(0x27bb2ee6, 0x87b0b0fd);
    state.increment();
    next = Math.floor((bucket + 1) * (0x80000000 / ((state.high >>> 1) + 1)));
  }
  return bucket;
}
