import * as assert from 'uvu/assert';
import { Client, zlibCodec } from '../../test/runtime.ts';
import { suite } from '../../test/suite.ts';
import { MemoryServer } from '../server/memory.ts';
import { UsageError } from '../wire/errors.ts';
import { compressedSerde } from './compressed-serde.ts';

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

compression.run();
