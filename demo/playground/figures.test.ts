import * as assert from 'uvu/assert';
import { suite } from '../../test/runner/suite.ts';
import { decades, showMilliseconds, showPercent } from './page/format.ts';
import { Series } from './page/series.ts';

const figures = suite('playground: figures');
const nothing = { commands: 0, median: null, slowest: null, hitRate: null };

figures('a slot has what came in its time', () => {
  const series = new Series(100, 3);
  series.add(1010, { duration: 4, hits: 1, misses: 0 });
  series.add(1099, { duration: 2, hits: 0, misses: 1 });
  series.add(1100, { duration: 8, hits: 0, misses: 0 });
  assert.equal(series.slots(1150), [
    nothing,
    { commands: 2, median: 2, slowest: 4, hitRate: 0.5 },
    { commands: 1, median: 8, slowest: 8, hitRate: null },
  ]);
  assert.equal(series.total(1150), { commands: 3, median: 4, slowest: 8, hitRate: 0.5 });
});

figures('what is older than all slots is forgotten', () => {
  const series = new Series(100, 3);
  series.add(0, { duration: 1, hits: 1, misses: 0 });
  assert.equal(series.total(299).commands, 1);
  assert.equal(series.slots(300), [nothing, nothing, nothing]);
  series.add(300, { duration: 1, hits: 1, misses: 0 });
  assert.equal(series.slots(1e9), [nothing, nothing, nothing]);
});

figures('one command in a hundred is slower than the 99th percentile', () => {
  const series = new Series(100, 3);
  for (let duration = 1; duration <= 100; duration++) {
    series.add(duration, { duration, hits: 0, misses: 0 });
  }
  const { median, slowest } = series.total(100);
  assert.equal([median, slowest], [50, 99]);
});

figures('a scale of decades has all values within', () => {
  assert.equal(decades(null, null), [0.1, 1, 10]);
  assert.equal(decades(3, 3), [1, 10, 100]);
  assert.equal(decades(0.02, 700), [0.01, 0.1, 1, 10, 100, 1000]);
  for (let power = -6; power <= 6; power++) {
    const [low, high] = [Number(`1e${power}`), Number(`1e${power + 2}`)];
    assert.equal([decades(low, high)[0], decades(low, high).at(-1)], [low, high]);
  }
});

figures('durations are shown with two digits', () => {
  const shown = [0, 0.0149, 0.5, 3.14159, 99.6, 123.4, 12_345].map(showMilliseconds);
  assert.equal(shown, ['0 ms', '0.015 ms', '0.5 ms', '3.1 ms', '100 ms', '123 ms', '12345 ms']);
  assert.is(showPercent(0.876), '88 %');
});

figures.run();
