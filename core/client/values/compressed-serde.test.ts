import * as assert from 'uvu/assert';
import { Client, zlibCodec } from '../../../test/runner/runtime.ts';
import { suite } from '../../../test/runner/suite.ts';
import { MemoryServer } from '../../server/memory.ts';
import { utf8 } from '../../wire/bytes.ts';
import { UsageError } from '../../wire/errors.ts';
import { compressedSerde } from './compressed-serde.ts';
import { phpSerde } from './profiles/php-serde.ts';
import { profiles } from './profiles/profiles.ts';
import { defaultSerde, type Serde } from './serde.ts';

const compression = suite('compression');
const serde = compressedSerde({ codec: zlibCodec });
const TEXT = 16;

compression('every kind of value comes back through a server', async () => {
  const { dial } = new MemoryServer();
  const client = new Client('localhost', { dial, serde });
  const values = ['x'.repeat(5000), { list: Array.from({ length: 500 }, (_, i) => i) }];
  for (const value of [...values, 'short', 42, new Uint8Array(3000)]) {
    await client.set('key', value);
    assert.equal(await client.get('key'), value);
  }
  await client.close();
});

compression('what is short, or would grow, is stored as it is', () => {
  const short = serde.serialize('key', 'x'.repeat(400));
  assert.equal(short, { value: 'x'.repeat(400), flags: TEXT });
  const noise = Uint8Array.from({ length: 1000 }, (_, i) => (i * i * 2654435761) >>> 13);
  const stored = compressedSerde({
    codec: { ...zlibCodec, compress: (data) => new Uint8Array(data.length + 1) },
  }).serialize('key', noise);
  assert.equal(stored, { value: noise, flags: 0 });
  assert.is(serde.serialize('key', 'x'.repeat(401)).flags, TEXT | 8);
});

compression('reads what pymemcache has compressed', () => {
  // zlib.compress(b'memwire ' * 100), flags 16 | 8.
  const packed = Buffer.from('789ccb4dcd2dcf2c4a55c81da547e9511a830600504d34a8', 'hex');
  assert.is(serde.deserialize('key', packed, TEXT | 8), 'memwire '.repeat(100));
});

compression('what is no compressed value, or too much of one, is an error', () => {
  const bomb = zlibCodec.compress(new Uint8Array(10_000));
  const careful = compressedSerde({ codec: zlibCodec, maxSize: 9_999 });
  assert.throws(() => careful.deserialize('key', bomb, 8), (error: unknown) => {
    return error instanceof UsageError && /cannot decompress/.test(error.message);
  });
  assert.throws(() => serde.deserialize('key', new Uint8Array(10), 8), /cannot decompress/);
});

compression('a threshold of 0 compresses nothing, as in pymemcache, and so does Infinity', () => {
  const text = 'x'.repeat(5000);
  for (const threshold of [0, Infinity]) {
    const plain = compressedSerde({ codec: zlibCodec, threshold });
    assert.equal(plain.serialize('key', text), { value: text, flags: TEXT });
    assert.is(plain.deserialize('key', zlibCodec.compress(utf8(text)), TEXT | 8), text);
    const php = phpSerde({ codec: zlibCodec, threshold });
    assert.equal(php.serialize('key', text), { value: text, flags: 0 });
  }
  assert.is(compressedSerde({ codec: zlibCodec, threshold: 1 }).serialize('key', text).flags, 24);
});

const kinds: Readonly<Record<string, readonly unknown[]>> = {
  options: [null, 5, 'zlib', () => {}],
  codec: [null, 'zlib', {}, { compress: () => {} }],
  threshold: [null, '400', -1, NaN],
  maxSize: [null, '1', 0, -1, NaN],
};
const own: Readonly<Record<string, readonly unknown[]>> = {
  codec: [undefined],
  serde: [null, 'json', {}, { serialize: () => {} }],
  flag: [null, '8', 0, -1, 1.5, 2 ** 32],
  minCompressLen: [400],
  min_compress_len: [400],
};
const makers: readonly (readonly [
  name: string,
  make: (options: never) => unknown,
  wrong: Readonly<Record<string, readonly unknown[]>>,
])[] = [
  ['compressedSerde', compressedSerde, { ...kinds, ...own }],
  ['phpSerde', phpSerde, { ...kinds, binary: [null, 1], serde: [defaultSerde] }],
  ['profiles.pymemcache', profiles.pymemcache.serde, { ...kinds, treshold: [5], flag: [8] }],
  ['profiles.memjs', profiles.memjs.serde, { ...kinds, treshold: [5] }],
];
for (const [name, make, wrong] of makers) {
  for (const [option, values] of Object.entries(wrong)) {
    compression(`${name} with a wrong ${option} is not made`, () => {
      for (const value of values) {
        const options = option === 'options' ? value : { codec: zlibCodec, [option]: value };
        assert.throws(
          () => make(options as never),
          (error: unknown) => error instanceof UsageError && error.argument === option,
        );
      }
    });
  }
}

compression('what a codec does wrong is its own', () => {
  const value = 'x'.repeat(500);
  const make = (codec: object): Serde => compressedSerde({ codec: { ...zlibCodec, ...codec } });
  const fails = (): never => {
    throw new Error('out of order');
  };
  const packed = serde.serialize('key', value).value as Uint8Array;
  for (const [wrong, reason] of [[fails, 'out of order'], [async () => {}, 'at once']] as const) {
    const refuses = (argument: string) => (error: unknown): boolean =>
      error instanceof UsageError && error.argument === argument && error.rule.includes(reason);
    assert.throws(() => make({ compress: wrong }).serialize('key', value), refuses('codec'));
    const read = (): unknown => make({ decompress: wrong }).deserialize('key', packed, 24);
    assert.throws(read, refuses('serde'));
    const php = phpSerde({ codec: { ...zlibCodec, compress: wrong as never }, threshold: 9 });
    assert.throws(() => php.serialize('key', value), refuses('codec'));
  }
});

compression('a codec that does not mind the limit is found out', () => {
  const careless = compressedSerde({
    codec: { ...zlibCodec, decompress: () => new Uint8Array(11) },
    maxSize: 10,
  });
  assert.throws(() => careless.deserialize('key', new Uint8Array(1), 8), /more than 10/);
});

compression('half of a character is refused before it is compressed', () => {
  const careless: Serde = {
    ...serde,
    serialize: (_, value) => ({ value: String(value), flags: 0 }),
  };
  const text = `${'x'.repeat(500)}\ud800`;
  const any = compressedSerde({ codec: zlibCodec, serde: careless });
  assert.throws(() => any.serialize('key', text), /lone surrogate/);
});

compression('the highest flag is a number without sign', () => {
  const high = compressedSerde({ codec: zlibCodec, flag: 2 ** 31 });
  const { value, flags } = high.serialize('key', 'x'.repeat(500));
  assert.is(flags, 2 ** 31 + TEXT);
  assert.is(high.deserialize('key', value as Uint8Array, flags), 'x'.repeat(500));
});

compression.run();
