import * as assert from 'uvu/assert';
import { suite } from '../../test/suite.ts';
import { fromLatin1, utf8 } from '../wire/bytes.ts';
import { UsageError } from '../wire/errors.ts';
import { defaultSerde, ownBytes } from './serde.ts';

const serde = suite('default serde');

function roundTrip(value: unknown): unknown {
  const { value: data, flags } = defaultSerde.serialize('k', value);
  // What arrives is a plain array of its own.
  const bytes = typeof data === 'string' ? utf8(data) : new Uint8Array(data);
  return defaultSerde.deserialize('k', bytes, flags);
}

const kinds: readonly [name: string, value: unknown, flags: number][] = [
  ['text', 'hello', 16],
  ['no text', '', 16],
  ['text that looks like a number', '42', 16],
  ['text that is not ASCII', 'é🍺\0\r\n\ufeff', 16],
  ['text that begins with a byte order mark', '\ufeffx', 16],
  ['bytes', new Uint8Array([0, 255, 13, 10]), 0],
  ['no bytes', new Uint8Array(0), 0],
  ['zero', 0, 2],
  ['a whole number', 42, 2],
  ['a negative number', -42, 2],
  ['the largest safe integer', Number.MAX_SAFE_INTEGER, 2],
  ['the smallest safe integer', Number.MIN_SAFE_INTEGER, 2],
  ['a bigint past 2^53', 2n ** 53n + 1n, 2],
  ['a negative bigint past 2^53', -(2n ** 53n) - 1n, 2],
  ['a bigint of 300 digits', 10n ** 299n + 7n, 2],
  ['minus zero', -0, 32],
  ['a fraction', 1.5, 32],
  ['a number past 2^53', 2 ** 60, 32],
  ['the largest number', Number.MAX_VALUE, 32],
  ['true', true, 32],
  ['false', false, 32],
  ['null', null, 32],
  ['an array', [1, 'a', null, [true]], 32],
  ['an object', { a: { b: [1] }, 'é': 'ü' }, 32],
  ['an object with dangerous names', JSON.parse('{"__proto__":1,"constructor":2}'), 32],
];

for (const [name, value, flags] of kinds) {
  serde(`${name} comes back as it was, with the flags ${flags}`, () => {
    assert.is(defaultSerde.serialize('k', value).flags, flags);
    const back = roundTrip(value);
    assert.is(typeof back, typeof value);
    if (typeof value === 'object') assert.equal(back, value);
    else assert.ok(Object.is(back, value), String(back));
  });
}

serde('a bigint that is a safe integer comes back as a number', () => {
  assert.is(roundTrip(5n), 5);
});

serde('a Buffer comes back as a Uint8Array', () => {
  const back = roundTrip(Buffer.from('abc'));
  assert.equal(back, new Uint8Array([97, 98, 99]));
});

serde('a Date comes back as JSON has it', () => {
  assert.is(roundTrip(new Date(0)), '1970-01-01T00:00:00.000Z');
});

const circle: unknown[] = [];
circle.push(circle);

for (
  const [name, value] of [
    ['undefined', undefined],
    ['a function', () => {}],
    ['a symbol', Symbol('x')],
    ['NaN', NaN],
    ['Infinity', -Infinity],
    ['a circle', circle],
    ['a bigint within an object', { big: 1n }],
    ['a Map', new Map([[1, 2]])],
    ['a Set', new Set([1])],
    ['an ArrayBuffer', new ArrayBuffer(4)],
    ['a Float64Array', new Float64Array(4)],
    ['a DataView', new DataView(new ArrayBuffer(4))],
  ] as const
) {
  serde(`${name} is refused: JSON would lose it`, () => {
    assert.throws(
      () => defaultSerde.serialize('k', value),
      (error: unknown) => error instanceof UsageError && error.argument === 'value',
    );
  });
}

for (
  const [name, text, flags] of [
    ['flags that nobody knows', 'x', 1],
    ['flags past 32 bits', 'x', 2 ** 40],
    ['an integer that is none', 'x', 2],
    ['an integer with text after it', '12x', 2],
    ['an integer of no digits', '', 2],
    ['an integer with spaces within', '1 2', 2],
    ['a fraction for an integer', '1.5', 2],
    ['JSON that was cut', '{"a":', 32],
    ['no JSON', '', 32],
  ] as const
) {
  serde(`${name}: a UsageError that names the key and not the value`, () => {
    try {
      defaultSerde.deserialize('the key', fromLatin1(text), flags);
    } catch (error) {
      assert.instance(error, UsageError);
      assert.is((error as UsageError).argument, 'serde');
      assert.match((error as UsageError).message, '"the key"');
      assert.not.match((error as UsageError).message, text === '' ? 'nothing' : `"${text}"`);
      return;
    }
    assert.unreachable();
  });
}

serde('the spaces that decr leaves do not matter', () => {
  assert.is(defaultSerde.deserialize('k', fromLatin1('99 '), 2), 99);
});

serde('a small value does not keep its chunk alive, a large one is not copied', () => {
  const chunk = new Uint8Array(1000);
  assert.is(ownBytes(chunk.subarray(10, 20)).buffer.byteLength, 10);
  assert.is(ownBytes(chunk.subarray(0, 900)).buffer, chunk.buffer);
});

serde.run();
