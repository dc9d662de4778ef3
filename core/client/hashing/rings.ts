// Schemes that lay nodes out on a ring.
import { utf8 } from '../../wire/bytes.ts';
import { checkEntry } from '../../wire/check.ts';
import { crc32 } from './digests/crc32.ts';
import type { HashScheme } from './hasher.ts';
import type { Digest } from './key-hash.ts';
import {
  libmemcachedDigests,
  type LibmemcachedHash,
  md5Word,
} from './digests/libmemcached-digests.ts';
import { md5 } from './digests/md5.ts';
import { ring } from './ring.ts';
import { sha1 } from './digests/sha1.ts';

/** Points of each node if all weights are equal: four from each of 40 digests. */
const POINTS = 160;

/** libmemcached's `KETAMA_WEIGHTED`: `OPT_LIBKETAMA_COMPATIBLE` in php-memcached. */
export const weightedKetama: HashScheme = /* @__PURE__ */ ring({
  points: weightedPoints,
  digest: md5Word,
  side: 'next',
});

/**
 * libmemcached's `KETAMA`. If a node has a weight above 1, its points are those of `weightedKetama`, but
 * keys are hashed as without.
 *
 * @param hash The hash function of keys and points: libmemcached's `HASH`.
 * @throws UsageError when it has no such hash.
 */
export function ketama(hash: LibmemcachedHash = 'one_at_a_time'): HashScheme {
  const digest = checkEntry('hash', libmemcachedDigests, hash);
  const plain = ring({ points: (name) => plainPoints(name, digest), digest, side: 'next' });
  const weighted = ring({ points: weightedPoints, digest, side: 'next' });
  return (nodes) => (nodes.some(({ weight = 1 }) => weight > 1) ? weighted : plain)(nodes);
}

/** The default of hashring (npm), and spymemcached's ketama: names keep their port. */
export const hashring: HashScheme = /* @__PURE__ */ ring({
  points: (name, weight, total, count) =>
    md5Points(name, Math.floor(weight / total * (POINTS / 4) * count)),
  digest: md5Word,
  side: 'next',
});

/** dalli's ring. */
export const dalli: HashScheme = /* @__PURE__ */ ring({
  points: (name, weight, total, count) => {
    const points = Math.floor(count * POINTS * weight / total);
    return Array.from({ length: points }, (_, i) => sha1(utf8(`${name}:${i}`))[0]!);
  },
  digest: crc32,
  side: 'previous',
});

function weightedPoints(
  name: string,
  weight: number,
  total: number,
  count: number,
): Iterable<number> {
  // Each step in single precision, as in libmemcached: some shares come out one digest smaller.
  const share = Math.fround(Math.fround(weight) / Math.fround(total));
  const digests = Math.fround(Math.fround(Math.fround(share * POINTS) / 4) * Math.fround(count));
  return md5Points(libmemcachedName(name), Math.floor(Math.fround(digests + 1e-10)));
}

function* plainPoints(name: string, digest: Digest): Iterable<number> {
  for (let i = 0; i < 100; i++) {
    const text = utf8(`${libmemcachedName(name)}-${i}`);
    yield digest(text, text.length);
  }
}

function* md5Points(name: string, digests: number): Iterable<number> {
  for (let i = 0; i < digests; i++) {
    const text = utf8(`${name}-${i}`);
    yield* md5(text, text.length);
  }
}

// libmemcached leaves memcached's own port out, and gives sockets one.
function libmemcachedName(name: string): string {
  return name.startsWith('/') ? `${name}:0` : name.replace(/:11211$/, '');
}
