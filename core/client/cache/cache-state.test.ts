import * as assert from 'uvu/assert';
import { suite } from '../../../test/runner/suite.ts';
import { VirtualClock } from '../../io/clock.ts';
import type { Executor } from '../connection/executor.ts';
import { CacheState, Takeovers } from './cache-state.ts';
import { Flight } from './flight.ts';

const states = suite('cache: state');

const connection = (): Executor => ({
  execute: () => Promise.reject(new Error('not used')),
  close: () => Promise.resolve(),
});

states('nothing has happened at first, and stats are a copy', () => {
  const state = new CacheState(new VirtualClock(), undefined);
  const { outcomes, ...others } = state.stats;
  assert.equal(Object.entries(outcomes).filter(([, count]) => count !== 0), []);
  assert.is(Object.keys(outcomes).length, 10);
  assert.equal(Object.entries(others).filter(([, count]) => count !== 0), []);
  assert.is(Object.keys(others).length, 7);
  state.counts.outcomes.hit++;
  state.counts.loads++;
  assert.equal([outcomes.hit, others.loads, state.stats.outcomes.hit], [0, 0, 1]);
  assert.equal([state.lastFlight, state.changes, state.local], [0, 0, null]);
});

states('a change drops the value in the process and closes the load', () => {
  const state = new CacheState(new VirtualClock(), { maxItems: 2, ttl: 1 });
  const [one, other] = [new Flight(1, () => {}), new Flight(2, () => {})];
  state.flights.set('a', one).set('b', other);
  state.local?.set('a', 'v');
  state.local?.set('b', 'v');
  assert.is(state.stats.localItems, 2);
  state.changed('a');
  assert.equal([one.isOpen, other.isOpen], [false, true]);
  assert.equal([state.local?.get('a'), state.local?.get('b')?.value], [undefined, 'v']);
  assert.equal([...state.flights.keys()], ['b']);
  assert.is(state.changes, 1);
  state.changed('c');
  assert.is(state.changes, 2);
});

states('a load that is closed late leaves the one that has taken its place', () => {
  const state = new CacheState(new VirtualClock(), undefined);
  const [early, late] = [new Flight(1, () => {}), new Flight(2, () => {})];
  state.flights.set('a', late);
  state.close('a', early);
  assert.equal([early.isOpen, late.isOpen, state.flights.get('a')], [false, true, late]);
});

states('a lease is due so long after it was seen first', () => {
  const clock = new VirtualClock();
  const takeovers = new Takeovers(clock);
  const seen = { cas: 5n, connection: connection() };
  assert.is(takeovers.isDue('a', seen, 1000), false);
  clock.advance(999);
  assert.is(takeovers.isDue('a', seen, 1000), false, 'the time begins with the first sight');
  clock.advance(1);
  assert.is(takeovers.isDue('a', seen, 1000), true);
  takeovers.delete('a');
  assert.is(takeovers.isDue('a', seen, 1000), false, 'a new one');
});

states('of another version, key or connection it is another lease', () => {
  const clock = new VirtualClock();
  const takeovers = new Takeovers(clock);
  const seen = { cas: 5n, connection: connection() };
  takeovers.isDue('a', seen, 1000);
  clock.advance(1000);
  assert.is(takeovers.isDue('b', seen, 1000), false);
  assert.is(takeovers.isDue('a', { ...seen, connection: connection() }, 1000), false);
  assert.is(takeovers.isDue('a', seen, 1000), true, 'each connection has its own time');
  assert.is(takeovers.isDue('a', { ...seen, cas: 6n }, 1000), false);
  assert.is(takeovers.isDue('a', seen, 1000), false, 'the earlier version is forgotten');
});

states('set says when it is due', () => {
  const clock = new VirtualClock();
  const takeovers = new Takeovers(clock);
  const seen = { cas: 5n, connection: connection() };
  takeovers.set('a', seen, 300);
  clock.advance(300);
  assert.is(takeovers.isDue('a', seen, 1000), true);
});

states('of 10,000 leases and one the oldest is forgotten', () => {
  const clock = new VirtualClock();
  const takeovers = new Takeovers(clock);
  const seen = { cas: 5n, connection: undefined };
  for (let i = 0; i < 10_000; i++) takeovers.set(`k${i}`, seen, 0);
  // It is not the oldest any more.
  takeovers.set('k0', seen, 0);
  assert.is(takeovers.isDue('k1', seen, 1000), true);
  takeovers.set('one more', seen, 0);
  assert.is(takeovers.isDue('k2', seen, 1000), true);
  assert.is(takeovers.isDue('k0', seen, 1000), true);
  assert.is(takeovers.isDue('k1', seen, 1000), false);
});

states.run();
