import * as assert from 'uvu/assert';
import { suite } from '../../../test/runner/suite.ts';
import { settled } from '../../../test/support/scripted.ts';
import { createTestClient } from '../../testing/mod.ts';
import type { Key } from '../../wire/command.ts';
import { ConnectionError, TimeoutError, UsageError } from '../../wire/errors.ts';
import type { Cache } from './cache.ts';

const caches = suite('cache');

caches('what fetchMany has to load is given to loadMany at once', async () => {
  const { client } = createTestClient();
  const calls: number[] = [];
  const cache = client.cache<number, number>({
    key: (id) => `k:${id}`,
    loadMany(ids) {
      calls.push(ids.length);
      return new Map(ids.map((id) => [id, id]));
    },
    ttl: 60,
  });
  await cache.fetchMany([1, 2]);
  const ids = Array.from({ length: 1000 }, (_, id) => id);
  assert.is((await cache.fetchMany(ids)).size, 1000);
  assert.equal(calls, [2, 998]);
  const more = Array.from({ length: 2500 }, (_, id) => id + 1000);
  await cache.fetchMany(more, { timeout: 5000 });
  assert.equal(calls, [2, 998, 1000, 1000, 500]);
  await client.close();
});

caches(
  'a key that is refused is refused in fetchMany too, and keeps no other waiting',
  async () => {
    const { client } = createTestClient();
    const cache = client.cache<string>({
      key: (id) => id,
      loadMany: (ids) => new Map(ids.map((id) => [id, 'v'])),
      ttl: 60,
    });
    for (const options of [undefined, { timeout: 5000 }]) {
      const failure = await cache.fetchMany(['a', 'b c', 'd'], options).catch((error: unknown) =>
        error
      );
      assert.instance(failure, UsageError);
      assert.is((failure as UsageError).argument, 'key');
    }
    assert.is(await cache.peek('d'), 'v');
    await client.close();
  },
);

caches('a client that is closed is no cache that is down', async () => {
  const { client } = createTestClient();
  let loads = 0;
  const cache = client.cache<number>({ key: String, load: () => ++loads, ttl: 60 });
  await client.close();
  for (const options of [undefined, { timeout: 5000 }, { fresh: true }]) {
    const failure = await cache.fetch('a', options).catch((error: unknown) => error);
    assert.instance(failure, ConnectionError);
    assert.is((failure as ConnectionError).code, 'closed');
  }
  assert.is(loads, 0);
});

caches('a loader that gives a ttl that is none fails', async () => {
  const { client } = createTestClient();
  for (const ttl of [undefined, null, -1, NaN, '5']) {
    const load = (context: { ttl(seconds: number): void }): string => {
      context.ttl(ttl as never);
      return 'v';
    };
    const failure = await client.fetch('k', load, { ttl: 60 }).catch((error: unknown) => error);
    assert.instance(failure, UsageError);
    assert.is((failure as UsageError).argument, 'ttl');
  }
  await client.close();
});

caches('a loader that calls fetch of its own key ends with the timeout of the call', async () => {
  const { client, clock } = createTestClient();
  const cache: Cache<string, Key> = client.cache<string>({
    key: (id) => id,
    load: async (id): Promise<string | undefined> => await cache.fetch(id),
    ttl: 60,
    lease: 2,
    wait: 500,
  });
  const failure = cache.fetch('a').catch((error: unknown) => error);
  const other = cache.fetch('b', { timeout: 100 }).catch((error: unknown) => error);
  await settled();
  clock.advance(100);
  assert.instance(await other, TimeoutError);
  clock.advance(2400);
  assert.instance(await failure, TimeoutError);
  // And keeps no other caller from the key.
  assert.is(await client.fetch('a', () => 'v', { ttl: 60 }), 'v');
  await client.close();
});

caches('a loader that never settles holds up nobody for longer than its lease', async () => {
  const { client, clock, server } = createTestClient();
  const stuck = client.cache<string>({
    key: (id) => id,
    load: () => new Promise(() => {}),
    ttl: 60,
    lease: 2,
  });
  const first = stuck.fetch('a').catch((error: unknown) => error);
  await settled();
  const { client: another } = createTestClient({ server });
  const sound = another.cache<string>({ key: (id) => id, load: () => 'v', ttl: 60, lease: 2 });
  const second = sound.fetch('a');
  for (let time = 0; time < 3500; time += 20) {
    await settled();
    clock.advance(20);
  }
  assert.is(await second, 'v');
  assert.is(sound.stats().outcomes['taken-over'], 1);
  clock.advance(5000);
  assert.instance(await first, TimeoutError);
  await Promise.all([client.close(), another.close()]);
});

caches('without memcached so many loads run at once, and other calls are refused', async () => {
  const { client, server } = createTestClient();
  server.down();
  const ends: (() => void)[] = [];
  const cache = client.cache<string>({
    key: (id) => id,
    load: (id) => new Promise((resolve) => void ends.push(() => resolve(`v${String(id)}`))),
    ttl: 60,
    failOpen: { concurrency: 2 },
  });
  const calls = ['a', 'b', 'c', 'a'].map((id) => cache.fetch(id).catch((error: unknown) => error));
  await settled();
  assert.is(ends.length, 2);
  const refused = await calls[2];
  assert.instance(refused, ConnectionError);
  assert.is((refused as ConnectionError).code, 'overloaded');
  for (const end of ends) end();
  assert.equal(await Promise.all([calls[0], calls[1], calls[3]]), ['va', 'vb', 'va']);
  const later = cache.fetch('c');
  await settled();
  ends[2]?.();
  assert.is(await later, 'vc');
  assert.is(cache.stats().outcomes['failed-open'], 4);
  await client.close();
});

caches('keys that are bytes', async () => {
  const { client } = createTestClient({ binaryKeys: true });
  let loads = 0;
  const cache = client.cache<number, Uint8Array>({ key: (id) => id, load: () => ++loads, ttl: 60 });
  const key = Uint8Array.of(0, 10, 13, 32, 255);
  assert.is(await cache.fetch(key), 1);
  assert.is(await cache.fetch(key.slice()), 1);
  assert.equal(await Promise.all([1, 2, 3].map(() => cache.fetch(Uint8Array.of(7)))), [2, 2, 2]);
  assert.is(await client.get(key), 1);
  await cache.invalidate(key);
  assert.is(await cache.fetch(key), 3);
  await client.close();
});

caches('a client that is closed during a load gives its lease up', async () => {
  for (const old of [false, true]) {
    const { client, server, clock } = createTestClient();
    const { client: other } = createTestClient({ server });
    const policy = { key: (id: Key) => id, ttl: 60, grace: 30, jitter: 0 } as const;
    if (old) await other.cache({ ...policy, load: () => 'old' }).fetch('a');
    clock.advance(61_000);
    let end = (_value: string): void => {};
    const load = (): Promise<string> => new Promise((resolve) => void (end = resolve));
    const cache = client.cache<string>({ ...policy, load, softTimeout: 60_000 });
    const view = client.withPrefix('');
    const call = cache.fetch('a');
    await settled();
    await view.close();
    assert.is(
      await other.meta.get('a', { value: false, vivify: 9 }).then((item) => item?.won),
      false,
    );
    await client.close();
    const next = other.cache<string>({ ...policy, load: () => 'next' });
    assert.is(await next.fetch('a'), 'next');
    end('v');
    assert.is(await call, 'v');
    assert.is(cache.stats().storeFailures, 1);
    assert.is(next.stats().loads, 1);
    await other.close();
  }
});

caches('a value that the server refuses leaves no lease', async () => {
  for (const dialect of ['meta', 'text'] as const) {
    const { client, server } = createTestClient({ dialect });
    let loads = 0;
    const load = (): string => 'x'.repeat(loads++ === 0 ? 2 << 20 : 10);
    const cache = client.cache<string>({ key: (id) => id, load, ttl: 60 });
    assert.is((await cache.fetch('a'))?.length, 2 << 20);
    await settled();
    assert.is((await cache.fetch('a'))?.length, 10);
    assert.equal([cache.stats().storeFailures, cache.stats().outcomes.loaded], [1, 2]);
    assert.is(server.items.size, 1);
    await client.close();
  }
});

caches('in text, any key has a marker', async () => {
  const { client } = createTestClient({ dialect: 'text', unicodeKeys: true });
  let loads = 0;
  const cache = client.cache<string>({
    key: (id) => id,
    load: () => `v${++loads}`,
    ttl: 60,
    grace: 9,
  });
  const keys = [244, 245, 249, 250].map((length) => 'k'.repeat(length));
  for (const key of [...keys, `${'k'.repeat(249)}b`, 'é'.repeat(125), 'é']) {
    const value = await cache.fetch(key);
    await settled();
    assert.is(await cache.fetch(key), value);
    await cache.put(key, 'put');
    assert.is(await cache.fetch(key), 'put');
  }
  assert.is(loads, 7);
  assert.is(cache.stats().storeFailures, 0);
  await client.close();
});

caches('in text, an old value that another caller loads is stale', async () => {
  const { client, clock, server } = createTestClient({ dialect: 'text' });
  const { client: other } = createTestClient({ server, dialect: 'text' });
  const policy = { key: (id: Key) => id, ttl: 60, grace: 60, jitter: 0 } as const;
  const slow = client.cache<string>({
    ...policy,
    load: () => new Promise(() => {}),
    softTimeout: 0,
  });
  const quick = other.cache<string>({ ...policy, load: () => 'v', local: { maxItems: 9, ttl: 9 } });
  await quick.fetch('a');
  await settled();
  clock.advance(70_000);
  const loading = slow.fetch('a');
  await settled();
  for (let i = 0; i < 3; i++) assert.is(await quick.fetch('a'), 'v');
  clock.advance(1);
  assert.is(await loading, 'v');
  const { stale, hit, local } = quick.stats().outcomes;
  assert.equal([stale, hit, local], [3, 0, 0]);
  assert.equal(client.counters().errors, new Map());
  await Promise.all([client.close(), other.close()]);
});

caches('what says that there is no value is a miss for getMany, too', async () => {
  const { client } = createTestClient();
  const cache = client.cache<string>({
    key: (id) => id,
    load: () => undefined,
    ttl: 60,
    negativeTtl: 60,
  });
  await cache.fetch('a');
  await settled();
  assert.equal(await client.getMany(['a']), new Map());
  await client.close();
});

caches.run();
