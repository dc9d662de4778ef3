import { createHash } from 'node:crypto';
import * as assert from 'uvu/assert';
import { Random } from '../../../../conformance/random.ts';
import {
  digestVectors,
  furcVectors,
  pymemcacheDigests,
} from '../../../../conformance/vectors/digests.ts';
import { hashKeys } from '../../../../conformance/vectors/routes.ts';
import { suite } from '../../../../test/runner/suite.ts';
import { utf8 } from '../../../wire/bytes.ts';
import { furcHash } from './ch3.ts';
import { crc32 } from './crc32.ts';
import { jumpBucket } from '../schemes.ts';
import { libmemcachedDigests, type LibmemcachedHash } from './libmemcached-digests.ts';
import { md5 } from './md5.ts';
import { KeyWords, Murmur3, murmur3, murmur3Digest } from './murmur3.ts';
import { sha1 } from './sha1.ts';
import { spooky32 } from './spooky.ts';
import { Word64 } from './word64.ts';

const digests = suite('hashing: digests');

for (const [name, expected] of Object.entries(digestVectors)) {
  digests(`${name} is libmemcached's`, () => {
    const digest = libmemcachedDigests[name as LibmemcachedHash];
    assert.equal(hashKeys.slice(0, expected.length).map((key) => all(digest, utf8(key))), expected);
  });
}

digests("murmur3 is pymemcache's, wherever its prefix ends", () => {
  for (const [i, expected] of pymemcacheDigests.entries()) {
    const bytes = Uint8Array.from(hashKeys[i] ?? '', (character) => character.codePointAt(0)!);
    for (let cut = 0; cut <= Math.min(bytes.length, 9); cut++) {
      const hash = new Murmur3(bytes.subarray(0, cut));
      const words = new KeyWords(hash.offset);
      words.set(bytes.subarray(cut), bytes.length - cut);
      assert.is(hash.digest(words), expected, `${hashKeys[i]} ${cut}`);
    }
    assert.is(murmur3Digest(bytes, bytes.length, 0), expected);
    assert.is(murmur3(bytes), expected);
  }
});

digests('murmur3 has a seed', () => {
  assert.is(murmur3(utf8('abc'), 1), 2859854335);
  assert.is(murmur3('abc', 0x9747b28c), 3360318173);
});

digests('md5 and sha1 are those of node:crypto, at every length around a block', () => {
  const random = new Random(1);
  for (let length = 0; length < 200; length++) {
    const bytes = Uint8Array.from({ length }, () => random.below(256));
    const words = (name: string, count: number, little: boolean): number[] => {
      const digest = createHash(name).update(bytes).digest();
      return Array.from(
        { length: count },
        (_, i) => little ? digest.readUInt32LE(4 * i) : digest.readUInt32BE(4 * i),
      );
    };
    assert.equal([...md5(bytes, length)], words('md5', 4, true), `md5 of ${length} bytes`);
    assert.equal([...sha1(bytes)], words('sha1', 5, false), `sha1 of ${length} bytes`);
  }
});

digests('crc32 has its check value', () => {
  assert.is(crc32(utf8('123456789'), 9), 0xcbf43926);
});

digests("furc_hash is mcrouter's", () => {
  const found = hashKeys.slice(0, furcVectors.length).map((key) => {
    const bytes = utf8(key);
    return furcHash(bytes, bytes.length, 99_999);
  });
  assert.equal(found, furcVectors);
});

// From mcrouter's own test of furc_hash, at the most buckets there are.
digests('furc_hash takes 2^23 buckets', () => {
  assert.is(furcHash(utf8(''), 0, 2 ** 23), 6173600);
  assert.is(furcHash(utf8('sample'), 6, 2 ** 23), 5167780);
});

// Each byte is 7 times its index and the length; as folly's SpookyHashV2 hashes them.
digests("spooky32 is folly's", () => {
  const vectors: readonly (readonly [length: number, hash: number])[] = [
    [0, 1865093797],
    [1, 335629272],
    [3, 2874635065],
    [4, 153639995],
    [7, 4143504151],
    [8, 2370622750],
    [11, 3364055477],
    [12, 1628347176],
    [15, 850751301],
    [16, 3860454585],
    [17, 3650732608],
    [31, 3205361308],
    [32, 2531173520],
    [33, 554761241],
    [47, 2481231579],
    [48, 3733914029],
    [63, 851802240],
    [64, 4101097436],
    [100, 1313249333],
    [191, 719792347],
    [192, 907587647],
    [193, 2096904342],
    [250, 4098786049],
    [280, 3239380447],
    [288, 3242799688],
    [300, 384674757],
  ];
  for (const [length, hash] of vectors) {
    const bytes = Uint8Array.from({ length }, (_, i) => i * 7 + length);
    assert.is(spooky32(bytes, length, 0xface2014), hash, `${length} bytes`);
  }
});

// Keys are hashed in an array that is longer, and holds what is left of the key before.
digests('no hash reads past the length that it is given', () => {
  const hashes: Readonly<Record<string, (bytes: Uint8Array, length: number) => unknown>> = {
    ...libmemcachedDigests,
    crc32,
    md5,
    murmur3: (bytes, length) => murmur3Digest(bytes, length, 0),
    furcHash: (bytes, length) => furcHash(bytes, length, 99_999),
    spooky32: (bytes, length) => spooky32(bytes, length, 0xface2014),
  };
  for (const [name, hash] of Object.entries(hashes)) {
    for (let length = 0; length <= 250; length++) {
      const bytes = Uint8Array.from({ length }, (_, i) => i * 7 + length);
      const longer = new Uint8Array(length + 16).fill(0xa5);
      longer.set(bytes);
      assert.equal(hash(longer, length), hash(bytes, length), `${name}: ${length} bytes`);
    }
  }
});

digests('jump hash gives the buckets of its paper', () => {
  const vectors: readonly (readonly [key: bigint, buckets: number, bucket: number])[] = [
    [0n, 10, 0],
    [1n, 10, 6],
    [1n, 1000, 549],
    [256n, 10, 3],
    [256n, 666, 520],
    [0xdeadbeefn, 5, 3],
    [0xdeadbeefn, 10, 5],
    [0xdeadbeefn, 1000, 285],
    [12345n, 1000, 938],
    [2n ** 64n - 1n, 10, 9],
    [2n ** 64n - 1n, 1000, 313],
    [10863919174838991n, 1000, 830],
  ];
  for (const [key, buckets, bucket] of vectors) {
    assert.is(jumpBucket(toWord(key), buckets), bucket, `${key} of ${buckets}`);
  }
});

digests('64-bit words multiply as bigints do', () => {
  const random = new Random(2);
  const half = (): number => random.chance(0.2) ? 0xffffffff : random.below(2 ** 32);
  for (let i = 0; i < 1000; i++) {
    const [a, b, c, d] = [half(), half(), half(), half()];
    const word = new Word64(a, b);
    word.multiply(c, d);
    const product = BigInt.asUintN(64, fromHalves(a, b) * fromHalves(c, d));
    assert.is(fromHalves(word.high, word.low), product, `${a} ${b} ${c} ${d}`);
  }
});

function all(digest: (bytes: Uint8Array, length: number) => number, bytes: Uint8Array): number {
  return digest(bytes, bytes.length);
}

function toWord(number: bigint): Word64 {
  return new Word64(Number(number >> 32n), Number(number & 0xffffffffn));
}

function fromHalves(high: number, low: number): bigint {
  return (BigInt(high) << 32n) | BigInt(low);
}

digests.run();
