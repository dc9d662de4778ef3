import { deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import * as assert from 'uvu/assert';
import { storedVectors } from '../../../../conformance/vectors/stored-values.ts';
import { suite } from '../../../../test/runner/suite.ts';
import { utf8 } from '../../../wire/bytes.ts';
import { UsageError } from '../../../wire/errors.ts';
import type { Codec } from '../compressed-serde.ts';
import { fastlzDecompress } from './fastlz.ts';
import { ForeignValue } from './foreign-value.ts';
import { phpSerde } from './php-serde.ts';
import { type ProfileName, profiles } from './profiles.ts';

const profile = suite('profiles');

function codecOf(name: ProfileName): Codec {
  const inflate = name === 'spymemcached' ? gunzipSync : inflateSync;
  return {
    compress: () => assert.unreachable('nothing is compressed that is stored') as never,
    decompress: (data, limit) => new Uint8Array(inflate(data, { maxOutputLength: limit })),
  };
}

for (const { profile: name, name: what, value, flags, stored, readOnly } of storedVectors) {
  profile(`${name}: ${what}`, () => {
    const serde = profiles[name].serde({ codec: codecOf(name) });
    const bytes = fromHex(stored);
    const read = serde.deserialize('k', bytes, flags);
    if (value === undefined) assert.equal(read, new ForeignValue(bytes, flags));
    else assert.equal(read, value);
    if (readOnly === true) return;
    const written = serde.serialize('k', read);
    assert.is(written.flags, flags);
    const out = typeof written.value === 'string' ? utf8(written.value) : written.value;
    assert.is(toHex(out), stored);
  });
}

const packing: readonly (readonly [name: ProfileName, value: unknown, flags: number])[] = [
  ['pymemcache', 'text', 16 | 8],
  ['python-memcached', 'text', 16 | 8],
  ['pylibmc', 'text', 16 | 8],
  ['dalli', 'text', 4 | 2],
  ['dalli-json', ['text'], 1 | 2],
  ['php-memcached', 'text', 16 | 32],
  ['php-memcached', ['text'], 6 | 16 | 32],
  ['spymemcached', 'text', 2],
];
for (const [name, value, flags] of packing) {
  const what = `${name}: ${typeof value} of more bytes than the threshold is compressed`;
  profile(what, () => {
    const [deflate, inflate] = name === 'spymemcached'
      ? [gzipSync, gunzipSync]
      : [deflateSync, inflateSync];
    const serde = profiles[name].serde({
      codec: {
        compress: (data) => new Uint8Array(deflate(data)),
        decompress: (data, limit) => new Uint8Array(inflate(data, { maxOutputLength: limit })),
      },
      threshold: 100,
    });
    const large = typeof value === 'string' ? value.repeat(100) : [String(value).repeat(100)];
    const packed = serde.serialize('k', large);
    assert.is(packed.flags, flags);
    assert.ok(packed.value.length < 100);
    const bytes = typeof packed.value === 'string' ? utf8(packed.value) : packed.value;
    assert.equal(serde.deserialize('k', bytes, flags), large);
    assert.not.equal(serde.serialize('k', value).flags, flags, 'a small one is not');
  });
}

profile('what was read compressed is not compressed once more', () => {
  const bytes = new Uint8Array(1000);
  for (const [name, , flags] of packing) {
    const serde = profiles[name].serde({ codec: codecOf(name), threshold: 100 });
    const foreign = new ForeignValue(bytes, flags);
    assert.equal(serde.serialize('k', foreign), { value: bytes, flags }, name);
  }
});

profile('without a codec, what was compressed is foreign', () => {
  const packed = storedVectors.filter(({ name }) =>
    /compressed/.test(name) && !/FastLZ/.test(name)
  );
  assert.is(packed.length, 5);
  for (const { profile: name, name: what, flags, stored } of packed) {
    const bytes = fromHex(stored);
    const read = profiles[name].serde().deserialize('k', bytes, flags);
    assert.equal(read, new ForeignValue(bytes, flags), `${name}: ${what}`);
  }
});

profile('what a client could not read is refused', () => {
  const refused: readonly (readonly [name: ProfileName, values: readonly unknown[]])[] = [
    ['pymemcache', [1.5, true, null, {}, undefined, NaN]],
    ['dalli', [1, true, null, {}]],
    ['gomemcache', [1, null]],
    ['memcached-npm', [1n, undefined, new Map()]],
    ['spymemcached', [null, {}, 2n ** 63n, new Date(NaN)]],
    ['php-memcached', [2n ** 63n, undefined, new Map()]],
  ];
  for (const [name, values] of refused) {
    for (const value of values) {
      const store = (): unknown => profiles[name].serde().serialize('k', value);
      assert.throws(
        store,
        (error: unknown) => error instanceof UsageError,
        `${name}: ${typeof value}`,
      );
    }
  }
});

profile('half of a character is text to none of them', () => {
  for (const [name, { serde }] of Object.entries(profiles)) {
    const text = 'x\ud83c';
    if (name === 'dalli-json') {
      // JSON has a way to write it.
      const { value, flags } = serde().serialize('k', text);
      assert.is(serde().deserialize('k', utf8(value as string), flags), text);
      continue;
    }
    const store = (): unknown => serde().serialize('k', text);
    assert.throws(store, (error: unknown) => error instanceof UsageError, name);
  }
});

profile('what JSON would lose is refused by those that write JSON', () => {
  for (const name of ['php-memcached', 'dalli-json', 'memcached-npm'] as const) {
    for (const lost of [new SharedArrayBuffer(1), Promise.resolve(), { a: new Map() }, [NaN]]) {
      const store = (): unknown => profiles[name].serde().serialize('k', lost);
      assert.throws(store, (error: unknown) => error instanceof UsageError, name);
    }
  }
});

profile('php: a string may come as bytes', () => {
  assert.equal(phpSerde({ binary: true }).deserialize('k', utf8('é'), 0), utf8('é'));
});

profile('php: the bits of the user are left alone', () => {
  assert.is(phpSerde().deserialize('k', utf8('42'), 0xabcd0001), 42);
});

profile('decompression is bounded before anything is allocated', () => {
  for (const { profile: name, name: what, flags, stored } of storedVectors) {
    if (!/compressed/.test(what)) continue;
    const serde = profiles[name].serde({ codec: codecOf(name), maxSize: 5000 });
    assert.throws(
      () => serde.deserialize('k', fromHex(stored), flags),
      (error: unknown) => error instanceof UsageError && /decompress/.test(error.message),
      `${name}: ${what}`,
    );
  }
});

profile('FastLZ: a short input cannot ask for much memory', () => {
  assert.throws(() => fastlzDecompress(Uint8Array.of(0, 97), 64 * 1024 * 1024), /FastLZ/);
});

profile('a foreign value is stored again as it was', () => {
  const value = new ForeignValue(Uint8Array.of(1, 2, 3), 0x4321);
  for (const { serde } of Object.values(profiles)) {
    assert.equal(serde().serialize('k', value), { value: value.bytes, flags: 0x4321 });
  }
});

profile('FastLZ: any cut or changed input is an error or the right length', () => {
  const vectors = storedVectors.filter(({ name }) => name.includes('FastLZ'));
  assert.is(vectors.length, 2);
  for (const { stored } of vectors) {
    const input = fromHex(stored).subarray(4);
    const length = new DataView(fromHex(stored).buffer).getUint32(0, true);
    for (let cut = 0; cut < input.length; cut++) {
      assert.throws(() => fastlzDecompress(input.subarray(0, cut), length), /FastLZ/);
    }
    for (let at = 0; at < input.length; at++) {
      for (const flip of [1, 32, 0x80, 0xff]) {
        const changed = input.map((byte, i) => (i === at ? byte ^ flip : byte));
        try {
          assert.is(fastlzDecompress(changed, length).length, length);
        } catch (error) {
          assert.match(String(error), /FastLZ/);
        }
      }
    }
  }
});

// Both as the servers of a run of the clients had them.
profile('long keys are shortened as by their clients', () => {
  const long = 'k'.repeat(300);
  const { dalli, 'memcached-npm': npm, pymemcache } = profiles;
  assert.is(dalli.toKey(long, ''), `${'k'.repeat(212)}:md5:5a69e4537adaa28f65c3e6cc605b46dd`);
  assert.is(dalli.toKey(long, 'ns:').length, 250);
  assert.is(dalli.toKey('k'.repeat(250), ''), 'k'.repeat(250));
  assert.is(npm.toKey(long, ''), '5a69e4537adaa28f65c3e6cc605b46dd');
  assert.is(npm.toKey(long, 'ns:'), '85d26c0c7a94895d412f9fecf14786d8');
  assert.is(pymemcache.toKey(long, 'ns:'), `ns:${long}`);
});

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16));
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

profile.run();
