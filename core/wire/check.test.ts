import * as assert from 'uvu/assert';
import { suite } from '../../test/runner/suite.ts';
import { checkCommand, MAX_VALUE } from './check-command.ts';
import { checkKnown, checkU64, checkWellFormed, optionNames } from './check.ts';
import { UsageError } from './errors.ts';

const check = suite('checks of arguments');

interface Options {
  readonly expire?: number;
  readonly timeout?: number;
  readonly ignoreErrors?: boolean;
  readonly connectTimeout?: number;
}

const known = optionNames<Options>({
  expire: true,
  timeout: true,
  ignoreErrors: true,
  connectTimeout: true,
});

function refusal(run: () => void): UsageError {
  try {
    run();
  } catch (error) {
    assert.instance(error, UsageError);
    return error as UsageError;
  }
  assert.unreachable('it was taken');
  throw new Error();
}

check('an object without a property may be one that has none by its kind', () => {
  const known = new Set(['expire']);
  const refusalOf = (given: unknown): string =>
    refusal(() => checkKnown('options', given as object, known)).rule;
  const kinds: [unknown, string][] = [
    [new Date(), 'must be an object with properties, not a Date'],
    [new Map(), 'must be an object with properties, not a Map'],
    [Promise.resolve(), 'must be an object with properties, not a Promise'],
    [null, 'must be an object'],
    [[], 'must be an object'],
    [5, 'must be an object'],
  ];
  for (const [given, rule] of kinds) assert.is(refusalOf(given), rule);
  class Options {}
  for (const given of [{}, Object.create(null), new Options(), { expire: 5 }]) {
    checkKnown('options', given as object, known);
  }
  // What has a property that is known is looked at no further.
  checkKnown('options', Object.assign(new Date(), { expire: 5 }), known);
});

check('a value has a gibibyte at most', () => {
  // None of its memory is touched, so it takes none.
  const value = new Uint8Array(2 ** 30 + 1);
  const set = { verb: 'set', key: 'a', flags: 0, expire: 0, noreply: false } as const;
  checkCommand({ ...set, value: value.subarray(1) });
  assert.match(refusal(() => checkCommand({ ...set, value })).message, /^value must/);
  assert.is(MAX_VALUE, 2 ** 30);
});

check('known options are taken, all of them and none', () => {
  checkKnown('options', {}, known);
  checkKnown('options', { expire: 5, timeout: 1, connectTimeout: undefined }, known);
});

for (
  const [name, likely] of [
    ['ttl', 'expire'],
    ['expires', 'expire'],
    ['lifetime', 'expire'],
    ['maxAge', 'expire'],
    ['timout', 'timeout'],
    ['time_out', 'timeout'],
    ['connect_timeout', 'connectTimeout'],
    ['ignore_exc', 'ignoreErrors'],
    ['ignoreErors', 'ignoreErrors'],
  ] as const
) {
  check(`${name} is refused, even where it is undefined: did you mean ${likely}?`, () => {
    for (const value of [5, undefined]) {
      const error = refusal(() => checkKnown('options', { expire: 1, [name]: value }, known));
      assert.is(error.argument, name);
      assert.match(error.rule, `did you mean ${likely}?`);
    }
  });
}

check('what is like none is refused with the names there are', () => {
  const error = refusal(() => checkKnown('tls', { zzz: 1 }, known));
  assert.is(error.argument, 'tls.zzz');
  assert.match(error.rule, 'there are expire, timeout, ignoreErrors, connectTimeout');
});

check('an inherited option counts, what a program gave to every object does not', () => {
  const error = refusal(() => checkKnown('options', Object.create({ ttl: 5 }) as object, known));
  assert.is(error.argument, 'ttl');
  refusal(() => checkKnown('options', { constructor: 5 }, known));
  Object.defineProperty(Object.prototype, 'ttl', {
    value: 5,
    enumerable: true,
    configurable: true,
  });
  try {
    checkKnown('options', { expire: 5 }, known);
  } finally {
    delete (Object.prototype as { ttl?: number }).ttl;
  }
});

check('a number past 2^53 is refused for what it is, and not as out of range', () => {
  const rule = (value: unknown): string => refusal(() => checkU64('n', value, 'whole number')).rule;
  assert.match(rule(2 ** 53), /bigint past 2\^53 - 1/);
  assert.match(rule(2 ** 64), /bigint past 2\^53 - 1/);
  assert.match(rule(2 ** 65), /from 0 to 18446744073709551615/);
  assert.match(rule(-1), /from 0 to 18446744073709551615/);
  assert.is(checkU64('n', 2n ** 53n, 'whole number'), 2n ** 53n);
});

check('a lone surrogate is found wherever it is', () => {
  for (const text of ['\ud800', 'a\udc00', '\ud83cx', 'x\udf7a\ud83c']) {
    assert.match(refusal(() => checkWellFormed('value', text)).rule, /lone surrogate/);
  }
  for (const text of ['', 'é', '🍺', 'x'.repeat(1000)]) checkWellFormed('value', text);
});

check.run();
