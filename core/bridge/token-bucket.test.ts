import * as assert from 'uvu/assert';
import { suite } from '../../test/runner/suite.ts';
import { TokenBucket } from './token-bucket.ts';

const bucket = suite('bridge: a rate limit');

bucket('gives so many at once, then one whenever one has flowed back', () => {
  const one = new TokenBucket(3, 2, 1000);
  assert.equal([1, 2, 3, 4].map(() => one.take(1000)), [true, true, true, false]);
  assert.is(one.wait(1000), 500);
  assert.is(one.take(1499), false);
  assert.is(one.take(1500), true);
  assert.is(one.take(1500), false);
});

bucket('what flows back in parts is not lost', () => {
  const one = new TokenBucket(1, 1, 0);
  one.take(0);
  for (let now = 100; now < 1000; now += 100) assert.is(one.take(now), false);
  assert.is(one.take(1000), true);
});

bucket('holds no more than it can, however long it is left', () => {
  const one = new TokenBucket(2, 1000, 0);
  one.take(0);
  assert.equal([1, 2, 3].map(() => one.take(3_600_000)), [true, true, false]);
});

for (
  const [perSecond, wait] of [[1000, 1], [300, 4], [3, 334], [1, 1000], [10 / 60, 6000]] as const
) {
  bucket(
    `at ${perSecond.toFixed(2)} a second the next one takes ${wait} ms, and is there then`,
    () => {
      const one = new TokenBucket(1, perSecond, 0);
      assert.is(one.wait(0), 0);
      one.take(0);
      assert.is(one.wait(0), wait);
      assert.is(one.wait(wait - 1) > 0, true);
      assert.is(one.take(wait - 1), false);
      assert.is(one.wait(wait), 0);
      assert.is(one.take(wait), true);
    },
  );
}

bucket('what is owed has to flow back first', () => {
  const one = new TokenBucket(10, 10, 0);
  one.spend(10, 0);
  assert.is(one.wait(0), 100);
  one.spend(20, 0);
  assert.is(one.wait(0), 2100);
  assert.is(one.wait(2000), 100);
  assert.is(one.take(2099), false);
  assert.is(one.wait(2100), 0);
  one.spend(1, 2100);
  assert.is(one.wait(2100), 100);
});

bucket('spending says whether one is left, as waiting does', () => {
  const one = new TokenBucket(3, 10, 0);
  for (const [amount, now] of [[1, 0], [1, 0], [1, 0], [0, 99], [0, 100], [5, 5000]] as const) {
    assert.is(one.spend(amount, now), one.wait(now) === 0, `${amount} at ${now}`);
  }
});

bucket.run();
