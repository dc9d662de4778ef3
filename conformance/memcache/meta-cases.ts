// Client cases: meta commands.
import { ServerReplyError, UsageError } from '../../core/wire/errors.ts';
import { bytes, equal, ok, rejects } from '../assert.ts';
import type { Case } from '../case.ts';
import { type MetaContext, withClient } from './context.ts';

/** Requirements on a client that speaks meta commands. */
export const metaCases: readonly Case<MetaContext>[] = [
  withClient(
    'quiet commands can be awaited, and tell what went wrong',
    ['execute'],
    async (client, key) => {
      const flags = ['q'];
      const results = await Promise.all([
        client.execute({ verb: 'ms', key, base64: false, value: 'x', flags }),
        client.execute({ verb: 'ms', key, base64: false, value: 'y', flags: ['q', 'ME'] }),
        client.execute({ verb: 'md', key: `${key}no`, base64: false, flags }),
        client.execute({ verb: 'mg', key: `${key}no`, base64: false, flags }),
      ]);
      equal(results.map(({ type }) => type), ['silent', 'NS', 'NF', 'silent']);
    },
  ),
  withClient(
    'binary keys',
    ['getMany', 'incr', 'types', 'byte-keys', 'errors'],
    async (client, key) => {
      const names = [`${key} a`, `${key}\r\nb`, `${key}\0`];
      for (const name of names) equal(await client.set(name, name), true);
      equal(await client.getMany(names), new Map(names.map((name) => [name, name])));
      equal(await client.delete(names[0]!), true);
      const name = bytes(`${key}\0\xff `);
      await client.set(name, 5);
      equal(await client.incr(name, 2), 7n);
      const long = await rejects(client.get(`${key} ${'x'.repeat(178)}`), UsageError);
      ok(/it has 252/.test(long.message), long.message);
    },
    { binaryKeys: true },
  ),
  withClient(
    'meta.get tells what it is asked for, and no more',
    ['meta'],
    async ({ meta }, key) => {
      await meta.set(key, 'hello', { expire: 100, flags: 16 });
      const item = await meta.get<string>(key, {
        ...{ cas: true, ttl: true, lastAccess: true, hitBefore: true, size: true, opaque: 'mine' },
      });
      ok(item !== undefined, 'it must be there');
      equal([item.value, item.flags, item.size, item.hitBefore], ['hello', 16, 5, false]);
      equal([item.won, item.stale, item.alreadyWon, item.opaque], [false, false, false, 'mine']);
      ok(typeof item.cas === 'bigint' && item.cas > 0n, 'a cas');
      ok(item.ttl !== undefined && item.ttl > 90 && item.ttl <= 100, `ttl ${item.ttl}`);
      ok(item.lastAccess !== undefined && item.lastAccess < 10, `last access ${item.lastAccess}`);
      const bare = await meta.get(key, { value: false });
      equal([bare?.value, bare?.flags, bare?.cas, bare?.ttl], [
        undefined,
        undefined,
        undefined,
        undefined,
      ]);
      equal((await meta.get(key, { hitBefore: true }))?.hitBefore, true);
      equal(await meta.get(`${key}no`), undefined);
    },
  ),
  withClient('meta.get of what never expires says so', ['meta'], async ({ meta }, key) => {
    await meta.set(key, 1);
    equal((await meta.get(key, { ttl: true }))?.ttl, Infinity);
    equal((await meta.get(key, { ttl: true, touch: 50 }))?.ttl, 50);
  }),
  withClient('one reader wins the making of what is not there', ['meta'], async ({ meta }, key) => {
    const first = await meta.get(key, { vivify: 30 });
    equal([first?.won, first?.alreadyWon], [true, false], 'the first');
    const second = await meta.get(key, { vivify: 30 });
    equal([second?.won, second?.alreadyWon], [false, true], 'the second');
    equal((await meta.set(key, 'made')).status, 'done');
    const third = await meta.get(key, { vivify: 30 });
    equal([third?.value, third?.won, third?.alreadyWon], ['made', false, false], 'the third');
  }),
  withClient(
    'one reader wins the making anew of what soon expires',
    ['meta'],
    async ({ meta }, key) => {
      await meta.set(key, 'old', { expire: 20 });
      equal((await meta.get(key, { recache: 10 }))?.won, false);
      equal((await meta.get(key, { recache: 30 }))?.won, true);
      const second = await meta.get(key, { recache: 30 });
      equal([second?.value, second?.won, second?.alreadyWon], ['old', false, true]);
    },
  ),
  withClient('a stale item is served, and one reader wins', ['meta'], async ({ meta }, key) => {
    await meta.set(key, 'old');
    equal((await meta.delete(key, { invalidate: true, expire: 30 })).status, 'done');
    const first = await meta.get(key);
    equal([first?.value, first?.stale, first?.won], ['old', true, true]);
    const second = await meta.get(key);
    equal([second?.value, second?.stale, second?.won, second?.alreadyWon], [
      'old',
      true,
      false,
      true,
    ]);
  }),
  withClient('meta.set in each of its modes', ['meta'], async ({ meta }, key) => {
    equal((await meta.set(key, 'b', { mode: 'replace' })).status, 'not-stored');
    equal((await meta.set(key, 'b', { mode: 'add' })).status, 'done');
    equal((await meta.set(key, 'b', { mode: 'add' })).status, 'not-stored');
    equal((await meta.set(key, 'c', { mode: 'append' })).status, 'done');
    equal((await meta.set(key, 'a', { mode: 'prepend' })).status, 'done');
    const item = await meta.get(key, { cas: true });
    equal(item?.value, 'abc');
    equal((await meta.set(key, 'x', { ifCas: (item?.cas ?? 0n) + 1n })).status, 'exists');
    const stored = await meta.set(key, 'x', { ifCas: item?.cas ?? 0n, cas: true, opaque: 'o' });
    equal([stored.status, stored.opaque], ['done', 'o']);
    ok((stored.cas ?? 0n) > (item?.cas ?? 0n), 'a newer cas');
    equal((await meta.set(`${key}no`, 'x', { ifCas: 5n })).status, 'not-found');
  }),
  withClient('meta.delete compares, and tells', ['meta'], async ({ meta }, key) => {
    equal((await meta.delete(key)).status, 'not-found');
    await meta.set(key, 'x');
    equal((await meta.delete(key, { ifCas: 1n << 60n })).status, 'exists');
    equal((await meta.delete(key)).status, 'done');
  }),
  withClient(
    'meta.arithmetic counts, and starts counting',
    ['meta', 'errors'],
    async ({ meta }, key) => {
      equal((await meta.arithmetic(key)).status, 'not-found');
      const made = await meta.arithmetic(key, { vivify: 60, initial: 2n ** 63n, ttl: true });
      equal([made.status, made.value], ['done', 2n ** 63n]);
      equal((await meta.arithmetic(key, { delta: 5 })).value, 2n ** 63n + 5n);
      equal((await meta.arithmetic(key, { mode: 'decr', delta: 6n })).value, 2n ** 63n - 1n);
      const compared = await meta.arithmetic(key, { ifCas: 1n << 60n });
      equal([compared.status, compared.value], ['exists', undefined]);
      await meta.set(key, 'text');
      await rejects(meta.arithmetic(key), ServerReplyError);
    },
  ),
  withClient('meta.debug and meta.noop', ['meta', 'admin'], async ({ meta }, key) => {
    equal(await meta.debug(key), undefined);
    await meta.set(key, 'hello');
    const info = await meta.debug(key);
    equal([info?.key, info?.expire, info?.fetched], [key, null, false]);
    ok((info?.size ?? 0) > 5, 'a size');
    await meta.set(key, 'hello', { expire: 1000 });
    const { expire, lastAccess } = (await meta.debug(key)) ?? {};
    const seconds = (Number(expire) - Number(lastAccess)) / 1000;
    ok(Math.abs(seconds - 1000) <= 2, `it expires in ${seconds} seconds`);
    await meta.noop();
  }),
  withClient('meta commands with noreply', ['meta'], async ({ meta }, key) => {
    equal((await meta.set(key, 5, { noreply: true })).status, 'done');
    equal((await meta.arithmetic(key, { noreply: true })).value, undefined);
    equal((await meta.get(key))?.value, 6);
    equal((await meta.delete(key, { noreply: true })).status, 'done');
    equal(await meta.get(key), undefined);
  }),
  withClient(
    'meta options that break a rule send nothing',
    ['meta', 'errors'],
    async ({ meta }, key) => {
      const wrong: Promise<unknown>[] = [
        meta.get(key, { recache: -1 }),
        meta.get(key, { touch: 1.5 }),
        meta.get(key, { opaque: 'a b' }),
        meta.get(key, { opaque: 'x'.repeat(32) }),
        meta.get(key, { hints: ['Xpath'] }),
        meta.set(key, 'x', { mode: 'constructor' as 'set' }),
        meta.set(key, 'x', { flags: -1 }),
        meta.set(key, 'x', { ifCas: '5' as unknown as bigint }),
        meta.arithmetic(key, { delta: 2n ** 64n }),
        meta.arithmetic(key, { initial: -1 }),
      ];
      for (const call of wrong) await rejects(call, UsageError);
      equal(await meta.get(key), undefined);
    },
  ),
  // Not for classic commands: with noreply a server does not report errors.
  {
    name: 'onQuietError hears what writes that nobody waits for have earned',
    needs: ['onQuietError', 'incr', 'noreply', 'errors'],
    async run(context) {
      const key = context.unique();
      const errors: ServerReplyError[] = [];
      const client = context.create({ onQuietError: (error) => errors.push(error) });
      await client.set(key, 'x');
      await client.incr(key, 1, { noreply: true });
      equal(await client.get(key), 'x');
      await client.close();
      equal(errors.map(({ code }) => code), ['non-numeric']);
    },
  },
];
