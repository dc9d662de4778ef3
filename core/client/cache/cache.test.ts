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

caches('a client that is closed during a load: its callers get the value', async () => {
  const { client } = createTestClient();
  let end = (_value: string): void => {};
  const cache = client.cache<string>({
    key: (id) => id,
    load: () => new Promise((resolve) => void (end = resolve)),
    ttl: 60,
  });
  const call = cache.fetch('a');
  await settled();
  await client.close();
  end('v');
  assert.is(await call, 'v');
  assert.is(cache.stats().storeFailures, 1);
});

caches.run();
