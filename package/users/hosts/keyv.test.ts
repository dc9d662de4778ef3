// Keyv, and the caches that are built on it, on memcached: judged by Keyv's own public tests.
import * as assert from 'uvu/assert';
import { KeyvStore } from '../../../stores/keyv.ts';
import type { Suite } from '../../../test/runner/suite.ts';
import { hostSuite } from './host-suite.ts';

type Judge = (context: { readonly expect: unknown }) => void | Promise<void>;
type Hook = () => void | Promise<void>;

/**
 * Registers the tests of the host in a suite: what it calls instead of Vitest, of which it uses no
 * more than this.
 *
 * @param excepted Tests that say the opposite of what the host's own version does, with the reason.
 */
function judge(add: Suite, expect: unknown, excepted: Readonly<Record<string, string>> = {}) {
  const before: Hook[] = [];
  const after: Hook[] = [];
  const seen: string[] = [];
  return {
    beforeEach: (hook: Hook) => before.push(hook),
    afterEach: (hook: Hook) => after.push(hook),
    it(name: string, run: Judge): void {
      seen.push(name);
      if (name in excepted) return;
      add(name, async () => {
        for (const hook of before) await hook();
        await run({ expect });
        for (const hook of after) await hook();
      });
    },
    seen,
  };
}

await hostSuite('stores: Keyv 5, its own tests', async ({ add, client }) => {
  const { Keyv } = await import('keyv');
  const { default: keyvTestSuite } = await import('@keyv/test-suite');
  const { expect } = await import('expect');
  const { seen, ...test } = judge(add, expect);
  keyvTestSuite(test as never, Keyv, () => new KeyvStore(client()));
  add('there are 38 of them', () => {
    assert.is(seen.length, 38);
  });
});

await hostSuite('stores: Keyv 6, the tests of Keyv 5', async ({ add, client }) => {
  const { Keyv } = await import('keyv-6');
  const { default: keyvTestSuite } = await import('@keyv/test-suite');
  const { expect } = await import('expect');
  const excepted = {
    '.deleteMany([keys]) with nonexistent keys resolves to false':
      'Keyv 6 resolves to an array, whatever the store',
  };
  const { seen, ...test } = judge(add, expect, excepted);
  keyvTestSuite(test as never, Keyv as never, () => new KeyvStore(client()));
  add('there are 38 of them, and the exceptions are among them', async () => {
    assert.is(seen.length, 38);
    for (const name of Object.keys(excepted)) assert.ok(seen.includes(name), name);
    // So it is with a store of Keyv's own.
    assert.equal(await new Keyv().delete(['a', 'b']), [false, false]);
  });
});

function methodOf(keyv: object, name: string): (...words: readonly unknown[]) => Promise<unknown> {
  const method: unknown = Reflect.get(keyv, name);
  assert.type(method, 'function');
  return async (...words) => await Reflect.apply(method as () => unknown, keyv, words);
}

for (const version of [5, 6]) {
  await hostSuite(`stores: Keyv ${version}`, async ({ add, client, down }) => {
    // What is called here has the same types in both.
    const { Keyv } = (version === 5
      ? await import('keyv')
      : await import('keyv-6')) as unknown as typeof import('keyv');

    add('what another process has cleared is gone, and what it stores then is seen', async () => {
      const [one, other] = [1, 2].map(() =>
        new Keyv({ store: new KeyvStore(client()), namespace: 'shared' })
      );
      await one!.set('a', 1);
      assert.is(await other!.get('a'), 1);
      await other!.clear();
      assert.is(await one!.get('a'), undefined);
      await one!.set('a', 2);
      assert.is(await other!.get('a'), 2);
      assert.equal(await other!.get(['a', 'b']), [2, undefined]);
    });

    add('any text is a key, however long', async () => {
      const keyv = new Keyv({ store: new KeyvStore(client()), namespace: 'ein Raum: ü' });
      const keys = ['a key', 'ключ 🗝', 'x'.repeat(1000), `${'x'.repeat(999)}y`, '100%', 'a\nb'];
      for (const key of keys) {
        await keyv.set(key, key);
      }
      for (const key of keys) {
        assert.is(await keyv.get(key), key);
      }
      assert.is(await keyv.delete(keys[2]!), true);
      assert.equal(await keyv.get(keys.slice(2, 4)), [undefined, keys[3]]);
    });

    // A row for each method of Keyv that asks the store, and its answer without a server.
    const calls: readonly (readonly [name: string, words: readonly unknown[], answer: unknown])[] =
      [
        ['get', ['a'], undefined],
        ['get', [['a', 'b']], [undefined, undefined]],
        ['getMany', [['a', 'b']], [undefined, undefined]],
        ['getRaw', ['a'], undefined],
        ['getManyRaw', [['a', 'b']], [undefined, undefined]],
        ['has', ['a'], false],
        ['has', [['a', 'b']], [false, false]],
        ['hasMany', [['a', 'b']], [false, false]],
        ['set', ['a', 1], false],
        ['setMany', [[{ key: 'a', value: 1 }]], [false]],
        ['delete', ['a'], false],
        ['deleteMany', [['a', 'b']], version === 5 ? false : [false, false]],
        ['clear', [], undefined],
      ];

    add('a server that is down is one error event for each call, and a miss', async () => {
      for (const clearable of [true, false]) {
        const keyv = new Keyv({ store: new KeyvStore(down(), { clearable }) });
        const errors: unknown[] = [];
        keyv.on('error', (error: unknown) =>
          errors.push(error));
        for (const [name, words, answer] of calls) {
          const call = `${name} ${JSON.stringify(words)}`;
          assert.equal(await methodOf(keyv, name)(...words), answer, call);
          assert.is(errors.length, 1, call);
          const isLocal = name === 'clear' && !clearable;
          assert.match(String(errors.pop()), isLocal ? /UsageError/ : /ConnectionError/, call);
        }
      }
    });

    if (version === 5) {
      add('with throwOnErrors of both, each call rejects, and is an error event', async () => {
        const store = new KeyvStore(down(), { throwOnErrors: true });
        const keyv = new Keyv({ store, throwOnErrors: true });
        let events = 0;
        keyv.on('error', () => events++);
        for (const [name, words] of calls) {
          const call = `${name} ${JSON.stringify(words)}`;
          const error = await methodOf(keyv, name)(...words).catch((one: unknown) => one);
          assert.match(String(error), /ConnectionError/, call);
        }
        assert.is(events, calls.length);
      });
    }

    add('iteration does not pretend that there is nothing', async () => {
      const keyv = new Keyv({ store: new KeyvStore(client()) });
      // Keyv 5 has an iterator for the stores that it knows, and none for others.
      if (version === 5) return assert.is(keyv.iterator, undefined);
      const errors: string[] = [];
      keyv.on('error', (error: unknown) => errors.push(String(error)));
      for await (const _ of keyv.iterator!(undefined)) assert.unreachable();
      assert.match(errors.join(), /memcached lists no keys/);
    });
  });
}

await hostSuite('stores: cache-manager 7', async ({ add, client }) => {
  const { Keyv } = await import('keyv');
  const { createCache } = await import('cache-manager');
  const make = () => createCache({ stores: [new Keyv({ store: new KeyvStore(client()) })] });

  add('set, get, mset, mget, del, mdel and clear', async () => {
    const cache = make();
    await cache.set('a', { b: 1 }, 60_000);
    assert.equal(await cache.get('a'), { b: 1 });
    await cache.mset([{ key: 'c', value: 2 }, { key: 'd', value: 3, ttl: 60_000 }]);
    assert.equal(await cache.mget(['c', 'none', 'd']), [2, undefined, 3]);
    await cache.del('a');
    assert.is(await cache.get('a'), undefined);
    await cache.mdel(['c']);
    assert.equal(await cache.mget(['c', 'd']), [undefined, 3]);
    await cache.clear();
    assert.is(await cache.get('d'), undefined);
  });

  add('wrap loads once', async () => {
    const cache = make();
    let loads = 0;
    const load = () => Promise.resolve(++loads);
    assert.is(await cache.wrap('wrapped', load, 60_000), 1);
    assert.is(await make().wrap('wrapped', load, 60_000), 1);
  });
});

await hostSuite('stores: cacheable 2', async ({ add, client, down }) => {
  const { Keyv } = await import('keyv');
  const { Cacheable } = await import('cacheable');

  add('memcached is the second level of two processes', async () => {
    const [one, other] = [1, 2].map(() =>
      new Cacheable({ secondary: new Keyv({ store: new KeyvStore(client()) }) })
    );
    await one!.set('a', 'value', '1m');
    assert.is(await other!.get('a'), 'value');
    await one!.setMany([{ key: 'b', value: 1 }, { key: 'c', value: 2 }]);
    assert.equal(await other!.getMany(['b', 'c', 'none']), [1, 2, undefined]);
    await one!.delete('a');
    assert.is(await one!.get('a'), undefined);
    await one!.clear();
    assert.is(await one!.get('b'), undefined);
  });

  add('a memcached that is down is a miss', async () => {
    const cache = new Cacheable({ secondary: new Keyv({ store: new KeyvStore(down()) }) });
    assert.is(await cache.get('a'), undefined);
    assert.equal(await cache.getMany(['a', 'b']), [undefined, undefined]);
    assert.is(await cache.has('a'), false);
    assert.equal(await cache.hasMany(['a', 'b']), [false, false]);
  });
});
