import * as assert from 'uvu/assert';
import { suite } from '../../../test/runner/suite.ts';
import { createTestClient } from '../../testing/mod.ts';
import { ConnectionError, UsageError } from '../../wire/errors.ts';

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

caches.run();
