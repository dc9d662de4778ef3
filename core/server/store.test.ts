import { suite } from '../../test/runner/suite.ts';
import * as assert from 'uvu/assert';
import { Random } from '../../conformance/random.ts';
import { fromLatin1, latin1 } from '../wire/bytes.ts';
import { cacheOptions, Store, type StoreMode, type StoreRequest } from './store.ts';

const START = Date.UTC(2026, 0, 1);
const DAY = 24 * 60 * 60;

/** A store that is spoken to in text, and its time. */
class Subject {
  readonly store: Store;
  #elapsed = 12_345;

  constructor(options: Partial<typeof cacheOptions> = {}) {
    this.store = new Store({ ...cacheOptions, ...options }, START, this.#elapsed);
  }

  put(key: string, value: string, more: Partial<StoreRequest> = {}): string {
    const status = this.store.store({
      mode: 'set',
      key: fromLatin1(key),
      value: fromLatin1(value),
      flags: 0,
      expire: 0,
      cas: 0n,
      newCas: null,
      allowStale: false,
      vivify: null,
      base64: false,
      ...more,
    }).status;
    return status;
  }

  /** Stores with a time to live, as a request gives it. */
  putFor(key: string, seconds: number): void {
    this.put(key, 'x', { expire: this.store.expireAt(seconds) });
  }

  /** Reads as `get` does; undefined for a miss. */
  get(key: string): string | undefined {
    const item = this.store.find(fromLatin1(key));
    if (item === 0) return undefined;
    this.store.bump(item);
    return latin1(this.store.items.value(item, false));
  }

  cas(key: string): bigint {
    return this.store.items.cas(this.store.find(fromLatin1(key)));
  }

  /** Lets seconds go by. */
  pass(seconds: number): void {
    this.#elapsed += seconds * 1000;
    this.store.tick(this.#elapsed);
  }

  evictions(): number {
    let count = 0;
    for (const { evicted } of this.store.classes.values()) count += evicted;
    return count;
  }
}

const room = suite('store: room');

room('what was stored first is evicted first, and no more than is needed', () => {
  const subject = new Subject({ memory: 64 * 40 });
  for (let i = 0; i < 10; i++) subject.put(`key${i}`, 'v'.repeat(200));
  subject.put('new', 'v'.repeat(300));
  const left = Array.from({ length: 10 }, (_, i) => i).filter((i) => subject.get(`key${i}`));
  assert.equal(left, [2, 3, 4, 5, 6, 7, 8, 9]);
  assert.is(subject.evictions(), 2);
});

room('a read saves an item from the next eviction', () => {
  const subject = new Subject({ memory: 64 * 40 });
  for (let i = 0; i < 10; i++) subject.put(`key${i}`, 'v'.repeat(200));
  subject.get('key0');
  subject.put('new', 'v'.repeat(200));
  assert.is(subject.get('key1'), undefined);
  assert.is(subject.get('key0')?.length, 200);
});

room('of many that were read fifty are spared by one that is stored', () => {
  const subject = new Subject({ memory: 64 * 60 });
  for (let i = 0; i < 60; i++) {
    subject.put(`key${i}`, 'v');
    subject.get(`key${i}`);
  }
  subject.put('new', 'v');
  assert.is(subject.evictions(), 1);
  assert.is(subject.get('key49'), 'v');
  assert.is(subject.get('key50'), undefined);
});

room('evictions go by use, whatever the sizes', () => {
  const subject = new Subject({ memory: 64 * 100 });
  subject.put('large', 'v'.repeat(3000));
  for (let i = 0; i < 48; i++) subject.put(`small${i}`, 'v');
  subject.put('more', 'v'.repeat(1000));
  assert.is(subject.get('large'), undefined);
  assert.is(subject.get('small0'), 'v');
});

room('what has expired makes room before anything is evicted', () => {
  const subject = new Subject({ memory: 64 * 40 });
  subject.putFor('old', 1);
  for (let i = 0; i < 9; i++) subject.put(`key${i}`, 'v'.repeat(200));
  subject.pass(2);
  subject.put('new', 'v'.repeat(200));
  assert.is(subject.get('key0')?.length, 200);
  assert.is(subject.evictions(), 0);
});

for (const mode of ['set', 'append', 'prepend', 'incr'] as const) {
  room(`an item that leaves no room for its successor makes room itself: ${mode}`, () => {
    // A number that becomes longer cannot be written in its old place.
    const old = mode === 'incr' ? '9' : 'a'.repeat(90);
    const more = 'b'.repeat(90);
    const subject = new Subject({ memory: mode === 'incr' ? 64 * 2 : 64 * 4 });
    subject.put('key', old);
    if (mode === 'incr') {
      subject.store.delta(subject.store.find(fromLatin1('key')), true, 10n ** 18n, 0n, null);
    } else assert.is(subject.put('key', more, { mode }), 'stored');
    const expected = {
      set: more,
      append: old + more,
      prepend: more + old,
      incr: String(10n ** 18n + 9n),
    };
    assert.is(subject.get('key'), expected[mode]);
    assert.is(subject.evictions(), 1);
    checkInvariants(subject);
    // The list of items is whole: it can be emptied.
    for (let i = 0; i < 20; i++) assert.is(subject.put(`k${i}`, 'c'.repeat(60)), 'stored');
    checkInvariants(subject);
  });
}

room('with evictions off a full store refuses, and keeps what it has', () => {
  const subject = new Subject({ memory: 64 * 10, evict: false });
  assert.is(subject.put('a', 'v'.repeat(400)), 'stored');
  assert.is(subject.put('b', 'v'.repeat(400)), 'no_memory');
  assert.is(subject.put('a', 'w'.repeat(400)), 'no_memory');
  assert.is(subject.evictions(), 0);
  // A set that fails leaves no old value behind: nobody may read on what was to be overwritten.
  assert.is(subject.get('a'), undefined);
});

room('a lower limit evicts at once, a higher one lets more in', () => {
  const subject = new Subject({ memory: 64 * 1000 });
  for (let i = 0; i < 200; i++) subject.put(`key${i}`, 'v'.repeat(200));
  subject.store.resize(64 * 400);
  assert.is(subject.store.items.count, 100);
  assert.is(subject.get('key199')?.length, 200);
  subject.store.resize(64 * 5000);
  for (let i = 0; i < 900; i++) subject.put(`key${i}`, 'v'.repeat(200));
  assert.is(subject.store.items.count, 900);
  assert.is(subject.get('key0')?.length, 200);
});

room('sizes are counted while they are tracked', () => {
  const subject = new Subject();
  subject.store.trackSizes(true);
  subject.put('a', 'x');
  subject.put('b', 'x'.repeat(100));
  subject.put('c', 'y');
  assert.equal([...subject.store.sizes ?? []], [[64, 2], [160, 1]]);
  subject.store.remove(subject.store.find(fromLatin1('a')));
  assert.equal([...subject.store.sizes ?? []], [[64, 1], [160, 1]]);
  subject.store.trackSizes(false);
  assert.is(subject.store.sizes, null);
});

room.run();

const time = suite('store: time');

time('up to 30 days a time to live is relative', () => {
  const subject = new Subject();
  subject.putFor('second', 1);
  subject.putFor('month', 30 * DAY);
  subject.putFor('forever', 0);
  subject.pass(1);
  assert.is(subject.get('second'), undefined);
  subject.pass(30 * DAY - 2);
  assert.is(subject.get('month'), 'x');
  subject.pass(1);
  assert.is(subject.get('month'), undefined);
  assert.is(subject.get('forever'), 'x');
});

time('beyond 30 days it is a Unix time', () => {
  const subject = new Subject();
  subject.putFor('past', 30 * DAY + 1);
  subject.putFor('soon', START / 1000 + 10);
  assert.is(subject.get('past'), undefined);
  subject.pass(9);
  assert.is(subject.get('soon'), 'x');
  subject.pass(1);
  assert.is(subject.get('soon'), undefined);
});

time('a negative one means at once', () => {
  const subject = new Subject();
  subject.putFor('a', -1);
  assert.is(subject.get('a'), undefined);
});

time('flush_all drops what there is, not what comes in the same second', () => {
  const subject = new Subject();
  subject.put('old', 'x');
  subject.store.flush(0);
  subject.put('new', 'x');
  assert.is(subject.get('old'), undefined);
  assert.is(subject.get('new'), 'x');
});

time('flush_all with a delay drops what there is when it has gone by', () => {
  const subject = new Subject();
  subject.put('before', 'x');
  subject.store.flush(10);
  subject.pass(5);
  subject.put('between', 'x');
  assert.is(subject.get('before'), 'x');
  subject.pass(5);
  assert.is(subject.get('between'), undefined);
  subject.put('after', 'x');
  subject.pass(100);
  assert.is(subject.get('after'), 'x');
});

time('what has expired is counted apart from what was never there', () => {
  const subject = new Subject();
  subject.putFor('a', 1);
  subject.pass(1);
  subject.get('a');
  subject.get('b');
  subject.put('c', 'x');
  subject.pass(1);
  subject.store.flush(0);
  subject.get('c');
  const { get_expired, get_flushed, total_items } = subject.store.counters;
  assert.equal([get_expired, get_flushed, total_items], [1, 1, 2]);
  assert.is(subject.store.items.count, 0);
  assert.is(subject.store.bytes, 0);
});

time.run();

const numbers = suite('store: cas and bytes');

numbers('without cas no item has one, and eight bytes less', () => {
  const [without, with_] = [new Subject({ useCas: false }), new Subject()];
  without.put('a', 'x');
  with_.put('a', 'x');
  assert.is(without.cas('a'), 0n);
  assert.is(with_.cas('a'), 1n);
  assert.is(with_.store.bytes - without.store.bytes, 8);
});

numbers('a cas unique past 2^32 comes back as it was', () => {
  const subject = new Subject();
  for (const cas of [1n, 2n ** 31n, 2n ** 32n + 5n, 2n ** 64n - 1n]) {
    subject.put('a', 'x', { newCas: cas });
    assert.is(subject.cas('a'), cas);
  }
});

numbers('the size limit counts all that memcached counts', () => {
  const { store } = new Subject({ maxItem: 1024 });
  const fixed = 48 + 8 + 1 + 2;
  assert.ok(store.fits(10, 0, 1024 - fixed - 10));
  assert.not(store.fits(10, 0, 1024 - fixed - 9));
  assert.not(store.fits(10, 1, 1024 - fixed - 10));
});

numbers.run();

const model = suite('store: against a plain Map');
const seed = Number(process.env['MEMWIRE_SEED'] ?? 20261121);

/** What must hold at any time: every count and every link agrees with the items themselves. */
function checkInvariants({ store }: Subject): void {
  const { items } = store;
  let [count, bytes, blocks] = [0, 0, 0];
  for (let item = items.scan(1); item !== 0; item = items.scan(item + 1)) {
    count++;
    bytes += store.sizeOf(item);
    for (let block = item; block !== 0; block = items.arena.next[block]!) blocks++;
    assert.is(items.find(items.key(item)), item);
  }
  let linked = 0;
  for (let item = items.newest; item !== 0; item = items.olderThan(item)) linked++;
  assert.equal([items.count, linked], [count, count]);
  assert.is(store.bytes, bytes);
  assert.is(items.arena.used, blocks);
}

model('overwriting the same keys with values of all sizes keeps the memory flat', () => {
  const subject = new Subject({ memory: 1024 * 1024 });
  const random = new Random(seed);
  for (let i = 0; i < 20; i++) subject.put(`key${i}`, 'v'.repeat(20_000));
  const { top } = subject.store.items.arena;
  for (let i = 0; i < 20_000; i++) subject.put(`key${i % 20}`, 'v'.repeat(random.below(20_000)));
  // One more item than there are keys is in memory while it takes the place of the old one.
  assert.ok(subject.store.items.arena.top <= top + 20_000 / 64 + 2);
  assert.is(subject.evictions(), 0);
  checkInvariants(subject);
});

model('whatever is done, it holds what a Map holds', () => {
  const subject = new Subject();
  const random = new Random(seed);
  const expected = new Map<string, string>();
  const modes: readonly StoreMode[] = ['set', 'set', 'add', 'replace', 'append', 'prepend'];
  for (let i = 0; i < 40_000; i++) {
    const key = `${random.below(3000)}`.repeat(1 + random.below(2));
    const old = expected.get(key);
    if (random.chance(0.3)) assert.is(subject.get(key), old);
    else if (random.chance(0.2)) {
      const item = subject.store.find(fromLatin1(key));
      assert.is(item === 0, old === undefined);
      if (item !== 0) subject.store.remove(item);
      expected.delete(key);
    } else {
      const mode = random.pick(modes);
      const value = String.fromCharCode(97 + random.below(26)).repeat(random.below(300));
      const stored = mode === 'set' || (mode === 'add') === (old === undefined);
      assert.is(subject.put(key, value, { mode }), stored ? 'stored' : 'not_stored');
      if (!stored) continue;
      const before = mode === 'append' ? old : '';
      expected.set(key, `${before}${value}${mode === 'prepend' ? old : ''}`);
    }
    if (i % 4000 === 0) checkInvariants(subject);
  }
  for (const [key, value] of expected) assert.is(subject.get(key), value);
  assert.is(subject.store.items.count, expected.size);
  checkInvariants(subject);
});

model('under pressure it holds the newest value of a key or none', () => {
  const subject = new Subject({ memory: 256 * 1024 });
  const random = new Random(seed + 1);
  const expected = new Map<string, string>();
  for (let i = 0; i < 20_000; i++) {
    const key = `key${random.below(500)}`;
    const got = subject.get(key);
    if (got !== undefined) assert.is(got, expected.get(key));
    const value = `${i}`.repeat(random.below(random.chance(0.1) ? 4000 : 50));
    assert.is(subject.put(key, value), 'stored');
    assert.is(subject.get(key), value);
    expected.set(key, value);
    if (i % 2000 === 0) subject.store.resize(1024 * (128 + random.below(512)));
    if (i % 2000 === 1000) checkInvariants(subject);
  }
  assert.ok(subject.evictions() > 0);
  checkInvariants(subject);
});

model.run();
