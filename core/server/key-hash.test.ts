import * as assert from 'uvu/assert';
import { Random } from '../../conformance/random.ts';
import { suite } from '../../test/runner/suite.ts';
import { fromLatin1, latin1 } from '../wire/bytes.ts';
import { KeyHash } from './key-hash.ts';
import { cacheOptions, Store } from './store.ts';

const hashing = suite('hash of keys');
const seed = Number(process.env['MEMWIRE_SEED'] ?? 20261121);
const hash = (from: number): KeyHash => {
  const random = new Random(from);
  return new KeyHash(() => random.next());
};

hashing('it is HalfSipHash-1-3', () => {
  const words = [0x03020100, 0x07060504];
  const keyed = new KeyHash(() => words.shift()! / 2 ** 32);
  const expected = [
    0x5814c896,
    0xe7e864ca,
    0xbc4b0e30,
    0x01539939,
    0x7e059ea6,
    0x88e3d89b,
    0xa0080b65,
    0x9d38d9d6,
    0x577999b1,
  ];
  for (const [length, hashed] of expected.entries()) {
    assert.is(keyed.of(Uint8Array.from({ length }, (_, i) => i)) >>> 0, hashed);
  }
  assert.is(words.length, 0);
});

hashing('the same seed gives the same hash, another one another', () => {
  const key = fromLatin1('key');
  assert.is(hash(seed).of(key), hash(seed).of(key));
  assert.is.not(hash(seed).of(key), hash(seed + 1).of(key));
});

hashing('each byte counts, and the length', () => {
  const keyed = hash(seed);
  const seen = new Set<number>();
  const texts = ['', '\0', '\0\0', '\0\0\0', '\0\0\0\0', '\0\0\0\0\0', 'abcdefgh'];
  for (let at = 0; at < 8; at++) {
    texts.push(`abcdefgh`.slice(0, at) + 'X' + 'abcdefgh'.slice(at + 1));
  }
  for (const text of texts) seen.add(keyed.of(fromLatin1(text)));
  assert.is(seen.size, texts.length);
});

hashing('keys spread over buckets', () => {
  const keyed = hash(seed);
  const buckets = new Map<number, number>();
  for (let i = 0; i < 25_600; i++) {
    const bucket = keyed.of(fromLatin1(`user:${i}`)) & 255;
    buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1);
  }
  // A hundred each; five standard deviations are fifty.
  const counts = [...buckets.values()];
  assert.is(counts.length, 256);
  assert.ok(Math.min(...counts) > 50 && Math.max(...counts) < 150);
});

/** Keys that collide under FNV-1a as it starts everywhere: 2^13 of 13 pieces, each one of two. */
function collidingKeys(count: number): string[] {
  // Five characters, far from those of the next piece.
  const codes = (piece: number): number[] =>
    [2, 8, 14, 20, 26].map((bit) => 48 + ((Math.imul(piece, 0x9e3779b1) >>> bit) & 63));
  let state = 0x811c9dc5;
  const pieces: [string, string][] = [];
  while (pieces.length < 13) {
    const seen = new Map<number, number>();
    for (let piece = 0;; piece++) {
      let hashed = state;
      for (const code of codes(piece)) hashed = Math.imul(hashed ^ code, 0x01000193);
      const other = seen.get(hashed);
      seen.set(hashed, piece);
      if (other === undefined) continue;
      pieces.push([String.fromCharCode(...codes(other)), String.fromCharCode(...codes(piece))]);
      state = hashed;
      break;
    }
  }
  return Array.from(
    { length: count },
    (_, i) => pieces.map((pair, bit) => pair[(i >> bit) & 1]).join(''),
  );
}

hashing('keys that an attacker makes collide under FNV-1a are found as fast as others', () => {
  const keys = collidingKeys(8000);
  const random = new Random(seed);
  const store = new Store({ ...cacheOptions, random: () => random.next() }, 0, 0);
  for (const key of keys) store.create(fromLatin1(key), fromLatin1('x'), 0, 0, null);
  const before = store.items.probes;
  for (const key of keys) {
    const item = store.find(fromLatin1(key));
    assert.is(latin1(store.items.key(item)), key);
  }
  const probes = store.items.probes - before;
  // One for itself and less than one for others; 32 million where all are in one bucket.
  assert.ok(probes >= keys.length && probes < 3 * keys.length, `${probes} probes`);
});

hashing('keys of one length that share a hash are told apart', () => {
  const random = new Random(seed);
  const store = new Store({ ...cacheOptions, random: () => random.next() }, 0, 0);
  // The same numbers make the same hash: two keys of all these collide, as likely as not twice.
  const same = hash(seed);
  const seen = new Map<number, Uint8Array>();
  for (let i = 1_000_000;; i++) {
    const key = fromLatin1(`key${i}`);
    const hashed = same.of(key);
    const other = seen.get(hashed);
    seen.set(hashed, key);
    if (other === undefined) continue;
    store.create(other, fromLatin1('other'), 0, 0, null);
    assert.is(store.find(key), 0);
    const item = store.create(key, fromLatin1('own'), 0, 0, null);
    assert.is(store.find(key), item);
    assert.is.not(store.find(other), item);
    return;
  }
});

hashing('each server has a hash of its own', () => {
  const text = fromLatin1('key');
  const hashes = Array.from({ length: 8 }, () => new KeyHash(cacheOptions.random).of(text));
  assert.is(new Set(hashes).size, 8);
});

hashing.run();
