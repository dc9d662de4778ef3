import { runInNewContext } from 'node:vm';
import * as assert from 'uvu/assert';
import { suite } from '../../../test/runner/suite.ts';
import { fromLatin1, utf8 } from '../../wire/bytes.ts';
import { UsageError } from '../../wire/errors.ts';
import { checkSerde, defaultSerde, ownBytes, type Serde, serialize } from './serde.ts';

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

class Point {
  readonly x = 1;
  readonly #y = 2;
  readonly note = undefined;

  get sum(): number {
    return this.x + this.#y;
  }
}

for (
  const [name, value, back] of [
    ['a Date within', { a: new Date(0) }, { a: '1970-01-01T00:00:00.000Z' }],
    ['an instance of a class', new Point(), { x: 1 }],
    ['an instance without properties', new (class Empty {})(), {}],
    ['an instance that names itself', { [Symbol.toStringTag]: 'Point', x: 1 }, { x: 1 }],
    ['an object without prototype', Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
    ['an object of another realm', runInNewContext('({ a: [1, null] })'), { a: [1, null] }],
    ['what is left out of an object', { a: undefined, b: () => {}, c: Symbol('c'), d: 1 }, {
      d: 1,
    }],
    ['what has a toJSON', { toJSON: () => 'said', a: NaN }, 'said'],
    ['a Map that has a toJSON', Object.assign(new Map(), { toJSON: () => [1] }), [1]],
    ['a list that has a toJSON', Object.assign([NaN], { toJSON: () => [1] }), [1]],
    ['half of a character within', { a: '\ud83c' }, { a: '\ud83c' }],
    ['an inherited property that is not written', Object.create({ a: NaN }), {}],
  ] as const
) {
  serde(`${name} comes back as JSON has it`, () => assert.equal(roundTrip(value), back));
}

serde('an error says where in the value it is, and what is there', () => {
  assert.throws(
    () => defaultSerde.serialize('k', { list: [1, { when: new Map() }] }),
    /value\.list\[1\]\.when is \[object Map\]/,
  );
});

for (
  const [name, made] of [
    ['null', null],
    ['undefined', undefined],
    ['a promise', Promise.resolve({ value: '', flags: 0 })],
    ['text alone', 'x'],
    ['no value', { flags: 0 }],
    ['a value that is neither text nor bytes', { value: 5, flags: 0 }],
    ['no flags', { value: 'x' }],
    ['flags that are text', { value: 'x', flags: '5' }],
    ['flags below 0', { value: 'x', flags: -1 }],
    ['flags past 32 bits', { value: 'x', flags: 2 ** 32 }],
  ] as const
) {
  serde(`a serde that makes ${name} of a value is named, with the key`, () => {
    const wrong = { ...defaultSerde, serialize: () => made } as unknown as Serde;
    assert.throws(
      () => serialize(wrong, 'the key', 5),
      (error: unknown) =>
        error instanceof UsageError && error.argument === 'serde' &&
        error.message.includes('"the key"') && error.outcome === 'not-sent',
    );
  });
}

serde('a serde that throws is named, unless it names another', () => {
  const cause = new TypeError('no such type');
  const fails = (error: Error): Serde => ({
    ...defaultSerde,
    serialize() {
      throw error;
    },
  });
  try {
    serialize(fails(cause), 'the key', 5);
    assert.unreachable();
  } catch (error) {
    assert.instance(error, UsageError);
    assert.is((error as UsageError).argument, 'serde');
    assert.is((error as UsageError).cause, cause);
    assert.match((error as UsageError).message, 'no such type');
  }
  const own = new UsageError('value', 'is not for me');
  assert.throws(() => serialize(fails(own), 'k', 5), (error: unknown) => error === own);
});

serde('what a serde makes is passed on as it is', () => {
  assert.equal(serialize(defaultSerde, 'k', 'x'), { value: 'x', flags: 16 });
  const value = new Uint8Array(3);
  assert.is(serialize(defaultSerde, 'k', value).value, value);
  const most: Serde = { ...defaultSerde, serialize: () => ({ value, flags: 2 ** 32 - 1 }) };
  assert.is(serialize(most, 'k', 5).flags, 2 ** 32 - 1);
});

serde('what has not both functions is no serde', () => {
  checkSerde(defaultSerde);
  for (const wrong of [null, 5, {}, { serialize: () => {} }, () => {}]) {
    assert.throws(
      () => checkSerde(wrong as unknown as Serde),
      (error: unknown) => error instanceof UsageError && error.argument === 'serde',
    );
  }
});

let deep: unknown[] = [];
for (let i = 0; i < 100_000; i++) deep = [deep];

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
    ['a SharedArrayBuffer', new SharedArrayBuffer(4)],
    ['a Promise', Promise.resolve(1)],
    ['an Error', Object.assign(new Error('x'), { code: 'E' })],
    ['a RegExp', /x/],
    ['a WeakMap', new WeakMap()],
    ['an iterator', [1].values()],
    ['a Date that is none', new Date(NaN)],
    ['half of a character', '\ud83c'],
    ['text with half of a character', `${'x'.repeat(1000)}\udf7a`],
    ['NaN within an object', { a: [{ b: NaN }] }],
    ['Infinity within a list', [1, -Infinity]],
    ['a Map within an object', { a: { b: new Map([[1, 2]]) } }],
    ['a Map that is empty, within', { a: new Map() }],
    ['a Set within a list', [new Set()]],
    ['bytes within an object', { a: new Uint8Array([1, 2]) }],
    ['a Promise within an object', { a: Promise.resolve(1) }],
    ['an Error within an object', { a: new Error('x') }],
    ['a Date that is none, within', { a: new Date(NaN) }],
    ['undefined within a list', [1, undefined]],
    ['a hole in a list', Object.assign([], { length: 2 })],
    ['a function within a list', [() => {}]],
    ['a symbol within a list', [Symbol('x')]],
    ['a Map of another realm', runInNewContext('new Map()')],
    ['NaN within an object of another realm', runInNewContext('({ a: NaN })')],
    ['a bigint that JSON cannot write, in a list', [1n]],
    ['what is nested too deeply', deep],
    ['a toJSON that gives NaN', { toJSON: () => NaN }],
    ['a toJSON that gives a Map, within', { a: { toJSON: () => new Map([[1, 2]]) } }],
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

serde('a value keeps no chunk alive, and shows nothing of it', () => {
  const chunk = new Uint8Array(1000);
  assert.is(ownBytes(chunk.subarray(10, 20)).buffer.byteLength, 10);
  assert.is(ownBytes(chunk.subarray(0, 999)).buffer.byteLength, 999);
  assert.is(ownBytes(chunk).buffer, chunk.buffer);
});

serde.run();
