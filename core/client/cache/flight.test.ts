import * as assert from 'uvu/assert';
import { suite } from '../../../test/runner/suite.ts';
import { settled, Watched } from '../../../test/support/scripted.ts';
import { Flight, type Landing } from './flight.ts';

const flights = suite('cache: flight');

class Scene {
  aborts = 0;
  readonly flight: Flight = new Flight(7, () => this.aborts++);
  readonly arrival: Watched<Landing> = new Watched(this.flight.arrival);
  readonly landing: Watched<Landing> = new Watched(this.flight.landing);

  get state(): unknown[] {
    const { isOpen, isOver, signal: { aborted } } = this.flight;
    return [isOpen, isOver, aborted, this.aborts];
  }

  get ends(): unknown[] {
    return [this.arrival.value ?? null, this.landing.value ?? null];
  }
}

const aborted = { type: 'aborted' } as const;

flights('the last caller that leaves aborts it, once', async () => {
  const scene = new Scene();
  const { flight } = scene;
  assert.is(flight.number, 7);
  flight.enter();
  flight.enter();
  flight.leave();
  await settled();
  assert.equal([scene.state, scene.ends], [[true, false, false, 0], [null, null]]);
  flight.leave();
  await settled();
  assert.equal([scene.state, scene.ends], [[false, true, true, 1], [aborted, aborted]]);
  flight.enter();
  flight.leave();
  assert.is(scene.aborts, 1);
});

flights('one that is kept goes on without callers', async () => {
  const scene = new Scene();
  const { flight } = scene;
  flight.keep();
  flight.enter();
  flight.leave();
  await settled();
  assert.equal([scene.state, scene.ends], [[true, false, false, 0], [null, null]]);
});

flights(
  'one whose value is being stored takes no new calls, and goes on without callers',
  async () => {
    const scene = new Scene();
    const { flight } = scene;
    flight.enter();
    flight.arrive('v');
    flight.leave();
    await settled();
    const arrived = { type: 'loaded', value: 'v', isOutdated: false } as const;
    assert.equal([scene.state, scene.ends], [[false, false, false, 0], [arrived, null]]);
    const landed = { ...arrived, isOutdated: true } as const;
    flight.end(landed);
    await settled();
    assert.equal([scene.state, scene.ends], [[false, true, false, 0], [arrived, landed]]);
  },
);

flights('one that has ended answers both promises, and is not aborted', async () => {
  const scene = new Scene();
  const { flight } = scene;
  flight.enter();
  const failed = { type: 'failed', error: 'no' } as const;
  flight.end(failed);
  flight.leave();
  await settled();
  assert.equal([scene.state, scene.ends], [[false, true, false, 0], [failed, failed]]);
});

flights.run();
