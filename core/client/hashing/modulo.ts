// Schemes that take a hash modulo the number of nodes.
import { checkEntry } from '../../wire/check.ts';
import { UsageError } from '../../wire/errors.ts';
import type { Key } from '../../wire/command.ts';
import { crc32 } from './digests/crc32.ts';
import { type HashScheme, refuseWeights } from './hasher.ts';
import { byteHash, type Digest, hashText } from './key-hash.ts';
import { libmemcachedDigests, type LibmemcachedHash } from './digests/libmemcached-digests.ts';

/**
 * libmemcached's `MODULA`, its default: a hash of the key modulo the number of nodes.
 *
 * @throws UsageError when it has no such hash.
 */
export function modula(hash: LibmemcachedHash = 'one_at_a_time'): HashScheme {
  return moduloBytes(checkEntry('hash', libmemcachedDigests, hash));
}

/** gomemcache's `ServerList`. */
export const gomemcache: HashScheme = /* @__PURE__ */ moduloBytes(crc32);

/** memjs. */
export const memjs: HashScheme = /* @__PURE__ */ modulo((key) => Math.abs(javaHash(key)));

/** spymemcached's default: `ARRAY_MOD` of `NATIVE_HASH`. */
export const spymemcached: HashScheme = /* @__PURE__ */ modulo((key) => javaHash(key) >>> 0);

/** python-memcached: a node is in the list as many times as its weight. */
export const pythonMemcached: HashScheme = (nodes) => {
  const owners = nodes.flatMap(({ name, weight = 1 }, index) => {
    if (Number.isInteger(weight) && weight <= 1000) {
      return Array.from({ length: weight }, () => index);
    }
    throw new UsageError(
      'weight',
      `of ${name}: python-memcached has whole numbers, here up to 1000`,
    );
  });
  const hash = byteHash((bytes, length) => (crc32(bytes, length) >>> 16) & 0x7fff || 1);
  return (key) => owners[hash(key) % owners.length]!;
};

function moduloBytes(digest: Digest): HashScheme {
  return (nodes) => modulo(byteHash(digest))(nodes);
}

function modulo(hash: (key: Key) => number): HashScheme {
  return (nodes) => {
    refuseWeights(nodes);
    const { length } = nodes;
    return (key) => hash(key) % length;
  };
}

// String.hashCode() of Java, over UTF-16 as there.
function javaHash(key: Key): number {
  const text = hashText(key);
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(31, hash) + text.charCodeAt(i)) | 0;
  return hash;
}
