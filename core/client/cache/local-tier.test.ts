import * as assert from 'uvu/assert';
import { suite } from '../../../test/runner/suite.ts';
import { VirtualClock } from '../../io/clock.ts';
import { LocalTier } from './local-tier.ts';

const tier = suite('cache: local tier');

tier('a value is there until its ttl is over, and takes no room then', () => {
  const clock = new VirtualClock();
  const local = new LocalTier(clock, 2, 1.5);
  local.set('a', 1);
  clock.advance(1499);
  assert.equal(local.get('a')?.value, 1);
  clock.advance(1);
  assert.is(local.get('a'), undefined);
  assert.is(local.size, 0);
});

tier('a read does not make it live longer, a store does', () => {
  const clock = new VirtualClock();
  const local = new LocalTier(clock, 2, 1);
  local.set('a', 1);
  clock.advance(600);
  local.get('a');
  local.set('b', 1);
  clock.advance(400);
  assert.is(local.get('a'), undefined);
  local.set('b', 2);
  clock.advance(999);
  assert.is(local.get('b')?.value, 2);
});

tier('of one value more than it may have, the one that was used longest ago goes', () => {
  const local = new LocalTier(new VirtualClock(), 3, 1);
  for (const id of ['a', 'b', 'c']) local.set(id, id);
  assert.is(local.size, 3);
  local.get('a');
  local.set('b', 'b2');
  local.set('d', 'd');
  assert.equal(['a', 'b', 'c', 'd'].map((id) => local.get(id)?.value), ['a', 'b2', undefined, 'd']);
  assert.is(local.size, 3);
  local.delete('a');
  assert.is(local.get('a'), undefined);
  assert.is(local.size, 2);
});

tier.run();
