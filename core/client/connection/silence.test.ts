import * as assert from 'uvu/assert';
import { suite } from '../../../test/runner/suite.ts';
import { Silence } from './silence.ts';

const silence = suite('silence');

silence('calls with less time than the client add up, until bytes come', () => {
  const one = new Silence(1000);
  assert.is(one.isTooLong(500, 500), false);
  one.end();
  assert.is(one.isTooLong(400, 1400), false);
  assert.is(one.isTooLong(100, 1989), false);
  assert.is(one.isTooLong(300, 1990), true);
});

silence('what is left of the timeout after a few steps is as good as all of it', () => {
  assert.is(new Silence(1000).isTooLong(990, 5000), true);
  assert.is(new Silence(1000).isTooLong(989, 5000), false);
});

silence('it is told once', () => {
  const one = new Silence(1000);
  assert.is(one.isTooLong(1000, 7.3), true);
  assert.is(one.isTooLong(1000, 5000), false);
});

silence.run();
