// Client cases: locks, rate limits, namespaces, prefixes, counters that create, a default expiry.
import { newAborter } from '../../core/io/transport.ts';
import { AbortError, UsageError } from '../../core/wire/errors.ts';
import { equal, ok, rejects } from '../assert.ts';
import type { Case } from '../case.ts';
import { type MemcacheContext, withClient } from './context.ts';

const MONTH = 60 * 60 * 24 * 30;

const lockCases: readonly Case<MemcacheContext>[] = [
  withClient('of many who want a lock, one gets it', ['lock'], async (client, key) => {
    const locks = await Promise.all(
      Array.from({ length: 10 }, () => client.lock(key, { ttl: 30 })),
    );
    const taken = locks.filter((lock) => lock !== undefined);
    equal(taken.length, 1);
    equal(taken[0]?.key, key);
    equal(typeof taken[0]?.token, 'bigint');
  }),
  withClient('a lock is free after its release, and the token grows', ['lock'], async (
    client,
    key,
  ) => {
    const first = await client.lock(key, { ttl: 30 });
    equal(await first?.release(), true);
    equal(await first?.release(), false, 'a second release');
    const second = await client.lock(key, { ttl: 30 });
    ok(first !== undefined && second !== undefined, 'both were taken');
    ok(second.token > first.token, `${second.token} after ${first.token}`);
    equal(await first.release(), false, 'the release of a lock that is no longer held');
    equal(await client.lock(key, { ttl: 30 }), undefined, 'the second holder keeps it');
    await second[Symbol.asyncDispose]();
    ok(await client.lock(key, { ttl: 30 }) !== undefined, 'free after it was disposed of');
  }),
  withClient(
    'a lock ends with its ttl unless it is extended, and its holder cannot harm the next',
    [
      'lock',
    ],
    async (client, key, { pass }) => {
      const first = await client.lock(key, { ttl: 3 });
      const lasting = await client.lock(`${key}b`, { ttl: 3 });
      ok(first !== undefined && lasting !== undefined, 'both were taken');
      const { token } = lasting;
      equal(await lasting.extend(60), true);
      ok(lasting.token > token, `${lasting.token} after ${token}`);
      await pass(4);
      equal(await client.lock(`${key}b`, { ttl: 30 }), undefined, 'extended');
      equal(await lasting.extend(60), true, 'a second time');
      equal(await lasting.release(), true);
      ok(await client.lock(`${key}b`, { ttl: 30 }) !== undefined, 'free again');
      const second = await client.lock(key, { ttl: 60 });
      ok(
        second !== undefined && second.token > first.token,
        `${second?.token} after ${first.token}`,
      );
      equal(await first.extend(60), false);
      equal(await first.release(), false);
      equal(await second.release(), true);
    },
  ),
  withClient('who waits for a lock gets it after its release', ['lock'], async (client, key) => {
    const first = await client.lock(key, { ttl: 30 });
    const second = client.lock(key, { ttl: 30, wait: 20_000 });
    equal(await first?.release(), true);
    ok(await second !== undefined, 'taken by the one who waited');
    equal(await client.lock(key, { ttl: 30, wait: 1 }), undefined, 'the end of a wait');
  }),
  withClient('an abort ends the wait for a lock', ['lock', 'signal', 'errors'], async (
    client,
    key,
  ) => {
    ok(await client.lock(key, { ttl: 30 }) !== undefined, 'taken');
    const aborter = newAborter();
    const { signal } = aborter;
    const second = client.lock(key, { ttl: 30, wait: 20_000, signal });
    await client.get(key);
    aborter.abort('enough');
    await rejects(second, AbortError);
    await rejects(client.lock(key, { ttl: 30, signal }), AbortError);
  }),
  withClient('a lock without a sound ttl is refused', ['lock', 'errors'], async (client, key) => {
    const refused = async (options: object, argument: string): Promise<void> => {
      const error = await rejects(client.lock(key, options as { ttl: number }), UsageError);
      equal(error.argument, argument, JSON.stringify(options));
    };
    for (const ttl of [undefined, 0, -1, 1.5, NaN, '30', MONTH + 1, Infinity]) {
      await refused({ ttl }, 'ttl');
    }
    for (const wait of [-1, NaN, '5']) await refused({ ttl: 5, wait }, 'wait');
    await refused({ ttl: 5, waits: 5 }, 'waits');
    const lock = await client.lock(key, { ttl: MONTH });
    const error = await rejects(lock!.extend(MONTH + 1), UsageError);
    equal(error.argument, 'ttl');
    equal(await lock!.release(), true);
  }),
];

const counterCases: readonly Case<MemcacheContext>[] = [
  withClient('a rate limit counts its window', ['rateLimit'], async (client, key) => {
    const limit = { limit: 2, window: 60 };
    const { resetAfter: whole, ...first } = await client.rateLimit(key, limit);
    equal(first, { allowed: true, remaining: 1, count: 1 });
    ok(whole >= 59 && whole <= 60, `${whole} seconds left`);
    const { resetAfter: _, ...second } = await client.rateLimit(key, limit);
    equal(second, { allowed: true, remaining: 0, count: 2 });
    const { resetAfter, ...third } = await client.rateLimit(key, limit);
    equal(third, { allowed: false, remaining: 0, count: 3 });
    ok(resetAfter >= 1 && resetAfter <= 60, `${resetAfter} seconds left`);
  }),
  withClient('a rate limit allows no call too many at once', ['rateLimit'], async (client, key) => {
    const calls = await Promise.all(
      Array.from({ length: 50 }, () => client.rateLimit(key, { limit: 20, window: 60 })),
    );
    equal(calls.filter(({ allowed }) => allowed).length, 20);
    equal(new Set(calls.map(({ count }) => count)).size, 50);
  }),
  withClient('a rate limit without sound numbers is refused', ['rateLimit', 'errors'], async (
    client,
    key,
  ) => {
    for (
      const [options, argument] of [
        [{ limit: 0, window: 1 }, 'limit'],
        [{ limit: 1.5, window: 1 }, 'limit'],
        [{ window: 1 }, 'limit'],
        [{ limit: 1, window: 0 }, 'window'],
        [{ limit: 1, window: MONTH + 1 }, 'window'],
        [{ limit: 1 }, 'window'],
        [{ limit: 1, window: 1, burst: 2 }, 'burst'],
      ] as const
    ) {
      const call = client.rateLimit(key, options as { limit: number; window: number });
      equal((await rejects(call, UsageError)).argument, argument);
    }
  }),
  withClient(
    'incr and decr create a number with initial',
    ['incr', 'decr', 'expire', 'initial'],
    async (client, key) => {
      equal(await client.incr(key, 5, { initial: 40n, expire: 60 }), 40n);
      equal(await client.incr(key, 2, { initial: 40n, expire: 60 }), 42n);
      equal(await client.decr(`${key}b`, 1, { initial: 10 }), 10n);
      equal(await client.decr(`${key}b`, 3, { initial: 10 }), 7n);
      equal(await client.incr(`${key}b`), 8n);
    },
  ),
  withClient(
    'of many that create a number, one does, and all others count',
    ['incr', 'initial'],
    async (client, key) => {
      const numbers = await Promise.all(
        Array.from({ length: 50 }, () => client.incr(key, 1, { initial: 1 })),
      );
      const expected = Array.from({ length: 50 }, (_, i) => BigInt(i + 1));
      equal(numbers.sort((a, b) => Number(a! - b!)), expected);
    },
  ),
  withClient('an initial number goes up to 64 bits', ['incr', 'initial'], async (client, key) => {
    const initial = 18446744073709551615n;
    equal(await client.incr(key, 1, { initial }), initial);
    equal(await client.incr(key, 1, { initial }), 0n);
  }),
  withClient(
    'incr with noreply creates, and resolves with nothing',
    ['incr', 'initial', 'noreply'],
    async (client, key) => {
      equal(await client.incr(key, 1, { initial: 7, noreply: true }), undefined);
      equal(await client.incr(key), 8n);
    },
  ),
  withClient(
    'incr with an unsound creation is refused',
    ['incr', 'expire', 'initial', 'errors'],
    async (client, key) => {
      for (
        const [options, argument] of [
          [{ expire: 5 }, 'expire'],
          [{ initial: -1 }, 'initial'],
          [{ initial: 2n ** 64n }, 'initial'],
          [{ initial: '1' }, 'initial'],
          [{ initial: 1, expire: 1.5 }, 'expire'],
        ] as const
      ) {
        const error = await rejects(client.incr(key, 1, options as object), UsageError);
        equal(error.argument, argument);
      }
      equal(await client.get(key), undefined);
    },
  ),
];

const spaceCases: readonly Case<MemcacheContext>[] = [
  withClient(
    'a namespace is dropped as a whole, and nothing beside it',
    ['namespace'],
    async (client, key) => {
      const users = client.namespace(key);
      const others = client.namespace(`${key}2`);
      await client.set(`${key}a`, 'beside');
      await others.set('a', 'of others');
      equal(await users.get('a'), undefined);
      equal(await users.set('a', 'one'), true);
      equal(await users.add('a', 'two'), false);
      equal(await users.add('b', 'two'), true);
      equal(await users.incr('n', 1, { initial: 1 }), 1n);
      const found = new Map([['a', 'one'], ['b', 'two']]);
      equal(await users.getMany(['a', 'b', 'c']), found);
      equal(await client.namespace(key).getMany(['a', 'b']), found, 'another client of it');
      await users.invalidate();
      equal(await users.get('a'), undefined);
      equal(await users.getMany(['a', 'b', 'n']), new Map());
      equal(await client.namespace(key).get('a'), undefined, 'another client of it');
      equal(await others.get('a'), 'of others');
      equal(await client.get(`${key}a`), 'beside');
      equal(await users.set('a', 'three'), true);
      equal(await users.get('a'), 'three');
      equal(await users.delete('a'), true);
      equal(await users.delete('a'), false);
    },
  ),
  withClient('a namespace that lost its generation does not get an old one', [
    'namespace',
  ], async (client, key) => {
    const users = client.namespace(key);
    for (let round = 0; round < 3; round++) {
      equal(await users.get('a'), undefined, `round ${round}`);
      await users.set('a', 'old');
      equal(await users.get('a'), 'old');
      if (round === 1) await users.invalidate();
      equal(await client.delete(`${key}:generation`), true);
    }
    await users.invalidate();
    equal(await users.get('a'), undefined);
  }),
  withClient('a namespace refuses what is unsound before it sends', ['namespace', 'errors'], async (
    client,
    key,
  ) => {
    const users = client.namespace(key);
    const long = await rejects(users.get('x'.repeat(250)), UsageError);
    equal(long.argument, 'key');
    equal(await client.get(`${key}:generation`), undefined, 'nothing was sent');
    for (const name of ['', 5, 'a b', 'x'.repeat(250)]) {
      let refused: unknown;
      try {
        client.namespace(name as string);
      } catch (error) {
        refused = error;
      }
      ok(refused instanceof UsageError && refused.argument === 'name', String(name));
    }
  }),
  withClient('withPrefix reads and writes the keys that have the prefix', [
    'withPrefix',
    'getMany',
    'types',
  ], async (client, key) => {
    const a = client.withPrefix(`${key}:`);
    const ab = a.withPrefix('b:');
    equal(await a.set('x', 'one'), true);
    equal(await client.get(`${key}:x`), 'one');
    equal((await ab.setMany([['y', 2], ['z', 3]])).size, 0);
    equal(await ab.getMany(['y', 'x', 'z']), new Map([['y', 2], ['z', 3]]));
    equal(await a.get('b:y'), 2);
    equal(await client.get(`${key}:b:z`), 3);
    equal((await ab.deleteMany(['y'])).size, 0);
    await ab.close();
    await a.close();
    equal(await client.getMany([`${key}:x`, `${key}:b:y`]), new Map([[`${key}:x`, 'one']]));
  }),
];

const expiryCases: readonly Case<MemcacheContext>[] = [
  withClient(
    'what is created expires with the client, unless the call says otherwise',
    [
      'add',
      'setMany',
      'incr',
      'initial',
      'expire',
      'gets',
      'cas',
      'replace',
      'append',
      'rateLimit',
    ],
    async (client, key, { pass }) => {
      await client.set(`${key}a`, 'x');
      await client.add(`${key}b`, 'x');
      await client.setMany([[`${key}c`, 'x']]);
      await client.incr(`${key}d`, 1, { initial: 1 });
      await client.set(`${key}e`, 'x', { expire: 0 });
      await client.set(`${key}f`, 'x', { expire: 60 });
      await client.set(`${key}g`, 'x', { expire: 0 });
      await client.replace(`${key}g`, 'y');
      await client.set(`${key}h`, 'x', { expire: 0 });
      await client.cas(`${key}h`, 'y', (await client.gets(`${key}h`))!.cas);
      await client.set(`${key}i`, 'x', { expire: 0 });
      await client.append(`${key}i`, 'y');
      await client.incr(`${key}j`, 1, { initial: 1, expire: 60 });
      await client.incr(`${key}k`, 1, { initial: 1, expire: 3 });
      await client.incr(`${key}k`, 1, { initial: 1, expire: 60 });
      await client.rateLimit(`${key}l`, { limit: 1, window: 3 });
      await client.rateLimit(`${key}m`, { limit: 1, window: 60 });
      await pass(4);
      for (const letter of 'abcdghk') equal(await client.get(key + letter), undefined, letter);
      equal(await client.get(`${key}e`), 'x');
      equal(await client.get(`${key}f`), 'x');
      equal(await client.get(`${key}i`), 'xy', 'append keeps the expiry');
      equal(await client.incr(`${key}j`), 2n, 'created for longer');
      equal((await client.rateLimit(`${key}l`, { limit: 1, window: 3 })).count, 1, 'a new window');
      equal((await client.rateLimit(`${key}m`, { limit: 1, window: 60 })).count, 2, 'the same');
    },
    { expire: 3 },
  ),
];

/** Requirements on what is made of several commands. */
export const patternCases: readonly Case<MemcacheContext>[] = [
  ...lockCases,
  ...counterCases,
  ...spaceCases,
  ...expiryCases,
];
