import * as assert from 'uvu/assert';
import { suite } from '../../../test/runner/suite.ts';
import { CLAIM } from '../values/serde.ts';
import { ProtocolError } from '../../wire/errors.ts';
import type { OperationContext } from '../operation-context.ts';
import { type ItemSigns, readItem, Seen, type State, stateOf } from './item.ts';

const items = suite('cache: item');

const value: ItemSigns = {
  size: 5,
  flags: 16,
  ttl: 100,
  won: false,
  taken: false,
  invalid: false,
};
const empty = { ...value, size: 0, flags: 0 };
const GRACE = 10;

// Every row of the table, and what is next to it.
const cases: readonly (readonly [name: string, item: ItemSigns, state: State])[] = [
  ['a value', value, 'fresh'],
  ['an empty value with flags', { ...value, size: 0 }, 'fresh'],
  ['an empty item that nobody has won', empty, 'fresh'],
  ['a value without flags', { ...value, flags: 0 }, 'fresh'],
  ['the placeholder of an add', { ...value, flags: CLAIM }, 'waiting'],
  ['the placeholder of an add, won', { ...value, flags: CLAIM, won: true }, 'waiting'],
  ['a placeholder, won', { ...empty, won: true }, 'cold'],
  ['a placeholder, won and taken', { ...empty, won: true, taken: true }, 'cold'],
  ['a placeholder of another reader', { ...empty, taken: true }, 'waiting'],
  ['a value, won before its end', { ...value, won: true, ttl: GRACE + 1 }, 'ahead'],
  ['a value, won at its end', { ...value, won: true, ttl: GRACE }, 'stale'],
  ['an invalid value, won', { ...value, won: true, invalid: true }, 'stale'],
  ['a value that another reader loads', { ...value, taken: true }, 'held'],
  ['an old value that another reader loads', { ...value, taken: true, ttl: 1 }, 'held'],
  ['an invalid value that another reader loads', { ...value, taken: true, invalid: true }, 'held'],
  ['an empty value with flags, won', { ...empty, flags: 16, won: true, ttl: 1 }, 'stale'],
];

for (const [name, item, state] of cases) {
  items(`${name} is ${state}`, () => {
    assert.is(stateOf(item, GRACE), state);
  });
}

items('a meta read that finds nothing, and got no placeholder, is missing', () => {
  const context = {} as OperationContext;
  const seen = readItem(context, 'k', { type: 'EN', flags: [] }, GRACE, undefined);
  assert.instance(seen, Seen);
  const { state, hasValue, cas, isFresh } = seen as Seen;
  assert.equal([state, hasValue, cas, isFresh], ['missing', false, 0n, false]);
});

items('what is no reply to a read is an error of the protocol', () => {
  assert.throws(
    () => readItem({} as OperationContext, 'k', { type: 'HD', flags: [] }, GRACE, undefined),
    (error: unknown) => error instanceof ProtocolError,
  );
});

items.run();
