// Client cases: items.
import { systemClock } from '../../core/io/clock.ts';
import {
  ConnectionError,
  SerdeError,
  ServerReplyError,
  UsageError,
} from '../../core/wire/errors.ts';
import { bytes, equal, ok, rejects } from '../assert.ts';
import type { Case } from '../case.ts';
import { type MemcacheContext, withClient } from './context.ts';

/** Requirements on operations on one item, or a few. */
export const itemCases: readonly Case<MemcacheContext>[] = [
  withClient('get of what is not there is undefined', [], async (client, key) => {
    equal(await client.get(key), undefined);
  }),
  withClient('gets of what is not there is undefined', ['gets'], async (client, key) => {
    equal(await client.gets(key), undefined);
  }),
  ...([
    ['a string', [], 'hello'],
    ['an empty string', [], ''],
    ['a string that is not ASCII', [], 'é🍺\0\r\n'],
    ['bytes', ['bytes'], bytes('\0\xff\r\nEND\r\n')],
    ['no bytes', ['bytes'], new Uint8Array(0)],
    ['a whole number', ['types'], 42],
    ['a negative number', ['types'], -7],
    ['a fraction', ['types'], 1.5],
    ['a bigint past 2^53', ['types'], 9007199254740993n],
    ['true', ['types'], true],
    ['null', ['types'], null],
    ['an object', ['types'], { a: [1, 'two', null], __proto__x: {} }],
    ['a string of 100 kB', [], 'x'.repeat(100_000)],
    ['500 kB', ['bytes'], new Uint8Array(500_000).fill(7)],
  ] as const).map(([name, needs, value]) =>
    withClient(`gives back ${name} as it was stored`, needs, async (client, key) => {
      equal(await client.set(key, value), true, 'set');
      const found = await client.get(key);
      equal(found, value);
      equal(typeof found, typeof value, 'its type');
      equal(found instanceof Uint8Array, value instanceof Uint8Array, 'whether it is bytes');
    })
  ),
  withClient('get of many at once gives each its own', [], async (client, key) => {
    const names = Array.from({ length: 200 }, (_, i) => `${key}${i}`);
    await Promise.all(names.map((name, i) => client.set(name, `value ${i}`)));
    const found = await Promise.all(names.map((name) => client.get(name)));
    equal(found, names.map((_, i) => `value ${i}`));
  }),
  withClient(
    'getMany gives what is there, by the keys it was asked for',
    ['getMany', 'types'],
    async (client, key) => {
      await client.set(`${key}a`, 1);
      await client.set(`${key}c`, 'three');
      const found = await client.getMany([`${key}a`, `${key}b`, `${key}c`]);
      equal(found, new Map<string, unknown>([[`${key}a`, 1], [`${key}c`, 'three']]));
    },
  ),
  withClient(
    'getMany of nothing, of a generator, and of one key twice',
    ['getMany'],
    async (client, key) => {
      equal(await client.getMany([]), new Map());
      await client.set(key, 'x');
      equal(await client.getMany(new Set([key])), new Map([[key, 'x']]));
      equal(await client.getMany([key, key]), new Map([[key, 'x']]));
    },
  ),
  withClient('getMany of more keys than fit one command', ['getMany'], async (client, key) => {
    const names = Array.from({ length: 2500 }, (_, i) => `${key}-${i}`);
    await Promise.all(names.filter((_, i) => i % 100 === 0).map((name) => client.set(name, name)));
    const found = await client.getMany(names);
    equal(found.size, 25);
    for (const [name, value] of found) equal(value, name);
  }),
  withClient('add, replace, append and prepend say whether they stored', [
    'add',
    'replace',
    'append',
    'prepend',
  ], async (client, key) => {
    equal(await client.replace(key, 'x'), false, 'replace of nothing');
    equal(await client.append(key, 'x'), false, 'append to nothing');
    equal(await client.prepend(key, 'x'), false, 'prepend to nothing');
    equal(await client.add(key, 'b'), true, 'add of nothing');
    equal(await client.add(key, 'x'), false, 'add of something');
    equal(await client.append(key, 'c'), true, 'append');
    equal(await client.prepend(key, 'a'), true, 'prepend');
    equal(await client.get(key), 'abc');
    equal(await client.replace(key, 'z'), true, 'replace');
    equal(await client.get(key), 'z');
  }),
  withClient('cas stores once over each version', ['cas', 'gets'], async (client, key) => {
    equal(await client.cas(key, 'x', 1n), 'not-found', 'over nothing');
    await client.set(key, 'first');
    const seen = await client.gets(key);
    ok(seen !== undefined && typeof seen.cas === 'bigint', 'gets gives a cas');
    equal(seen.value, 'first');
    equal(await client.cas(key, 'second', seen.cas), 'stored');
    equal(await client.cas(key, 'third', seen.cas), 'exists');
    equal(await client.get(key), 'second');
  }),
  withClient('delete says whether it was there', [], async (client, key) => {
    equal(await client.delete(key), false);
    await client.set(key, 'x');
    equal(await client.delete(key), true);
    equal(await client.get(key), undefined);
  }),
  withClient('incr and decr count in 64 bits', ['incr', 'decr'], async (client, key) => {
    equal(await client.incr(key), undefined, 'incr of nothing');
    equal(await client.decr(key, 2), undefined, 'decr of nothing');
    await client.set(key, '9007199254740992');
    equal(await client.incr(key), 9007199254740993n);
    equal(await client.incr(key, 18446744073709551615n), 9007199254740992n, 'it wraps');
    equal(await client.decr(key, 1), 9007199254740991n);
    equal(await client.decr(key, 18446744073709551615n), 0n, 'it stops at 0');
  }),
  withClient('incr of what is no number fails, and the next call works', ['incr'], async (
    client,
    key,
  ) => {
    await client.set(key, 'x');
    await rejects(client.incr(key), Error);
    equal(await client.get(key), 'x');
  }),
  withClient('incr of what is no number is an error of the server', ['incr', 'errors'], async (
    client,
    key,
  ) => {
    await client.set(key, 'x');
    const error = await rejects(client.incr(key), ServerReplyError);
    equal([error.kind, error.code, error.outcome], ['CLIENT_ERROR', 'non-numeric', 'done']);
  }),
  withClient(
    'expire takes seconds, a Date, and the past',
    ['expire', 'touch', 'getMany'],
    async (client, key, { pass }) => {
      const soon = new Date(systemClock.now() + 3_600_000);
      await client.set(`${key}1`, 'x', { expire: 3 });
      await client.set(`${key}2`, 'x', { expire: 1000 });
      await client.set(`${key}3`, 'x', { expire: -1 });
      await client.set(`${key}4`, 'x', { expire: new Date(0) });
      await client.set(`${key}5`, 'x', { expire: 1000 });
      equal(await client.touch(`${key}5`, 3), true, 'touch');
      equal(await client.touch(`${key}6`, 1), false, 'touch of nothing');
      await client.set(`${key}7`, 'x', { expire: soon });
      equal(await client.get(`${key}1`), 'x', 'before its time');
      equal(await client.get(`${key}3`), undefined, 'at once');
      equal(await client.get(`${key}4`), undefined, 'at a date that is past');
      await pass(4);
      const left = await client.getMany([1, 2, 3, 4, 5, 7].map((i) => `${key}${i}`));
      equal([...left.keys()], [`${key}2`, `${key}7`], 'what is left');
    },
  ),
  withClient(
    'gat and gats give the value and set when it expires',
    ['gat', 'gats', 'cas', 'expire'],
    async (client, key, context) => {
      equal(await client.gat(key, 5), undefined);
      equal(await client.gats(key, 5), undefined);
      await client.set(key, 'x', { expire: 100 });
      equal(await client.gat(key, 0), 'x');
      const found = await client.gats(key, 3);
      equal(found?.value, 'x');
      equal(await client.cas(key, 'y', found?.cas ?? 0n, { expire: 3 }), 'stored');
      await context.pass(4);
      equal(await client.get(key), undefined);
    },
  ),
  withClient(
    'seconds that would be read as a time long past are refused',
    ['expire', 'errors'],
    async (client, key) => {
      const error = await rejects(client.set(key, 'x', { expire: 2_592_001 }), UsageError);
      equal(error.argument, 'expire');
      ok(/30 days/.test(error.message), error.message);
      for (const expire of [1.5, NaN, Infinity, 2 ** 31, new Date(NaN)]) {
        equal((await rejects(client.set(key, 'x', { expire }), UsageError)).argument, 'expire');
      }
      equal(await client.get(key), undefined, 'nothing was stored');
    },
  ),
  withClient(
    'refuses numbers that are none',
    ['incr', 'cas', 'flags', 'errors'],
    async (client, key) => {
      for (const delta of [-1, 1.5, NaN, -1n, 2n ** 64n]) {
        equal((await rejects(client.incr(key, delta), UsageError)).argument, 'delta');
      }
      for (const flags of [-1, 1.5, 2 ** 32]) {
        equal((await rejects(client.set(key, 'x', { flags }), UsageError)).argument, 'flags');
      }
      equal((await rejects(client.cas(key, 'x', -1n), UsageError)).argument, 'cas');
    },
  ),
  withClient('refuses what cannot be stored', ['types', 'errors'], async (client, key) => {
    const circle: unknown[] = [];
    circle.push(circle);
    for (const value of [undefined, () => {}, Symbol('x'), circle, { big: 1n }]) {
      equal((await rejects(client.set(key, value), UsageError)).argument, 'value');
    }
  }),
  withClient('a value that is too large fails, and the next call works', [], async (
    client,
    key,
  ) => {
    await rejects(client.set(key, 'x'.repeat(2_000_000)), Error);
    equal(await client.set(key, 'y'), true);
    equal(await client.get(key), 'y');
  }),
  withClient('a value that is too large is an error of the server', ['bytes', 'errors'], async (
    client,
    key,
  ) => {
    await client.set(key, 'x');
    const error = await rejects(client.set(key, new Uint8Array(2_000_000)), ServerReplyError);
    equal([error.code, error.outcome], ['too-large', 'done']);
  }),
  withClient(
    'stores flags that it is told to',
    ['flags', 'bytes', 'errors'],
    async (client, key) => {
      await client.set(key, bytes('x'), { flags: 4294967295 });
      const error = await rejects(client.get(key), SerdeError);
      equal([error.code, error.outcome, error.key], ['serde', 'done', key]);
      ok(/4294967295/.test(error.message), error.message);
    },
  ),
  withClient('a serde of its own', [], async (client, key) => {
    await client.set(key, 'abc');
    equal(await client.get(key), '3:ABC');
  }, {
    serde: {
      serialize: (_key, value) => ({ value: String(value).toUpperCase(), flags: 3 }),
      deserialize: (_key, value, flags) => `${flags}:${String.fromCharCode(...value)}`,
    },
  }),
  withClient(
    'noreply does its work without waiting for it',
    ['noreply', 'append', 'incr'],
    async (client, key) => {
      equal(await client.set(key, '5', { noreply: true }), true);
      equal(await client.append(key, '0', { noreply: true }), true);
      equal(await client.incr(key, 1, { noreply: true }), undefined);
      equal(await client.get(key), '51');
      equal(await client.delete(key, { noreply: true }), true);
      equal(await client.delete(key, { noreply: true }), true, 'delete of nothing');
      equal(await client.get(key), undefined);
    },
  ),
  withClient('noreply for a whole client', ['add'], async (client, key) => {
    equal(await client.set(key, 'x'), true);
    equal(await client.add(key, 'y'), true, 'an add that fails in silence');
    equal(await client.get(key), 'x');
    equal(await client.add(key, 'y', { noreply: false }), false, 'an add that is confirmed');
  }, { noreply: true }),
  withClient(
    'close ends what was asked before, and takes nothing after',
    [],
    async (client, key) => {
      const before = client.set(key, 'x');
      const closed = client.close();
      equal(await before, true);
      await closed;
      await rejects(client.get(key), Error);
    },
  ),
  withClient(
    'a closed client says so, and may be closed again',
    ['errors'],
    async (client, key) => {
      await client.close();
      await client.close();
      const error = await rejects(client.get(key), ConnectionError);
      equal([error.code, error.outcome], ['closed', 'not-sent']);
    },
  ),
];
