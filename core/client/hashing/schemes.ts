// All hash schemes by their names.
import { ch3 } from './digests/ch3.ts';
import { gomemcache, memjs, modula, pythonMemcached, spymemcached } from './modulo.ts';
import { pymemcache, rendezvous } from './rendezvous.ts';
import { dalli, hashring, ketama, weightedKetama } from './rings.ts';
import { type HashScheme, refuseWeights } from './hasher.ts';
import { byteHash } from './key-hash.ts';
import { murmur64 } from './digests/murmur64.ts';
import { Word64 } from './digests/word64.ts';

/** The name of a hash scheme. */
export type HashSchemeName =
  | 'ch3'
  | 'dalli'
  | 'gomemcache'
  | 'hashring'
  | 'jump'
  | 'ketama'
  | 'memjs'
  | 'modula'
  | 'pymemcache'
  | 'pythonMemcached'
  | 'rendezvous'
  | 'spymemcached'
  | 'weightedKetama';

/**
 * Jump consistent hash over MurmurHash64A of the key. It is the most even and the smallest, but works on
 * indexes, so only the last node of the list can leave without moving the keys of others.
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

/** Every scheme, by its name; docs/cluster.md lists the clients that use it. */
export const hashSchemes: Readonly<Record<HashSchemeName, HashScheme>> = {
  ch3,
  dalli,
  gomemcache,
  hashring,
  jump,
  ketama: /* @__PURE__ */ ketama(),
  memjs,
  modula: /* @__PURE__ */ modula(),
  pymemcache,
  pythonMemcached,
  rendezvous: /* @__PURE__ */ rendezvous(),
  spymemcached,
  weightedKetama,
};
