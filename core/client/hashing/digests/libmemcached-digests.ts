// libmemcached's hash functions by its names.
import { crc32 } from './crc32.ts';
import { jenkins } from './jenkins.ts';
import type { Digest } from '../key-hash.ts';
import { md5 } from './md5.ts';
import { murmur3Digest } from './murmur3.ts';

/** The hash functions of libmemcached, by its names; `one_at_a_time` is its default. */
export type LibmemcachedHash =
  | 'one_at_a_time'
  | 'md5'
  | 'crc'
  | 'fnv1_64'
  | 'fnv1a_64'
  | 'fnv1_32'
  | 'fnv1a_32'
  | 'jenkins'
  | 'murmur'
  | 'murmur3';

/**
 * What libmemcached computes, which is not always what a function of that name is elsewhere: most
 * read bytes from 0x80 on as negative numbers, `crc` is 15 bits of a CRC-32, and the 64-bit ones
 * are cut to 32. (Its `hsieh` is left out of the builds that distributions ship.)
 */
export const libmemcachedDigests: Readonly<Record<LibmemcachedHash, Digest>> = {
  one_at_a_time: oneAtATime,
  md5: md5Word,
  crc: (bytes, length) => (crc32(bytes, length) >>> 16) & 0x7fff,
  fnv1_64: fnv(0x84222325, 0x1b3, false),
  fnv1a_64: fnv(0x84222325, 0x1b3, true),
  fnv1_32: fnv(0x811c9dc5, 0x01000193, false),
  fnv1a_32: fnv(0x811c9dc5, 0x01000193, true),
  jenkins,
  murmur: (bytes, length) => murmur2(bytes, length, Math.imul(0xdeadbeef, length)),
  murmur3: (bytes, length) => murmur3Digest(bytes, length, Math.imul(0xdeadbeef, length)),
};

/** The first four bytes of the MD5, the low one first: what ketama hashes keys by. */
export function md5Word(bytes: Uint8Array, length: number): number {
  return md5(bytes, length)[0]!;
}

function oneAtATime(bytes: Uint8Array, length: number): number {
  let hash = 0;
  for (let i = 0; i < length; i++) {
    hash = (hash + signed(bytes[i]!)) | 0;
    hash = (hash + (hash << 10)) | 0;
    hash ^= hash >>> 6;
  }
  hash = (hash + (hash << 3)) | 0;
  hash ^= hash >>> 11;
  return (hash + (hash << 15)) >>> 0;
}

/** FNV, or the low word of it: the rest of a 64-bit prime does not reach there. */
function fnv(start: number, prime: number, xorFirst: boolean): Digest {
  return (bytes, length) => {
    let hash = start;
    for (let i = 0; i < length; i++) {
      if (xorFirst) hash ^= signed(bytes[i]!);
      hash = Math.imul(hash, prime);
      if (!xorFirst) hash ^= signed(bytes[i]!);
    }
    return hash >>> 0;
  };
}

function murmur2(bytes: Uint8Array, length: number, seed: number): number {
  const factor = 0x5bd1e995;
  const whole = length & ~3;
  let hash = seed ^ length;
  for (let i = 0; i < whole; i += 4) {
    const word = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    const product = Math.imul(word, factor);
    hash = Math.imul(hash, factor) ^ Math.imul(product ^ (product >>> 24), factor);
  }
  if (whole < length) {
    for (let i = whole; i < length; i++) hash ^= bytes[i]! << ((i & 3) << 3);
    hash = Math.imul(hash, factor);
  }
  hash = Math.imul(hash ^ (hash >>> 13), factor);
  return (hash ^ (hash >>> 15)) >>> 0;
}

// libmemcached reads a `char`, which has a sign on x86.
function signed(byte: number): number {
  return (byte << 24) >> 24;
}
