import * as assert from 'uvu/assert';
import { CountingClock } from '../../test/support/scripted.ts';
import { suite } from '../../test/runner/suite.ts';
import { StoppableClock } from './stoppable-clock.ts';

const stoppable = suite('bridge: a clock that can be stopped');

/** Such a clock, the one behind it, and the times, by the latter, at which something fell due. */
function scene(...waits: number[]): {
  clock: StoppableClock;
  real: CountingClock;
  due: number[];
  cancel: (() => void)[];
} {
  const real = new CountingClock();
  const start = real.elapsed();
  const clock = new StoppableClock(real);
  const due: number[] = [];
  const cancel = waits.map((wait) => clock.after(wait, () => due.push(real.elapsed() - start)));
  return { clock, real, due, cancel };
}

stoppable('goes as the one behind it goes', () => {
  const { clock, real, due } = scene(10, 30);
  const start = clock.elapsed();
  real.advance(20);
  assert.equal(due, [10]);
  real.advance(20);
  assert.equal(due, [10, 30]);
  assert.is(clock.elapsed() - start, 40);
  assert.is(clock.now(), real.now());
});

stoppable('does not go while it stands still', () => {
  const { clock, real, due } = scene(10);
  const start = clock.elapsed();
  real.advance(4);
  clock.stop();
  clock.stop();
  real.advance(100);
  assert.is(clock.elapsed() - start, 4);
  clock.start();
  clock.start();
  real.advance(5);
  assert.equal(due, []);
  real.advance(1);
  assert.equal(due, [110]);
  assert.is(real.timers, 0);
});

stoppable('what would have fallen due after a stop is later, too', () => {
  const { clock, real, due } = scene(50);
  clock.stop();
  real.advance(20);
  clock.start();
  real.advance(40);
  clock.stop();
  real.advance(20);
  clock.start();
  real.advance(9);
  assert.equal(due, []);
  real.advance(1);
  assert.equal(due, [90]);
});

stoppable('what is asked for while it stands still waits until it goes', () => {
  const { clock, real, due } = scene();
  clock.stop();
  clock.after(10, () => due.push(real.elapsed()));
  real.advance(100);
  clock.start();
  real.advance(9);
  assert.is(due.length, 0);
  real.advance(1);
  assert.is(due.length, 1);
});

stoppable('takes back what it was asked for, going or not', () => {
  const { clock, real, due, cancel } = scene(10, 20, 200);
  cancel[0]?.();
  clock.stop();
  real.advance(100);
  cancel[1]?.();
  clock.start();
  cancel[2]?.();
  real.advance(500);
  assert.equal(due, []);
  assert.is(real.timers, 0);
});

stoppable('calls once, however often it stood still, and at once where that was asked for', () => {
  const { clock, real, due } = scene(10, 0);
  clock.stop();
  real.advance(50);
  for (let i = 0; i < 3; i++) {
    clock.start();
    clock.stop();
  }
  clock.start();
  real.advance(100);
  assert.equal(due, [50, 60]);
  assert.is(real.timers, 0);
});

stoppable('lets others go first, going or not', async () => {
  const { clock } = scene();
  let turns = 0;
  clock.yield(() => turns++);
  clock.stop();
  clock.yield(() => turns++);
  assert.is(turns, 0);
  await Promise.resolve();
  assert.is(turns, 2);
});

stoppable.run();
