import * as assert from 'uvu/assert';
import { suite } from '../../../test/runner/suite.ts';
import { backoff } from './backoff.ts';

const waits = suite('backoff');

const longest = (failures: number, first: number): number =>
  backoff(failures, first, 1000, () => 1);

waits('it doubles up to the longest, and half of it is left to chance', () => {
  assert.equal([1, 2, 3, 7, 99].map((n) => longest(n, 25)), [25, 50, 100, 1000, 1000]);
  assert.is(backoff(2, 25, 1000, () => 0), 25);
});

waits('it is a number after any number of failures', () => {
  for (const failures of [1024, 1025, 1e6]) {
    assert.equal([longest(failures, 0), longest(failures, 1)], [0, 1000]);
  }
});

waits.run();
