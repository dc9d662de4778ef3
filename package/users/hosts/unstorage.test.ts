// unstorage, and the caches of Nitro, on memcached. unstorage's own test of drivers is not on npm;
// docs/stores.md says how it is run. These are the same questions, and those that it does not ask.
import * as assert from 'uvu/assert';
import { UsageError } from '../../../core/wire/errors.ts';
import { unstorageDriver } from '../../../stores/unstorage.ts';
import { hostSuite } from './host-suite.ts';

await hostSuite('stores: unstorage', async ({ add, client, down }) => {
  const { createStorage, prefixStorage, restoreSnapshot } = await import('unstorage');
  const make = (prefix: string) =>
    createStorage({ driver: unstorageDriver(client(), { prefix: `${prefix}:` }) });

  add('there is nothing at first, and nothing after clear', async () => {
    const storage = make('initial');
    assert.is(await storage.hasItem('s1:a'), false);
    assert.is(await storage.getItem('s2:a'), null);
    assert.is(await storage.getItemRaw('s2:a'), null);
    await restoreSnapshot(storage, { initial: 'works' });
    assert.is(await storage.getItem('initial'), 'works');
    await storage.clear();
    await storage.clear();
    assert.is(await storage.getItem('initial'), null);
    assert.equal(await storage.getKeys(), []);
  });

  add('values come back as unstorage gives them to a driver', async () => {
    const storage = make('values');
    const values = ['text', '', 0, 17, false, true, { json: 'works' }, ['a', 1], '{"json":"text"'];
    for (const [i, value] of values.entries()) await storage.setItem(`v:${i}.json`, value);
    for (const [i, value] of values.entries()) {
      assert.equal(await storage.getItem(`v:${i}.json`), value);
    }
    // unstorage's null is the text `null`, and undefined removes.
    await storage.setItem('v:0.json', null);
    assert.is(await storage.getItem('v:0.json'), null);
    await storage.setItem('v:1.json', undefined as never);
    assert.is(await storage.hasItem('v:1.json'), false);
  });

  add('bytes are stored as bytes', async () => {
    const storage = make('raw');
    const bytes = new Uint8Array([0, 1, 254, 255, 13, 10]);
    for (const value of [bytes, Buffer.from(bytes), bytes.buffer]) {
      await storage.setItemRaw('data/raw.bin', value);
      assert.equal(await storage.getItemRaw('data/raw.bin'), bytes);
    }
    await storage.setItemRaw('text', 'text');
    assert.is(await storage.getItemRaw('text'), 'text');
  });

  add('many items are read and stored at once', async () => {
    const storage = make('many');
    await storage.setItems([{ key: 't:1', value: 'one' }, { key: 't/2?q=1', value: '2' }]);
    assert.equal(await storage.getItems(['t:1', { key: 't:2' }, 't:none']), [
      { key: 't:1', value: 'one' },
      { key: 't:2', value: 2 },
      { key: 't:none', value: null },
    ]);
    await storage.removeItem('t:1');
    assert.is(await storage.getItem('t:1'), null);
  });

  add(
    'clear empties a mounted driver, and no other; a base of it says that it cannot be',
    async () => {
      const storage = make('root');
      storage.mount('cache', unstorageDriver(client(), { prefix: 'mounted:' }));
      await storage.setItem('cache:a', 1);
      await storage.setItem('b', 2);
      await prefixStorage(storage, 'cache').clear();
      assert.is(await storage.getItem('cache:a'), null);
      assert.is(await storage.getItem('b'), 2);
      const error = await unstorageDriver(client()).clear('deep:').catch((one: unknown) => one);
      assert.instance(error, UsageError);
    },
  );

  add('a ttl is in seconds, that of the item before that of the driver', async () => {
    const storage = createStorage({ driver: unstorageDriver(client(), { prefix: 't:', ttl: 50 }) });
    await storage.setItem('a', 1);
    await storage.setItem('b', 1, { ttl: 0.5 });
    await storage.setItem('c', 1, { ttl: 0 });
    await storage.setItems([{ key: 'd', value: 1, options: { ttl: 90 } }]);
    const driver = unstorageDriver(client(), { prefix: 't:', ttl: 50 });
    assert.is(driver.getInstance(), client());
    const generation = await client().get<number>('t:generation');
    const left = async (key: string) =>
      (await client().meta.get(`t:${generation}:${key}`, { ttl: true }))?.ttl;
    assert.ok(within(await left('a'), 45, 50));
    assert.ok(within(await left('b'), 0, 1));
    assert.is(await left('c'), Infinity);
    assert.ok(within(await left('d'), 85, 90));
  });

  add('a server that is down rejects', async () => {
    const storage = createStorage({ driver: unstorageDriver(down()) });
    const error = await storage.getItem('a').catch((one: unknown) => one);
    assert.match(String(error), /ConnectionError/);
  });
});

await hostSuite('stores: ocache, the cache of Nitro 3', async ({ add, client }) => {
  const { createStorage } = await import('unstorage');
  const { createBlobStorage, defineCachedFunction } = await import('ocache');

  add('a function is called once, until it is invalidated', async () => {
    const storage = createStorage({ driver: unstorageDriver(client(), { prefix: 'nitro:' }) });
    // As its documentation has it.
    const cache = createBlobStorage({
      get: async (key) => await storage.getItemRaw<Uint8Array>(key),
      set: (key, value, options) =>
        value === null ? storage.removeItem(key) : storage.setItemRaw(key, value, options),
    });
    let calls = 0;
    const make = () =>
      defineCachedFunction((name: string) => Promise.resolve(`${name} ${++calls}`), {
        maxAge: 60,
        swr: false,
        name: 'greet',
        storage: cache,
      });
    assert.is(await make()('Ada'), 'Ada 1');
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.is(await make()('Ada'), 'Ada 1');
    assert.is(await make()('Grace'), 'Grace 2');
    await storage.clear();
    assert.is(await make()('Ada'), 'Ada 3');
  });
});

function within(value: number | null | undefined, least: number, most: number): boolean {
  return typeof value === 'number' && value >= least && value <= most;
}
