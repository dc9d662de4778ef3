import * as assert from 'uvu/assert';
import { TurnClock } from '../../../test/support/scripted.ts';
import { backoff, Pace } from './timing.ts';
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
