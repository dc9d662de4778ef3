import * as assert from 'uvu/assert';
import { suite } from '../../../test/runner/suite.ts';
import { Health, type HealthState } from './health.ts';

const health = suite('health of a server');

const options = { retryAttempts: 2, retryTimeout: 1000, deadTimeout: 60_000 };
const cause = new Error('refused');

/** A server that has failed so often. */
function failed(times: number, retryAttempts = 2, random = 0): Health {
  const one = new Health({ ...options, retryAttempts }, () => random);
  for (let i = 0; i < times; i++) one.fail(cause, 0);
  return one;
}

// Each state and each input.
for (
  const [failures, before, onFail] of [
    [0, 'up', 'failing'],
    [1, 'failing', 'failing'],
    [2, 'failing', 'dead'],
    [3, 'dead', 'dead'],
  ] as const
) {
  health(`after ${failures} failures it is ${before}, one more makes it ${onFail}`, () => {
    const one = failed(failures);
    assert.is(one.state, before);
    assert.is(one.cause, failures === 0 ? null : cause);
    one.fail(cause, 0);
    assert.is(one.state, onFail);
  });

  health(`${before}, after ${failures} failures: an answer puts it on probation`, () => {
    const one = failed(failures);
    one.answer();
    assert.equal([one.state, one.cause, one.onProbation], ['up', null, failures > 0]);
    one.fail(cause, 0);
    assert.is(one.state, onFail);
  });

  health(`${before}, after ${failures} failures: a command that is answered forgives them`, () => {
    const one = failed(failures);
    one.answer();
    one.confirm();
    assert.is(one.onProbation, false);
    one.fail(cause, 0);
    assert.is(one.state, 'failing');
  });

  health(`${before}, after ${failures} failures: a try that was none changes nothing`, () => {
    const one = failed(failures);
    one.try();
    one.leave();
    assert.is(one.state, before);
  });
}

for (
  const [attempts, state] of [[0, 'dead'], [1, 'failing'], [Infinity, 'failing']] as [
    number,
    HealthState,
  ][]
) {
  health(`with ${attempts} attempts the first failure makes it ${state}`, () => {
    assert.is(failed(1, attempts).state, state);
  });
}

health('with endless attempts it never dies', () => {
  assert.is(failed(1000, Infinity).state, 'failing');
});

health('it may be tried when its time has passed since the last failure, and once', () => {
  const one = failed(1);
  assert.is(one.isDue(999, 'retryTimeout'), false);
  assert.is(one.isDue(1000, 'retryTimeout'), true);
  assert.is(one.isDue(59_999, 'deadTimeout'), false);
  assert.is(one.isDue(60_000, 'deadTimeout'), true);
  one.try();
  assert.is(one.isDue(60_000, 'retryTimeout'), false);
  one.fail(cause, 60_000);
  assert.is(one.isDue(60_999, 'retryTimeout'), false);
  assert.is(one.isDue(61_000, 'retryTimeout'), true);
});

health('a try that was none may be made again at once', () => {
  const one = failed(1);
  one.try();
  assert.is(one.isDue(1000, 'retryTimeout'), false);
  one.leave();
  assert.is(one.isDue(1000, 'retryTimeout'), true);
});

health('a failure after an answer may be tried, as the try has ended', () => {
  const one = failed(1);
  one.try();
  one.answer();
  assert.is(one.isDue(1e9, 'retryTimeout'), false);
  one.fail(cause, 5000);
  assert.is(one.isDue(5999, 'retryTimeout'), false);
  assert.is(one.isDue(6000, 'retryTimeout'), true);
});

health(
  'what is not up is on no probation, and a reply to an early command forgives nothing',
  () => {
    const one = failed(2);
    assert.is(one.onProbation, false);
    one.confirm();
    one.fail(cause, 0);
    assert.is(one.state, 'dead');
  },
);

health('what is up is not tried', () => {
  assert.is(failed(0).isDue(1e9, 'retryTimeout'), false);
});

health('a wait is up to a tenth longer, by chance', () => {
  const one = failed(1, 2, 1);
  assert.is(one.isDue(1099, 'retryTimeout'), false);
  assert.is(one.isDue(1101, 'retryTimeout'), true);
});

health.run();
