import * as assert from 'uvu/assert';
import { memcacheCases } from '../conformance/mod.ts';
import { suite } from '../test/runner/suite.ts';
import { judge } from './judge-memcache-npm.ts';

const example = suite('judging the npm package memcache');

/** The cases that memcache 1.7.0 fails, and the resulting message. */
const otherwise = new Map([
  // It returns numbers, which are exact up to 2^53.
  ['incr and decr count in 64 bits', '9007199254740992n'],
  // It returns the same as for a miss.
  ['incr of what is no number fails, and the next call works', '(undefined)'],
  // A negative time becomes 0, which means never.
  ['expire takes seconds, a Date, and the past', 'at once'],
  // A call after `quit` connects again.
  ['close ends what was asked before, and takes nothing after', 'it gave "x"'],
]);

example('it fails the cases that it is known to fail, for the reasons that are known', async () => {
  const { passed, failed, skipped } = await judge();
  assert.equal(failed.map(({ name }) => name), [...otherwise.keys()]);
  for (const { name, error } of failed) assert.match(error.message, otherwise.get(name) ?? '');
  assert.is(passed.length + failed.length + skipped.length, memcacheCases.length);
  for (const name of ['a string', 'an empty string', 'a string of 100 kB']) {
    assert.ok(passed.includes(`gives back ${name} as it was stored`), name);
  }
  assert.ok(passed.includes('refuses a key with a command in it, and the next call works'));
  assert.is(skipped.find(({ name }) => name.startsWith('cas stores'))?.need, 'cas');
});

example.run();
