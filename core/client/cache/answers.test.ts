import * as assert from 'uvu/assert';
import { suite } from '../../../test/runner/suite.ts';
import { KEY } from '../../../test/support/cache-host.ts';
import type { Member } from '../../../test/support/cache-stage.ts';
import { arrive, brief, fetched, loadOf, stageOf } from '../../../test/support/cache-steps.ts';
import { settled, Watched } from '../../../test/support/scripted.ts';
import { createTestClient } from '../../testing/mod.ts';
import { latin1 } from '../../wire/bytes.ts';
import { ConnectionError } from '../../wire/errors.ts';
import type { FetchOptions } from './fetcher.ts';

const answers = suite('cache: answers');

answers('errors of the caller reject; those of the cache do not', async () => {
  const { client } = createTestClient();
  const cache = client.cache<string, string>({ key: (id) => id, load: () => 'v', ttl: 60 });
  const aborter = new AbortController();
  aborter.abort(new Error('enough'));
  const aborted = new Watched(cache.fetch('a', { signal: aborter.signal }));
  await settled();
  assert.is(aborted.brief, 'AbortError aborted not-sent');
  await client.close();
  const closed = new Watched(cache.fetch('a'));
  await settled();
  assert.instance(closed.error, ConnectionError);
  assert.is(closed.brief, 'ConnectionError closed not-sent');
  assert.is(cache.stats().loads, 0);
});

answers('what a loader is told of an item: its key, the value, the reason', async () => {
  const stage = stageOf({ grace: 60 });
  const [first] = stage.members as [Member];
  stage.host.store('v0', 30);
  await fetched(first);
  const { key, old, reason } = loadOf(first).context;
  assert.equal([key, old, reason], [KEY, 'v0', 'stale']);
  await stage.finish();
});

answers('values of every kind come back from the cache', async () => {
  for (const dialect of ['meta', 'text'] as const) {
    const { client } = createTestClient({ dialect });
    let loads = 0;
    const cache = client.cache<unknown, string>({
      key: (id) => id,
      load: () => void loads++,
      ttl: 60,
      negativeTtl: 60,
    });
    const values: readonly unknown[] = [
      '',
      'v',
      new Uint8Array(),
      Uint8Array.of(1),
      0,
      null,
      undefined,
    ];
    for (const [index, value] of values.entries()) {
      await cache.put(`k${index}`, value);
      assert.equal(await cache.fetch(`k${index}`), value);
      assert.equal(await cache.peek(`k${index}`), value);
    }
    assert.is(await cache.fetch('none'), undefined);
    await settled();
    assert.is(await cache.fetch('none'), undefined);
    assert.is(loads, 1);
    await client.close();
  }
});

answers('that there is no value is not told by the serde', async () => {
  for (const dialect of ['meta', 'text'] as const) {
    const serde = {
      serialize: (_: unknown, value: unknown) => ({ value: String(value), flags: 0 }),
      deserialize: (_: unknown, value: Uint8Array, flags: number) => `${latin1(value)} ${flags}`,
    };
    const { client } = createTestClient({ dialect, serde });
    const cache = client.cache<unknown, string>({
      key: (id) => id,
      load: () => undefined,
      ttl: 60,
      negativeTtl: 60,
    });
    await cache.put('a', undefined);
    assert.equal([await cache.fetch('a'), await cache.peek('a')], [undefined, undefined]);
    await cache.put('a', '');
    assert.equal([await cache.fetch('a'), await cache.peek('a')], [' 0', ' 0']);
    assert.is(cache.stats().outcomes.hit, 2);
    await client.close();
  }
});

answers('what a serde cannot read is replaced', async () => {
  const { client } = createTestClient();
  const cache = client.cache<string, string>({ key: (id) => id, load: () => 'v', ttl: 60 });
  await client.set('a', '{', { flags: 32 });
  assert.is(await cache.fetch('a'), 'v');
  await settled();
  assert.is(await client.get('a'), 'v');
  await client.set('b', '{', { flags: 7 });
  assert.is(await cache.fetch('b'), 'v');
  assert.equal([cache.stats().outcomes.loaded, cache.stats().loads], [2, 2]);
  await client.close();
});

answers('onFetch may return anything: what is no function is not called', async () => {
  const heard: unknown[] = [];
  const { client } = createTestClient({ onFetch: (key) => heard.push(key) as never });
  assert.is(await client.fetch('k', () => 'v', { ttl: 60 }), 'v');
  assert.equal(heard, ['k']);
  await client.close();
});

answers('onFetch hears the outcome, the time and the error', async () => {
  const ends: unknown[] = [];
  const { client, clock, server } = createTestClient({
    onFetch: (key) => ({ outcome, duration, error }) => {
      ends.push([key, outcome, duration, error?.message ?? null]);
    },
  });
  await client.get('k');
  server.slow(40);
  const call = async (load: () => string, options?: FetchOptions): Promise<void> => {
    const ended = client.fetch('k', load, { ttl: 60 }, options).catch(() => {});
    for (let time = 0; time < 90; time += 10) {
      for (let i = 0; i < 3; i++) await settled();
      clock.advance(10);
    }
    await ended;
  };
  const fail = (): string => {
    throw new TypeError('the source fails');
  };
  await call(fail);
  await call(fail, { timeout: 5000 });
  await call(() => 'v');
  await call(fail);
  await call(fail, { timeout: 0 });
  assert.equal(ends.slice(0, 4), [
    ['k', 'failed', 40, 'the source fails'],
    ['k', 'failed', 40, 'the source fails'],
    ['k', 'loaded', 40, null],
    ['k', 'hit', 40, null],
  ]);
  assert.is(ends.length, 4, 'not of what is refused');
  server.recover();
  await client.close();
});

answers('a loader that fails under an observer of commands is called once', async () => {
  const { client } = createTestClient({ onCommand: () => () => {} });
  let loads = 0;
  const load = (): never => {
    loads++;
    throw new TypeError('the source fails');
  };
  const failure = await client.fetch('a', load, { ttl: 60 }).catch((error: unknown) => error);
  assert.instance(failure, TypeError);
  assert.is(loads, 1);
  await client.close();
});

answers('waiters of a process whose read wins a lease share the load', async () => {
  const stage = stageOf();
  const [winner, other] = stage.members as [Member, Member];
  await fetched(winner);
  const calls = [await other.fetch(), await other.fetch()];
  await arrive(other);
  await loadOf(winner).fail();
  await arrive(winner);
  await stage.advance(5);
  await arrive(other);
  assert.is(stage.loads.length, 1);
  await loadOf(other).succeed();
  await arrive(other);
  assert.equal(calls.map(brief), [['v1', 'taken-over'], ['v1', 'shared']]);
});

answers('a fresh value that another process loads ahead is a hit, and kept', async () => {
  const local = { maxItems: 9, ttl: 9 };
  const stage = stageOf({ refreshAhead: 6, local });
  const [first, second] = stage.members as [Member, Member];
  stage.host.store('v1', 12);
  await stage.advance(3000);
  assert.equal(brief(await fetched(first)), ['v1', 'ahead']);
  assert.equal(brief(await fetched(second)), ['v1', 'hit']);
  assert.equal([first, second].map(({ cache }) => cache.stats().localItems), [1, 1]);
});

answers('an invalid value that another process loads is stale, and not kept', async () => {
  const stage = stageOf({ local: { maxItems: 9, ttl: 9 } });
  const [first, second] = stage.members as [Member, Member];
  stage.host.store('v1', 100);
  stage.host.invalidate(60);
  await fetched(first);
  assert.equal(brief(await fetched(second)), ['v1', 'stale']);
  assert.is(second.cache.stats().localItems, 0);
});

answers('a value that was waited for is kept in the local tier', async () => {
  const stage = stageOf({ local: { maxItems: 9, ttl: 9 } });
  const [first, second] = stage.members as [Member, Member];
  await fetched(first);
  const call = await fetched(second);
  await loadOf(first).succeed();
  await arrive(first);
  await stage.advance(5);
  await arrive(second);
  assert.equal(brief(call), ['v1', 'waited']);
  assert.equal([first, second].map(({ cache }) => cache.stats().localItems), [0, 1]);
});

answers('fresh: the local tier is empty while the value is invalidated', async () => {
  const stage = stageOf({ local: { maxItems: 9, ttl: 60 } });
  const [first] = stage.members as [Member];
  stage.host.store('v1', 100);
  await fetched(first);
  await first.fetch({ fresh: true });
  const change = stage.next;
  const during = await first.fetch();
  assert.is(during.isOver, false);
  const read = stage.held.find((held) => held !== change);
  assert.ok(read);
  await stage.deliver(read);
  assert.equal([...brief(during), first.cache.stats().localItems], ['v1', 'hit', 1]);
  await stage.deliver(change);
  assert.is(first.cache.stats().localItems, 0);
});

answers('each call counts by its outcome, those that fail too', async () => {
  const stage = stageOf();
  const [first] = stage.members as [Member];
  await fetched(first);
  await loadOf(first).fail();
  await arrive(first);
  const { outcomes } = first.cache.stats();
  assert.equal(Object.entries(outcomes).filter(([, count]) => count !== 0), [['failed', 1]]);
});

answers('a value with the least ttl is stored, and counts', async () => {
  const stage = stageOf({ ttl: 1, grace: 0 });
  const [first] = stage.members as [Member];
  await fetched(first);
  await loadOf(first).succeed();
  await arrive(first);
  assert.equal([stage.host.fresh, first.cache.stats().stores], ['v1', 1]);
});

answers.run();
