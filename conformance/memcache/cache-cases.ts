// Client cases: a cache, whose values are loaded.
import type { Cache } from '../../core/client/cache/cache.ts';
import type { CachePolicy } from '../../core/client/cache/policy.ts';
import { newAborter } from '../../core/io/transport.ts';
import { AbortError, UsageError } from '../../core/wire/errors.ts';
import { bytes, equal, ok, rejects, throws } from '../assert.ts';
import type { Case } from '../case.ts';
import { type MemcacheContext, withClient } from './context.ts';
import type { JudgedClient } from './judged-client.ts';

/** What a loader returns, and how often it was called. */
interface Source {
  value: unknown;
  loads: number;
}

function cacheOf(
  client: JudgedClient,
  source: Source,
  policy: Partial<CachePolicy<unknown, string>> = {},
): Cache<unknown, string> {
  return client.cache<unknown, string>({
    key: (id) => id,
    load() {
      source.loads++;
      return source.value;
    },
    ttl: 60,
    ...policy,
  });
}

const newSource = (value: unknown = 'v1'): Source => ({ value, loads: 0 });

/** Requirements on `cache` and `fetch`. */
export const cacheCases: readonly Case<MemcacheContext>[] = [
  withClient('a cache loads what is missing, and finds it then', ['cache'], async (client, key) => {
    const source = newSource();
    const cache = cacheOf(client, source, { grace: 10, refreshAhead: 5 });
    equal(await cache.peek(key), undefined);
    equal(await cache.fetch(key), 'v1');
    source.value = 'v2';
    // The answer does not wait for the store.
    while (await cache.peek(key) === undefined);
    equal(await cache.fetch(key), 'v1');
    equal(await cache.peek(key), 'v1');
    const { outcomes, loads, stores } = cache.stats();
    equal([source.loads, loads, stores, outcomes.loaded, outcomes.hit], [1, 1, 1, 1, 1]);
  }),
  withClient('callers of one key share a load', ['cache'], async (client, key) => {
    const source = newSource();
    const cache = cacheOf(client, source);
    const values = await Promise.all(Array.from({ length: 50 }, () => cache.fetch(key)));
    equal([source.loads, new Set(values)], [1, new Set(['v1'])]);
  }),
  withClient('two caches share a load through the server', ['cache'], async (client, key) => {
    let finish: (value: string) => void = () => {};
    const first = cacheOf(client, newSource(), {
      load: () => new Promise((resolve) => void (finish = resolve)),
    });
    const source = newSource();
    const second = cacheOf(client, source);
    const loaded = first.fetch(key);
    while (first.stats().loads === 0) await client.get(key);
    const waited = second.fetch(key);
    equal(await client.get(key), undefined, 'a placeholder is no value');
    equal(await second.peek(key), undefined, 'nor for peek');
    finish('v1');
    equal([await loaded, await waited, source.loads], ['v1', 'v1', 0]);
    equal(second.stats().outcomes.waited, 1);
  }),
  withClient(
    'invalidate, remove and put: the next fetch sees them',
    ['cache'],
    async (client, key) => {
      for (const grace of [0, 10]) {
        const source = newSource();
        const id = `${key}${grace}`;
        const cache = cacheOf(client, source, { grace });
        await cache.fetch(id);
        source.value = 'v2';
        await cache.invalidate(id);
        equal(await cache.fetch(id), 'v2');
        source.value = 'v3';
        await cache.remove([id]);
        equal(await cache.peek(id), undefined);
        equal(await cache.fetch(id), 'v3');
        await cache.put(id, 'v4');
        equal([await cache.fetch(id), source.loads], ['v4', 3]);
        source.value = 'v5';
        equal(await cache.fetch(id, { fresh: true }), 'v5');
        await cache.put(id, undefined);
        equal(await cache.peek(id), undefined);
      }
    },
  ),
  withClient('a change during a load is not overwritten by it', ['cache'], async (client, key) => {
    for (const kind of ['invalidate', 'remove', 'put'] as const) {
      const id = `${key}${kind}`;
      let finish: (value: string) => void = () => {};
      const slow = cacheOf(client, newSource(), {
        load: () => new Promise((resolve) => void (finish = resolve)),
        grace: 10,
      });
      const other = cacheOf(client, newSource('v2'), { grace: 10 });
      const early = slow.fetch(id);
      while (slow.stats().loads === 0) await client.get(id);
      if (kind === 'put') await other.put(id, 'v2');
      else await other[kind](id);
      finish('v1');
      equal(await early, 'v1');
      equal(await other.fetch(id), 'v2');
      // The answer does not wait for the store.
      while (await other.peek(id) === undefined);
      equal(await client.get(id), 'v2');
    }
  }),
  withClient('there is none: remembered for the negativeTtl', ['cache'], async (client, key) => {
    for (const negativeTtl of [0, 30]) {
      const id = `${key}${negativeTtl}`;
      const source = newSource();
      source.value = undefined;
      const cache = cacheOf(client, source, { negativeTtl });
      equal([await cache.fetch(id), await cache.fetch(id)], [undefined, undefined]);
      equal(source.loads, negativeTtl === 0 ? 2 : 1);
      equal(await cache.fetchMany([id]), new Map());
    }
  }),
  withClient('empty values are values', ['cache', 'bytes'], async (client, key) => {
    for (const [name, value] of [['text', ''], ['bytes', bytes('')]] as const) {
      const source = newSource(value);
      const cache = cacheOf(client, source);
      equal(await cache.fetch(key + name), value);
      equal([await cache.fetch(key + name), source.loads], [value, 1]);
      equal(await cache.peek(key + name), value);
    }
  }),
  withClient(
    'a loader that fails rejects, and the next call loads',
    ['cache'],
    async (client, key) => {
      let loads = 0;
      const cache = cacheOf(client, newSource(), {
        load() {
          if (loads++ === 0) throw new TypeError('the source fails');
          return Promise.resolve('v1');
        },
      });
      await rejects(cache.fetch(key), TypeError);
      equal([await cache.fetch(key), loads], ['v1', 2]);
      equal(cache.stats().loadFailures, 1);
    },
  ),
  withClient(
    'a value that cannot be stored rejects, and leaves no lease',
    ['cache', 'errors'],
    async (client, key) => {
      const source = newSource(() => {});
      const cache = cacheOf(client, source);
      await rejects(cache.fetch(key), UsageError);
      source.value = 'v1';
      equal(await cache.fetch(key), 'v1');
      const wrong = cacheOf(client, newSource(), { ttl: () => NaN });
      const error = await rejects(wrong.fetch(`${key}b`), UsageError);
      equal(error.argument, 'ttl');
    },
  ),
  withClient('update compares and swaps, and is tried again', ['cache'], async (client, key) => {
    const cache = cacheOf(client, newSource(0));
    await cache.put(key, 0);
    const add = (): Promise<unknown> => cache.update(key, (value) => (value as number) + 1);
    await Promise.all(Array.from({ length: 10 }, add));
    equal(await cache.fetch(key), 10);
    equal(await cache.update(key, () => undefined), undefined);
    equal(await cache.fetch(key), 10);
    equal(await cache.update(`${key}new`, (value) => value ?? 'made'), 'made');
    equal(await cache.peek(`${key}new`), 'made');
  }),
  withClient(
    'fetchMany loads all that is missing with loadMany',
    ['cache'],
    async (client, key) => {
      const asked: string[] = [];
      const cache = client.cache<string, string>({
        key: (id) => key + id,
        loadMany(ids) {
          asked.push(...ids);
          return new Map(ids.filter((id) => id !== '7').map((id) => [id, `v${id}`]));
        },
        ttl: 60,
      });
      await cache.put('3', 'put');
      const ids = Array.from({ length: 3000 }, (_, i) => String(i % 1500));
      const found = await cache.fetchMany(ids);
      equal([found.size, found.get('3'), found.get('7'), found.get('1499')], [
        1499,
        'put',
        undefined,
        'v1499',
      ]);
      equal(asked.length, new Set(asked).size, 'each once');
      equal(asked.length, 1499);
      equal((await cache.fetchMany(['1', '2'])).get('2'), 'v2');
      equal(asked.length, 1499);
    },
    { timeout: 10_000 },
  ),
  withClient('fetch without a cache', ['fetch'], async (client, key) => {
    let loads = 0;
    const load = (): string => `v${++loads}`;
    equal(await client.fetch(key, load, { ttl: 60 }), 'v1');
    equal(await client.fetch(key, load, { ttl: 60 }), 'v1');
    equal(await client.get(key), 'v1', 'a value like any other');
  }),
  withClient(
    'any ttl: forever, more than 30 days, of the value, of the loader',
    ['cache'],
    async (client, key) => {
      const month = 60 * 60 * 24 * 30;
      for (const [index, ttl] of [Infinity, month + 1, 10 * month, () => 5].entries()) {
        const id = `${key}${index}`;
        const source = newSource();
        const cache = cacheOf(client, source, { ttl, grace: 5 });
        equal([await cache.fetch(id), await cache.fetch(id), source.loads], ['v1', 'v1', 1]);
      }
      const cache = cacheOf(client, newSource(), {
        load(_id, context) {
          context.ttl(0);
          return 'v1';
        },
      });
      equal(await cache.fetch(key), 'v1');
      equal(await cache.peek(key), undefined, 'it is not stored');
    },
  ),
  withClient('a key with a route', ['cache'], async (client, key) => {
    const source = newSource();
    const cache = client.cache<unknown, string>({
      key: (id) => [key, id],
      load: () => (source.loads++, source.value),
      ttl: 60,
    });
    equal([await cache.fetch(`${key}a`), await cache.fetch(`${key}a`), source.loads], [
      'v1',
      'v1',
      1,
    ]);
    equal(await client.get([key, `${key}a`]), 'v1');
  }),
  withClient(
    'abort ends the call alone, and that of the last the load',
    ['cache', 'errors'],
    async (client, key) => {
      let signal: { readonly aborted: boolean } | undefined;
      const cache = cacheOf(client, newSource(), {
        load: (_id, context) => {
          signal = context.signal;
          return new Promise(() => {});
        },
      });
      const aborter = newAborter();
      const call = cache.fetch(key, { signal: aborter.signal });
      while (signal === undefined) await client.get(key);
      aborter.abort(undefined);
      await rejects(call, AbortError);
      equal(signal.aborted, true);
      const next = cacheOf(client, newSource('v2'));
      equal(await next.fetch(key), 'v2', 'the lease was given up');
    },
  ),
  withClient(
    'policies that contradict themselves are refused by name',
    ['cache', 'errors'],
    async (client, key) => {
      const load = (): string => 'v1';
      const wrong: readonly [argument: string, policy: object][] = [
        ['key', { load, ttl: 1 }],
        ['load', { key: load, ttl: 1 }],
        ['load', { key: load, load: 1, ttl: 1 }],
        ['ttl', { key: load, load }],
        ['ttl', { key: load, load, ttl: 0 }],
        ['grace', { key: load, load, ttl: 1, grace: -1 }],
        ['grace', { key: load, load, ttl: 1, grace: 60 * 60 * 24 * 30 }],
        ['lease', { key: load, load, ttl: 1, lease: 60 * 60 * 24 * 30 + 1 }],
        ['refreshAhead', { key: load, load, ttl: 10, refreshAhead: 10 }],
        ['negativeTtl', { key: load, load, ttl: 10, refreshAhead: 5, negativeTtl: 5 }],
        ['jitter', { key: load, load, ttl: 1, jitter: 1 }],
        ['onWaited', { key: load, load, ttl: 1, onWaited: 'wait' }],
        ['local.maxItems', { key: load, load, ttl: 1, local: { maxItems: 0, ttl: 1 } }],
        ['failOpen.concurrency', { key: load, load, ttl: 1, failOpen: { concurrency: 0 } }],
        ['graze', { key: load, load, ttl: 1, graze: 1 }],
      ];
      for (const [argument, policy] of wrong) {
        const error = throws(() => client.cache(policy as CachePolicy<string, string>), UsageError);
        ok(error.argument === argument || error.message.includes(argument), error.message);
      }
      const cache = cacheOf(client, newSource());
      await rejects(cache.fetch('a b'.repeat(100)), UsageError);
      await rejects(cache.fetch(key, { timeout: -1 }), UsageError);
      await rejects(cache.fetch(key, { frash: true } as object), UsageError);
    },
  ),
];
