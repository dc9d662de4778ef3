import * as assert from 'uvu/assert';
import { CountingClock, TurnClock } from '../../../test/support/scripted.ts';
import { Alarm, backoff, Deadline, Pace } from './timing.ts';
import { suite } from '../../../test/runner/suite.ts';

const pace = suite('pace');

pace('work of a turn is over after its time, and begins anew with the next turn', () => {
  const clock = new TurnClock();
  const shared = new Pace(clock, 4);
  clock.advance(100);
  assert.is(shared.isOver, false, 'nobody has begun');
  shared.begin();
  clock.advance(3);
  shared.begin();
  assert.is(shared.isOver, false);
  clock.advance(1);
  assert.is(shared.isOver, true);
  clock.turn();
  assert.is(shared.isOver, false);
  clock.advance(100);
  assert.is(shared.isOver, false, 'nobody has begun');
});

pace('by default a turn has four milliseconds, and asks for one turn only', () => {
  const clock = new TurnClock();
  const shared = new Pace(clock);
  shared.begin();
  shared.begin();
  shared.leave(() => {});
  assert.is(clock.turns.length, 1);
  clock.advance(3.9);
  assert.is(shared.isOver, false);
  clock.advance(0.1);
  assert.is(shared.isOver, true);
  clock.turn();
  clock.turn();
  assert.is(clock.turns.length, 0, 'nothing is left');
});

pace('what is left is done in turn: who leaves more comes after the others', () => {
  const clock = new TurnClock();
  const shared = new Pace(clock, 4);
  const done: string[] = [];
  const work = (name: string, parts: number): void => {
    shared.leave(() => {
      done.push(name);
      clock.advance(3);
      if (parts > 1) work(name, parts - 1);
    });
  };
  work('a', 3);
  work('b', 2);
  work('c', 1);
  const turns: string[] = [];
  for (let i = 0; i < 4; i++) {
    clock.turn();
    turns.push(done.splice(0).join(''));
  }
  assert.equal(turns, ['ab', 'ca', 'ba', '']);
});

pace.run();

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

const alarms = suite('alarm');

/** An alarm, and the times at which it has gone off, from its beginning. */
function alarmOf(): { clock: CountingClock; alarm: Alarm; rings: number[]; start: number } {
  const clock = new CountingClock();
  const start = clock.elapsed();
  const rings: number[] = [];
  const alarm = new Alarm(clock, () => rings.push(clock.elapsed() - start));
  return { clock, alarm, rings, start };
}

alarms('it goes off at the earliest time that it was set to, with one timer', () => {
  const { clock, alarm, rings, start } = alarmOf();
  for (const at of [50, 30, 40, 30]) alarm.set(start + at);
  assert.is(clock.timers, 1);
  clock.advance(100);
  assert.equal([rings, clock.timers], [[30], 0]);
  alarm.set(start + 120);
  clock.advance(19);
  assert.equal(rings, [30]);
  clock.advance(1);
  assert.equal(rings, [30, 120], 'it can be set again');
});

alarms('cleared it has no timer, until it is set again', () => {
  const { clock, alarm, rings, start } = alarmOf();
  alarm.set(start + 50);
  alarm.clear();
  assert.is(clock.timers, 0);
  alarm.set(start + 60);
  clock.advance(100);
  assert.equal(rings, [60]);
  alarm.stop();
  alarm.clear();
  alarm.set(start + 200);
  assert.is(clock.timers, 0, 'it was stopped');
});

alarms('a time that has passed is now, and Infinity never', () => {
  const { clock, alarm, rings, start } = alarmOf();
  alarm.set(Infinity);
  assert.is(clock.timers, 0);
  alarm.set(start - 10);
  clock.advance(0);
  assert.equal(rings, [0]);
});

alarms('a time beyond what timers can be set for waits as long as they can', () => {
  const { clock, alarm, rings, start } = alarmOf();
  alarm.set(start + 2 ** 32);
  clock.advance(2 ** 31 - 2);
  assert.equal(rings, []);
  clock.advance(1);
  assert.equal(rings, [2 ** 31 - 1]);
});

alarms('its time stands still in a pause, and it has as much left as before', () => {
  const { clock, alarm, rings, start } = alarmOf();
  alarm.set(start + 50);
  clock.advance(20);
  alarm.pause();
  assert.is(clock.timers, 0);
  clock.advance(100);
  alarm.pause();
  assert.is(alarm.time.elapsed() - start, 20);
  assert.is(alarm.pausedFor, 0, 'it is not over');
  alarm.resume();
  alarm.resume();
  assert.equal([alarm.time.elapsed() - start, alarm.pausedFor], [20, 100]);
  clock.advance(29);
  assert.equal(rings, []);
  clock.advance(1);
  assert.equal(rings, [150]);
  alarm.pause();
  clock.advance(7);
  alarm.resume();
  assert.equal([alarm.pausedFor, alarm.time.elapsed() - start], [107, 50]);
});

alarms('what is set in a pause begins with its end', () => {
  const { clock, alarm, rings, start } = alarmOf();
  alarm.pause();
  alarm.set(start + 30);
  alarm.set(start + 40);
  assert.is(clock.timers, 0);
  clock.advance(1000);
  alarm.resume();
  clock.advance(29);
  assert.equal(rings, []);
  clock.advance(1);
  assert.equal(rings, [1030]);
});

alarms('once stopped it has no timer, and gets none', () => {
  const { clock, alarm, rings, start } = alarmOf();
  alarm.set(start + 30);
  alarm.stop();
  assert.is(clock.timers, 0);
  alarm.set(start + 10);
  alarm.resume();
  assert.is(clock.timers, 0);
  const paused = alarmOf();
  paused.alarm.set(paused.start + 30);
  paused.alarm.pause();
  paused.alarm.stop();
  paused.alarm.resume();
  clock.advance(100);
  paused.clock.advance(100);
  assert.equal([rings, paused.rings, paused.clock.timers], [[], [], 0]);
});

alarms('it tells the clock whether the process may end before it', () => {
  for (const isIdle of [true, false, undefined]) {
    const clock = new CountingClock();
    const told: unknown[] = [];
    clock.after = (_milliseconds: number, _call: () => void, idle?: boolean) => {
      told.push(idle);
      return () => {};
    };
    new Alarm(clock, () => {}, isIdle).set(clock.elapsed() + 1);
    assert.equal(told, [isIdle === true]);
  }
});

alarms.run();

const deadlines = suite('deadline');

deadlines('what is left becomes less, and is never less than nothing', () => {
  const clock = new CountingClock();
  const deadline = new Deadline(clock, 100);
  assert.is(deadline.left, 100);
  clock.advance(99);
  assert.is(deadline.left, 1);
  clock.advance(1);
  assert.is(deadline.left, 0);
  clock.advance(1);
  assert.is(deadline.left, 0);
  assert.is(new Deadline(clock, Infinity).left, Infinity);
});

deadlines('a call gets no more than is left, nor than the most; and never nothing', () => {
  const clock = new CountingClock();
  const deadline = new Deadline(clock, 100);
  const options = { timeout: 5000, other: true };
  assert.equal(deadline.within(options), { timeout: 100, other: true });
  assert.equal(deadline.within(options, 30), { timeout: 30, other: true });
  clock.advance(80);
  assert.equal(deadline.within(options, 30), { timeout: 20, other: true });
  clock.advance(80);
  assert.equal(deadline.within(options), { timeout: 0.001, other: true });
  const endless = new Deadline(clock, Infinity);
  assert.is(endless.within(options), options);
  assert.equal(endless.within(options, 30), { timeout: 30, other: true });
});

deadlines.run();
