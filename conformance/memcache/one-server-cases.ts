// Client cases: the administration of one server.
import type { ServerClient } from '../../core/client/server-client.ts';
import { systemClock } from '../../core/io/clock.ts';
import { ServerReplyError, UsageError } from '../../core/wire/errors.ts';
import type { ItemInfo } from '../../core/client/results.ts';
import { awaitedLate, equal, ok, rejects } from '../assert.ts';
import type { Case } from '../case.ts';
import { type OneServerContext, withClient } from './context.ts';

/** A dump that is retried while the server is busy with another crawl. */
async function* dump(client: ServerClient): AsyncGenerator<ItemInfo, void> {
  for (let i = 0;; i++) {
    try {
      yield* client.metadump('hash');
      return;
    } catch (error) {
      const busy = error instanceof ServerReplyError && error.message.includes('BUSY');
      if (!busy || i === 10_000) throw error;
      await turn();
    }
  }
}

/** Lets timers run, also the time limit of the case: a broken client may answer synchronously. */
function turn(): Promise<void> {
  return new Promise((resolve) => systemClock.yield(resolve));
}

/** Requirements on a client of one server: its administration. */
export const administrationCases: readonly Case<OneServerContext>[] = [
  withClient<ServerClient>('version', ['version'], async (client) => {
    ok(/^\d+\.\d+/.test(await client.version()), 'a version');
  }),
  withClient<ServerClient>('stats', ['stats', 'admin', 'errors'], async (client, key) => {
    await client.set(key, 'x');
    const found = await client.stats();
    ok(Number(found.get('curr_items')) >= 1, 'an item is counted');
    ok((await client.stats(['settings'])).has('maxbytes'), 'the settings');
    await rejects(client.stats(['no such stats']), UsageError);
  }),
  withClient<ServerClient>(
    'stats are typed',
    ['stats', 'cacheMemlimit', 'admin'],
    async (client) => {
      await client.cacheMemlimit(64);
      const stats = await client.stats();
      equal(typeof stats.get('curr_items'), 'number');
      equal(typeof stats.get('version'), 'string');
      equal(typeof stats.get('rusage_user'), 'number');
      const settings = await client.stats(['settings']);
      equal([settings.get('cas_enabled'), settings.get('evictions')], [true, true]);
      equal(settings.get('maxbytes'), 64 * 1024 * 1024);
      // As text, `no` would be truthy.
      const texts = [...settings].filter(([, value]) => value === 'yes' || value === 'no');
      equal(texts, [], 'switches are true or false');
      equal(await client.stats(['reset']), new Map());
    },
  ),
  withClient<ServerClient>('verbosity and cacheMemlimit', [
    'verbosity',
    'cacheMemlimit',
    'errors',
    'admin',
  ], async (client) => {
    await client.verbosity(0);
    await client.cacheMemlimit(64);
    const error = await rejects(client.cacheMemlimit(1), ServerReplyError);
    ok(/MEMLIMIT_TOO_SMALL/.test(error.message), error.message);
    await rejects(client.verbosity(-1), UsageError);
    await rejects(client.cacheMemlimit(1.5), UsageError);
  }),
  withClient<ServerClient>(
    'flushAll deletes everything, now or later',
    ['flushAll', 'noreply', 'admin', 'errors'],
    async (client, key, context) => {
      await client.set(key, 'x');
      await client.flushAll();
      equal(await client.get(key), undefined);
      await client.set(key, 'y');
      // memcached counts one second less than the given time.
      await client.flushAll(4);
      equal(await client.get(key), 'y', 'before its time');
      await context.pass(4);
      equal(await client.get(key), undefined);
      await client.set(key, 'z');
      await client.flushAll(0, { noreply: true });
      equal(await client.get(key), undefined);
      await client.set(key, 'z');
      await client.flushAll(new Date(0));
      equal(await client.get(key), undefined, 'a Date that is past');
      await rejects(client.flushAll(-1), UsageError);
      // memcached would reply OK to a Unix time in 1970, and delete nothing.
      const error = await rejects(client.flushAll(2_592_001), UsageError);
      equal(error.argument, 'delay');
      ok(/30 days/.test(error.message), error.message);
    },
  ),
  withClient<ServerClient>('shutdown of a server that does not allow it', [
    'shutdown',
    'admin',
    'errors',
    'version',
  ], async (client) => {
    await rejects(client.shutdown(), ServerReplyError);
    await client.version();
  }),
  withClient<ServerClient>(
    'quit closes the connection, and the next call makes another',
    ['quit'],
    async (client, key) => {
      await client.set(key, 'x');
      await client.quit();
      equal(await client.get(key), 'x');
    },
  ),
  withClient<ServerClient>(
    'raw sends a line as it is',
    ['raw', 'version', 'admin', 'errors'],
    async (client, key) => {
      equal(await client.raw('version'), {
        type: 'line',
        line: `VERSION ${await client.version()}`,
      });
      equal(await client.raw(`set ${key} 0 0 2`, { value: 'hi' }), {
        type: 'line',
        line: 'STORED',
      });
      const found = await client.raw(`get ${key}`, { reply: 'values' });
      equal(found.type, 'values');
      await rejects(client.raw('get a\r\nflush_all'), UsageError);
    },
  ),
  withClient<ServerClient>(
    'metadump tells of every item, and others need not wait',
    ['setMany', 'metadump', 'admin'],
    async (client, key) => {
      const names = Array.from({ length: 600 }, (_, i) => `${key}${i}`);
      await client.setMany(names.map((name) => [name, 'x'] as const));
      const seen = new Set<unknown>();
      for await (const info of dump(client)) {
        seen.add(info.key);
        if (seen.size === 5) equal(await client.get(names[0]!), 'x', 'a get meanwhile');
      }
      ok(names.every((name) => seen.has(name)), `${seen.size} of ${names.length} seen`);
    },
  ),
  withClient<ServerClient>(
    'mgdump tells of every key, where the server has it (since 1.6.19)',
    ['setMany', 'mgdump', 'admin', 'errors'],
    async (client, key) => {
      const names = [`${key}a`, `${key}b`];
      await client.setMany(names.map((name) => [name, 'x'] as const));
      const seen: unknown[] = [];
      try {
        for await (const name of client.mgdump('hash')) seen.push(name);
      } catch (error) {
        ok(error instanceof ServerReplyError && error.kind === 'ERROR', String(error));
        return;
      }
      ok(names.every((name) => seen.includes(name)), `${names.join(' ')} among ${seen.length}`);
    },
  ),
  withClient<ServerClient>(
    'metadump tells when an item expires, and of which version it is',
    ['gets', 'metadump', 'admin', 'expire'],
    async (client, key) => {
      await client.set(key, 'x', { expire: 1000 });
      await client.set(`${key}-kept`, 'x');
      const found = new Map<unknown, ItemInfo>();
      for await (const info of dump(client)) found.set(info.key, info);
      equal(found.get(`${key}-kept`)?.expire, null);
      const { expire, lastAccess, cas, fetched } = found.get(key)!;
      const seconds = (Number(expire) - Number(lastAccess)) / 1000;
      ok(Math.abs(seconds - 1000) <= 2, `it expires after ${seconds} seconds`);
      equal([cas, fetched], [(await client.gets(key))?.cas, false]);
    },
  ),
  withClient<ServerClient>('a dump that is left early leaves nothing behind', [
    'setMany',
    'metadump',
    'admin',
  ], async (client, key) => {
    await client.setMany(Array.from({ length: 600 }, (_, i) => [`${key}${i}`, 'x'] as const));
    let count = 0;
    for await (const _info of dump(client)) if (++count === 3) break;
    equal(count, 3);
    equal(await client.get(`${key}0`), 'x');
  }),
  withClient<ServerClient>(
    'watch gives lines until it is left',
    ['watch', 'version', 'admin'],
    async (client, key) => {
      const lines = client.watch(['mutations']);
      const first = lines.next();
      // The watch is open when its connection is; sets go on until one is seen.
      let over = false;
      const seen = awaitedLate(first.finally(() => {
        over = true;
      }));
      for (let i = 0; i < 10_000 && !over; i++) {
        await client.set(key, 'x');
        await client.version();
        await turn();
      }
      const { value } = await seen;
      ok(typeof value === 'string' && value.includes('item_store'), String(value));
      await lines.return();
      equal(await client.get(key), 'x');
    },
  ),
  {
    name: 'a prefix parts two clients',
    needs: ['keyPrefix'],
    async run(context) {
      const key = context.unique();
      const one = context.create({ keyPrefix: 'one:' });
      const both = context.create();
      await one.set(key, 'x');
      equal(await both.get(key), undefined);
      equal(await both.get(`one:${key}`), 'x');
      await Promise.all([one.close(), both.close()]);
    },
  },
];
