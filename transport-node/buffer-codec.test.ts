// The law: the codec of the runtime and that of the standard agree on any bytes and any text.
import * as assert from 'uvu/assert';
import { Random } from '../conformance/random.ts';
import { standardCodec } from '../core/wire/bytes.ts';
import { suite } from '../test/runner/suite.ts';
import { bufferCodec } from './buffer-codec.ts';

const codec = suite('text codec of Buffer');
const random = new Random(Number(process.env['MEMWIRE_SEED'] ?? 20261127));

const pieces = [
  'x',
  'é',
  '\u20ac',
  '\ud83d\ude00',
  '\ufeff',
  '\0',
  '\r\n',
  '\ufffd',
  'x'.repeat(90),
];

codec('is not the standard one', () => assert.is.not(bufferCodec, standardCodec));

codec('reads what the standard one reads, ill-formed bytes too', () => {
  for (let round = 0; round < 2000; round++) {
    const most = random.chance(0.2) ? 128 : 256;
    const bytes = Uint8Array.from({ length: random.below(600) }, () => random.below(most));
    const from = random.below(bytes.length + 1);
    const to = from + random.below(bytes.length - from + 1);
    const found = bufferCodec.read(bytes, from, to);
    assert.is(found, standardCodec.read(bytes, from, to), String(bytes.subarray(from, to)));
  }
});

codec('writes what the standard one writes, and nothing beside it', () => {
  for (let round = 0; round < 2000; round++) {
    const length = random.below(random.pick([3, 40, 400]));
    const text = Array.from({ length }, () => random.pick(pieces)).join('');
    const at = random.below(20);
    const one = new Uint8Array(at + text.length * 3 + 2);
    const other = one.slice();
    const written = bufferCodec.write(text, one, at);
    assert.is(written, standardCodec.write(text, other, at));
    assert.equal(one, other);
    assert.is(bufferCodec.read(one, at, at + written), text);
  }
});

codec.run();
