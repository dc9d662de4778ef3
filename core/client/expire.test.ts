import * as assert from 'uvu/assert';
import { suite } from '../../test/runner/suite.ts';
import { UsageError } from '../wire/errors.ts';
import { type Expire, toDelay, toExptime } from './expire.ts';

const expire = suite('expire');

const now = Date.UTC(2026, 0, 1);
const MONTH = 2_592_000;

for (
  const [name, value, exptime] of [
    ['never', 0, 0],
    ['minus zero', -0, 0],
    ['a second', 1, 1],
    ['30 days', MONTH, MONTH],
    ['at once', -1, -1],
    ['long ago', -5000, -1],
    ['a Unix time', now / 1000 + 1, now / 1000 + 1],
    ['the last Unix time', 2 ** 31 - 1, 2 ** 31 - 1],
    ['a Date', new Date(now + 5000), now / 1000 + 5],
    ['a Date between two seconds, not before its time', new Date(now + 1), now / 1000 + 1],
    ['a Date that is now', new Date(now), -1],
    ['a Date that is past', new Date(0), -1],
  ] as [string, Expire, number][]
) {
  expire(`${name} is ${exptime}`, () => assert.is(toExptime(value, now) + 0, exptime));
}

for (
  const [name, value, rule] of [
    ['31 days in seconds', MONTH + 86_400, /30 days/],
    ['a Unix time that is now', now / 1000, /30 days/],
    ['milliseconds', now + 1000, /32 bits/],
    ['a fraction', 1.5, /whole number/],
    ['NaN', NaN, /whole number/],
    ['Infinity', Infinity, /whole number/],
    ['a Date past 2038', new Date(2 ** 31 * 1000), /2038/],
    ['no Date', new Date(NaN), /valid Date/],
    ['text', '5', /whole number/],
    ['a bigint', 5n, /whole number/],
    ['null', null, /whole number/],
  ] as [string, Expire, RegExp][]
) {
  expire(`${name} is refused`, () => {
    assert.throws(
      () => toExptime(value, now),
      (error: unknown) =>
        error instanceof UsageError && error.argument === 'expire' && rule.test(error.rule),
    );
  });
}

for (
  const [name, delay, seconds] of [
    ['at once', 0, 0],
    ['a second', 1, 1],
    ['30 days', MONTH, MONTH],
    ['a Date', new Date(now + 5000), now / 1000 + 5],
    ['a Date that is past', new Date(0), 0],
  ] as [string, Expire, number][]
) {
  expire(`a delay: ${name} is ${seconds}`, () => assert.is(toDelay(delay, now), seconds));
}

for (
  const [name, delay, rule] of [
    ['past 30 days', MONTH + 1, /30 days/],
    ['that is negative', -1, /0 or more/],
    ['that is text', '5', /whole number/],
    ['that is a fraction', 0.5, /whole number/],
  ] as [string, Expire, RegExp][]
) {
  expire(`a delay ${name} is refused, by its name`, () => {
    assert.throws(
      () => toDelay(delay, now, 'recache'),
      (error: unknown) =>
        error instanceof UsageError && error.argument === 'recache' && rule.test(error.rule),
    );
  });
}

expire.run();
