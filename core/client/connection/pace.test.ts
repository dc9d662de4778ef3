import * as assert from 'uvu/assert';
import { suite } from '../../../test/runner/suite.ts';
import { VirtualClock } from '../../io/clock.ts';
import { Pace } from './pace.ts';

/** A clock on which the test says when the event loop turns. */
class TurnClock extends VirtualClock {
  #turns: (() => void)[] = [];

  override yield(call: () => void): void {
    this.#turns.push(call);
  }

  turn(): void {
    for (const call of this.#turns.splice(0)) call();
  }
}

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
