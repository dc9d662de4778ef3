import * as assert from 'uvu/assert';
import { Random } from '../../conformance/random.ts';
import { suite } from '../runner/suite.ts';
import { type Call, checkHistory, describe, type Operation, TooWide } from './history.ts';

const history = suite('reliability: histories');

const at = (start: number, end: number, call: Call, key = 'k'): Operation => ({
  key,
  call,
  start,
  end,
});
const get = (result: string | undefined): Call => ({ type: 'get', result });
const set = (value: string, expire?: number): Call =>
  expire === undefined ? { type: 'set', value } : { type: 'set', value, expire };
const incr = (delta: bigint, result: bigint | undefined): Call => ({ type: 'incr', delta, result });
const UNKNOWN = Infinity;

const right: readonly (readonly [name: string, ...operations: Operation[]])[] = [
  ['nothing'],
  ['a miss', at(0, 1, get(undefined))],
  ['a read after a write', at(0, 1, set('a')), at(2, 3, get('a'))],
  ['a read beside a write: before it', at(0, 9, set('a')), at(1, 2, get(undefined))],
  ['a read beside a write: after it', at(0, 9, set('a')), at(1, 2, get('a'))],
  [
    'two writes side by side: either is the last',
    ...[at(0, 9, set('a')), at(0, 9, set('b')), at(10, 11, get('a')), at(12, 13, get('a'))],
  ],
  ['an unknown write that was done', at(0, UNKNOWN, set('a')), at(50, 51, get('a'))],
  ['an unknown write that was not', at(0, UNKNOWN, set('a')), at(50, 51, get(undefined))],
  [
    'an unknown write that was done late',
    ...[at(0, UNKNOWN, set('a')), at(50, 51, get(undefined)), at(52, 53, get('a'))],
  ],
  [
    'counters side by side',
    at(0, 1, set('1')),
    ...[at(2, 9, incr(1n, 3n)), at(2, 9, incr(1n, 2n)), at(10, 11, get('3'))],
  ],
  [
    'a counter that goes round',
    ...[at(0, 1, set(String(2n ** 64n - 1n))), at(2, 3, incr(2n, 1n))],
  ],
  [
    'compare and swap',
    at(0, 1, set('a')),
    at(2, 3, { type: 'gets', result: { value: 'a', cas: 7n } }),
    at(4, 5, { type: 'cas', value: 'b', cas: 7n, result: 'stored' }),
    at(6, 7, { type: 'cas', value: 'c', cas: 7n, result: 'exists' }),
    at(8, 9, get('b')),
  ],
  [
    'an item that expires',
    ...[at(0, 1, set('a', 5)), at(2, 3, get('a')), at(9000, 9001, get(undefined))],
  ],
  [
    'an item that is lost',
    at(0, 1, set('a')),
    at(2, 5, { type: 'lose' }),
    at(6, 7, get(undefined)),
  ],
  [
    'an item that could be lost',
    at(0, 1, set('a')),
    at(2, 5, { type: 'lose' }),
    at(6, 7, get('a')),
  ],
  [
    'what keeps to its conditions',
    at(0, 1, { type: 'replace', value: 'x', result: false }),
    at(2, 3, { type: 'add', value: 'b', result: true }),
    at(4, 5, { type: 'append', value: 'c', result: true }),
    at(6, 7, { type: 'prepend', value: 'a', result: true }),
    at(8, 9, get('abc')),
    at(10, 11, { type: 'delete', result: true }),
    at(12, 13, { type: 'touch', expire: 5, result: false }),
    at(14, 15, { type: 'delete', result: false }),
  ],
];

for (const [name, ...operations] of right) {
  history(`${name} is right`, () => {
    assert.equal(checkHistory(operations).map(describe), []);
  });
}

const wrong: readonly (readonly [name: string, ...operations: Operation[]])[] = [
  ['a value that nobody wrote', at(0, 1, get('ghost'))],
  ["another key's value", at(0, 1, set('a', 0), 'other'), at(2, 3, get('a'))],
  ['an old value', at(0, 1, set('a')), at(2, 3, set('b')), at(4, 5, get('a'))],
  ['a write that is lost', at(0, 1, set('a')), at(2, 3, get(undefined))],
  [
    'a value that comes and goes',
    ...[at(0, 9, set('a')), at(1, 2, get('a')), at(3, 4, get(undefined))],
  ],
  [
    'two readers who disagree on the last of two writes',
    ...[at(0, 9, set('a')), at(0, 9, set('b')), at(10, 11, get('a')), at(12, 13, get('b'))],
  ],
  ['a write that was done twice', at(0, 1, set('1')), at(2, 3, incr(1n, 3n))],
  [
    'two counters with one result',
    ...[at(0, 1, set('1')), at(2, 9, incr(1n, 2n)), at(2, 9, incr(1n, 2n))],
  ],
  [
    'an unknown write that was done before it began',
    ...[at(0, 1, get('a')), at(2, UNKNOWN, set('a'))],
  ],
  [
    'an unknown write that was done twice',
    at(0, UNKNOWN, set('a')),
    ...[at(1, 2, get('a')), at(3, 4, set('b')), at(5, 6, get('b')), at(7, 8, get('a'))],
  ],
  [
    'two who swap one version',
    at(0, 1, set('a')),
    at(2, 3, { type: 'gets', result: { value: 'a', cas: 7n } }),
    at(4, 5, { type: 'cas', value: 'b', cas: 7n, result: 'stored' }),
    at(6, 7, { type: 'cas', value: 'c', cas: 7n, result: 'stored' }),
  ],
  [
    'two versions of one write',
    at(0, 1, set('a')),
    at(2, 3, { type: 'gets', result: { value: 'a', cas: 7n } }),
    at(4, 5, { type: 'gets', result: { value: 'a', cas: 8n } }),
  ],
  ['an item that expires too early', at(0, 1, set('a', 60)), at(2, 3, get(undefined))],
  ['an item that does not expire', at(0, 1, set('a', 1)), at(9000, 9001, get('a'))],
  [
    'a loss before it could be',
    ...[at(0, 1, set('a')), at(2, 3, get(undefined)), at(4, 5, { type: 'lose' })],
  ],
  [
    'an item that is lost and comes back',
    at(0, 1, set('a')),
    ...[at(2, 5, { type: 'lose' }), at(6, 7, get(undefined)), at(8, 9, get('a'))],
  ],
  [
    'an add that was done beside an item',
    ...[at(0, 1, set('a')), at(2, 3, { type: 'add', value: 'b', result: true })],
  ],
];

for (const [name, ...operations] of wrong) {
  history(`${name} is wrong`, () => {
    const violations = checkHistory(operations);
    assert.is(violations.length, 1);
    assert.match(describe(violations[0]!), 'no order explains');
  });
}

// Law: whatever one item answers to clients side by side is right; one result changed is wrong,
// wherever a later call shows that it cannot have been.
for (const seed of [1, 2, 3, 4, 5]) {
  history(
    `what an item really answers is right, and not with another result (seed ${seed})`,
    () => {
      const random = new Random(seed);
      for (let round = 0; round < 10; round++) {
        const operations = play(random, 40);
        assert.equal(checkHistory(operations).map(describe), []);
        const reads = operations.filter(({ call, end }) => call.type === 'get' && end < UNKNOWN);
        const { length } = reads;
        if (length === 0) continue;
        const ghost = random.pick(reads);
        const changed = operations.map((one) =>
          one === ghost ? { ...one, call: get('ghost') } : one
        );
        assert.is(checkHistory(changed).length, 1);
      }
    },
  );
}

history('two thousand calls to twenty items are judged', () => {
  const random = new Random(7);
  const operations = Array.from(
    { length: 50 },
    (_, i) => play(random, 100).map((operation) => ({ ...operation, key: String(i) })),
  );
  assert.equal(checkHistory(operations.flat()).map(describe), []);
});

/** Calls of clients side by side, each done at a moment between its start and its end. */
function play(random: Random, count: number, clients = 5, unknown = 0.05): Operation[] {
  const operations: Operation[] = [];
  const free = Array.from({ length: clients }, () => 0);
  const plans = Array.from({ length: count }, (_, i) => {
    const client = random.below(clients);
    const start = free[client]! + random.below(5);
    const done = start + random.below(10);
    const end = done + random.below(10);
    free[client] = end + 1;
    return { start, done, end, i };
  });
  let value: string | undefined;
  for (const { start, end, i } of plans.sort((a, b) => a.done - b.done)) {
    const isUnknown = random.chance(unknown);
    const isDone = !isUnknown || random.chance(0.5);
    let call: Call;
    switch (random.below(4)) {
      case 0:
        call = set(String(i));
        if (isDone) value = String(i);
        break;
      case 1:
        call = { type: 'delete', result: value !== undefined };
        if (isDone) value = undefined;
        break;
      case 2:
        call = { type: 'append', value: '1', result: value !== undefined };
        if (isDone && value !== undefined) value += '1';
        break;
      default:
        call = get(value);
    }
    operations.push(at(start, isUnknown ? UNKNOWN : end, call));
  }
  return operations;
}

history('one that is too wide has no answer, instead of one that takes for ever', () => {
  const unknown = Array.from(
    { length: 20 },
    (_, i) => at(i, UNKNOWN, { type: 'append', value: `${i}`, result: true }),
  );
  const operations = [at(0, 1, set('a')), ...unknown, at(50, 51, get('none'))];
  assert.throws(() => checkHistory(operations, 1000), (error: unknown) => error instanceof TooWide);
});

history.run();
