import * as assert from 'uvu/assert';
import { suite } from '../../../test/runner/suite.ts';
import { settled, TurnClock } from '../../../test/support/scripted.ts';
import { Poller } from './poller.ts';

const pollers = suite('cache: poller');

class Scene {
  readonly clock = new TurnClock();
  random = 0;
  /** The reads that have begun, which the test answers. */
  readonly reads: ((found: string) => void)[] = [];
  readonly dropped: string[] = [];
  idle = 0;
  readonly poller: Poller<string> = new Poller<string>(
    this.clock,
    () => this.random,
    () => new Promise((resolve) => void this.reads.push(resolve)),
    (found) => this.dropped.push(found),
    () => this.idle++,
  );

  async answer(found: string): Promise<void> {
    this.reads.at(-1)!(found);
    await settled();
  }
}

for (
  const [random, waits] of [[0, [5, 7.5, 11.25, 16.875, 25, 25]], [1, [
    4,
    6,
    9,
    13.5,
    20,
    20,
  ]]] as const
) {
  pollers(
    `each wait is longer than the one before, up to the longest; random: ${random}`,
    async () => {
      const scene = new Scene();
      scene.random = random;
      scene.poller.next();
      for (const [index, wait] of waits.entries()) {
        scene.clock.advance(wait - 0.001);
        assert.is(scene.reads.length, index);
        scene.clock.advance(0.002);
        assert.is(scene.reads.length, index + 1, `after ${wait} ms`);
        // Somebody waits for the next one.
        scene.poller.next();
        await scene.answer('held');
      }
    },
  );
}

pollers('calls share a read; one that came after its begin waits for the next', async () => {
  const scene = new Scene();
  const found: string[] = [];
  const ask = (name: string): void => {
    void scene.poller.next().found.then((text) => found.push(`${name} ${text}`));
  };
  ask('a');
  ask('b');
  assert.is(scene.clock.timers, 1);
  scene.clock.advance(5);
  ask('c');
  assert.is(scene.clock.timers, 0, 'no read is planned while one runs');
  await scene.answer('first');
  assert.equal(found, ['a first', 'b first']);
  assert.is(scene.clock.timers, 1);
  scene.clock.advance(7.5);
  await scene.answer('second');
  assert.equal(found, ['a first', 'b first', 'c second']);
  assert.equal(scene.dropped, []);
});

pollers('when the last caller has left before the read, none is made', () => {
  const scene = new Scene();
  const [one, other] = [scene.poller.next(), scene.poller.next()];
  one.leave();
  assert.equal([scene.idle, scene.clock.timers], [0, 1]);
  other.leave();
  assert.equal([scene.idle, scene.clock.timers], [1, 0]);
  scene.clock.advance(100);
  assert.is(scene.reads.length, 0);
});

pollers('a result for which nobody waits any more is dropped', async () => {
  const scene = new Scene();
  const [one, other] = [scene.poller.next(), scene.poller.next()];
  scene.clock.advance(5);
  one.leave();
  await scene.answer('for the other');
  assert.equal(scene.dropped, []);
  other.leave();
  const last = scene.poller.next();
  scene.clock.turn();
  scene.clock.advance(7.5);
  last.leave();
  assert.is(scene.idle, 0, 'the read is under way');
  await scene.answer('for nobody');
  assert.equal(scene.dropped, ['for nobody']);
  scene.clock.turn();
  assert.is(scene.idle, 1);
});

pollers('it is idle a turn after the answer, unless somebody waits again', async () => {
  const scene = new Scene();
  scene.poller.next();
  scene.clock.advance(5);
  await scene.answer('held');
  assert.equal([scene.idle, scene.clock.timers], [0, 0]);
  const again = scene.poller.next();
  scene.clock.turn();
  assert.is(scene.idle, 0);
  scene.clock.advance(7.5);
  await scene.answer('held');
  again.leave();
  scene.clock.turn();
  assert.is(scene.idle, 1);
  assert.is(scene.clock.timers, 0);
});

pollers('a caller can ask again after all had left', async () => {
  const scene = new Scene();
  scene.poller.next().leave();
  const { found } = scene.poller.next();
  scene.clock.advance(25);
  await scene.answer('found');
  assert.is(await found, 'found');
});

pollers.run();
